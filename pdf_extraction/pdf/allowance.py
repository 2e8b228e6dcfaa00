"""What one page may take of its worker process: time and memory, held by the kernel.

For code of the PDF library, which holds the interpreter and asks nobody while it works. OCR
has needs of its own, bounded by the size of its picture: ``lifted`` takes it out. How long a
whole task may take, OCR included, is ``workers``' business.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pdf_extraction.pdf.memory import usage

if sys.platform != "win32":
    import resource

#: Ends a process whose processor time is used up. Nothing handles it, so that it also ends a
#: loop in C. Windows has none.
EXHAUSTED: signal.Signals | None = getattr(signal, "SIGPROF", None)
#: The same for time on the clock.
OVERDUE: signal.Signals | None = getattr(signal, "SIGALRM", None)


class Allowance(NamedTuple):
    """What may be taken.

    Attributes:
        cpu_s: Seconds of processor time, which other processes' load does not shorten; 0 for
            no limit.
        memory_bytes: Data beyond what the process holds already; 0 for no limit.
        clock_s: Seconds on the clock; 0 for no limit.
    """

    cpu_s: float = 0.0
    memory_bytes: int = 0
    clock_s: float = 0.0


class _Timers(NamedTuple):
    """Seconds left, 0 for ever."""

    cpu_s: float = 0.0
    clock_s: float = 0.0


_NONE = Allowance()
#: A process reads one page at a time.
_now = [_NONE]


def limit_process(memory_bytes: int) -> None:
    """Bound all data of this process for good; nothing inside may go beyond it.

    RLIMIT_DATA counts what is written to, unlike RLIMIT_AS, which counts mapped models.
    """
    if sys.platform != "win32":
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


@contextmanager
def allowed(allowance: Allowance) -> Iterator[None]:
    """Hold what runs inside to an allowance, as far as the system can.

    Over the time the process dies of ``EXHAUSTED`` or ``OVERDUE``; over the memory,
    allocations fail.
    """
    _now[0] = allowance
    _bound_memory(allowance.memory_bytes)
    _set_timers(_Timers(allowance.cpu_s, allowance.clock_s))
    try:
        yield
    finally:
        _now[0] = _NONE
        _set_timers(_Timers())
        _bound_memory(0)


@contextmanager
def lifted() -> Iterator[None]:
    """Take what runs inside out of the allowance around it."""
    left = _set_timers(_Timers())
    _bound_memory(0)
    try:
        yield
    finally:
        # What was taken meanwhile (an OCR engine's model stays) is not the page's.
        _bound_memory(_now[0].memory_bytes)
        _set_timers(left)


def _set_timers(seconds: _Timers) -> _Timers:
    """What was left of the timers before."""
    if sys.platform == "win32":
        return _Timers()
    return _Timers(
        signal.setitimer(signal.ITIMER_PROF, seconds.cpu_s)[0],
        signal.setitimer(signal.ITIMER_REAL, seconds.clock_s)[0],
    )


def _bound_memory(further: int) -> None:
    """Bound the data to what is held now and ``further``; 0 takes the bound away."""
    if sys.platform == "win32" or (now := usage()) is None:
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = now.data + further if further else hard
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
