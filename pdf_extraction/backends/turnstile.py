"""One behind the other where many could start in the same moment. No limit, no time."""

from __future__ import annotations

import asyncio
from collections import deque

#: Tasks of one turn of the event loop.
_WIDTH = 2


class Turnstile:
    """Lets two tasks through in each turn of the event loop.

    The loop takes what is ready breadth first: of 256 calls that start together each is
    prepared, then each gets its connection, then each is written, and until the last one is
    prepared the server idles (for 0.25 s, ``benchmarks/client.py``). Through here they go one
    behind the other, and the server works on the first while the others are made.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._left = _WIDTH
        self._queue: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Return in a turn of the loop that has room."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._queue.clear()  # of a loop that has ended
            self._left = _WIDTH
        if self._left == _WIDTH:
            loop.call_soon(self._next_turn, loop)
        if self._left:
            self._left -= 1
            return
        turn = loop.create_future()
        self._queue.append(turn)
        await turn

    def _next_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = _WIDTH
        while self._queue and self._left:
            turn = self._queue.popleft()
            if not turn.done():
                self._left -= 1
                turn.set_result(None)
        if self._left < _WIDTH:
            loop.call_soon(self._next_turn, loop)
