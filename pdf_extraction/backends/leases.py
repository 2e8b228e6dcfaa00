"""Who asks a question now, over all processes of a data folder. What is asked is not known here.

A lease is a lock on one byte of a file, at the place that the question's key names. The system
lets go of it when its process ends, however it ends, so that none is ever left behind.
"""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from pdf_extraction.backends.clock import Clock
from pdf_extraction.errors import StorageError

try:
    import fcntl
except ImportError:  # Windows: two runs of the same document may pay twice there
    fcntl = None  # type: ignore[assignment]

Kept = TypeVar("Kept")

#: Seconds between two looks at another process's lease, from the first to the longest wait.
_FIRST_LOOK_S, _RAREST_LOOK_S = 0.05, 1.0
#: What systems say of a byte that another process has locked.
_TAKEN = frozenset({errno.EACCES, errno.EAGAIN})


class Leases:
    """Leases of one data folder.

    Tasks of one process do not exclude each other here; ``cache`` keeps them apart.

    Args:
        store: The file of answers; the locks are on a file beside it.
        clock: Time.
    """

    def __init__(self, store: Path, clock: Clock) -> None:
        self._file = store.with_name(f"{store.name}.asking.lock")
        self._clock = clock
        self._handle: int | None = None

    @asynccontextmanager
    async def held(self, key: str, look: Callable[[], Kept | None]) -> AsyncIterator[Kept | None]:
        """Be the only process that asks about ``key``, unless its answer is there already.

        Args:
            key: The question's.
            look: Finds the kept answer. Once is enough where nobody else asks the same; else
                it is called again when the other one is done.

        Yields:
            What ``look`` found; None means that it is on the caller to ask.

        Raises:
            StorageError: The data folder cannot be written.
        """
        wait, place = _FIRST_LOOK_S, int(key[:15], 16)
        while not self._take(place):
            if (kept := look()) is not None:
                yield kept
                return
            await self._clock.sleep(wait)
            wait = min(2 * wait, _RAREST_LOOK_S)
        try:
            yield look()
        finally:
            self._give_back(place)

    def _take(self, place: int) -> bool:
        if fcntl is None:
            return True
        try:
            fcntl.lockf(self._open(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except OSError as error:
            # A file system without locks leases nothing and stops nobody.
            return error.errno not in _TAKEN
        return True

    def _give_back(self, place: int) -> None:
        if fcntl is not None and self._handle is not None:
            try:
                fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, place)
            except OSError:
                return  # there was none, as the file system has no locks

    def _open(self) -> int:
        if self._handle is None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            except OSError as error:
                sentence = f"{self._file}: {error.strerror}; free space or mend the folder"
                raise StorageError(sentence) from error
        return self._handle

    def __del__(self) -> None:
        """Close the file, and with it whatever lease was left."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
