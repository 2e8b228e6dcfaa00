"""Rows of ``documents``, ``pages`` and ``attempts``, the same for every profile.

What a profile makes of the answers stands in the profile; nothing here reads a clock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import fmean

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import Attempt, DocumentOutcome, GroundedPage, PageOutcome, Row
from pdf_extraction.remade import remade
from pdf_extraction.suspicion import speaks_to_the_model


def attempt_rows(document_id: str, attempts: Sequence[Attempt]) -> list[Row]:
    """Rows of ``attempts``, numbered from 1 within each page, in the order they were made.

    Args:
        document_id: As it is now; calls may have been made under an earlier one.
        attempts: Of one version of the document.
    """
    counts: dict[int, int] = {}
    rows = []
    for attempt in attempts:
        number = counts[attempt.page_number] = counts.get(attempt.page_number, 0) + 1
        row = {**vars(attempt), "attempt": number, "document_id": document_id}
        del row["sha256"], row["partition_key"]
        row["started_at"] = datetime.fromtimestamp(attempt.started_at, UTC)
        rows.append(row)
    return rows


def page_rows(
    outcome: DocumentOutcome, pages: Sequence[GroundedPage], attempts: Sequence[Row]
) -> Sequence[Row]:
    """Rows of ``pages``, with what was spent on each page in all its attempts."""
    spent: dict[int, list[Row]] = {}
    for attempt in attempts:
        spent.setdefault(attempt["page_number"], []).append(attempt)
    document_id = outcome.document.document_id
    return remade(len(pages), lambda place: _page_row(document_id, pages[place], spent))


def _page_row(document_id: str, grounded: GroundedPage, spent: Mapping[int, Sequence[Row]]) -> Row:
    outcome, page = grounded.outcome, grounded.outcome.page
    attempts = spent.get(page.page_number, ())
    return {
        "document_id": document_id,
        "page_number": page.page_number,
        "status": outcome.status,
        **error_columns(outcome.error),
        "answered_by": outcome.answered_by,
        "text_source": page.text.source,
        "text": page.text.text,
        "canonical_start": grounded.canonical_start,
        "canonical_end": grounded.canonical_start + len(page.text.text),
        "width_pt": page.width_pt,
        "height_pt": page.height_pt,
        "rotation": page.rotation,
        "flags": _flags(outcome),
        **_picture_columns(outcome),
        **_completion_columns(outcome, attempts),
        "prompt_hash": outcome.prompt_hash,
        "schema_hash": outcome.schema_hash,
        "attempts": len(attempts),
        **_spent(attempts),
    }


def _flags(outcome: PageOutcome) -> list[str]:
    """The page's flags; a model may have read in the picture what no text of the page says."""
    flags: list[str] = list(outcome.page.flags)
    said = outcome.completion.text if outcome.completion else ""
    if "possible_injection" not in flags and speaks_to_the_model(_unescaped(said)):
        flags.append("possible_injection")
    return flags


def _unescaped(answer: str) -> str:
    return answer.replace("\\n", "\n").replace('\\"', '"')


def error_columns(error: ExtractionError | None) -> Row:
    """``error_type`` and ``error``."""
    return {
        "error_type": error.kind if error else None,
        "error": error.sentence if error else None,
    }


def _picture_columns(outcome: PageOutcome) -> Row:
    picture = outcome.page.picture
    return {
        "image_width": picture.width if picture else None,
        "image_height": picture.height if picture else None,
        "image_bytes": picture.byte_size if picture else None,
        "image_sha256": picture.sha256 if picture else None,
    }


def _completion_columns(outcome: PageOutcome, attempts: Sequence[Row]) -> Row:
    completion = outcome.completion
    if completion is None:
        names = ("backend", "model", "finish_reason", "latency_ms", "raw_response")
        return {**dict.fromkeys(names), "cached": False, "is_fallback": False}
    # "cached" says that this document paid nothing for the answer. An answer found in the
    # cache after a crash was paid by an attempt of this very page, and must read as if the
    # run had never been interrupted.
    paid_here = any(attempt["error_type"] is None for attempt in attempts)
    return {
        "backend": completion.backend,
        "model": completion.model or None,
        "finish_reason": completion.finish_reason,
        "latency_ms": completion.latency_ms or None,
        "raw_response": completion.text,
        "cached": completion.cached and not paid_here,
        "is_fallback": completion.is_fallback,
    }


def _spent(attempts: Sequence[Row]) -> Row:
    return {
        "input_tokens": sum(attempt["input_tokens"] for attempt in attempts),
        "output_tokens": sum(attempt["output_tokens"] for attempt in attempts),
        "cost_usd": sum(attempt["cost_usd"] for attempt in attempts),
    }


def document_row(
    outcome: DocumentOutcome,
    pages: Sequence[GroundedPage],
    attempts: Sequence[Row],
    records: Mapping[str, Iterable[Row]],
    canonical_text: str | None,
    canonical_hash: str | None,
) -> Row:
    """The row of ``documents`` but for ``run_id`` and ``extracted_at``."""
    document = outcome.document
    errors = [page.outcome.error for page in pages]
    failed = len(errors) - errors.count(None)
    confidence, grounded_share = _evidence(pages, records)
    return {
        "document_id": document.document_id,
        "partition_key": document.partition_key,
        # A name that is no UTF-8 comes with surrogates, which no table takes.
        "file_name": document.path.name.encode(errors="backslashreplace").decode(),
        "sha256": document.sha256,
        "byte_size": document.byte_size,
        "page_count": len(pages) or None,
        "profile": outcome.profile,
        "status": _status(outcome, len(pages), failed),
        **_document_error(outcome, errors),
        "pages_done": len(pages) - failed,
        "pages_failed": failed,
        "canonical_text": canonical_text,
        "canonical_hash": canonical_hash,
        "metadata": json.dumps(dict(document.metadata), ensure_ascii=False, sort_keys=True),
        "confidence": confidence,
        "grounded_share": grounded_share,
        "calls": len(attempts),
        **_spent(attempts),
    }


def _document_error(outcome: DocumentOutcome, ended: Sequence[ExtractionError | None]) -> Row:
    """Why the document failed as a whole, or why none of its pages was done."""
    errors = [error for error in ended if error is not None]
    if outcome.error is not None or not errors or len(errors) < len(ended):
        return error_columns(outcome.error)
    kind, count = Counter(error.kind for error in errors).most_common(1)[0]
    first = next(error for error in errors if error.kind == kind)
    share = "all" if count == len(ended) else f"{count} of"
    told = f"{share} {len(ended)} pages failed so, the first: {first.sentence}"
    return {"error_type": kind, "error": first.sentence if len(ended) == 1 else told}


def _status(outcome: DocumentOutcome, pages: int, failed: int) -> str:
    if outcome.error is not None or failed == pages:
        return "failed"
    return "partial" if failed else "done"


def _evidence(
    pages: Sequence[GroundedPage], records: Mapping[str, Iterable[Row]]
) -> tuple[float | None, float | None]:
    """Mean confidence of the records, and the share of them that were found on their pages.

    Of a profile whose records have no place of their own: the share of its answers' claims.
    """
    seen = [[(row["confidence"], row["grounding"]) for row in rows] for rows in _grounded(records)]
    known = ([value for value, _ in table if value is not None] for table in seen)
    mean = next((fmean(values) for values in known if values), None)
    if seen:
        methods = [method for _, method in seen[0] if method is not None]
    else:
        methods = [found.method for page in pages for found in page.groundings]
    return mean, fmean(method != "absent" for method in methods) if methods else None


def _grounded(records: Mapping[str, Iterable[Row]]) -> Iterator[Iterable[Row]]:
    """Tables of records that have a place of their own, each by its first row."""
    for rows in records.values():
        if "grounding" in next(iter(rows), ()):
            yield rows
