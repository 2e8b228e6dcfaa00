"""Read pages in killable worker processes, from asyncio.

A file can crash, hang or bloat the process that reads it; here that costs one page. No page
is read in this process, and nothing here knows what reading a page takes.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib.metadata import version
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from pdf_extraction.errors import (
    ExtractionError,
    PageCrashed,
    PageError,
    PageTimedOut,
    PageTooLarge,
    ReaderFault,
    UnreadableDocument,
)
from pdf_extraction.model import WHOLE_PAGE, PageImage, PageText, Picture, View, digest
from pdf_extraction.pdf import tasks
from pdf_extraction.pdf.allowance import EXHAUSTED, OVERDUE, Allowance
from pdf_extraction.pdf.engines import EngineName, ocr_engine_status
from pdf_extraction.pdf.tasks import (
    DocumentFacts,
    ImageFormat,
    LayoutEngine,
    PageOptions,
    PictureOptions,
)

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

#: Tasks handed to the pool for each worker: one running, one waiting. Everything else waits
#: in asyncio, where cancelling costs nothing.
_AHEAD = 2
#: Bytes that a page may take at first. One that needs more is read again with all that it may
#: have, alone: two bombs at once would take twice as much.
_FIRST_MEMORY = 128_000_000
#: Exit status of a worker that the kernel ended for its processor time.
_EXHAUSTED = -EXHAUSTED if EXHAUSTED is not None else None
_OVERDUE = -OVERDUE if OVERDUE is not None else None
#: Pools started for one task when workers die between tasks.
_POOLS_TRIED = 3


@dataclass(frozen=True)
class ReadOptions:
    """How documents are read.

    Attributes:
        dpi: Of pictures, never more than ``max_pixels`` in all.
        max_pixels: Of a picture, width times height.
        image_format: Of pictures.
        max_image_bytes: Of a picture in base64.
        want_picture: Whether ``read`` brings the picture too.
        ocr_languages: Tesseract's codes, the most likely first; empty for no OCR.
        ocr_engine: ``auto`` takes Tesseract where its language data is found.
        layout: How tables and figures are looked for.
        page_timeout_s: Seconds after which a page is given up and its worker killed, OCR apart.
        ocr_timeout_s: Seconds that OCR may add to them.
        page_cpu_s: Seconds of processor time that parsing and rendering a page may take, OCR
            apart; 0 for no limit.
        page_memory_bytes: Data that parsing and rendering a page may take, OCR apart; 0 for no
            limit.
        workers: Processes; 0 for one a core.
        tasks_per_worker: Pages after which a worker is replaced; 0 for never.
        memory_limit_bytes: Data a worker may hold; 0 for no limit.
    """

    dpi: int = 300
    max_pixels: int = 2_000_000
    image_format: ImageFormat = "jpeg"
    max_image_bytes: int = 4_000_000
    want_picture: bool = False
    ocr_languages: tuple[str, ...] = ("por", "eng")
    ocr_engine: EngineName = "auto"
    layout: LayoutEngine = "none"
    page_timeout_s: float = 25.0
    ocr_timeout_s: float = 180.0
    page_cpu_s: float = 8.0
    page_memory_bytes: int = 400_000_000
    workers: int = 0
    tasks_per_worker: int = 500
    memory_limit_bytes: int = 2 << 30

    @property
    def page(self) -> PageOptions:
        """What a worker needs to know."""
        picture = PictureOptions(self.dpi, self.max_pixels, self.image_format, self.max_image_bytes)
        return PageOptions(
            self.want_picture, picture, self.ocr_languages, self.ocr_engine, self.layout
        )

    @property
    def allowance(self) -> Allowance:
        """What most pages do with; few need all of ``page_memory_bytes``."""
        first = min(self.page_memory_bytes, _FIRST_MEMORY)
        return Allowance(self.page_cpu_s, first, self.page_timeout_s)

    def timeout_s(self, task: Callable[..., object]) -> float:
        """Seconds after which a task is given up, whatever it does."""
        reads_scans = task is tasks.read and self.ocr_languages
        return self.page_timeout_s + (self.ocr_timeout_s if reads_scans else 0.0)

    @property
    def fingerprint(self) -> str:
        """What decides how a page's text is read and how its picture looks.

        Readings of another fingerprint are not taken up again: another version of the PDF
        library may split words otherwise, and Tesseract reads better than RapidOCR.
        """
        engine = ""
        if self.ocr_languages:
            engine = ocr_engine_status(self.ocr_languages, self.ocr_engine).engine
        picture = replace(self.page, want_picture=False)
        return digest(_library(), engine, repr(picture))


@functools.cache
def _library() -> str:
    """The PDF library's version; looking it up takes 4 ms, and each document asks for it twice."""
    return version("pymupdf")


class Reader:
    """Reads documents in a pool of worker processes, which starts with the first task.

    Args:
        options: How documents are read.
    """

    def __init__(self, options: ReadOptions | None = None) -> None:
        self.options = options or ReadOptions()
        self.workers = self.options.workers or cores()
        self._pool: ProcessPool | None = None
        self._running: set[ProcessFuture[Any]] = set()
        self._starting = asyncio.Lock()
        self._large = asyncio.Lock()
        self._turn = asyncio.Semaphore(self.workers * _AHEAD)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End all workers now, whatever they are reading."""
        pool, self._pool = self._pool, None
        for future in tuple(self._running):
            # Stopping the pool alone leaves whoever awaits these waiting for ever.
            future.cancel()
        if pool is not None:
            pool.stop()
            await asyncio.to_thread(pool.join)

    async def open(self, path: Path, password: str | None = None) -> DocumentFacts:
        """Facts of a document.

        Raises:
            DocumentError: It cannot be read, and why.
        """
        try:
            found = await self._read(self.options, tasks.facts, _version(path), password)
        except (FutureTimeout, ProcessExpired, BrokenProcessPool) as error:
            raise self._crash_on_opening(error, path) from error
        if isinstance(found, ExtractionError):
            raise found
        return found

    async def read(
        self,
        path: Path,
        page_number: int,
        known_text: PageText | None = None,
        password: str | None = None,
        options: ReadOptions | None = None,
    ) -> PageImage:
        """One page; its own troubles come back as its ``error``.

        Args:
            path: The document.
            page_number: From 1.
            known_text: Text of an earlier run, which spares parsing and OCR.
            password: Where the document asks for one.
            options: In place of this reader's own, but for what concerns its processes.

        Raises:
            DocumentError: The document is gone.
        """
        options = options or self.options
        page = options.page
        try:
            return await self._read(
                options, tasks.read, _version(path), password, page_number, page, known_text
            )
        except (FutureTimeout, ProcessExpired, BrokenProcessPool) as error:
            return PageImage(page_number, error=self._page_error(error, path, page_number))

    async def picture(
        self,
        path: Path,
        page_number: int,
        password: str | None = None,
        view: View = WHOLE_PAGE,
        options: ReadOptions | None = None,
    ) -> Picture:
        """One page's picture, or that of a part of it; for ``options`` see ``read``.

        Raises:
            DocumentError: It cannot be rendered, and why.
        """
        options = options or self.options
        picture = options.page.picture
        try:
            found = await self._read(
                options, tasks.picture, _version(path), password, page_number, picture, view
            )
        except (FutureTimeout, ProcessExpired, BrokenProcessPool) as error:
            raise self._page_error(error, path, page_number) from error
        if isinstance(found, ExtractionError):
            raise found
        return found

    async def _read(self, options: ReadOptions, task: Callable[..., Result], *args: Any) -> Result:
        """Run a task of ``worker`` within its allowance."""
        timeout = options.timeout_s(task)
        try:
            found = await self._run(task, options.allowance, *args, timeout_s=timeout)
        except ProcessExpired as error:
            if error.exitcode != tasks.OUT_OF_MEMORY:
                raise
            async with self._large:
                whole = options.allowance._replace(memory_bytes=options.page_memory_bytes)
                found = await self._run(task, whole, *args, timeout_s=timeout)
        fault = _error_in(found)
        if isinstance(fault, ReaderFault) and fault.trace:
            _log.error("%s\n%s", fault, fault.trace)
        return found

    async def _run(
        self, task: Callable[..., Result], *args: Any, timeout_s: float | None = None
    ) -> Result:
        timeout_s = timeout_s or self.options.timeout_s(task)
        async with self._turn:
            for attempt in range(_POOLS_TRIED):
                pool = await self._running_pool()
                try:
                    return await self._scheduled(pool, timeout_s, task, args)
                except (BrokenProcessPool, FutureCancelled, RuntimeError):
                    # A worker that dies between two tasks breaks the pool for all of them.
                    if pool.active or attempt == _POOLS_TRIED - 1:
                        raise
            raise BrokenProcessPool

    async def _scheduled(
        self,
        pool: ProcessPool,
        timeout_s: float,
        task: Callable[..., Result],
        args: tuple[Any, ...],
    ) -> Result:
        future = pool.schedule(task, args=args, timeout=timeout_s)
        self._running.add(future)
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._running.discard(future)

    async def _running_pool(self) -> ProcessPool:
        async with self._starting:
            if self._pool is None or not self._pool.active:
                self._pool = ProcessPool(
                    max_workers=self.workers,
                    max_tasks=self.options.tasks_per_worker,
                    initializer=tasks.start,
                    initargs=(self.options.memory_limit_bytes,),
                    context=worker_context(),
                )
                # Asking whether it is active starts its processes, which takes a second.
                await asyncio.to_thread(lambda pool: pool.active, self._pool)
            return self._pool

    def _page_error(self, error: BaseException, path: Path, page_number: int) -> PageError:
        page = f"page {page_number} of {path.name}"
        if isinstance(error, FutureTimeout) or _exit_of(error) == _OVERDUE:
            return self._overdue(page, by_ocr=isinstance(error, FutureTimeout))
        if _exit_of(error) == _EXHAUSTED:
            return PageTimedOut(
                f"{page} was given up after {self.options.page_cpu_s:g} s of processor time: "
                "raise page_cpu_s if it is worth the wait"
            )
        if _exit_of(error) == tasks.OUT_OF_MEMORY:
            return PageTooLarge(
                f"{page} needs more than the {self.options.page_memory_bytes:,} bytes of memory "
                "that a page may take: raise page_memory_bytes or get a simpler file"
            )
        return PageCrashed(
            f"{page} crashed the process that read it: get the file again from its source, "
            "or report the file to the PDF library's makers"
        )

    def _overdue(self, page: str, *, by_ocr: bool) -> PageTimedOut:
        options = self.options
        if by_ocr and options.timeout_s(tasks.read) > options.page_timeout_s:
            setting, seconds = "[ocr] timeout_s", options.ocr_timeout_s
        else:
            setting, seconds = "page_timeout_s", options.page_timeout_s
        return PageTimedOut(
            f"{page} was given up after {seconds:g} s: raise {setting} if it is worth the wait"
        )

    def _crash_on_opening(self, error: BaseException, path: Path) -> UnreadableDocument:
        if isinstance(error, FutureTimeout) or _exit_of(error) == _OVERDUE:
            reason = (
                f"could not be opened within {self.options.page_timeout_s:g} s: "
                "raise page_timeout_s or"
            )
        elif _exit_of(error) == _EXHAUSTED:
            reason = (
                f"could not be opened within {self.options.page_cpu_s:g} s of processor time: "
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


def _error_in(found: object) -> ExtractionError | None:
    error = found.error if isinstance(found, PageImage) else found
    return error if isinstance(error, ExtractionError) else None


def worker_context() -> BaseContext:
    """How worker processes start here: in milliseconds where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from pdf_extraction.pdf.forkserver import WorkerContext  # noqa: PLC0415

    return WorkerContext()


def warm_up(modules: Sequence[str] = ()) -> None:
    """Begin to load what worker processes need, in a process of its own; returns at once.

    Args:
        modules: What the caller's own tasks need besides, by their names.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        from pdf_extraction.pdf.forkserver import load  # noqa: PLC0415

        load(modules)


def cores() -> int:
    """Processor cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _version(path: Path) -> tasks.FileVersion:
    try:
        found = path.stat()
    except OSError as error:
        from pdf_extraction.pdf.faults import translated  # noqa: PLC0415

        raise translated(error, path) from error
    return tasks.FileVersion(str(path), found.st_mtime_ns, found.st_size, found.st_ctime_ns)
