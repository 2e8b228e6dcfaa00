"""Read pages in killable worker processes, from asyncio.

A file can crash, hang or bloat the process that reads it; here that costs one page. No page
is read in this process, and nothing here knows what reading a page takes.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from pdf_extraction.errors import ExtractionError, ReaderFault
from pdf_extraction.model import WHOLE_PAGE, PageImage, PageText, Picture, View
from pdf_extraction.pdf import deaths, tasks
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.tasks import DocumentFacts

Result = TypeVar("Result")
_log = logging.getLogger(__name__)

#: Tasks handed to the pool for each worker: one running, one waiting. Everything else waits
#: in asyncio, where cancelling costs nothing.
_AHEAD = 2
#: Pools started for one task when workers die between tasks.
_POOLS_TRIED = 3


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

    async def rest(self) -> None:
        """Let the workers go, and their memory; the next page that is read starts others."""
        async with self._starting:
            await self.aclose()

    async def open(
        self, path: Path, password: str | None = None, *, first_up_to: int = 0
    ) -> DocumentFacts:
        """Facts of a document.

        Args:
            path: The document.
            password: Where the document asks for one.
            first_up_to: The first page of a document with at most so many pages is read along:
                a task for each would cost a short document more than the page.

        Raises:
            DocumentError: It cannot be read, and why.
        """
        opening = (_version(path), password)
        options = self.options
        if first_up_to:
            first = options.page, first_up_to
            with suppress(*deaths.DEATHS):  # of the one or of the other: each by itself will say
                return _good(await self._read(options, tasks.facts_and_first, *opening, *first))
        try:
            return _good(await self._read(options, tasks.facts, *opening))
        except deaths.DEATHS as error:
            raise deaths.of_opening(error, options, path) from error

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
        except deaths.DEATHS as error:
            fault = deaths.of_page(error, self.options, path, page_number)
            return PageImage(page_number, error=fault)

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
            return _good(
                await self._read(
                    options, tasks.picture, _version(path), password, page_number, picture, view
                )
            )
        except deaths.DEATHS as error:
            raise deaths.of_page(error, self.options, path, page_number) from error

    async def _read(self, options: ReadOptions, task: Callable[..., Result], *args: Any) -> Result:
        """Run a task of ``worker`` within its allowance."""
        timeout = options.timeout_s(task)
        try:
            found = await self._run(task, options.allowance, *args, timeout_s=timeout)
        except ProcessExpired as error:
            if not deaths.out_of_memory(error):
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


def _good(found: Result | ExtractionError) -> Result:
    if isinstance(found, ExtractionError):
        raise found
    return found


def _error_in(found: object) -> ExtractionError | None:
    page = found.first_page if isinstance(found, DocumentFacts) else found
    error = page.error if isinstance(page, PageImage) else page
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
