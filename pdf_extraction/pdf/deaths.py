"""What the death of a worker process is called, by what it was reading. Nothing is run here."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pebble import ProcessExpired

from pdf_extraction.errors import (
    PageCrashed,
    PageError,
    PageTimedOut,
    PageTooLarge,
    UnreadableDocument,
)
from pdf_extraction.pdf import tasks
from pdf_extraction.pdf.allowance import EXHAUSTED, OVERDUE
from pdf_extraction.pdf.options import ReadOptions

#: What awaiting a task raises whose worker died or had to be killed.
DEATHS = (FutureTimeout, ProcessExpired, BrokenProcessPool)
#: Exit status of a worker that the kernel ended for its processor time.
_EXHAUSTED = -EXHAUSTED if EXHAUSTED is not None else None
_OVERDUE = -OVERDUE if OVERDUE is not None else None


def out_of_memory(error: ProcessExpired) -> bool:
    """Whether a worker left because it ran into its limit of memory."""
    return bool(error.exitcode == tasks.OUT_OF_MEMORY)


def of_page(error: BaseException, options: ReadOptions, path: Path, page_number: int) -> PageError:
    """The error of a page whose worker died of it."""
    page = f"page {page_number} of {path.name}"
    if isinstance(error, FutureTimeout) or _exit_of(error) == _OVERDUE:
        return _overdue(page, options, by_ocr=isinstance(error, FutureTimeout))
    if _exit_of(error) == _EXHAUSTED:
        return PageTimedOut(
            f"{page} was given up after {options.page_cpu_s:g} s of processor time: "
            "raise page_cpu_s if it is worth the wait"
        )
    if _exit_of(error) == tasks.OUT_OF_MEMORY:
        return PageTooLarge(
            f"{page} needs more than the {options.page_memory_bytes:,} bytes of memory "
            "that a page may take: raise page_memory_bytes or get a simpler file"
        )
    return PageCrashed(
        f"{page} crashed the process that read it: get the file again from its source, "
        "or report the file to the PDF library's makers"
    )


def _overdue(page: str, options: ReadOptions, *, by_ocr: bool) -> PageTimedOut:
    if by_ocr and options.timeout_s(tasks.read) > options.page_timeout_s:
        setting, seconds = "[ocr] timeout_s", options.ocr_timeout_s
    else:
        setting, seconds = "page_timeout_s", options.page_timeout_s
    return PageTimedOut(
        f"{page} was given up after {seconds:g} s: raise {setting} if it is worth the wait"
    )


def of_opening(error: BaseException, options: ReadOptions, path: Path) -> UnreadableDocument:
    """The error of a document whose worker died while opening it."""
    if isinstance(error, FutureTimeout) or _exit_of(error) == _OVERDUE:
        reason = f"could not be opened within {options.page_timeout_s:g} s: raise page_timeout_s or"
    elif _exit_of(error) == _EXHAUSTED:
        reason = (
            f"could not be opened within {options.page_cpu_s:g} s of processor time: "
            "raise page_cpu_s or"
        )
    elif _exit_of(error) == tasks.OUT_OF_MEMORY:
        reason = "needs more memory to be opened than page_memory_bytes: raise that or"
    else:
        reason = "crashes the PDF library when opened:"
    return UnreadableDocument(f"{path.name} {reason} get it again from its source")


def _exit_of(error: BaseException) -> int | None:
    """Exit status of a worker that died over its task, negative for a signal."""
    return error.exitcode if isinstance(error, ProcessExpired) else None
