"""Documents finished in a process of their own while others are still being asked about.

A step that a run will come to later is done as soon as it can be; the step then takes what
is here, and does it itself where nothing is: another process, an earlier failure. No rule of a
step stands here, and nothing of Dagster.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pebble import ProcessPool

from pdf_extraction import steps
from pdf_extraction.catalogue import Entry
from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import DocumentOutcome, Grounding, GroundingMethod, Row
from pdf_extraction.pdf.tasks import start
from pdf_extraction.pdf.workers import worker_context
from pdf_extraction.settings import Settings
from pdf_extraction.tools import Workspace

_log = logging.getLogger(__name__)

Step = Literal["page_extractions", "document_chunks"]
#: Pages of a document that is worth a second process which holds it whole: with 10,000 pages
#: both together took 560 MB, and such a document is mostly alone in its run.
MOST_PAGES = 2_000
#: Rows of the main table that are worth showing.
_SHOWN_ROWS = 5


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


@dataclass
class Finished:
    """What is done already of one document in a run; None where the step has it to do."""

    placed: Placed | None = None
    published: Published | None = None


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
    rows, changed = steps.publish_partition(workspace, entry, run_id)
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
    """

    workspace: Workspace
    run_id: str
    through: Collection[Step]
    finished: dict[str, Finished] = field(default_factory=dict)
    _pool: ProcessPool | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def take(self, entry: Entry, pages: int) -> None:
        """Finish a document whose answers are kept; called in the event loop's thread.

        Args:
            entry: The document.
            pages: How many it has; of more than ``MOST_PAGES`` the steps come in their place.
        """
        if "page_extractions" in self.through and pages <= MOST_PAGES:
            self._tasks.append(asyncio.get_running_loop().create_task(self._finish(entry)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await asyncio.gather(*self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()
            if self._pool is not None:
                await asyncio.to_thread(_closed, self._pool)

    async def _finish(self, entry: Entry) -> None:
        key = entry.document.partition_key
        if self._pool is None:
            # One of two cores: the others read pages.
            workers = max(1, (os.cpu_count() or 1) // 2)
            self._pool = ProcessPool(
                workers, initializer=start, initargs=(0,), context=worker_context()
            )
        where = (self.workspace.data, self.workspace.settings)
        publishes = "document_chunks" in self.through
        try:
            future = self._pool.schedule(_finish, args=(*where, entry, self.run_id, publishes))
            self.finished[key] = await asyncio.wrap_future(future)
        except Exception:  # noqa: BLE001 - the step itself will say what is wrong, in its place
            _log.debug("%s: left to its own step", key, exc_info=True)


def _closed(pool: ProcessPool) -> None:
    pool.close()
    pool.join()


@functools.lru_cache(maxsize=1)
def _workspace(data: Path, settings: str) -> Workspace:
    return Workspace(data, Settings.model_validate_json(settings))


def _finish(data: Path, settings: Settings, entry: Entry, run_id: str, publishes: bool) -> Finished:
    """What runs in the process of its own."""
    workspace = _workspace(data, settings.model_dump_json())
    placed = ground(workspace, entry)
    return Finished(placed, publish(workspace, entry, run_id) if publishes else None)
