"""The straight line cut where the assets cut it: each step from one stage to the next.

What Dagster's assets and checks call. No Dagster, no picture format and no table here.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from pdf_extraction.asking import Progress, Selection
from pdf_extraction.catalogue import Entry, password
from pdf_extraction.errors import DocumentError, ProfileFault, SettingsError, StorageError
from pdf_extraction.extraction import (
    assemble_document,
    ground_document,
    publish,
    read_and_ask,
)
from pdf_extraction.inbox import Troubled
from pdf_extraction.model import Document, DocumentOutcome, Grounding, PageImage, Picture, Row
from pdf_extraction.pdf.memory import give_back
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.tasks import PictureOptions
from pdf_extraction.pdf.workers import Reader
from pdf_extraction.placed import grounded_by_page
from pdf_extraction.remade import HELD
from pdf_extraction.storage import outcomes
from pdf_extraction.storage.tables import Together
from pdf_extraction.tools import Tools, Workspace

_log = logging.getLogger(__name__)
Told = TypeVar("Told")

#: Thumbnails go whole into Dagster's event log, which is why they are so small. WebP would be a
#: tenth smaller and takes forty times as long.
THUMBNAIL = PictureOptions(dpi=30, max_pixels=45_000, image_format="jpeg", max_image_bytes=8_000)
_ALONE = ReadOptions(**vars(THUMBNAIL), ocr_languages=(), page_cpu_s=2.0)


async def read_pages(
    tools: Tools,
    entries: Sequence[Entry],
    selection: Selection,
    progress: Progress,
    told: Callable[[DocumentOutcome], Told],
) -> list[Told]:
    """Read every page and, where the selection says so, get its answer.

    A document whose sidecar cannot be used fails as a whole. Each is let go when it is kept,
    but for what ``told`` makes of it.

    Raises:
        SettingsError: Something is missing that no page could do without.
    """
    usable = [entry.document for entry in entries if entry.error is None]
    done = await read_and_ask(tools, usable, selection, progress, told)
    workspace = tools.workspace
    failed = [told(_unusable(workspace, entry, selection)) for entry in entries if entry.error]
    return [*done, *failed]


def _unusable(workspace: Workspace, entry: Entry, selection: Selection) -> DocumentOutcome:
    outcome = DocumentOutcome(entry.document, workspace.profile.name, error=entry.error)
    outcomes.save_readings(workspace.stages, outcome, "")
    if selection.ask:
        outcomes.save_answers(workspace.stages, outcome)
    return outcome


def shown_page(outcome: DocumentOutcome) -> PageImage | None:
    """The first page with something on it."""
    pages = (page.page for page in outcome.pages)
    return next((page for page in pages if page.error is None and not page.is_blank), None)


async def thumbnail(reader: Reader, document: Document, page: PageImage) -> Picture | None:
    """A small picture of a page, by whoever reads the run's pages where none came with it."""
    if page.thumbnail is not None:
        return page.thumbnail
    try:
        return await reader.picture(
            document.path, page.page_number, password(document, os.environ), options=_ALONE
        )
    except DocumentError:
        return None  # its page has said so already, or the next run will


def ground_partition(
    workspace: Workspace,
    document: Document,
    outcome: DocumentOutcome | None = None,
    groundings: Sequence[Sequence[Grounding]] | None = None,
) -> tuple[DocumentOutcome, Sequence[Sequence[Grounding]]]:
    """Find the kept answers' claims on their pages, and keep where.

    Args:
        workspace: The data folder's stores.
        document: The document.
        outcome: From ``kept_answers``, where the caller has it.
        groundings: Of that outcome, where somebody has looked for them already.

    Raises:
        SettingsError: ``page_completions`` has not run for the document.
    """
    outcome = outcome or kept_answers(workspace, document)
    try:
        with _one_documents_fault(document, "page_extractions"):
            return outcome, _kept_groundings(workspace, outcome, groundings)
    except ProfileFault as fault:
        outcomes.save_fault(workspace.stages, outcome, fault)
        return replace(outcome, error=fault), []


def _kept_groundings(
    workspace: Workspace,
    outcome: DocumentOutcome,
    groundings: Sequence[Sequence[Grounding]] | None,
) -> Sequence[Sequence[Grounding]]:
    """Where an outcome's claims stand, kept; those of a long document are read from there."""
    profile, stages = workspace.profile_of(outcome.profile), workspace.stages
    if groundings is None and len(outcome.pages) > HELD:
        outcomes.save_groundings(stages, outcome, grounded_by_page(profile, outcome))
        if (kept := outcomes.load_groundings(stages, outcome)) is not None:
            return kept  # and not what another run has kept meanwhile
    groundings = ground_document(profile, outcome) if groundings is None else groundings
    outcomes.save_groundings(stages, outcome, groundings)
    return groundings


def publish_partition(
    workspace: Workspace, entry: Entry, run_id: str
) -> tuple[dict[str, Sequence[Row]], bool]:
    """Assemble a document and replace its rows; the rows as they now are, and if any changed.

    Args:
        workspace: The data folder's stores.
        entry: The document.
        run_id: For ``documents``.

    Raises:
        SettingsError: An earlier step has not run for the document.
    """
    outcome = kept_answers(workspace, entry.document)
    with workspace.tables.together() as together:
        published = publish_together(workspace, outcome, run_id, together)
    forget_superseded(workspace, entry)
    return published


def publish_together(
    workspace: Workspace,
    outcome: DocumentOutcome,
    run_id: str,
    together: Together,
    groundings: Sequence[Sequence[Grounding]] | None = None,
    assemble: Callable[..., dict[str, Iterable[Row]]] = assemble_document,
) -> tuple[dict[str, Sequence[Row]], bool]:
    """Assemble a document, whose rows are replaced when ``together`` ends.

    ``forget_superseded`` is to follow then.

    Args:
        workspace: The data folder's stores.
        outcome: From ``kept_answers``.
        run_id: For ``documents``.
        together: Of the workspace's tables.
        groundings: From ``ground_partition``; None where the caller has none.
        assemble: In place of ``assemble_document``, by somebody who has done some of it.
    """
    document = outcome.document
    profile = workspace.profile_for(outcome.profile, len(outcome.pages))

    def published(
        outcome: DocumentOutcome, groundings: Sequence[Sequence[Grounding]]
    ) -> tuple[dict[str, Sequence[Row]], bool]:
        rows = assemble(profile, outcome, groundings, workspace.calls)
        if len(outcome.pages) > HELD:
            give_back()  # what assembling took, of which the rows need little
        return publish(workspace.tables, rows, run_id, profile.specs, together)

    try:
        if groundings is None:
            groundings = outcomes.load_groundings(workspace.stages, outcome)
        with _one_documents_fault(document, "document_chunks"):
            if groundings is None:
                # Another run has asked about the document since its claims were looked for.
                groundings = ground_document(profile, outcome)
            return published(outcome, groundings)
    except ProfileFault as fault:
        return published(replace(outcome, error=fault), [[] for _ in outcome.pages])


def forget_superseded(workspace: Workspace, entry: Entry) -> None:
    """Let go of partitions whose files were renamed: the document's rows took their ids over.

    Their sidecars were renamed with them.
    """
    if entry.superseded:
        # The entry is as old as the run, and a new file may have taken such a key since.
        with workspace.catalogue.superseded(entry.document.partition_key) as gone:
            for other in gone:
                workspace.tables.forget(other)
                workspace.stages.forget(other)


@contextmanager
def _one_documents_fault(document: Document, asset: str) -> Iterator[None]:
    """A bug that one document brings to light costs that document, not the run's others."""
    try:
        yield
    except (SettingsError, StorageError, ProfileFault):
        raise
    except Exception as error:
        key = document.partition_key
        _log.exception("%s: %s broke", key, asset)
        raise ProfileFault(
            f"{key}: {asset} broke with {type(error).__name__}; the answers are kept. "
            "The run's log has the traceback: report it, then materialise the partition again"
        ) from error


def kept_answers(workspace: Workspace, document: Document) -> DocumentOutcome:
    """A document as ``page_completions`` left it.

    Raises:
        SettingsError: That step has not run for it.
    """
    outcome = outcomes.load_outcome(workspace.stages, document)
    if outcome is None:
        raise SettingsError(
            f"{document.partition_key}: materialise page_images and page_completions of this "
            "partition first, or all assets"
        )
    return outcome


_PUBLISHED = """
SELECT partition_key, document_id, sha256, status, error_type,
    pages_failed IS NOT DISTINCT FROM page_count AS no_page_is_done
FROM documents
"""
_FAILED_PAGES = """
SELECT document_id, list(DISTINCT error_type) AS error_types
FROM pages WHERE status = 'failed' GROUP BY document_id
"""


def troubled(workspace: Workspace) -> list[Troubled]:
    """Documents with failed pages, and those whose present version has no rows yet."""
    published = {row["partition_key"]: row for row in _ask(workspace, _PUBLISHED)}
    pages = {row["document_id"]: row["error_types"] for row in _ask(workspace, _FAILED_PAGES)}
    found = []
    registered: Sequence[str] = workspace.catalogue.keys()
    for key in registered:
        document = workspace.catalogue.document(key)
        row = published.get(key)
        if row is None or row["sha256"] != document.sha256:
            found.append(Troubled(key, document.sha256))
        elif row["status"] != "done":
            is_whole = row["error_type"] and not row["no_page_is_done"]
            types = [row["error_type"]] if is_whole else pages.get(row["document_id"], [])
            found.append(Troubled(key, document.sha256, tuple(types)))
    return found


def _ask(workspace: Workspace, sql: str) -> list[Row]:
    if not workspace.warehouse.file.exists():
        return []
    return workspace.warehouse.query(sql).to_pylist()
