"""The scripted server's routes: slots, limits, faults and the count of what was asked.

How an answer goes over the wire is ``speaking``'s business.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pdf_extraction.backends.fake_server.answers import (
    ENDLESS,
    Answerer,
    Asked,
    damaged,
    made_up,
    read_asked,
)
from pdf_extraction.backends.fake_server.faults import STATUS_KINDS, Faults
from pdf_extraction.backends.fake_server.speaking import Piecewise, Spoken, cut, drip, tokens_of
from pdf_extraction.backends.fake_server.wire import Connection, HttpRequest

_MESSAGES = {
    429: "Rate limit reached",
    500: "The server had an error while processing your request",
    502: "Bad gateway",
    503: "The engine is currently overloaded",
}
#: Faults in the middle of a stream.
_CUT_KINDS = frozenset({"stall", "stream_cut"})
#: What is listed where the script names no model and any is served.
DEFAULT_MODEL = "scripted"


@dataclass
class Window:
    """Amounts within any ``seconds``, exactly.

    Attributes:
        limit: 0 = no limit, still counted.
        seconds: Length of the window.
        peak: The most that ever stood in one window.
    """

    limit: int
    seconds: float
    peak: int = 0
    total: int = 0
    _entries: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, amount: int) -> None:
        """Count an amount now."""
        self._forget()
        self._entries.append((time.monotonic(), amount))
        self.total += amount
        self.peak = max(self.peak, self.total)

    def over(self, amount: int) -> float | None:
        """Seconds until ``amount`` fits; None where it fits now."""
        self._forget()
        if not self.limit or self.total + amount <= self.limit or not self._entries:
            return None
        return self._entries[0][0] + self.seconds - time.monotonic()

    def _forget(self) -> None:
        horizon = time.monotonic() - self.seconds
        while self._entries and self._entries[0][0] <= horizon:
            self.total -= self._entries.popleft()[1]


@dataclass
class Stats:
    """What the server was asked, for proofs of what was paid."""

    requests: int = 0
    answered: int = 0
    left_by_client: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    retry_after_ignored: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    by_picture: Counter[str] = field(default_factory=Counter)


class App:
    """Answers requests by the script; one for each server."""

    def __init__(self, faults: Faults, answers: Mapping[str, str] | Answerer | None) -> None:
        self.faults = faults
        self.stats = Stats()
        self.arrivals = Window(0, faults.window)
        self.calls = Window(faults.rpm, faults.window)
        self.input = Window(faults.itpm, faults.window)
        self.output = Window(faults.otpm, faults.window)
        self._answers = answers
        self._slots = asyncio.Semaphore(faults.slots or 1_000_000)
        self._asked_before: Counter[str] = Counter()
        self._closed_until = 0.0
        self._counted = asyncio.Event()

    async def wait_until(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Return when the counts fulfil a condition."""
        while not condition(self.snapshot()):
            self._counted.clear()
            await self._counted.wait()

    async def handle(self, request: HttpRequest, connection: Connection) -> None:
        """Route one request."""
        path = request.path.rstrip("/")
        if path == "/health":
            connection.respond(200, b'{"status":"ok"}')
        elif path == "/stats":
            connection.respond(200, json.dumps(self.snapshot()).encode())
        elif not self._allowed(request, path):
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            shown = f": {given}" if self.faults.echo else ""
            self._refuse(connection, 401, f"Incorrect API key provided{shown}")
        elif path == "/v1/models" and self.faults.list_status != 200:
            self._refuse(connection, self.faults.list_status, "The models cannot be listed")
        elif path == "/v1/models":
            model = {
                "id": self.faults.model or DEFAULT_MODEL,
                "object": "model",
                "owned_by": "fake",
            }
            connection.respond(200, json.dumps({"object": "list", "data": [model]}).encode())
        elif path == "/v1/chat/completions" and request.method == "POST":
            await self._chat(request, connection)
        else:
            self._refuse(connection, 404, f"There is no {request.method} {path}")

    def snapshot(self) -> dict[str, Any]:
        """The counts as ``/stats`` gives them."""
        return {
            **vars(self.stats),
            "peak_calls": self.arrivals.peak,
            "peak_input_tokens": self.input.peak,
            "peak_output_tokens": self.output.peak,
        }

    def _allowed(self, request: HttpRequest, path: str) -> bool:
        key = self.faults.key
        if path == "/v1/models" and self.faults.open_list:
            return True
        return not key or request.headers.get("authorization") == f"Bearer {key}"

    async def _chat(self, request: HttpRequest, connection: Connection) -> None:
        self.stats.requests += 1
        self._counted.set()
        if time.monotonic() < self._closed_until:
            self.stats.retry_after_ignored += 1
        try:
            asked = read_asked(request.body)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            self._refuse(connection, 400, f"Invalid request: {error}")
            return
        if asked.body.get("model") != (self.faults.model or asked.body.get("model")):
            message = f"The model {asked.body.get('model')!r} does not exist"
            self._refuse(connection, 404, message, code="model_not_found")
            return
        if part := self._not_taken(asked.body):
            message = f"Unsupported parameter: {part!r} is not supported with this model."
            self._refuse(
                connection, self.faults.refuse_status, message, code="unsupported_parameter"
            )
            return
        if self.faults.most_tokens and asked.room > self.faults.most_tokens:
            most = self.faults.most_tokens
            message = f"max_tokens is too large: {asked.room}. The model's limit is {most}."
            self._refuse(connection, 400, message, code="invalid_value")
            return
        if 0 < self.faults.most_pictures < len(asked.pictures):
            most = self.faults.most_pictures
            self._refuse(connection, 400, f"At most {most} image(s) may be provided in one prompt.")
            return
        for picture in asked.pictures:
            self.stats.by_picture[picture] += 1
        tokens = len(asked.system + asked.text) // 4
        tokens += self.faults.picture_tokens * len(asked.pictures)
        self.arrivals.add(1)
        if (wait := self._over_limit(tokens)) is not None:
            self._too_many(connection, wait)
            return
        self.calls.add(1)
        self.input.add(tokens)
        await self._work(asked, tokens, connection, request.came)

    def _not_taken(self, body: Mapping[str, Any]) -> str:
        kind = (body.get("response_format") or {}).get("type")
        refused = filter(None, self.faults.refuses.split("+"))
        return next((part for part in refused if part in {*body, kind}), "")

    def _over_limit(self, tokens: int) -> float | None:
        waits = (self.calls.over(1), self.input.over(tokens), self.output.over(1))
        return max((wait for wait in waits if wait is not None), default=None)

    async def _work(self, asked: Asked, tokens: int, connection: Connection, came: float) -> None:
        nth = self._asked_before[asked.identity]
        self._asked_before[asked.identity] += 1
        dice = self.faults.dice(asked.identity, nth)
        kind = self.faults.draw(dice)
        if kind is not None:
            self.stats.faults[kind] += 1
        if kind in STATUS_KINDS:
            self._fail(connection, kind)
            return
        try:
            if self._slots.locked():
                came = math.inf  # its time begins when it gets a slot
            async with self._slots:
                self.stats.in_flight += 1
                self.stats.max_in_flight = max(self.stats.max_in_flight, self.stats.in_flight)
                try:
                    await self._answer(asked, tokens, kind, connection, came)
                finally:
                    self.stats.in_flight -= 1
        except asyncio.CancelledError:
            self.stats.left_by_client += 1
            self._counted.set()
            raise

    async def _answer(
        self, asked: Asked, tokens: int, kind: str | None, connection: Connection, came: float
    ) -> None:
        dice = self.faults.dice("latency", asked.identity, self._asked_before[asked.identity])
        if kind == "hang":
            await asyncio.Event().wait()
        # Reading the call is part of what it takes, as at any server.
        spent = max(0.0, time.monotonic() - came)
        await asyncio.sleep(max(0.0, self.faults.latency.draw(dice) - spent))
        self.stats.input_tokens += tokens
        if kind == "reset":
            connection.reset()
            return
        choice = cut(damaged(kind, self._content(asked), asked, dice), self.faults.cut_above)
        answer = Spoken(asked, choice, ENDLESS.get(kind or "", ""), tokens, kind)
        if asked.body.get("stream"):
            whole = await self._stream(answer, kind, connection)
        else:
            whole = await self._whole(answer, kind, connection)
        if whole:
            self.stats.answered += 1
            self.stats.statuses[200] += 1
        self._counted.set()

    def _count_output(self, tokens: int) -> None:
        self.stats.output_tokens += tokens
        self.output.add(tokens)

    async def _whole(self, answer: Spoken, kind: str | None, connection: Connection) -> bool:
        text = answer.text()
        self._count_output(tokens_of(text))
        completion = answer.completion(text, self.stats.requests, usage=bool(self.faults.usage))
        if kind == "stream_cut":
            connection.reset()
            return False
        if kind in {"drip", "stall"}:
            await drip(json.dumps(completion).encode(), connection, endless=kind == "stall")
        else:
            body = json.dumps(completion, ensure_ascii=False).encode()
            connection.respond(200, body, self._limit_headers())
        return True

    async def _stream(self, answer: Spoken, kind: str | None, connection: Connection) -> bool:
        """Pieces as a model makes them; what was made when the client leaves is counted."""
        connection.open_stream(self._limit_headers())
        written = Piecewise(answer.head(self.stats.requests))
        made = 0
        for delta, tokens in answer.deltas():
            written.choice(delta)
            self._count_output(tokens)
            made += tokens
            pause = tokens * (0.05 if kind == "drip" else self.faults.token_s)
            if not (pause or answer.endless or kind in _CUT_KINDS):
                continue  # nothing happens before the next piece
            connection.chunks(written.taken())
            if kind == "stall":
                await asyncio.Event().wait()
            if kind == "stream_cut":
                connection.reset()
                return False
            await asyncio.sleep(pause)
        written.choice({"delta": {}, "finish_reason": answer.choice["finish_reason"]})
        wanted = (answer.asked.body.get("stream_options") or {}).get("include_usage")
        if wanted and self.faults.usage and kind != "no_usage":
            written.usage(answer.usage(made))
        connection.chunks([*written.taken(), b"data: [DONE]\n\n", b""])
        return True

    def _content(self, asked: Asked) -> str:
        given = None
        if callable(self._answers):
            given = self._answers(asked)
        elif self._answers is not None:
            given = next((self._answers[p] for p in asked.pictures if p in self._answers), None)
        return made_up(asked, self.faults.devices) if given is None else given

    def _fail(self, connection: Connection, kind: str) -> None:
        status = int(kind[:3])
        if kind == "429":
            self._too_many(connection, self.faults.retry_after, by_share=True)
        else:
            self._refuse(connection, status, _MESSAGES[status])

    def _too_many(self, connection: Connection, wait: float, *, by_share: bool = False) -> None:
        """A 429 for everyone where a limit is reached, for this call alone where by share."""
        if not by_share:
            self._closed_until = max(self._closed_until, time.monotonic() + wait)
        seconds = f"{wait:g}" if by_share else str(max(1, math.ceil(wait)))
        headers = {"retry-after": seconds, **self._limit_headers()}
        self._refuse(connection, 429, _MESSAGES[429], headers, code="rate_limit_exceeded")

    def _limit_headers(self) -> dict[str, str]:
        headers = {}
        for name, window in (("requests", self.calls), ("tokens", self.input)):
            if window.limit:
                headers[f"x-ratelimit-limit-{name}"] = str(window.limit)
                headers[f"x-ratelimit-remaining-{name}"] = str(max(0, window.limit - window.total))
                reset = window.over(window.limit) or 0.0
                headers[f"x-ratelimit-reset-{name}"] = f"{reset:.3f}s"
        return headers

    def _refuse(
        self,
        connection: Connection,
        status: int,
        message: str,
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        self.stats.statuses[status] += 1
        error = {"message": message, "type": "fake_error", "code": code}
        body = json.dumps({"error": error}).encode()
        request_id = {"x-request-id": f"fake-{self.stats.requests}"}
        connection.respond(status, body, {**request_id, **(headers or {})})
