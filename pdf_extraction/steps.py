"""The straight line cut where the assets cut it: each step from one stage to the next.

What Dagster's assets and checks call. No Dagster, no picture format and no table here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from pdf_extraction import quality
from pdf_extraction.asking import Progress, Selection
from pdf_extraction.assembly.canonical import build_canonical
from pdf_extraction.catalogue import Entry, hash_file, password
from pdf_extraction.errors import DocumentError, ProfileFault, SettingsError, StorageError
from pdf_extraction.extraction import (
    assemble_document,
    ground_document,
    publish,
    read_and_ask,
)
from pdf_extraction.inbox import Troubled
from pdf_extraction.model import Document, DocumentOutcome, Grounding, PageImage, Picture, Row
from pdf_extraction.pdf.workers import Reader, ReadOptions
from pdf_extraction.profiles.base import Profile
from pdf_extraction.storage import outcomes
from pdf_extraction.tools import Workspace, open_tools

_log = logging.getLogger(__name__)
Told = TypeVar("Told")

#: Thumbnails go whole into Dagster's event log, which is why they are so small.
_THUMBNAIL_PIXELS, _THUMBNAIL_BYTES = 45_000, 8_000
#: Seconds of processor time after which a document goes without its thumbnail.
_THUMBNAIL_CPU_S = 2.0
#: Pages of a document that a run reads a second time to check the text it has just read.
_SAMPLED_PAGES = 8


async def read_pages(
    workspace: Workspace,
    entries: Sequence[Entry],
    selection: Selection,
    progress: Progress,
    told: Callable[[DocumentOutcome], Told],
    *,
    force: bool,
) -> list[Told]:
    """Read every page and, where the selection says so, get its answer.

    A document whose sidecar cannot be used fails as a whole. Each is let go when it is kept,
    but for what ``told`` makes of it.

    Raises:
        SettingsError: Something is missing that no page could do without.
    """
    usable = [entry.document for entry in entries if entry.error is None]
    async with open_tools(workspace, force=force) as tools:
        done = await read_and_ask(tools, usable, selection, progress, told)
    failed = [told(_unusable(workspace, entry, selection)) for entry in entries if entry.error]
    return [*done, *failed]


def _unusable(workspace: Workspace, entry: Entry, selection: Selection) -> DocumentOutcome:
    outcome = DocumentOutcome(entry.document, workspace.profile.name, error=entry.error)
    outcomes.save_readings(workspace.stages, outcome, "")
    if selection.ask:
        outcomes.save_answers(workspace.stages, outcome)
    return outcome


def shown_page(outcome: DocumentOutcome) -> int | None:
    """Number of the first page with something on it."""
    pages = (page.page for page in outcome.pages)
    return next((p.page_number for p in pages if p.error is None and not p.is_blank), None)


async def thumbnails(pages: Iterable[tuple[Document, int]]) -> dict[str, Picture]:
    """Small pictures of some documents' pages, by partition key."""
    options = ReadOptions(
        dpi=30,
        max_pixels=_THUMBNAIL_PIXELS,
        image_format="webp",
        max_image_bytes=_THUMBNAIL_BYTES,
        ocr_languages=(),
        workers=1,
        page_cpu_s=_THUMBNAIL_CPU_S,
    )
    pictures: dict[str, Picture] = {}
    async with Reader(options) as reader:
        for document, number in pages:
            secret = password(document, os.environ)
            try:
                shown = await reader.picture(document.path, number, secret)
                pictures[document.partition_key] = shown
            except DocumentError:
                continue  # its page has said so already, or the next run will
    return pictures


def ground_partition(
    workspace: Workspace, document: Document
) -> tuple[DocumentOutcome, list[list[Grounding]]]:
    """Find the kept answers' claims on their pages, and keep where.

    Raises:
        SettingsError: ``page_completions`` has not run for the document.
    """
    outcome = _asked(workspace, document)
    try:
        with _one_documents_fault(document, "page_extractions"):
            groundings = ground_document(workspace.profile_of(outcome.profile), outcome)
    except ProfileFault as fault:
        outcomes.save_fault(workspace.stages, outcome, fault)
        return replace(outcome, error=fault), []
    outcomes.save_groundings(workspace.stages, outcome, groundings)
    return outcome, groundings


def publish_partition(
    workspace: Workspace, entry: Entry, run_id: str
) -> tuple[dict[str, list[Row]], bool]:
    """Assemble a document and replace its rows; the rows as they now are, and if any changed.

    Raises:
        SettingsError: An earlier step has not run for the document.
    """
    document = entry.document
    outcome = _asked(workspace, document)
    profile = workspace.profile_of(outcome.profile)
    try:
        groundings = outcomes.load_groundings(workspace.stages, outcome)
        with _one_documents_fault(document, "document_chunks"):
            if groundings is None:
                # Another run has asked about the document since its claims were looked for.
                groundings = ground_document(profile, outcome)
            rows = assemble_document(profile, outcome, groundings, workspace.calls)
            changed = publish(workspace.tables, rows, run_id, profile.specs)
    except ProfileFault as fault:
        outcome = replace(outcome, error=fault)
        nowhere: list[list[Grounding]] = [[] for _ in outcome.pages]
        rows = assemble_document(profile, outcome, nowhere, workspace.calls)
        changed = publish(workspace.tables, rows, run_id, profile.specs)
    if entry.superseded:
        # Their files were renamed together with their sidecars: the rows above took the id over.
        # The entry is as old as the run, and a new file may have taken such a key since.
        with workspace.catalogue.superseded(document.partition_key) as gone:
            for other in gone:
                workspace.tables.forget(other)
                workspace.stages.forget(other)
    if outcome.error is not None:
        # Rows that an earlier version had earned may have stayed.
        rows = {name: workspace.tables.read(name, document.partition_key) for name in rows}
    return rows, changed


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


def _asked(workspace: Workspace, document: Document) -> DocumentOutcome:
    outcome = outcomes.load_outcome(workspace.stages, document)
    if outcome is None:
        raise SettingsError(
            f"{document.partition_key}: materialise page_images and page_completions of this "
            "partition first, or all assets"
        )
    return outcome


@dataclass(frozen=True)
class Rehash:
    """A document's canonical hash, made again from its source.

    Attributes:
        hash: SHA-256; None where it could not be made.
        read_again: Pages whose text layer was read again.
        just_read: Pages of which the run's own reading was taken.
        kept: OCR pages whose kept text was taken: OCR costs seconds a page.
        missing: Why there is no hash.
    """

    hash: str | None = None
    read_again: int = 0
    just_read: int = 0
    kept: int = 0
    missing: str | None = None


async def rehash(
    workspace: Workspace, entries: Sequence[Entry], just_read: Collection[str] = ()
) -> dict[str, Rehash]:
    """Recompute each document's canonical hash from its file's bytes, by partition key.

    Args:
        workspace: Where pages are kept.
        entries: The documents.
        just_read: Partition keys of those that this very run has read itself: of each only a
            sample of pages is read again, since a second reading by the same process of the
            same bytes costs as much as the first and seldom tells more.
    """
    async with Reader(ReadOptions(ocr_languages=())) as reader, asyncio.TaskGroup() as group:
        tasks = {
            entry.document.partition_key: group.create_task(
                _rehash(
                    workspace,
                    reader,
                    entry.document,
                    sampled=entry.document.partition_key in just_read,
                )
            )
            for entry in entries
        }
    return {key: task.result() for key, task in tasks.items()}


async def _rehash(
    workspace: Workspace, reader: Reader, document: Document, *, sampled: bool
) -> Rehash:
    outcome = outcomes.load_outcome(workspace.stages, document)
    if outcome is None:
        return Rehash(missing="the kept pages are gone; run the document again")
    if not outcome.pages:
        return Rehash()
    if not document.path.exists():
        return Rehash(missing=f"{document.path} is gone; the rows are those of its last version")
    if await asyncio.to_thread(hash_file, document.path) != outcome.document.sha256:
        return Rehash(missing=f"{document.path} has changed since it was read; run it again")
    pages = [page.page for page in outcome.pages]
    layers = [page.page_number for page in pages if page.text.source == "text_layer"]
    again = set(spread(layers, _SAMPLED_PAGES) if sampled else layers)
    try:
        texts = [
            await _text(reader, document, page) if page.page_number in again else page.text.text
            for page in pages
        ]
    except DocumentError as error:
        return Rehash(missing=str(error))
    kept = sum(page.text.source == "ocr" for page in pages)
    return Rehash(build_canonical(texts).hash, len(again), len(layers) - len(again), kept)


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most ``most`` (two or more) of some numbers, evenly spread, first and last among them."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[index * (len(numbers) - 1) // (most - 1)] for index in range(most)]


async def _text(reader: Reader, document: Document, page: PageImage) -> str:
    secret = password(document, os.environ)
    again = await reader.read(document.path, page.page_number, password=secret)
    if again.error is not None:
        raise again.error
    return again.text.text


def verdicts(
    workspace: Workspace, key: str, rehashed: Rehash | None, checks: Iterable[str]
) -> list[quality.Verdict]:
    """What the checks say of one document's published rows.

    Args:
        workspace: Tables and thresholds.
        key: Partition key.
        rehashed: For the check ``canonical_hash``.
        checks: Names of ``quality.CHECKS``.
    """
    tables, limits = workspace.tables, workspace.settings
    published = tables.read("documents", key)
    if not published:
        return [quality.unpublished(check) for check in checks]
    document = published[0]
    if document["page_count"] is None:
        return [quality.unopened(check, document) for check in checks]
    profile = workspace.profile_of(document["profile"])
    rows = {name: tables.read(name, key) for name in profile.tables}
    records = [row for found in rows.values() for row in found if "grounding" in row]
    bounds = limits.checks
    decide = {
        "pages_complete": lambda: quality.pages_complete(
            document,
            tables.read("pages", key),
            tables.read("attempts", key),
            limits.budget.page_error_rate,
        ),
        "confidence": lambda: quality.confidence(
            records, bounds.min_confidence, bounds.max_low_confidence_share
        ),
        "canonical_hash": lambda: _hash_verdict(document, rehashed or Rehash()),
        "hierarchy": lambda: quality.hierarchy(rows["devices"]),
        "grounding": lambda: quality.grounding(
            records, document["canonical_text"], bounds.max_absent_share
        ),
    }

    def verdict_of(check: str) -> quality.Verdict:
        if not _applies(check, profile):
            return quality.not_applicable(check, profile.name)
        if check in _OF_RECORDS and not document["pages_done"]:
            return quality.unopened(check, document)
        return decide[check]()

    found = [verdict_of(check) for check in checks]
    return [replace(verdict, worst=verdict.worst[: bounds.worst_rows]) for verdict in found]


_OF_RECORDS = frozenset({"confidence", "hierarchy", "grounding"})


def _applies(check: str, profile: Profile) -> bool:
    if profile.specs and check in {"confidence", "grounding"}:
        return True  # each record of a user's own model has both
    wants: Mapping[str, set[str]] = {
        "hierarchy": {"devices"},
        "confidence": {"devices"},
        "grounding": {"devices"},
    }
    return check not in wants or bool(wants[check] & set(profile.tables))


def _hash_verdict(document: Row, rehashed: Rehash) -> quality.Verdict:
    return quality.canonical_hash(
        document,
        rehashed.hash,
        read_again=rehashed.read_again,
        kept=rehashed.kept,
        just_read=rehashed.just_read,
        missing=rehashed.missing or _unopened(document, rehashed),
    )


def _unopened(document: Row, rehashed: Rehash) -> str | None:
    if rehashed.hash is not None or document["error"] is None or document["page_count"] is None:
        return None
    return (
        "the file cannot be opened now; the rows are those of its last good version: "
        f"{document['error']}"
    )


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
