"""A server's limits: calls in flight, calls and tokens a minute, and its 429s.

Money is ``budget``'s; asking again is ``retry``'s.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.clock import Clock
from pdf_extraction.backends.places import Places
from pdf_extraction.backends.policy import Policy
from pdf_extraction.backends.sharing import POLL_S, Shared
from pdf_extraction.backends.throttle import Throttle
from pdf_extraction.backends.usage import Estimator, Tokens
from pdf_extraction.errors import (
    BudgetExceeded,
    ExtractionError,
    OutputError,
    RateLimited,
    Rejected,
    Remedy,
    TimedOut,
    Unauthorized,
)
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings

#: A limit "per minute" holds in any 60 s as the server sees them. The second more absorbs the
#: time between our permission and the call's arrival; it costs 1.6 % of the limit.
WINDOW_S = 61.0
#: So that a wait never ends a rounding error before its moment.
_ROUNDING_S = 0.001

#: Tokens of a picture differ by model: a prompt that was never answered is taken for so much
#: more than the rough count.
CAUTION = 1.5
#: Bodies that wait for a place at the server, each as large as a picture: so many in any case,
#: and more up to so many bytes. Places that get free together are filled from these.
READY, READY_BYTES = 16, 64_000_000

#: Errors of calls that the server refused before it read them: their tokens are refunded.
_NOT_READ = (RateLimited, Rejected, Unauthorized, BudgetExceeded)


@dataclass
class _Entry:
    moment: float
    amount: int


@dataclass
class Window:
    """At most ``limit`` in any ``WINDOW_S`` seconds, exactly.

    Not a leaky bucket, which passes nearly twice its rate in the window after a rest.

    Attributes:
        limit: 0 for no limit.
        clock: Time.
    """

    limit: int
    clock: Clock
    _used: int = 0
    _held: int = 0
    _entries: deque[_Entry] = field(default_factory=deque)

    def wait(self, amount: int) -> float | None:
        """Seconds until ``amount`` fits; 0 for now, None while it depends on what is held."""
        self._forget()
        # What is larger than the whole limit goes when nothing else counts.
        missing = self._used + self._held + min(amount, self.limit) - self.limit
        if not self.limit or missing <= 0:
            return 0.0
        for entry in self._entries:
            missing -= entry.amount
            if missing <= 0:
                return entry.moment + WINDOW_S - self.clock.now() + _ROUNDING_S
        return None

    def hold(self, amount: int) -> None:
        """Set an amount aside that the server will count later."""
        self._held += amount

    def release(self, amount: int) -> None:
        """Give back what was held."""
        self._held -= amount

    def count(self, amount: int) -> _Entry:
        """Count an amount from now on."""
        entry = _Entry(self.clock.now(), amount)
        if self.limit:
            self._entries.append(entry)
            self._used += amount
        return entry

    def correct(self, entry: _Entry, amount: int) -> None:
        """Set an entry right; one that has left the window counts no more."""
        if self._entries and entry.moment >= self._entries[0].moment:
            self._used += amount - entry.amount
        entry.amount = amount

    def _forget(self) -> None:
        horizon = self.clock.now() - WINDOW_S
        while self._entries and self._entries[0].moment <= horizon:
            self._used -= self._entries.popleft().amount


class Limited(Policy):
    """Keeps within one backend's limits, first come first served.

    Calls and input tokens count from when a call is let go, output tokens from when it ends,
    being reserved until then by what the last answers took.

    Args:
        inner: What makes the calls.
        settings: The limits; 0 for none.
        estimator: Knows the tokens of a call before it is made, and learns.
        clock: Time.
        share: Folder where the processes of this machine meet; None goes by this one alone.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        estimator: Estimator,
        clock: Clock,
        share: Path | None = None,
    ) -> None:
        super().__init__(inner)
        self._estimator, self._clock = estimator, clock
        self._ready = Places(READY)
        self.places = Places(settings.concurrency)
        self._shared = Shared(share, settings, self.places, clock) if share else None
        self._in_touch: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._calls = Window(settings.calls_per_minute, clock)
        self._input = Window(settings.input_tokens_per_minute, clock)
        self._output = Window(settings.output_tokens_per_minute, clock)
        self._released = asyncio.Event()
        self._patience_s = settings.patience_s
        self._throttle = Throttle(clock)
        self._stopped: ExtractionError | None = None

    async def complete(self, request: Request) -> Completion:
        """Ask when the limits allow it.

        Raises:
            RateLimited: The server asked to stay away for longer than ``patience_s``.
            Unauthorized: The server refused the key while this call waited for a place.
        """
        self._get_in_touch()
        async with self._place(request) as ready:
            if self._stopped is not None:
                raise copy(self._stopped)
            entry, expected = await self._admit(request)
            slot = self._shared.take(expected) if self._shared else 0
            used = expected  # what a cancelled call may have cost
            call = self._throttle.sent()
            try:
                completion = await self.inner.complete(ready)
                self._throttle.answered(call)
                used = self._learned(request, completion)
            except ExtractionError as error:
                if isinstance(error, RateLimited):
                    self._throttle.refused(call, error.retry_after)
                elif error.remedy is Remedy.STOP_BACKEND:
                    self._stopped = error
                used = self._used_by_failed(request, error, expected)
                raise
            finally:
                self._throttle.ended(call)
                self._input.correct(entry, used.input)
                self._output.release(expected.output)
                self._output.count(used.output)
                if self._shared:
                    self._shared.settle(slot, expected, used)
                self._released.set()
            return completion

    async def aclose(self) -> None:
        """Leave the others and close the inner backend."""
        if self._in_touch is not None:
            self._in_touch.cancel()
            await asyncio.gather(self._in_touch, return_exceptions=True)
            self._in_touch = None
        if self._shared:
            self._shared.close()
        await super().aclose()

    def _get_in_touch(self) -> None:
        if self._shared and self._in_touch is None:
            self._shared.sync()
            self._in_touch = asyncio.create_task(self._shared.keep_in_touch(self._released))

    @asynccontextmanager
    async def _place(self, request: Request) -> AsyncIterator[Request]:
        """A place at the server; the body is made while waiting for it."""
        await self._ready.acquire()
        try:
            request = await self.prepare(request)
            if request.body:
                self._ready.resize(max(READY, READY_BYTES // len(request.body)))
            await self.places.acquire()
        finally:
            self._ready.release()
        try:
            yield request
        finally:
            self.places.release()

    async def _admit(self, request: Request) -> tuple[_Entry, Tokens]:
        """Wait until the call may go; what it is counted as and expected to take."""
        async with self._turn:
            # Expected anew each time: the first calls of a prompt all waited as ``max_tokens``
            # of output each, a dozen at a time, long after the first answer had taught better.
            while (wait := self._wait(expected := self._expect(request))) != 0:
                await self._room(wait)
            self._calls.count(1)
            self._output.hold(expected.output)
            return self._input.count(expected.input), expected

    async def _room(self, wait: float | None) -> None:
        """Return after a wait, or as soon as a call ends: it mostly took less than was held."""
        self._released.clear()
        events: list[asyncio.Task[Any]] = [asyncio.create_task(self._released.wait())]
        if wait is not None:
            events.append(asyncio.create_task(self._clock.sleep(wait)))
        try:
            await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for event in events:
                event.cancel()

    def _expect(self, request: Request) -> Tokens:
        return self._estimator.expect(request, unknown=CAUTION)

    def _wait(self, expected: Tokens) -> float | None:
        pause = self._pause()
        if pause > self._patience_s:
            message = f"{self.name}: the server asked for a pause, of which {pause:.0f} s are left."
            raise RateLimited(message, retry_after=pause, backend=self.name, status=429)
        waits = [
            self._calls.wait(1),
            self._input.wait(expected.input),
            self._output.wait(expected.output),
        ]
        known = [wait for wait in waits if wait is not None]
        longest = max(pause, *known) if known else pause
        if longest == 0 and len(known) < len(waits):
            return None
        if longest == 0 and self._shared and not self._shared.lease(expected):
            return POLL_S
        return longest

    def _pause(self) -> float:
        pause = self._throttle.wait()
        if self._shared is None:
            return pause
        if pause and self._throttle.is_certain and self._shared.paused_until < self._throttle.until:
            self._shared.pause(self._throttle.until)
        return max(pause, self._shared.paused_until - self._clock.now())

    def _learned(self, request: Request, completion: Completion) -> Tokens:
        if completion.pause_s:
            self._throttle.stay_away(completion.pause_s)
        self._estimator.learn(request, completion)
        return Tokens(completion.input_tokens, completion.output_tokens)

    def _used_by_failed(self, request: Request, error: ExtractionError, expected: Tokens) -> Tokens:
        if isinstance(error, OutputError) and error.completion is not None:
            return self._learned(request, error.completion)
        if isinstance(error, _NOT_READ):
            return Tokens(0, 0)
        return expected if isinstance(error, TimedOut) else Tokens(expected.input, 0)
