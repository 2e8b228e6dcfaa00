"""What the UI shows beside each materialisation. Nothing is counted twice or stored here."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import dagster as dg

from pdf_extraction.backends.calls import BackendFacts, Left, Spent
from pdf_extraction.defs import markdown
from pdf_extraction.errors import ExtractionError
from pdf_extraction.finishing import Placed, Published
from pdf_extraction.model import (
    DocumentOutcome,
    GroundingMethod,
    PageImage,
    PageOutcome,
    Picture,
    Row,
)
from pdf_extraction.quality import Verdict
from pdf_extraction.storage.schemas import SCHEMAS, describe
from pdf_extraction.storage.warehouse import RefreshFacts

Metadata = dict[str, Any]
_PREVIEW_ROWS = 5


def of_images(outcome: DocumentOutcome, stage: Path) -> Metadata:
    """Pages as they were read."""
    sources: Counter[str] = Counter()
    unreadable = blank = 0
    flagged: list[Row] = []
    first: list[Row] = []
    for page in (ended.page for ended in outcome.pages):
        sources[page.text.source] += 1
        unreadable += page.error is not None
        blank += page.is_blank
        if page.flags:
            flagged.append({"page": page.page_number, "flags": ", ".join(page.flags)})
        if len(first) < _PREVIEW_ROWS:
            first.append(_reading(page))
    return {
        **_failure(outcome.error),
        "pages": len(outcome.pages),
        "pages_unreadable": unreadable,
        "pages_blank": blank,
        "by_text_layer": sources["text_layer"],
        "by_ocr": sources["ocr"],
        **_flagged(flagged),
        "preview": dg.MetadataValue.md(markdown.table(first)),
        "stage": _place(stage),
    }


def _reading(page: PageImage) -> Row:
    return {
        "page": page.page_number,
        "text from": page.text.source,
        "because": page.text_verdict,
        "text": page.text.text,
    }


def of_picture(picture: Picture | None) -> Metadata:
    """What a document's first page looks like."""
    if picture is None or picture.data is None:
        return {}
    shown = dg.MetadataValue.md(markdown.picture(picture.data, picture.media_type, "page"))
    return {"picture": shown}


def _flagged(rows: Sequence[Row]) -> Metadata:
    if not rows:
        return {}
    return {
        "pages_flagged": len(rows),
        "flagged": dg.MetadataValue.md(markdown.table(rows[:_PREVIEW_ROWS])),
    }


def of_backends(facts: Sequence[BackendFacts], left: Mapping[str, Left]) -> Metadata:
    """How the calls of a run went, by backend; nothing where none was made."""
    if not facts:
        return {}
    now = time.time()
    rows = [
        {
            "backend": found.backend,
            "calls": found.calls,
            "failures": found.failures,
            "mean latency": f"{found.mean_latency_ms or 0:.0f} ms",
            "state": _state(left.get(found.backend), now),
            "last error": found.last_error or "",
            "asked otherwise": found.refused or "",
        }
        for found in facts
    ]
    return {"backends_health": dg.MetadataValue.md(markdown.table(rows))}


def _state(left: Left | None, now: float) -> str:
    if left is None or left.until <= now:
        return "well"
    return f"left alone for {left.until - now:.0f} s after {left.failures} failures"


def of_completions(outcome: DocumentOutcome, spent: Spent, stage: Path) -> Metadata:
    """How the pages ended, what they cost in this run, and how the answers begin."""
    statuses: Counter[str] = Counter()
    backends: Counter[str] = Counter()
    cached = 0
    failed: list[Row] = []
    others: list[Row] = []
    for page in outcome.pages:
        statuses[page.status] += 1
        if page.completion:
            backends[page.completion.backend] += 1
            cached += page.completion.cached
        shown = failed if page.status == "failed" else others
        if len(shown) < _PREVIEW_ROWS:
            shown.append(_ending(page))
    return {
        **_failure(outcome.error),
        "pages": len(outcome.pages),
        "pages_failed": statuses["failed"],
        "pages_blank": statuses["blank"],
        "pages_cached": cached,
        "calls": spent.calls,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost_usd": float(spent.cost_usd),
        "backends": ", ".join(f"{name}: {count}" for name, count in backends.items()),
        "preview": dg.MetadataValue.md(markdown.table([*failed, *others][:_PREVIEW_ROWS])),
        "stage": _place(stage),
    }


def _ending(page: PageOutcome) -> Row:
    answer = page.completion.text if page.completion else ""
    said = str(page.error) if page.error else answer
    return {"page": page.page.page_number, "status": page.status, "answer or error": said}


def of_groundings(placed: Placed, stage: Path) -> Metadata:
    """How the answers' claims were found on their pages."""
    methods: Counter[GroundingMethod] = Counter()
    for _, found in placed.pages:
        methods.update(found)
    rows = [
        {"page": number, "claims": sum(found.values()), **_methods(found)}
        for number, found in placed.pages
    ]
    rows.sort(key=lambda row: -row["absent"])
    return {
        **_failure(placed.error),
        "claims": methods.total(),
        **{f"claims_{method}": methods[method] for method in _METHODS},
        "preview": dg.MetadataValue.md(markdown.table(rows[:_PREVIEW_ROWS])),
        "stage": _place(stage),
    }


_METHODS: tuple[GroundingMethod, ...] = ("exact", "normalised", "fuzzy", "absent")


def _methods(found: Mapping[GroundingMethod, int]) -> Row:
    return {method: found.get(method, 0) for method in _METHODS}


def of_rows(published: Published, folder: Path) -> Metadata:
    """A document's published rows: how many, how the main table begins, where they are."""
    document, main = published.document, published.main
    counts = [{"table": name, "rows": count} for name, count in published.counts.items()]
    return {
        "dagster/row_count": published.counts[main],
        "status": document["status"],
        **({"error": _sentence(document)} if document["error"] else {}),
        "rows_changed": published.changed,
        "pages": document["page_count"] or 0,
        "pages_failed": document["pages_failed"],
        "calls": document["calls"],
        "cost_usd": float(document["cost_usd"]),
        "preview": dg.MetadataValue.md(markdown.table(_first(main, published.first))),
        "tables": dg.MetadataValue.md(markdown.table(counts)),
        "parquet": _place(folder / main / f"{document['partition_key']}.parquet"),
    }


_PREVIEWED: Mapping[str, tuple[str, ...]] = {
    "chunks": ("device_id", "chunk_level", "page_number", "confidence", "text"),
    "page_markdown": ("page_number", "markdown"),
    "documents": ("document_id", "status", "error_type", "error"),
}


def _first(table: str, rows: Sequence[Row]) -> list[Row]:
    names = _PREVIEWED.get(table)
    return [
        {name: row[name] for name in names} if names else dict(row) for row in rows[:_PREVIEW_ROWS]
    ]


def of_columns(table: str) -> Metadata:
    """Columns of the main table: 8 KB in the event log, so not for each document of a run."""
    if table not in SCHEMAS:
        return {}
    columns = [
        dg.TableColumn(
            field.name,
            str(field.type),
            description=describe(field),
            constraints=dg.TableColumnConstraints(nullable=field.nullable),
        )
        for field in SCHEMAS[table]
    ]
    return {"dagster/column_schema": dg.TableSchema(columns)}


def of_warehouse(facts: RefreshFacts, file: Path) -> Metadata:
    """What a refresh brought, and what is in the file now."""
    counts = [{"table": name, "rows": rows} for name, rows in facts.rows.items()]
    return {
        "dagster/row_count": sum(facts.rows.values()),
        "documents_changed": len(facts.changed),
        "documents_removed": len(facts.removed),
        "documents_unreadable": ", ".join(facts.unreadable) or "none",
        "rebuilt": facts.rebuilt,
        "seconds": round(facts.seconds, 3),
        "tables": dg.MetadataValue.md(markdown.table(counts)),
        "file": _place(file),
    }


def of_verdict(verdict: Verdict) -> Metadata:
    """A check's sentence, figures and worst rows."""
    return {
        "result": verdict.sentence,
        **dict(verdict.figures),
        **(
            {"worst": dg.MetadataValue.md(markdown.table([_short(row) for row in verdict.worst]))}
            if verdict.worst
            else {}
        ),
    }


#: What is worth a column where whole rows of a table are shown.
_TELLING = ("device_id", "page_number", "confidence", "confidence_method", "grounding", "text")


def _short(row: Row) -> Row:
    telling = {name: row[name] for name in _TELLING if name in row}
    return telling if "grounding" in row else dict(row)


def _failure(error: ExtractionError | None) -> Metadata:
    return {"error": f"{error.kind}: {error}"} if error is not None else {}


def _sentence(document: Row) -> str:
    return f"{document['error_type']}: {document['error']}"


def _place(file: Path) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.path(_resolved(file.parent) / file.name)


@lru_cache(maxsize=16)
def _resolved(folder: Path) -> Path:
    """Looking whether any part of a path is a link takes a call of the system each."""
    return folder.resolve()
