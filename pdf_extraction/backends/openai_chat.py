"""A server that speaks OpenAI's chat completions.

Imported only when a chain asks for this kind: the transport takes a while to import.

One call, no policy: no retry, no limit, no cache. What is sent is made
in ``chat_body``, what came is read in ``chat_answer``, what failed is named in
``errors_table``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from pdf_extraction.backends.base import Health
from pdf_extraction.backends.chat_answer import read_answer
from pdf_extraction.backends.chat_body import (
    chat_body,
    sent_pages,
    temperature_of,
)
from pdf_extraction.backends.errors_table import (
    Place,
    cut_short,
    from_connection,
    from_status,
    retry_after,
    said,
    unreadable,
)
from pdf_extraction.backends.form import Form
from pdf_extraction.backends.stream import Gathered
from pdf_extraction.backends.transport import Body, ConnectionFailed, Reply, Transport
from pdf_extraction.errors import BackendError, OutputError, SettingsError, TimedOut, Unauthorized
from pdf_extraction.model import WHOLE_PAGE, Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings, api_key

_PROBE_TIMEOUT_S = 10.0
#: Names that no public server has (RFC 6761, RFC 6762, ICANN's ``internal``).
_OWN_DOMAINS = (".localhost", ".local", ".internal", ".lan")
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "pdf-extraction",
}


def is_own(base_url: str) -> bool:
    """Whether an address is no public one: a server of one's own may want no key."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_OWN_DOMAINS)


@dataclass(frozen=True)
class _Made:
    """A body that was made ahead, of as many bytes as it has.

    Attributes:
        form: What it was made for.
        body: For one sending.
    """

    form: OpenAIBackendSettings
    body: Body

    def __len__(self) -> int:
        return len(self.body)


class OpenAIChatBackend:
    """Asks one model of one server about pages' pictures. For one event loop.

    Args:
        name: Of the backend in the settings.
        settings: Its table.
        environ: Where the key is looked up; None takes the process's environment.

    Raises:
        SettingsError: The model's name is missing.
    """

    needs_picture = True
    is_local = False

    def __init__(
        self,
        name: str,
        settings: OpenAIBackendSettings,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if not settings.model.strip():
            raise SettingsError(f"[backends.{name}] model is missing: name a model of the server.")
        self.name = name
        self.settings = settings
        self._form = Form(name, settings)
        self._key = api_key(settings, os.environ if environ is None else environ)

    async def complete(self, request: Request) -> Completion:
        """Ask once; see ``Backend.complete``."""
        self._require_key()
        async with self._form.turn() as form:
            made: _Made | None = request.body
            is_ready = made is not None and made.form is form and len(made) > 0
            body = made.body if made and is_ready else await self._body(form, request)
            if request.sent is not None:
                request.sent.temperature = temperature_of(form, request)
            try:
                completion = await self._asked(request, body)
            except BackendError as error:
                raise self._form.judged(error, form) from error
            except OutputError:
                self._form.answered()
                raise
            self._form.answered()
            return completion

    async def _asked(self, request: Request, body: Body) -> Completion:
        started = time.perf_counter()
        async with self._call("POST", "/chat/completions", self.settings.timeout_s, body) as reply:
            if reply.is_event_stream:  # some gateways stream also what nobody asked to be
                payload = await self._gathered(reply)
            else:
                payload = self._json(await reply.read())
        latency_ms = (time.perf_counter() - started) * 1000
        completion = read_answer(self._place, request, payload, latency_ms)
        pause_s = retry_after(reply.headers)
        return completion if pause_s is None else replace(completion, pause_s=pause_s)

    async def prepare(self, request: Request) -> Request:
        """The request with its body made, so that a free place at the server is filled at once."""
        form = self._form.now
        return replace(request, body=_Made(form, await self._body(form, request)))

    async def _body(self, form: OpenAIBackendSettings, request: Request) -> Body:
        pictures = [
            await request.load_picture(page, request.view if page is request.page else WHOLE_PAGE)
            for page in sent_pages(request)
        ]
        return Body(chat_body(form, request, pictures))

    async def health(self) -> Health:
        """Whether the server is there and serves the model, by its list of models."""
        started = time.perf_counter()
        try:
            self._require_key()
            async with self._call("GET", "/models", _PROBE_TIMEOUT_S) as reply:
                listed = self._json(await reply.read())
            # OpenRouter lists its models to anybody.
            refusal = await self._refusal() if self._key else None
            if refusal is not None and refusal.status == 401:
                raise refusal
            ok, detail = self._verdict(listed)
            warns = False
        except BackendError as error:
            is_answer = error.status is not None and not isinstance(error, Unauthorized)
            refusal = await self._refusal() if is_answer else None
            if refusal is None or refusal.status not in {400, 422}:
                return Health(self.name, ok=False, detail=str(error))
            ok, warns = True, True
            detail = (
                f"the server takes questions but does not list its models (HTTP {error.status}): "
                "whether it serves this one the first page shows."
            )
        latency_ms = (time.perf_counter() - started) * 1000
        return Health(self.name, ok, self._place.sentence(detail), latency_ms, warns)

    async def _refusal(self) -> BackendError | None:
        """What an empty question is refused with, which costs nothing and asks no model."""
        try:
            async with self._call("POST", "/chat/completions", _PROBE_TIMEOUT_S, Body(b"{}")):
                return None
        except BackendError as error:
            return error

    async def aclose(self) -> None:
        """Close the connections."""
        if "_transport" in self.__dict__:
            await self._transport.aclose()

    @asynccontextmanager
    async def _call(
        self, method: str, path: str, timeout_s: float, body: Body | None = None
    ) -> AsyncIterator[Reply]:
        """A successful answer to be read inside; leaving early stops the server."""
        try:
            # The whole call, not each read: a slow drip would keep a read timeout waiting.
            async with (
                asyncio.timeout(timeout_s),
                self._transport.send(method, path, body) as reply,
            ):
                if not 200 <= reply.status < 300:
                    told = said(await reply.read())
                    raise from_status(self._place, reply.status, told, reply.headers)
                yield reply
        except TimeoutError as error:
            message = self._place.sentence(
                f"no answer within {timeout_s:g} s.", "Raise timeout_s if the model is this slow."
            )
            raise TimedOut(message, backend=self.name) from error
        except ConnectionFailed as error:
            raise from_connection(self._place, error) from None

    async def _gathered(self, reply: Reply) -> Any:
        """An answer read as it is made, and left where nothing of use can follow."""
        gathered = Gathered()
        async with aclosing(reply.pieces()) as pieces:
            while not gathered.is_enough and (piece := await self._next(pieces, gathered)):
                gathered.feed(piece)
        if not gathered.is_whole:
            raise cut_short(self._place, gathered.events)
        return gathered.payload()

    async def _next(self, pieces: AsyncGenerator[bytes], gathered: Gathered) -> bytes:
        """The next bytes; none at the end."""
        stall_s = self.settings.stall_timeout_s
        try:
            # Before its first word a call may stand in the server's queue.
            async with asyncio.timeout(stall_s if gathered.events else None):
                return await anext(pieces, b"")
        except TimeoutError as error:
            message = self._place.sentence(
                f"the answer stood still for {stall_s:g} s.",
                "Raise stall_timeout_s if the model pauses this long.",
            )
            raise TimedOut(message, backend=self.name) from error

    @cached_property
    def _transport(self) -> Transport:
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        headers = {**_HEADERS, **key, **self.settings.extra_headers}
        return Transport(
            self.settings.base_url,
            headers,
            direct=self._is_loopback,
            ca_file=self.settings.ca_file,
        )

    @cached_property
    def _place(self) -> Place:
        headers = [value for value in self.settings.extra_headers.values() if len(value) >= 8]
        return Place(
            backend=self.name,
            host=urlsplit(self.settings.base_url).netloc.rpartition("@")[2],
            model=self.settings.model,
            key_env=self.settings.api_key_env,
            secrets=(*([self._key] if self._key else []), *headers),
        )

    def _require_key(self) -> None:
        if self._key or self.settings.api_key_env is None or is_own(self.settings.base_url):
            return
        message = self._place.sentence("no key.", self._place.key_advice)
        raise Unauthorized(message, backend=self.name)

    @property
    def _is_loopback(self) -> bool:
        host = urlsplit(self.settings.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def _json(self, answer: bytes) -> Any:
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise unreadable(self._place, answer.decode("utf-8", "replace")) from None

    def _verdict(self, listed: Any) -> tuple[bool, str]:
        models = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(models, list):
            return True, "the server answers; it does not list its models."
        names = [str(model.get("id")) for model in models if isinstance(model, dict)]
        if self.settings.model in names:
            return True, "the server answers and serves the model."
        served = ", ".join(sorted(names)[:8]) or "nothing"
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        advice = f"set [backends.{self.name}] model to one of them."
        return False, f"the model is not served. Served: {served}{more}; {advice}"
