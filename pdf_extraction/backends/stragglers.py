"""Pages that take much longer than the others are asked about twice, when places are idle.

Only for whoever set ``race_stragglers``: both calls are paid for. Which answer is kept is the
first good one; a call that lost is written down by ``ledger``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from statistics import quantiles

from pdf_extraction.backends.clock import Clock
from pdf_extraction.backends.ledger import LOST_RACE
from pdf_extraction.backends.limits import Limited
from pdf_extraction.backends.policy import Policy
from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import Completion, Request

#: A call is slow after so many times what nine in ten of the last calls took.
SLOW = 2.0
_REMEMBERED, _ENOUGH = 100, 10
#: Seconds between two looks at whether places have become idle.
_LOOK_S = 0.5


class Raced(Policy):
    """Asks again beside a slow call, once, while at least half of the places are idle.

    Args:
        inner: Knows how many places are idle.
        clock: Time.
    """

    def __init__(self, inner: Limited, clock: Clock) -> None:
        super().__init__(inner)
        self._places, self._clock = inner.places, clock
        self._took_s: deque[float] = deque(maxlen=_REMEMBERED)

    async def complete(self, request: Request) -> Completion:
        """Ask, and again where that seems worth it."""
        calls = [self._ask(request)]
        try:
            await self._until_slow(calls[0])
            if not calls[0].done():
                calls.append(self._ask(request))
            return await self._first_good(calls)
        finally:
            for call in calls:
                call.cancel(LOST_RACE if len(calls) > 1 else None)
            await asyncio.gather(*calls, return_exceptions=True)

    def _ask(self, request: Request) -> asyncio.Task[Completion]:
        return asyncio.create_task(self._timed(request))

    async def _timed(self, request: Request) -> Completion:
        completion = await self.inner.complete(request)
        self._took_s.append(completion.latency_ms / 1000)
        return completion

    async def _until_slow(self, call: asyncio.Task[Completion]) -> None:
        started = self._clock.now()
        while not call.done():
            look = asyncio.create_task(self._clock.sleep(_LOOK_S))
            await asyncio.wait({call, look}, return_when=asyncio.FIRST_COMPLETED)
            look.cancel()
            if self._is_slow(self._clock.now() - started) and self._is_idle:
                return

    def _is_slow(self, seconds: float) -> bool:
        if len(self._took_s) < _ENOUGH:
            return False
        return seconds > SLOW * quantiles(self._took_s, n=10)[-1]

    @property
    def _is_idle(self) -> bool:
        return not self._places.waiting and self._places.in_use <= self._places.size // 2

    async def _first_good(self, calls: list[asyncio.Task[Completion]]) -> Completion:
        """The first answer; the first error where none comes."""
        pending = set(calls)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for call in done:
                if call.exception() is None:
                    return call.result()
                if not isinstance(call.exception(), ExtractionError):
                    return call.result()  # raises what is no matter of luck
        return calls[0].result()
