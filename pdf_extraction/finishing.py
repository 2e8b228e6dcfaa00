"""One document's last steps, or some documents', and what is told of them; in any process.

What each step does is ``steps``' and ``judging``'s; when it is done ahead of its turn is
``ahead``'s. Nothing of Dagster here.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pdf_extraction import judging, quality, steps
from pdf_extraction.catalogue import Entry
from pdf_extraction.errors import ExtractionError
from pdf_extraction.extraction import assemble_document
from pdf_extraction.following import followed
from pdf_extraction.model import DocumentOutcome, Grounding, GroundingMethod, Row
from pdf_extraction.settings import Settings
from pdf_extraction.storage.tables import Together
from pdf_extraction.tools import Workspace

_log = logging.getLogger(__name__)

#: Rows of the main table that are worth showing.
_SHOWN_ROWS = 5
#: Pages of a document that is sent with its words, while many such may wait.
_SENT_PAGES = 2


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
        (number, dict(Counter(grounding.method for grounding in found)))
        for number, found in enumerate(groundings, start=1)
    )
    return Placed(outcome.error, tuple(pages))


def _main_table(rows: Mapping[str, Sequence[Row]]) -> str:
    """The table that a profile is about: the last of its own with rows, else ``documents``."""
    own = [name for name in rows if name not in {"documents", "pages", "attempts"}]
    return next((name for name in reversed(own) if rows[name]), own[-1] if own else "documents")


@dataclass(frozen=True)
class Work:
    """A document to finish.

    Attributes:
        entry: The document.
        pages: How many it has, at least one.
        again: Some pages' texts as they were read a second time; None leaves the checks to
            their step.
        outcome: From ``sent_along``; None where it is to be read from the stages.
    """

    entry: Entry
    pages: int
    again: Mapping[int, str] | None
    outcome: DocumentOutcome | None = None


def sent_along(outcome: DocumentOutcome) -> DocumentOutcome | None:
    """A short document as its stages give it back, which takes longer to read than to send.

    None of one that is long, or of which the stages give another.
    """
    pages = outcome.pages
    if outcome.error is not None or len(pages) > _SENT_PAGES:
        return None
    if any(page.error is not None or page.page.error is not None for page in pages):
        return None  # of an error only its sentence is kept
    kept = tuple(replace(page, page=replace(page.page, thumbnail=None)) for page in pages)
    return replace(outcome, pages=kept, read_now=False)


@functools.lru_cache(maxsize=1)
def _workspace(data: Path, settings: str) -> Workspace:
    return Workspace(data, Settings.model_validate_json(settings))


def finish(
    data: Path, settings: str, works: Sequence[Work], run_id: str, publishes: bool
) -> dict[str, Finished | None]:
    """Finish documents together; None for each that its step has yet to do.

    Args:
        data: The data folder.
        settings: Of the run, as JSON.
        works: The documents.
        run_id: Of the run.
        publishes: Whether the run publishes the documents.
    """
    workspace = _workspace(data, settings)
    with workspace.tables.together() as together:
        done = {
            work.entry.document.partition_key: _tried(
                workspace, work, run_id, together if publishes else None
            )
            for work in works
        }
    if publishes:
        for work in works:
            steps.forget_superseded(workspace, work.entry)
    return done


def _tried(
    workspace: Workspace, work: Work, run_id: str, together: Together | None
) -> Finished | None:
    try:
        return _finished(workspace, work, run_id, together)
    except Exception:  # noqa: BLE001 - the step itself will say what is wrong, in its place
        key = work.entry.document.partition_key
        _log.debug("%s: left to its own step", key, exc_info=True)
        return None


def _finished(workspace: Workspace, work: Work, run_id: str, together: Together | None) -> Finished:
    document = work.entry.document
    known = followed()
    whole = known.whole(document) if known is not None else None
    kept, places = whole or (_sent(work) or steps.kept_answers(workspace, document), None)
    outcome, groundings = steps.ground_partition(workspace, document, kept, places)
    placed = _placed(outcome, groundings)
    if together is None:
        return Finished(placed)
    found = groundings if outcome is kept else None  # a fault is told by its stage
    assemble = known.rows if known is not None else assemble_document
    rows, changed = steps.publish_together(workspace, kept, run_id, together, found, assemble)
    published = _published(rows, changed)
    mark = together.mark(document.partition_key)
    if known is not None:
        known.published = kept, rows, mark
    if work.again is None:
        return Finished(placed, published)
    return Finished(placed, published, _judged(workspace, work, kept, rows, mark))


def _sent(work: Work) -> DocumentOutcome | None:
    if work.outcome is None:
        return None
    seen = work.outcome.document
    document = replace(work.entry.document, sha256=seen.sha256, byte_size=seen.byte_size)
    return replace(work.outcome, document=document)


def judge(data: Path, settings: str, work: Work) -> Judged | None:
    """What the checks say of a followed document that its process has published; None of others.

    Args:
        data: The data folder.
        settings: Of the run, as JSON.
        work: The document.
    """
    known = followed()
    if known is None or known.published is None:
        return None
    return _judged(_workspace(data, settings), work, *known.published)


def _judged(
    workspace: Workspace,
    work: Work,
    outcome: DocumentOutcome,
    rows: Mapping[str, Sequence[Row]],
    mark: str | None,
) -> Judged:
    missing = judging.why_no_hash(outcome, work.entry.document)
    rehashed = (
        judging.Rehash(missing=missing)
        if missing
        else judging.hash_again(outcome, work.again or {})
    )
    return Judged(judging.verdicts(workspace, rows, rehashed, quality.CHECKS), mark)
