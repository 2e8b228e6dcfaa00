"""Documents finished in a process of their own while others are still being asked about.

A step that a run will come to later is done as soon as it can be; the step then takes what
is here, and does it itself where nothing is: another process, an earlier failure. No rule of a
step stands here, and nothing of Dagster.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self

from pebble import ProcessPool

from pdf_extraction import judging
from pdf_extraction.asking import Progress
from pdf_extraction.catalogue import Entry
from pdf_extraction.errors import DocumentError, ExtractionError
from pdf_extraction.finishing import Finished, Work, finish, judge, sent_along
from pdf_extraction.following import Follower, Followers
from pdf_extraction.model import DocumentOutcome
from pdf_extraction.pdf.apart import Gate, run_apart
from pdf_extraction.pdf.memory import give_back
from pdf_extraction.pdf.tasks import start
from pdf_extraction.pdf.workers import Reader, cores, worker_context
from pdf_extraction.tools import Workspace

_log = logging.getLogger(__name__)
_Done = dict[str, Finished | None]

Step = Literal["page_extractions", "document_chunks", "warehouse"]
#: Pages of a document that is followed by a process which holds all of it, of dense ones half a
#: gigabyte.
_FOLLOWED_PAGES = 1_000
#: Seconds between two looks of SQL users at what a run has finished so far, at least, and of
#: its time the share that may go into it.
_BETWEEN_REFRESHES_S, _REFRESHING_SHARE = 10.0, 0.15
#: Bytes of a warehouse that is left to the run's end: each refresh copies all of it.
_MOST_REFRESHED = 64_000_000
#: Pages that are finished in one go, and so many waiting that one more process takes them up.
_PAGES_TOGETHER, _PAGES_ENOUGH = 64, 16


@dataclass
class Ahead:
    """Does a run's later steps for each document as soon as its pages ended.

    Args:
        workspace: The data folder's stores.
        run_id: Of the run that will come to these steps.
        through: Steps that the run comes to; without ``page_extractions`` nothing is done.
        reader: Of the run; reads some pages a second time, for the checks.

    Attributes:
        finished: What is done, by partition key.
        refreshing: Brings finished documents to the warehouse; may go on after the end.
    """

    workspace: Workspace
    run_id: str
    through: Collection[Step]
    reader: Reader
    finished: dict[str, Finished] = field(default_factory=dict)
    _pool: ProcessPool | None = None
    _waiting: deque[Work] = field(default_factory=deque)
    _busy: int = 0
    _reading: set[asyncio.Task[Mapping[int, str] | None]] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _judging: set[asyncio.Task[None]] = field(default_factory=set)
    _sample: judging.Sample = field(default_factory=judging.Sample)
    _followers: Followers = field(init=False)
    _apart: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _is_long: bool = False
    refreshing: threading.Thread | None = None
    _refresh_due: float = field(default_factory=lambda: time.monotonic() + _BETWEEN_REFRESHES_S)

    def __post_init__(self) -> None:
        self._followers = Followers(self.workspace.profile, _FOLLOWED_PAGES)

    def watching(self, progress: Progress) -> Progress:
        """The run's progress, by which long documents are followed while they are asked about."""
        return self._followers.watching(progress) if self._publishes else progress

    def take(self, entry: Entry, outcome: DocumentOutcome) -> None:
        """Finish a document whose answers are kept; called in the event loop's thread.

        Args:
            entry: The document.
            outcome: How it ended.
        """
        if "page_extractions" in self.through:
            # Where pages were kept from earlier, the check reads all of them again.
            again = self._sample.of(outcome) if outcome.read_now else None
            read = asyncio.get_running_loop().create_task(self._read_again(entry, again))
            self._reading.add(read)
            read.add_done_callback(self._reading.discard)
            work = Work(entry, max(1, len(outcome.pages)), None, sent_along(outcome))
            self._start(self._queue(work, read))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        gate = Gate()
        try:
            if kind is None:
                while self._reading:
                    await asyncio.wait(self._reading)
                await self.reader.rest()  # what is left needs the memory of its workers
                give_back()  # and what lay here between pictures
                # Beside the last documents, where they end soon, all but theirs is brought.
                is_soon = self._publishes and not self._waiting and not self._is_long
                is_ready = is_soon and self._is_small and self._start_refresh(gate)
                while self._tasks:
                    await asyncio.gather(*self._tasks)
                if self.finished and self._publishes:
                    # Beside what the run writes into its history.
                    gate.open() if is_ready else self._start_refresh()
                while self._judging:
                    await asyncio.gather(*self._judging)
        finally:
            gate.shut()
            for task in (*self._tasks, *self._judging):
                task.cancel()
            await asyncio.to_thread(self._followers.close)
            await asyncio.to_thread(self._apart.shutdown, cancel_futures=True)
            if self._pool is not None:
                await asyncio.to_thread(_closed, self._pool)

    @property
    def _publishes(self) -> bool:
        return "document_chunks" in self.through

    def _start(
        self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]] | None = None
    ) -> None:
        tasks = self._tasks if among is None else among
        task = asyncio.get_running_loop().create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _queue(self, work: Work, read: Awaitable[Mapping[int, str] | None]) -> None:
        document = work.entry.document
        if (follower := self._followers.of(document)) is not None:
            await self._finish([work], follower.run)
            # SQL users have its rows beside that, and nobody waits for it alone.
            self._start(self._judge(work, read, follower), self._judging)
            return
        try:
            texts = await read
        except Exception:  # noqa: BLE001 - the step itself will say what is wrong, in its place
            _log.debug("%s: left to its own step", document.partition_key, exc_info=True)
            return
        work = replace(work, again=texts)
        if work.pages > _FOLLOWED_PAGES:
            # One at a time, and with no second process that waits beside it: it may take half a
            # gigabyte, which goes with it.
            self._is_long = True
            await self._finish([work], lambda *task: self._apart.submit(run_apart, *task))
        else:
            self._waiting.append(work)
            self._take_up()

    async def _judge(
        self, work: Work, read: Awaitable[Mapping[int, str] | None], follower: Follower
    ) -> None:
        """Have a document judged where its rows are."""
        key = work.entry.document.partition_key
        try:
            if (texts := await read) is not None and key in self.finished:
                task = (self.workspace.data, self._settings, replace(work, again=texts))
                judged = await asyncio.wrap_future(follower.run(judge, *task))
                self.finished[key] = replace(self.finished[key], judged=judged)
        except Exception:  # noqa: BLE001 - as above
            _log.debug("%s: left to its own step", key, exc_info=True)
        finally:
            follower.stop()

    def _take_up(self) -> None:
        """Hand what waits to processes: the first takes whatever is there, another only much."""
        while self._waiting and self._busy < cores():
            first = islice(self._waiting, _PAGES_ENOUGH)
            if self._busy and sum(work.pages for work in first) < _PAGES_ENOUGH:
                return
            idle = cores() - self._busy
            self._busy += 1
            self._start(self._finish_next(_taken(self._waiting, idle)))

    async def _finish_next(self, works: Sequence[Work]) -> None:
        if self._pool is None:
            # As many as cores: once all is read, what is left to finish has them for itself.
            self._pool = ProcessPool(
                cores(), initializer=start, initargs=(0,), context=worker_context()
            )
        pool = self._pool
        await self._finish(works, lambda task, *args: pool.schedule(task, args=args))
        self._busy -= 1
        self._take_up()

    async def _finish(self, works: Sequence[Work], run: Callable[..., Future[_Done]]) -> None:
        task = (self.workspace.data, self._settings, works, self.run_id, self._publishes)
        try:
            done = await asyncio.wrap_future(run(finish, *task))
            self.finished |= {key: finished for key, finished in done.items() if finished}
            if self._publishes:
                self._show()
        except Exception:  # noqa: BLE001 - as above
            _log.debug("%d documents: left to their own step", len(works), exc_info=True)

    @cached_property
    def _settings(self) -> str:
        return self.workspace.settings.model_dump_json()

    def _show(self) -> None:
        """Bring what is finished to SQL users now and then, so that little is left at the end."""
        if time.monotonic() >= self._refresh_due and self._is_small:
            self._start_refresh()

    @property
    def _is_small(self) -> bool:
        return self.workspace.warehouse.byte_size <= _MOST_REFRESHED

    def _start_refresh(self, gate: Gate | None = None) -> bool:
        """Bring what is finished to SQL users; whether nobody else is at it."""
        if self.refreshing is not None and self.refreshing.is_alive():
            return False
        # Nobody waits for it: whoever refreshes next waits for the warehouse's lock.
        self.refreshing = threading.Thread(target=self._refresh, args=(gate,), name="refresh")
        self.refreshing.start()
        return True

    def _refresh(self, gate: Gate | None) -> None:
        began = time.monotonic()
        try:
            self.workspace.refresh_warehouse(gate=gate)
        except (ExtractionError, EOFError):  # the step will say so, in its place
            _log.debug("the warehouse is left to its own step", exc_info=True)
        took = time.monotonic() - began
        self._refresh_due = began + max(_BETWEEN_REFRESHES_S, took / _REFRESHING_SHARE)

    async def _read_again(
        self, entry: Entry, numbers: Sequence[int] | None
    ) -> Mapping[int, str] | None:
        if numbers is None or not self._publishes:
            return None
        try:
            return await judging.read_again(self.reader, entry.document, numbers)
        except DocumentError:
            return None  # the check will say so, in its place


def _closed(pool: ProcessPool) -> None:
    pool.close()
    pool.join()


def _taken(waiting: deque[Work], processes: int) -> list[Work]:
    """The first of those that wait: one, or more as long as their pages are few together.

    Args:
        waiting: Those are taken out.
        processes: That have nothing to do; each gets its share of many.
    """
    share = sum(work.pages for work in waiting) / processes
    most = min(_PAGES_TOGETHER, max(share, _PAGES_ENOUGH))
    taken = [waiting.popleft()]
    pages = taken[0].pages
    while waiting and pages + waiting[0].pages <= most:
        taken.append(waiting.popleft())
        pages += taken[-1].pages
    return taken
