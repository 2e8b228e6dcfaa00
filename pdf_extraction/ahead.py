"""Documents finished in a process of their own while others are still being asked about.

A step that a run will come to later is done as soon as it can be; the step then takes what
is here, and does it itself where nothing is: another process, an earlier failure. No rule of a
step stands here, and nothing of Dagster.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pebble import ProcessPool

from pdf_extraction import judging, quality, steps
from pdf_extraction.catalogue import Entry
from pdf_extraction.errors import DocumentError, ExtractionError
from pdf_extraction.model import DocumentOutcome, Grounding, GroundingMethod, Row
from pdf_extraction.pdf.tasks import start
from pdf_extraction.pdf.workers import Reader, cores, worker_context
from pdf_extraction.settings import Settings
from pdf_extraction.tools import Workspace

_log = logging.getLogger(__name__)

Step = Literal["page_extractions", "document_chunks"]
#: Pages of a document that is worth a second process which holds it whole: with 10,000 pages
#: both together took 560 MB, and such a document is mostly alone in its run.
MOST_PAGES = 2_000
#: Rows of the main table that are worth showing.
_SHOWN_ROWS = 5
#: Seconds between two looks of SQL users at what a run has finished so far, at least, and of
#: its time the share that may go into it.
_BETWEEN_REFRESHES_S, _REFRESHING_SHARE = 4.0, 0.15
#: Bytes of a warehouse that is left to the run's end: each refresh copies all of it.
_MOST_REFRESHED = 64_000_000


@dataclass(frozen=True)
class Placed:
    """What is told of a document's groundings.

    Attributes:
        error: Why there are none.
        pages: For each page its number and how many claims were found by which method.
    """

    error: ExtractionError | None
    pages: tuple[tuple[int, Mapping[GroundingMethod, int]], ...]


@dataclass(frozen=True)
class Published:
    """What is told of a document's rows.

    Attributes:
        document: Its row of ``documents``, but for the canonical text.
        counts: Rows by table.
        main: The table that the profile is about.
        first: The first rows of it.
        changed: Whether any row is another one than before.
    """

    document: Row
    counts: Mapping[str, int]
    main: str
    first: Sequence[Row]
    changed: bool


@dataclass(frozen=True)
class Judged:
    """What the checks say of a document's rows.

    Attributes:
        verdicts: Of every check.
        mark: Of the rows that were judged, as ``Tables.mark`` has it.
    """

    verdicts: Sequence[quality.Verdict]
    mark: str | None


@dataclass(frozen=True)
class Finished:
    """What is done already of one document in a run; None where the step has it to do."""

    placed: Placed | None = None
    published: Published | None = None
    judged: Judged | None = None


def ground(workspace: Workspace, entry: Entry) -> Placed:
    """The step ``page_extractions`` for one document.

    Raises:
        SettingsError: ``page_completions`` has not run for it.
    """
    return _placed(*steps.ground_partition(workspace, entry.document))


def publish(workspace: Workspace, entry: Entry, run_id: str) -> Published:
    """The step ``document_chunks`` for one document.

    Raises:
        SettingsError: An earlier step has not run for it.
    """
    return _published(*steps.publish_partition(workspace, entry, run_id))


def _published(rows: Mapping[str, Sequence[Row]], changed: bool) -> Published:
    main = _main_table(rows)
    document = {**rows["documents"][0], "canonical_text": None}
    first = [document] if main == "documents" else list(rows[main][:_SHOWN_ROWS])
    counts = {name: len(found) for name, found in rows.items()}
    return Published(document, counts, main, first, changed)


def _placed(outcome: DocumentOutcome, groundings: Sequence[Sequence[Grounding]]) -> Placed:
    pages = (
        (page.page.page_number, dict(Counter(grounding.method for grounding in found)))
        for page, found in zip(outcome.pages, groundings, strict=False)
    )
    return Placed(outcome.error, tuple(pages))


def _main_table(rows: Mapping[str, Sequence[Row]]) -> str:
    """The table that a profile is about: the last of its own with rows, else ``documents``."""
    own = [name for name in rows if name not in {"documents", "pages", "attempts"}]
    return next((name for name in reversed(own) if rows[name]), own[-1] if own else "documents")


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
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _sample: judging.Sample = field(default_factory=judging.Sample)
    refreshing: threading.Thread | None = None
    _refresh_due: float = field(default_factory=lambda: time.monotonic() + _BETWEEN_REFRESHES_S)

    def take(self, entry: Entry, outcome: DocumentOutcome) -> None:
        """Finish a document whose answers are kept; called in the event loop's thread.

        Args:
            entry: The document.
            outcome: How it ended; with more than ``MOST_PAGES`` the steps come in their place.
        """
        if "page_extractions" in self.through and len(outcome.pages) <= MOST_PAGES:
            # Where pages were kept from earlier, the check reads all of them again.
            again = self._sample.of(outcome) if outcome.read_now else None
            work = self._finish(entry, again)
            self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await asyncio.gather(*self._tasks)
                if self.finished and "document_chunks" in self.through:
                    self._start_refresh()  # beside what the run writes into its history
        finally:
            for task in self._tasks:
                task.cancel()
            if self._pool is not None:
                await asyncio.to_thread(_closed, self._pool)

    async def _finish(self, entry: Entry, again: Sequence[int] | None) -> None:
        key = entry.document.partition_key
        if self._pool is None:
            # As many as cores: once all is read, what is left to finish has them for itself.
            self._pool = ProcessPool(
                cores(), initializer=start, initargs=(0,), context=worker_context()
            )
        where = (self.workspace.data, self.workspace.settings)
        publishes = "document_chunks" in self.through
        try:
            texts = await self._read_again(entry, again) if publishes else None
            task = (*where, entry, self.run_id, publishes, texts)
            future = self._pool.schedule(_finish, args=task)
            self.finished[key] = await asyncio.wrap_future(future)
            if publishes:
                self._show()
        except Exception:  # noqa: BLE001 - the step itself will say what is wrong, in its place
            _log.debug("%s: left to its own step", key, exc_info=True)

    def _show(self) -> None:
        """Bring what is finished to SQL users now and then, so that little is left at the end."""
        is_due = time.monotonic() >= self._refresh_due
        if is_due and self.workspace.warehouse.byte_size <= _MOST_REFRESHED:
            self._start_refresh()

    def _start_refresh(self) -> None:
        if self.refreshing is None or not self.refreshing.is_alive():
            # Nobody waits for it: whoever refreshes next waits for the warehouse's lock.
            self.refreshing = threading.Thread(target=self._refresh, name="refresh")
            self.refreshing.start()

    def _refresh(self) -> None:
        began = time.monotonic()
        try:
            self.workspace.refresh_warehouse()
        except ExtractionError:  # the step will say so, in its place
            _log.debug("the warehouse is left to its own step", exc_info=True)
        took = time.monotonic() - began
        self._refresh_due = began + max(_BETWEEN_REFRESHES_S, took / _REFRESHING_SHARE)

    async def _read_again(
        self, entry: Entry, numbers: Sequence[int] | None
    ) -> Mapping[int, str] | None:
        if numbers is None:
            return None
        try:
            return await judging.read_again(self.reader, entry.document, numbers)
        except DocumentError:
            return None  # the check will say so, in its place


def _closed(pool: ProcessPool) -> None:
    pool.close()
    pool.join()


@functools.lru_cache(maxsize=1)
def _workspace(data: Path, settings: str) -> Workspace:
    return Workspace(data, Settings.model_validate_json(settings))


def _finish(
    data: Path,
    settings: Settings,
    entry: Entry,
    run_id: str,
    publishes: bool,
    again: Mapping[int, str] | None,
) -> Finished:
    """What runs in the process of its own.

    Args:
        data: The data folder.
        settings: Of the run.
        entry: The document.
        run_id: Of the run.
        publishes: Whether the run publishes the document.
        again: Pages' texts as they were read a second time; None leaves the checks to their step.
    """
    workspace = _workspace(data, settings.model_dump_json())
    outcome = steps.kept_answers(workspace, entry.document)
    placed = _placed(*steps.ground_partition(workspace, entry.document, outcome))
    if not publishes:
        return Finished(placed)
    rows, changed = steps.publish_partition(workspace, entry, run_id, outcome)
    judged = _judged(workspace, entry, outcome, rows, again) if again is not None else None
    return Finished(placed, _published(rows, changed), judged)


def _judged(
    workspace: Workspace,
    entry: Entry,
    outcome: DocumentOutcome,
    rows: Mapping[str, Sequence[Row]],
    again: Mapping[int, str],
) -> Judged:
    missing = judging.why_no_hash(outcome, entry.document)
    rehashed = judging.Rehash(missing=missing) if missing else judging.hash_again(outcome, again)
    verdicts = judging.verdicts(workspace, rows, rehashed, quality.CHECKS)
    return Judged(verdicts, workspace.tables.mark(entry.document.partition_key))
