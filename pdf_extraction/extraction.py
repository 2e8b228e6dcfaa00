"""The straight line from a file to its table rows, callable without Dagster.

``read_and_ask -> ground -> assemble -> publish``, each over a whole run's documents or one of
them, each leaving what the next one needs in a stage. What Dagster runs and what the command
line runs is this. No SQL, no HTTP and no PDF here: those have rooms of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from pdf_extraction.asking import read_and_ask
from pdf_extraction.assembly.canonical import Canonical
from pdf_extraction.assembly.records import attempt_rows, document_row, page_rows
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.model import DocumentOutcome, GroundedPage, Grounding, Row
from pdf_extraction.placed import ground_document, grounded_pages
from pdf_extraction.profiles.base import Profile
from pdf_extraction.storage.tables import Tables, Together
from pdf_extraction.tablespec import TableSpec

__all__ = ["assemble_document", "ground_document", "publish", "read_and_ask"]


@dataclass(frozen=True)
class Draft:
    """A document assembled, before it is known what it cost.

    Attributes:
        outcome: The document, or its first pages.
        groundings: Of each page's claims.
        canonical: Its text.
        pages: As its profile was given them.
        records: Rows of the profile's tables.
    """

    outcome: DocumentOutcome
    groundings: Sequence[Sequence[Grounding]]
    canonical: Canonical
    pages: Sequence[GroundedPage]
    records: Mapping[str, Iterable[Row]]

    def is_of(self, outcome: DocumentOutcome, groundings: Sequence[Sequence[Grounding]]) -> bool:
        """Whether it is this very document's, with claims at these places."""
        mine, others = self.outcome.pages, outcome.pages
        same = len(mine) == len(others) and all(a is b for a, b in zip(mine, others, strict=True))
        whole = (self.outcome.document, self.outcome.error) == (outcome.document, outcome.error)
        return same and whole and list(self.groundings) == list(groundings)


def draft_of(
    profile: Profile, outcome: DocumentOutcome, groundings: Sequence[Sequence[Grounding]]
) -> Draft:
    """Assemble a document, or its first pages."""
    canonical, pages = grounded_pages(profile, outcome.pages, groundings)
    whole = bool(pages) and outcome.error is None
    records = profile.assemble(outcome.document, canonical.text, pages) if whole else {}
    return Draft(outcome, groundings, canonical, pages, records)


def assemble_document(
    profile: Profile,
    outcome: DocumentOutcome,
    groundings: Sequence[Sequence[Grounding]],
    calls: CallStore,
    draft: Draft | None = None,
) -> dict[str, Iterable[Row]]:
    """Rows of every table of one document, but for when and by which run they were made.

    Args:
        profile: What makes the document's records.
        outcome: The document.
        groundings: Of each page's claims.
        calls: What it cost.
        draft: Of the same, where somebody has made it.
    """
    document = outcome.document
    made = calls.attempts(document.document_id, document.sha256, document.partition_key)
    attempts = attempt_rows(document.document_id, made)
    draft = draft or draft_of(profile, outcome, groundings)
    pages, records, canonical = draft.pages, draft.records, draft.canonical
    text, text_hash = (canonical.text, canonical.hash) if pages else (None, None)
    return {
        "documents": [document_row(outcome, pages, attempts, records, text, text_hash)],
        "pages": page_rows(outcome, pages, attempts),
        "attempts": attempts,
        **{table: records.get(table, []) for table in profile.tables},
    }


def publish(
    tables: Tables,
    rows: Mapping[str, Iterable[Row]],
    run_id: str,
    brought: Sequence[TableSpec] = (),
    together: Together | None = None,
) -> tuple[dict[str, Sequence[Row]], bool]:
    """Replace the document's rows in all tables at once; the rows, and whether any changed.

    A document that failed as a whole never takes the place of rows that an earlier version of
    it, or the same file while it was there, had earned: those stay, and the row in
    ``documents`` says what happened.

    Args:
        tables: Where to.
        rows: Of every table.
        run_id: For ``documents``.
        brought: Tables that the profile brings along.
        together: Of ``tables``; the rows are replaced when it ends.
    """
    (document,) = rows["documents"]
    partition_key = document["partition_key"]
    published = dict(rows)
    row = document
    earlier = tables.read("documents", partition_key) if _failed_whole(document) else []
    if earlier and earlier[0]["page_count"] is not None:
        row = {**earlier[0], "status": "failed"}
        row |= {name: document[name] for name in ("error_type", "error")}
        published = {name: tables.read(name, partition_key) for name in tables.names}
    stamped = {**row, "run_id": run_id, "extracted_at": datetime.now(UTC)}
    with nullcontext(together) if together is not None else tables.together() as open_:
        kept, changed = open_.replace(partition_key, {**published, "documents": [stamped]}, brought)
    kept["documents"] = [row]
    return {name: kept[name] for name in rows}, changed


def _failed_whole(document: Row) -> bool:
    """Whether a document came to no pages of its own; one with a row for each failed one did."""
    return document["error"] is not None and document["pages_failed"] != document["page_count"]
