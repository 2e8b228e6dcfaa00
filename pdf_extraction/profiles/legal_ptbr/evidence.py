"""Confidence of each device from what proves it: the one place that fills those columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pdf_extraction.assembly.devices import Assembled
from pdf_extraction.grounding import confidence
from pdf_extraction.model import Completion, GroundedPage, Grounding, Row, Span


def with_confidence(found: Iterable[Assembled], pages: Sequence[GroundedPage]) -> list[Row]:
    """The rows, with ``confidence`` and ``confidence_method``."""
    by_number = {page.outcome.page.page_number: page for page in pages}
    rows = []
    for item in found:
        page = by_number[item.claim.page if item.claim else item.row["page_number"]]
        item.row["confidence"], item.row["confidence_method"] = _proven(item, page)
        rows.append(item.row)
    return rows


def _proven(item: Assembled, page: GroundedPage) -> tuple[float | None, str]:
    text = page.outcome.page.text
    if item.claim is None:
        # Nobody claimed it: the page's own label brought it in, so its text is a copy.
        return confidence(
            item.row["text"], _first_part(item.row, page), text,
            copied=True, numbering=item.continues,
        )  # fmt: skip
    return confidence(
        item.claim.claim.text,
        item.claim.grounding,
        text,
        copied=_is_copy(page.outcome.completion) and item.claim.grounding.method != "absent",
        numbering=item.continues,
    )


def _is_copy(completion: Completion | None) -> bool:
    """No model read the page's picture: the answer was made from the page's own text."""
    return completion is None or not completion.model


def _first_part(row: Row, page: GroundedPage) -> Grounding:
    """Where the part of a row on one page stands, in the page's own offsets."""
    start, length = page.canonical_start, len(page.outcome.page.text.text)
    spans = [
        Span(max(span["start"] - start, 0), min(span["end"] - start, length))
        for span in row["canonical_spans"]
        if span["start"] < start + length and span["end"] > start
    ]
    return Grounding("exact", 1.0, tuple(spans))
