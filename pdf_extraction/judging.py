"""A document's published rows judged: against its file's bytes, and by what the checks ask.

What a check decides of rows is ``quality``'s. No page is read and no table is opened but through
the rooms that do so, and nothing here knows of Dagster.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pdf_extraction import quality
from pdf_extraction.assembly.canonical import hash_of_pages
from pdf_extraction.catalogue import Entry, hash_file, password
from pdf_extraction.errors import DocumentError
from pdf_extraction.model import Document, DocumentOutcome, Row
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.workers import Reader
from pdf_extraction.profiles.base import Profile
from pdf_extraction.storage import outcomes
from pdf_extraction.storage.rowfiles import KeptRows
from pdf_extraction.tools import Workspace

#: How a page is read a second time.
_AGAIN = ReadOptions(ocr_languages=())
#: Pages of a document that a run reads a second time to check the text it has just read.
_SAMPLED_PAGES = 8
#: Of so many pages one, where documents are short: else most would be read twice.
_SAMPLED_SHARE = 12


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
    async with Reader(_AGAIN) as reader, asyncio.TaskGroup() as group:
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
    if (missing := await asyncio.to_thread(why_no_hash, outcome, document)) or outcome is None:
        return Rehash(missing=missing)
    layers = text_layers(outcome)
    numbers = spread(layers, _SAMPLED_PAGES) if sampled else layers
    try:
        return hash_again(outcome, await read_again(reader, document, numbers))
    except DocumentError as error:
        return Rehash(missing=str(error))


def why_no_hash(outcome: DocumentOutcome | None, document: Document) -> str | None:
    """Why a document's hash cannot be made again from its file; None where it can."""
    path = document.path
    if outcome is None:
        return "the kept pages are gone; run the document again"
    if not outcome.pages:
        return None
    if not path.exists():
        return f"{path} is gone; the rows are those of its last version"
    if hash_file(path) != outcome.document.sha256:
        return f"{path} has changed since it was read; run it again"
    return None


def text_layers(outcome: DocumentOutcome) -> list[int]:
    """Numbers of the pages whose text stands in the file."""
    pages = (page.page for page in outcome.pages)
    return [page.page_number for page in pages if page.text.source == "text_layer"]


async def read_again(reader: Reader, document: Document, numbers: Iterable[int]) -> dict[int, str]:
    """Texts of some pages, read from the file a second time.

    Raises:
        DocumentError: One cannot be read any more.
    """
    secret = password(document, os.environ)

    async def text(number: int) -> tuple[int, str]:
        page = await reader.read(document.path, number, password=secret, options=_AGAIN)
        if page.error is not None:
            raise page.error
        return number, page.text.text

    return dict(await asyncio.gather(*map(text, numbers)))


def hash_again(outcome: DocumentOutcome, again: Mapping[int, str]) -> Rehash:
    """The hash of a document's text.

    Args:
        outcome: With its pages as they are kept.
        again: Texts from ``read_again``, by page number.
    """
    if not outcome.pages:
        return Rehash()
    sources: Counter[str] = Counter()

    def texts() -> Iterator[str]:
        for page in (ended.page for ended in outcome.pages):
            sources[page.text.source] += 1
            yield again.get(page.page_number, page.text.text)

    found = hash_of_pages(texts())
    just_read = sources["text_layer"] - len(again)
    return Rehash(found, len(again), just_read, sources["ocr"])


@dataclass
class Sample:
    """Which pages a run reads a second time, to check the texts that it has just read.

    Up to eight of a document, yet of short documents together only one page in twelve.
    """

    _seen: int = field(default=0, init=False)
    _taken: int = field(default=0, init=False)

    def of(self, outcome: DocumentOutcome) -> list[int]:
        """Page numbers of a document that the run has read to its end."""
        layers = text_layers(outcome)
        self._seen += len(layers)
        room = max(_SAMPLED_PAGES, self._seen // _SAMPLED_SHARE) - self._taken
        most = min(_SAMPLED_PAGES, len(layers), room)
        self._taken += max(0, most)
        return spread(layers, most)


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most ``most`` of some numbers, evenly spread, of two or more the first and the last."""
    if len(numbers) <= most:
        return list(numbers)
    if most < 2:
        return list(numbers[: max(0, most)])
    return [numbers[index * (len(numbers) - 1) // (most - 1)] for index in range(most)]


def published_rows(workspace: Workspace, key: str) -> dict[str, Sequence[Row]]:
    """A document's rows of every table that the checks look into, as they are published."""
    documents = workspace.tables.read("documents", key)
    if not documents:
        return {"documents": []}
    profile = workspace.profile_of(documents[0]["profile"])
    names = ("pages", "attempts", *profile.tables)
    return {"documents": documents, **{name: workspace.tables.read(name, key) for name in names}}


def verdicts(
    workspace: Workspace,
    rows: Mapping[str, Sequence[Row]],
    rehashed: Rehash | None,
    checks: Iterable[str],
) -> list[quality.Verdict]:
    """What the checks say of one document's published rows.

    Args:
        workspace: Thresholds.
        rows: From ``published_rows``.
        rehashed: For the check ``canonical_hash``.
        checks: Names of ``quality.CHECKS``.
    """
    if not rows["documents"]:
        return [quality.unpublished(check) for check in checks]
    document = rows["documents"][0]
    if document["page_count"] is None:
        return [quality.unopened(check, document) for check in checks]
    profile = workspace.profile_of(document["profile"])
    tables = [rows[name] for name in profile.tables if _are_grounded(rows[name])]
    records = tables[0] if len(tables) == 1 else [row for table in tables for row in table]
    limits = workspace.settings
    bounds = limits.checks
    decide = {
        "pages_complete": lambda: quality.pages_complete(
            document,
            list(_only(rows["pages"], "page_number", "status", "error_type", "error")),
            rows["attempts"],
            limits.budget.page_error_rate,
        ),
        "confidence": lambda: quality.confidence(
            records,
            bounds.min_confidence,
            bounds.max_low_confidence_share,
            bounds.worst_rows,
            _only(records, "confidence"),
        ),
        "canonical_hash": lambda: _hash_verdict(document, rehashed or Rehash()),
        "hierarchy": lambda: quality.hierarchy(list(_only(rows["devices"], *quality.OF_HIERARCHY))),
        "grounding": lambda: quality.grounding(
            records,
            document["canonical_text"],
            bounds.max_absent_share,
            bounds.worst_rows,
            _only(records, *quality.OF_GROUNDING),
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


def _are_grounded(rows: Sequence[Row]) -> bool:
    """Whether a table is of records; in all its rows or in none."""
    return bool(rows) and "grounding" in rows[0]


def _only(rows: Sequence[Row], *columns: str) -> Sequence[Row]:
    """What is asked of each row, without its texts where they would have to be read for it."""
    return rows.only(*columns) if isinstance(rows, KeptRows) else rows


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
