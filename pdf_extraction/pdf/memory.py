"""Memory of processes that read pages beside each other: how much it is, and giving it back.

No page and no engine is known here; how much a page may take is ``allowance``'s.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import fcntl
    import resource

#: Processes of a user that look for lines at the same time, for each core: finding the lines of
#: one page takes RapidOCR 350 MB, reading them a third of that.
_TURNS_A_CORE = 0.5
#: Bytes beyond the least it held since it last gave memory back from which a process does so.
_SPARE = 24_000_000
_least = [sys.maxsize]
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def collect_seldom() -> None:
    """Have this process look for garbage in cycles less often than for every 700 new objects.

    A page makes thousands of small objects and hardly a cycle: looking took 3 % of reading it. In
    a run's own process it goes over all that Dagster keeps, and took a tenth of the time.
    """
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


class Usage(NamedTuple):
    """What a process holds.

    Attributes:
        data: Bytes of private writable memory, written to or not.
        anonymous: Bytes in memory that stand in no file, shared with a parent or not.
    """

    data: int
    anonymous: int


def usage() -> Usage | None:
    """What this process holds; None where the system does not say."""
    statm = _statm(os.getpid())
    if sys.platform == "win32" or statm is None:
        return None
    _, resident, shared, _, _, data, *_ = map(int, os.pread(statm, 200, 0).split())
    page = resource.getpagesize()
    return Usage(data * page, (resident - shared) * page)


@functools.lru_cache(maxsize=1)
def _statm(_pid: int) -> int | None:
    """What a process says of its memory, kept open for its life: it is asked twice a page."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except FileNotFoundError:
        return None


@contextmanager
def a_turn() -> Iterator[None]:
    """Wait until few enough others do what needs most memory; a killed process gives its turn back.

    Where there are no such locks nobody waits.
    """
    handle = _opened()
    try:
        if handle is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _opened() -> int | None:
    if sys.platform == "win32":
        return None
    turns = max(1, int((os.cpu_count() or 1) * _TURNS_A_CORE))
    name = f"pdf-extraction-{os.getuid()}-ocr-{os.getpid() % turns}.lock"
    try:
        # Somebody else's link of that name must not be followed.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(Path(tempfile.gettempdir()) / name, flags, 0o600)
    except OSError:
        return None


def give_back() -> None:
    """Return freed memory to the system, which glibc keeps: 150 MB after a page of RapidOCR."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def give_back_spare() -> None:
    """Return freed memory where much of it has gathered, as it does over varied pages."""
    if (now := usage()) is None:
        return
    _least[0] = min(_least[0], now.anonymous)
    if now.anonymous > _least[0] + _SPARE:
        give_back()
        _least[0] = (usage() or now).anonymous
