"""Memory of several OCR processes beside each other. No engine is known here."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: Processes of a user that look for lines at the same time, for each core: finding the lines of
#: one page takes RapidOCR 350 MB, reading them a third of that.
_TURNS_A_CORE = 0.5


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
