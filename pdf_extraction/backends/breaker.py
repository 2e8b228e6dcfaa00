"""A server that keeps failing is left alone, for longer each time, until one page proves it well.

Which of its errors are worth another try is ``retry``'s business, a 429's pause ``limits``'.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.calls import CallStore, Left
from pdf_extraction.backends.clock import Clock
from pdf_extraction.backends.policy import Policy
from pdf_extraction.errors import (
    BackendError,
    LeftAlone,
    OutputError,
    RateLimited,
    TimedOut,
    Unavailable,
)
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings

_log = logging.getLogger(__name__)

#: Seconds a server is left alone the first time, doubling up to the longest.
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
_GROWTH = 2.0

#: What says that a server is not well; an answer that cannot be used says that it is.
_FAILURES = (Unavailable, TimedOut)


class Breaker(Policy):
    """Closed, every call goes through; open, none does; half open, one page goes ahead.

    The last server of a chain makes its pages wait for the probe, if it has ever answered this
    run: it may be starting anew. One that never did is more likely misspelt than ill, and its
    pages fail at once. Before another link of the chain nobody waits.

    Args:
        inner: What makes the calls.
        settings: After how many failures, and for how long pages wait.
        clock: Time.
        calls: Where the state is kept for ``doctor``.
        is_last: Nobody of the chain can take the pages over.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        clock: Clock,
        calls: CallStore,
        *,
        is_last: bool,
    ) -> None:
        super().__init__(inner)
        self._most, self._patience_s = settings.breaker_failures, settings.patience_s
        self._concurrency, self._under_way = settings.concurrency, 0
        self._clock, self._calls, self._is_last = clock, calls, is_last
        self._failures = 0
        self._pause_s = FIRST_PAUSE_S
        self._until: float | None = None
        self._why = ""
        self._has_answered = False
        self._probed = asyncio.Event()
        self._probed.set()

    async def complete(self, request: Request) -> Completion:
        """Ask, unless the server is left alone.

        Raises:
            LeftAlone: It is, and nobody waits for it.
        """
        give_up = self._clock.now() + self._patience_s
        while True:
            is_probe = await self._turn(give_up)
            self._under_way += 1
            try:
                completion = await self.inner.complete(request)
            except _FAILURES as error:
                self._failed(error, is_probe=is_probe)
                if not (is_probe and self._waits and self._clock.now() < give_up):
                    raise
                # The page that went ahead for all does not pay with its own attempts.
            except RateLimited:
                raise  # says nothing about its health
            except (BackendError, OutputError):
                self._answered()
                raise
            else:
                self._has_answered = True
                self._answered()
                return completion
            finally:
                self._under_way -= 1
                if is_probe:
                    self._probed.set()

    @property
    def _waits(self) -> bool:
        return self._is_last and self._has_answered

    async def _turn(self, give_up: float) -> bool:
        """Return when a call may be made; whether it is the one that goes ahead."""
        while self._until is not None:
            left = self._until - self._clock.now()
            if left <= 0 and self._probed.is_set():
                self._probed.clear()
                return True
            if not self._waits or self._clock.now() >= give_up:
                raise LeftAlone(self._sentence(), backend=self.name)
            if left > 0:
                await self._clock.sleep(left)
            else:
                await self._probed.wait()
        return False

    def _failed(self, error: BackendError, *, is_probe: bool) -> None:
        self._failures += 1
        self._why = str(error)
        # Failures come at once and answers late: among many calls under way some of the first
        # to end are always failures.
        enough = max(self._most, min(self._under_way, self._concurrency))
        if not is_probe and (self._until is not None or self._failures < enough):
            return
        if not self._most:
            return
        self._until = self._clock.now() + self._pause_s
        left = Left(time.time() + self._pause_s, self._failures, self._why)
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * _GROWTH)
        _log.warning(self._sentence())
        self._calls.leave(self.name, left)

    def _answered(self) -> None:
        self._failures = 0
        if self._until is None:
            return
        self._until = None
        self._pause_s = FIRST_PAUSE_S
        self._calls.leave(self.name, Left(0.0, 0, self._why))
        _log.warning("%s answers again", self.name)

    def _sentence(self) -> str:
        pause = max(0.0, (self._until or 0.0) - self._clock.now())
        return left_alone(self.name, Left(time.time() + pause, self._failures, self._why))


def left_alone(name: str, left: Left) -> str:
    """What is said of a backend that is left alone."""
    until = datetime.fromtimestamp(left.until, UTC).astimezone()
    return (
        f"{name} is left alone until {until:%H:%M:%S} after {left.failures} failures: "
        f"{left.last_error}"
    )
