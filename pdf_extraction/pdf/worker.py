"""What runs inside a worker process: documents kept open, one page read at a time.

Imported by ``workers`` for its functions' names only; nothing here may start a process.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

import pymupdf

if sys.platform == "linux":
    import fcntl

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import PageImage, PageText, Picture
from pdf_extraction.pdf.document import (
    DocumentFacts,
    damage_shown,
    facts_of,
    open_document,
    page_error,
    warnings_so_far,
)
from pdf_extraction.pdf.page import PageOptions, read_page
from pdf_extraction.pdf.picture import picture_of

#: Documents a worker keeps open, each with MuPDF's caches.
OPEN_DOCUMENTS = 4
#: MuPDF's store of decoded images and fonts is emptied to this share after each page, so
#: that memory does not grow with the pages read; shared fonts stay.
_STORE_KEPT_PERCENT = 50


class FileVersion(NamedTuple):
    """A file as it was when a caller looked; a replaced file is opened anew."""

    path: str
    mtime_ns: int
    size: int
    ctime_ns: int = 0


def start(memory_limit: int) -> None:
    """Prepare a new worker process.

    Args:
        memory_limit: Bytes of data this process may hold; 0 for no limit.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    # MuPDF holds the interpreter while it works, so a Python handler would never run.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()
    if memory_limit:
        _limit_memory(memory_limit)


def facts(version: FileVersion, password: str | None) -> DocumentFacts | ExtractionError:
    """Facts of a document, or why it cannot be read."""
    try:
        return facts_of(_document(version, password))
    except ExtractionError as error:
        return error


def read(
    version: FileVersion,
    password: str | None,
    page_number: int,
    options: PageOptions,
    known_text: PageText | None,
) -> PageImage:
    """One page; a failure comes back inside it."""
    try:
        warnings_so_far()
        page = _page(version, password, page_number)
        return damage_shown(read_page(page, options, known_text), Path(version.path).name)
    except Exception as error:  # noqa: BLE001 - every foreign error becomes the page's own
        return PageImage(page_number, error=page_error(error, Path(version.path), page_number))
    finally:
        _tidy()


def picture(
    version: FileVersion, password: str | None, page_number: int, options: PageOptions
) -> Picture | ExtractionError:
    """One page's picture, or why there is none."""
    try:
        return picture_of(_page(version, password, page_number), options.picture)
    except Exception as error:  # noqa: BLE001 - every foreign error becomes the page's own
        return page_error(error, Path(version.path), page_number)
    finally:
        _tidy()


@functools.lru_cache(maxsize=OPEN_DOCUMENTS)
def _document(version: FileVersion, password: str | None) -> pymupdf.Document:
    return open_document(Path(version.path), password)


def _page(version: FileVersion, password: str | None, page_number: int) -> pymupdf.Page:
    page: pymupdf.Page = _document(version, password).load_page(page_number - 1)
    return page


def _tidy() -> None:
    pymupdf.TOOLS.store_shrink(_STORE_KEPT_PERCENT)
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


def _limit_memory(limit: int) -> None:
    """RLIMIT_DATA counts what is written to, unlike RLIMIT_AS, which counts mapped models."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))
