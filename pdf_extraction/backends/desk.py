"""Where answers are looked into and written down, a few at a time. No rule of its own.

Answers of calls that were sent together come together. All of them used to be checked and
written before the first of their places was filled again, round after round
(``benchmarks/client.py``, 256 slots). Now a few are looked into and written in one transaction,
their places are filled, and then come the next, so that the rounds drift apart. A place is not
filled before its answer is written: a kill would cost more calls than are in flight.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from pdf_extraction.backends.calls import CallStore, Entry

#: Answers of one transaction; each takes some 0.2 ms, for which the others wait.
_TOGETHER = 8

_Written = asyncio.Future[None]


class Desk:
    """Answers in the order they came. For one event loop.

    Args:
        calls: Where they are written.
    """

    def __init__(self, calls: CallStore) -> None:
        self._calls = calls
        self._come: deque[tuple[Callable[[], Entry], _Written]] = deque()
        self._is_busy = False

    async def enter(self, look: Callable[[], Entry]) -> None:
        """Return when what ``look`` makes of an answer is written, and so survives a kill.

        Whoever is cancelled here leaves nothing behind: what came was paid for, and is written
        before the cancellation goes on.

        Raises:
            StorageError: It cannot be written.
            Exception: What ``look`` raises; nothing is written then.
        """
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        self._come.append((look, written))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._step, loop)
        try:
            await written
        except asyncio.CancelledError:
            while self._come:
                self._work()
            raise

    def _step(self, loop: asyncio.AbstractEventLoop) -> None:
        self._work()
        self._is_busy = bool(self._come)
        if self._is_busy:
            loop.call_soon(self._step, loop)

    def _work(self) -> None:
        seen: list[tuple[Entry, _Written]] = []
        for _ in range(min(_TOGETHER, len(self._come))):
            look, written = self._come.popleft()
            try:
                seen.append((look(), written))
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
                _fail(written, error)
        if seen:
            self._write(seen)

    def _write(self, seen: Sequence[tuple[Entry, _Written]]) -> None:
        try:
            self._calls.write(*[entry for entry, _ in seen])
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
            if len(seen) == 1:
                _fail(seen[0][1], error)
                return
            # One entry that cannot be written is not the others' fault.
            for one in seen:
                self._write([one])
            return
        for _, written in seen:
            if not written.done():
                written.set_result(None)


def _fail(written: _Written, error: Exception) -> None:
    if not written.done():
        written.set_exception(error)
