"""Confidence of each device from what proves it: the one place that fills those columns.

A device's row shows the page's own text. On each of its pages that text is compared with
what the answer about that page says there; the weakest page speaks for the row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pdf_extraction.assembly.devices import Assembled
from pdf_extraction.grounding import confidence
from pdf_extraction.model import Completion, GroundedPage, Grounding, Row, Span

Proof = tuple[float | None, str]


def with_confidence(found: Iterable[Assembled], pages: Sequence[GroundedPage]) -> list[Row]:
    """The rows, with ``confidence`` and ``confidence_method``."""
    evidence = {page.outcome.page.page_number: _PageEvidence(page) for page in pages}
    rows = []
    for item in found:
        item.row["confidence"], item.row["confidence_method"] = _proven(item, evidence)
        rows.append(item.row)
    return rows


def _proven(item: Assembled, evidence: dict[int, _PageEvidence]) -> Proof:
    row = item.row
    if row["grounding"] == "absent":
        page = evidence[item.claim.page if item.claim else row["page_number"]].page
        return confidence(row["text"], Grounding("absent"), page.outcome.page.text, copied=False)
    proofs = [
        proof
        for number in range(row["page_number"], row["page_end"] + 1)
        if (proof := evidence[number].proof(item)) is not None
    ]
    return min(proofs, key=lambda proof: -1.0 if proof[0] is None else proof[0])


@dataclass(frozen=True)
class _Placed:
    start: int
    end: int
    text: str


class _PageEvidence:
    """What one page's answer says, by where it stands.

    Args:
        page: The page, grounded.
    """

    def __init__(self, page: GroundedPage) -> None:
        self.page = page
        self.is_copy = _is_copy(page.outcome.completion)
        devices = page.answer.devices if page.answer is not None else ()
        self.claims = sorted(
            (
                _Placed(grounding.spans[0].start, grounding.spans[-1].end, claim.text)
                for claim, grounding in zip(devices, page.groundings, strict=True)
                if grounding.spans
            ),
            key=lambda placed: placed.start,
        )
        self.starts = [placed.start for placed in self.claims]

    def proof(self, item: Assembled) -> Proof | None:
        """What this page says of a row; None where the row has nothing on it."""
        spans = self._spans(item.row)
        if not spans:
            return None
        text = self.page.outcome.page.text
        printed = " ".join(text.text[start:end] for start, end in spans)
        return confidence(
            self._claimed(spans),
            Grounding("exact", 1.0, spans),
            text,
            copied=self.is_copy,
            printed=printed,
            label=item.row["label"],
            numbering=item.continues,
        )

    def _spans(self, row: Row) -> tuple[Span, ...]:
        """Where a row stands on this page, in the page's own offsets."""
        start, length = self.page.canonical_start, len(self.page.outcome.page.text.text)
        return tuple(
            Span(max(span["start"] - start, 0), min(span["end"] - start, length))
            for span in row["canonical_spans"]
            if span["start"] < start + length and span["end"] > start
        )

    def _claimed(self, spans: Sequence[Span]) -> str | None:
        """What the answer says there: claims of which the greater part lies within."""
        first, last = spans[0].start, spans[-1].end
        near = self.claims[
            max(bisect_left(self.starts, first) - 1, 0) : bisect_right(self.starts, last)
        ]
        inside: list[_Placed] = []
        for placed in near:
            if 2 * (min(placed.end, last) - max(placed.start, first)) <= placed.end - placed.start:
                continue
            if inside and placed.start < inside[-1].end:  # the same place claimed twice
                if placed.end - placed.start > inside[-1].end - inside[-1].start:
                    inside[-1] = placed
                continue
            inside.append(placed)
        return " ".join(placed.text for placed in inside) if inside else None


def _is_copy(completion: Completion | None) -> bool:
    """No model read the page's picture: the answer was made from the page's own text."""
    return completion is None or not completion.model
