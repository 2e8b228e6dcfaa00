"""The one loop that asks again. How long a server wants to be left alone, it says itself."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.clock import Clock
from pdf_extraction.backends.policy import Policy
from pdf_extraction.errors import (
    BackendError,
    ExtractionError,
    Looping,
    OutputError,
    RateLimited,
    Refused,
    Remedy,
    Truncated,
)
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings

#: Seconds: most of the first wait, and most of any.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0

_AGAIN = frozenset({Remedy.WAIT_AND_RETRY, Remedy.ASK_AGAIN, Remedy.CHANGE_SAMPLING})


@dataclass
class _Tally:
    """How one question fared so far."""

    failed: int = 0
    throttled: int = 0
    truncated: int = 0
    refused: int = 0
    looping: int = 0
    changed: int = 0
    waited_s: float = 0.0

    def add(self, error: ExtractionError) -> int:
        """Count an error; returns how many there are."""
        if isinstance(error, RateLimited):
            self.throttled += 1
        else:
            self.failed += 1
        self.truncated += isinstance(error, Truncated)
        self.looping += isinstance(error, Looping)
        self.refused += isinstance(error, Refused)
        return self.failed + self.throttled

    @property
    def is_cut_for_good(self) -> bool:
        """Whether the answer is too long for its room; a loop may be chance, once."""
        return self.truncated >= 1 or self.looping >= 2

    @property
    def is_refused_for_good(self) -> bool:
        """Whether the model declined under other sampling too: another model may not."""
        return self.refused >= 2


class Retrying(Policy):
    """Asks again as the error's class says, at most ``max_attempts`` times.

    A 429 is not the page's fault and takes none of its attempts; a page waits ``patience_s``
    in all for a server that only ever answers so.

    Args:
        inner: What makes one attempt.
        settings: Attempts and the ladder of temperatures.
        clock: Time.
        dice: For the jitter.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        clock: Clock,
        dice: random.Random | None = None,
    ) -> None:
        super().__init__(inner)
        self._settings, self._clock = settings, clock
        self._dice = dice or random.Random()  # noqa: S311 - jitter

    async def complete(self, request: Request) -> Completion:
        """Ask until an answer can be used, or raise the last error."""
        tally = _Tally()
        shown = request.rejected
        while True:
            try:
                return await self.inner.complete(request)
            except (BackendError, OutputError) as error:
                if error.remedy is Remedy.ASK_OTHERWISE:
                    continue  # the page did nothing wrong; each part is refused once at most
                if error.remedy not in _AGAIN:
                    raise
                wait = self._wait(error, tally.add(error))
                if isinstance(error, RateLimited):
                    tally.waited_s += wait
                spent = tally.waited_s > self._settings.patience_s
                if tally.failed >= self._settings.max_attempts or spent:
                    raise
                if tally.is_refused_for_good:
                    raise
                if tally.is_cut_for_good and request.can_be_smaller:
                    raise  # showing less of the page helps more than other sampling
                if isinstance(error, OutputError):
                    request = self._changed(request, error, tally.changed, shown)
                    tally.changed += 1
            await self._clock.sleep(wait)

    def _wait(self, error: ExtractionError, times: int) -> float:
        """Seconds before the next attempt.

        Exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015); a
        stated Retry-After counts as it stands, with a little jitter on top. One of next to
        nothing, again and again, is none: 16 pages that believed it made 50 calls a second.
        """
        if isinstance(error, OutputError):
            return 0.0  # the server is well
        stated = error.retry_after if isinstance(error, RateLimited) else None
        if stated is not None and stated >= FIRST_WAIT_S:
            return stated + self._dice.uniform(0, FIRST_WAIT_S)
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (times - 1))
        return (stated or 0.0) + self._dice.uniform(0, longest)

    def _changed(
        self,
        request: Request,
        error: OutputError,
        times: int,
        shown: tuple[tuple[str, str], ...],
    ) -> Request:
        """The request for another try: other sampling, and the error shown where that helps.

        Of the answers refused here only the last is shown, after those that the question came
        with: each is paid for as input, and an error that was mended teaches nothing more.
        """
        ladder = self._settings.retry_temperatures
        if ladder:
            request = replace(request, temperature=ladder[min(times, len(ladder) - 1)])
        text = error.completion.text if error.completion else ""
        if error.remedy is Remedy.ASK_AGAIN and text.strip():
            return replace(request, rejected=(*shown, (text, str(error))))
        return request
