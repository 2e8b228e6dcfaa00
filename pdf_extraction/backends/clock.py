"""Time as the policies see it, so that tests can pass a clock whose waits cost nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Tells and passes time."""

    def now(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; another task may run even where ``seconds`` is 0."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since boot, or the like."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in the running event loop."""
        await asyncio.sleep(seconds)
