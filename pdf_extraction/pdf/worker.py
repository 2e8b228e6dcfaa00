"""What runs inside a worker process: documents kept open, one page read at a time.

Imported by ``workers`` for its functions' names only; nothing here may start a process.
"""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TypeVar

import pymupdf

if sys.platform == "linux":
    import fcntl

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import WHOLE_PAGE, PageImage, PageText, Picture, View
from pdf_extraction.pdf.allowance import Allowance, allowed, limit_process
from pdf_extraction.pdf.document import (
    damage_shown,
    facts_of,
    open_document,
    warnings_so_far,
)
from pdf_extraction.pdf.faults import is_memory, page_error, translated
from pdf_extraction.pdf.memory import collect_seldom, give_back_spare
from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.picture import picture_of
from pdf_extraction.pdf.tasks import (
    OUT_OF_MEMORY,
    DocumentFacts,
    FileVersion,
    PageOptions,
    PictureOptions,
)

Result = TypeVar("Result")

#: Documents a worker keeps open, each with MuPDF's caches.
OPEN_DOCUMENTS = 4
#: Share of its limit of 256 MB that MuPDF's store of decoded images and fonts is emptied to
#: after each page: shared fonts stay, scans do not. It is no share of what is in it: with half,
#: a reader of scans came to hold 128 MB of them.
_STORE_KEPT_PERCENT = 4


def start(memory_limit: int) -> None:
    """Prepare a new worker process.

    Args:
        memory_limit: Bytes of data this process may hold; 0 for no limit.
    """
    # A collection would write to every object that stands in memory shared with the process
    # that this one was forked from: 15 MB a worker.
    gc.freeze()
    collect_seldom()
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    # MuPDF holds the interpreter while it works, so a Python handler would never run.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    if memory_limit:
        limit_process(memory_limit)


def facts(
    allowance: Allowance, version: FileVersion, password: str | None
) -> DocumentFacts | ExtractionError:
    """Facts of a document, or why it cannot be read."""
    path = Path(version.path)
    return _attempted(
        allowance,
        lambda: facts_of(_document(version, password)),
        lambda error: translated(error, path),
    )


def facts_and_first(
    allowance: Allowance,
    version: FileVersion,
    password: str | None,
    options: PageOptions,
    most_pages: int,
) -> DocumentFacts | ExtractionError:
    """Facts of a document, with its first page unless it has more than ``most_pages``.

    Each takes the allowance for itself.
    """
    found = facts(allowance, version, password)
    if isinstance(found, ExtractionError) or found.page_count > most_pages:
        return found
    return replace(found, first_page=read(allowance, version, password, 1, options, None))


def read(
    allowance: Allowance,
    version: FileVersion,
    password: str | None,
    page_number: int,
    options: PageOptions,
    known_text: PageText | None,
) -> PageImage:
    """One page; a failure comes back inside it."""

    def task() -> PageImage:
        page = _page(version, password, page_number)
        return damage_shown(read_page(page, options, known_text), Path(version.path).name)

    found = _attempted(allowance, task, lambda error: _page_error(version, page_number, error))
    return PageImage(page_number, error=found) if isinstance(found, ExtractionError) else found


def picture(
    allowance: Allowance,
    version: FileVersion,
    password: str | None,
    page_number: int,
    options: PictureOptions,
    view: View = WHOLE_PAGE,
) -> Picture | ExtractionError:
    """One page's picture, or why there is none."""

    def task() -> Picture:
        return picture_of(_page(version, password, page_number), options, view)

    return _attempted(allowance, task, lambda error: _page_error(version, page_number, error))


def _attempted(
    allowance: Allowance,
    task: Callable[[], Result],
    named: Callable[[Exception], ExtractionError],
) -> Result | ExtractionError:
    """What a task brings, or the error that stands for its failure."""
    try:
        warnings_so_far()
        with allowed(allowance):
            return task()
    except Exception as error:  # noqa: BLE001 - by table; a bug of ours is a ReaderFault
        if is_memory(error):
            # What the library took and lost on its way out of the failure stays lost: the
            # next page would find that much less, and so on.
            os._exit(OUT_OF_MEMORY)
        return error if isinstance(error, ExtractionError) else named(error)
    finally:
        _tidy()


def _page_error(version: FileVersion, page_number: int, error: Exception) -> ExtractionError:
    return page_error(error, Path(version.path), page_number)


@functools.lru_cache(maxsize=OPEN_DOCUMENTS)
def _document(version: FileVersion, password: str | None) -> pymupdf.Document:
    return open_document(Path(version.path), password)


def _page(version: FileVersion, password: str | None, page_number: int) -> pymupdf.Page:
    page: pymupdf.Page = _document(version, password).load_page(page_number - 1)
    return page


def _tidy() -> None:
    pymupdf.TOOLS.store_shrink(100 - _STORE_KEPT_PERCENT)
    give_back_spare()
    warnings_so_far()


def _die_with_parent() -> None:
    """Leave when the process that uses this worker is gone, however it went.

    The sentinel's pipe closes with the parent. On Linux the kernel then sends SIGIO, which
    ends even a process that is deep in a C loop; the thread is for other systems.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(parent.sentinel, fcntl.F_GETFL)
        fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, flags | os.O_ASYNC)
    threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True).start()


def _leave_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
