"""Calls in flight at one server: so many places, first come first served. No time, no tokens."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """A semaphore whose size may change while it is used. For one event loop.

    Attributes:
        size: Places there are.
        in_use: Places taken; above ``size`` for a while after that was lowered.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_use = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return len(self._queue)

    async def acquire(self) -> None:
        """Take a place, waiting for one."""
        if self.in_use < self.size and not self._queue:
            self.in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # it came together with the cancellation
            elif turn in self._queue:
                self._queue.remove(turn)
            raise

    def release(self) -> None:
        """Give a place back."""
        self.in_use -= 1
        self._serve()

    def resize(self, size: int) -> None:
        """Have another number of places; calls that are under way stay."""
        self.size = size
        self._serve()

    def _serve(self) -> None:
        while self._queue and self.in_use < self.size:
            turn = self._queue.popleft()
            if not turn.done():
                self.in_use += 1
                turn.set_result(None)
