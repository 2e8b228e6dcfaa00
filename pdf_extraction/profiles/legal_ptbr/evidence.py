"""Confidence of each device from what proves it: the one place that fills those columns.

A device's row shows the page's own text. On each of its pages that text is compared with
what the answer about that page says there; the weakest page speaks for the row.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pdf_extraction.assembly.devices import Assembled, rows_of
from pdf_extraction.grounding import (
    Agreement,
    Proof,
    Spelling,
    compare,
    confidence,
    confidence_by_ink,
    confidence_of_print,
)
from pdf_extraction.logprobs import probability
from pdf_extraction.model import Completion, GroundedPage, Grounding, Row, Span

#: Pages of which what their answers say is at hand: as many as a row may well reach over.
_HELD_PAGES = 64


def with_confidence(found: Sequence[Assembled], pages: Sequence[GroundedPage]) -> Sequence[Row]:
    """The rows, with ``confidence`` and ``confidence_method``.

    Args:
        found: Rows without them, or with those that fewer pages gave them.
        pages: All pages, in order.
    """
    evidence = _Evidence(pages)
    spelling = Spelling(page.outcome.page.text.text for page in pages if _is_read(page))
    unsettled = []
    for item in found:
        if item.parts is None:
            item.parts = list(_parts(item.row, evidence))
            unsettled.append(item)
        elif not all(part.stands for part in item.parts):
            unsettled.append(item)
    disagreement = _disagreement([part for item in found for part in item.parts or ()])
    for item in unsettled:
        if item.parts:
            proof = _proven(item, item.parts, evidence, disagreement, spelling)
        else:
            proof = _absent(item, evidence)
        item.tell(confidence=proof[0], confidence_method=proof[1])
    return rows_of(found)


def _is_read(page: GroundedPage) -> bool:
    return page.outcome.page.text.source == "ocr"


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page has of a row, and how its answer agrees; None where it says nothing."""

    page_number: int
    spans: tuple[Span, ...]
    agreement: Agreement | None
    is_read: bool

    @property
    def stands(self) -> bool:
        """What other pages say has no part in what it proves."""
        return not self.is_read and (self.agreement is None or self.agreement.is_equal)


def _parts(row: Row, evidence: _Evidence) -> Iterator[_Part]:
    if not row["canonical_spans"]:
        return
    for number in range(row["page_number"], row["page_end"] + 1):
        page = evidence.of(number)
        # What a page without any text has of a row is the line feed between two others.
        if page.text.source != "none" and (spans := page.spans(row)):
            agreement = page.agreement(spans, row["label"])
            yield _Part(number, spans, agreement, page.text.source == "ocr")


def _disagreement(parts: Sequence[_Part]) -> float:
    """Share of compared parts that differ, with one of each kind added for short documents."""
    compared = [part.agreement for part in parts if part.agreement is not None]
    return (sum(not found.is_equal for found in compared) + 1) / (len(compared) + 2)


def _proven(
    item: Assembled,
    parts: Sequence[_Part],
    evidence: _Evidence,
    disagreement: float,
    spelling: Spelling,
) -> Proof:
    pages = [evidence.of(part.page_number) for part in parts]
    is_read = any(page.text.source == "ocr" for page in pages)
    doubted = spelling.doubts(item.row["text"]) if is_read else []
    proofs = [
        confidence_of_print(
            part.agreement,
            Grounding("exact", 1.0, part.spans),
            page.text,
            copied=page.is_copy,
            numbering=item.continues,
            token_probability=page.token_probability(part.spans),
            disagreement=disagreement,
            doubted=doubted if page.text.source == "ocr" else (),
        )
        for part, page in zip(parts, pages, strict=True)
    ]
    return min(proofs, key=lambda proof: -1.0 if proof[0] is None else proof[0])


def _absent(item: Assembled, evidence: _Evidence) -> Proof:
    page = evidence.of(item.row["page_number"])
    if page.text.source == "none":
        return confidence_by_ink(page.letters, page.ink)
    return confidence(item.row["text"], Grounding("absent"), page.text, copied=False)


class _Evidence:
    """What each page's answer says; rows come in their order, so few pages are held.

    Args:
        pages: All pages, in order.
    """

    def __init__(self, pages: Sequence[GroundedPage]) -> None:
        self._pages = pages
        self._places = {page.outcome.page.page_number: n for n, page in enumerate(pages)}
        self.of = lru_cache(_HELD_PAGES)(self._made)

    def _made(self, number: int) -> _PageEvidence:
        return _PageEvidence(self._pages[self._places[number]])


@dataclass(frozen=True)
class _Placed:
    """A claim in its page's own offsets."""

    start: int
    end: int
    text: str


class _PageEvidence:
    """What one page's answer says, by where it stands.

    Args:
        page: The page, grounded.
    """

    def __init__(self, page: GroundedPage) -> None:
        self.text = page.outcome.page.text
        self.ink = page.outcome.page.ink
        self.start = page.canonical_start
        completion = page.outcome.completion
        self.is_copy = _is_copy(completion)
        self._logprobs = completion.token_logprobs if completion else ""
        devices = page.answer.devices if page.answer is not None else ()
        self._texts = [claim.text for claim in devices]
        placed = [
            _Placed(grounding.spans[0].start, grounding.spans[-1].end, claim.text)
            for claim, grounding in zip(devices, page.groundings, strict=True)
            if grounding.spans
        ]
        self.claims = sorted(placed, key=lambda claim: claim.start)
        self.starts = [claim.start for claim in self.claims]

    @property
    def letters(self) -> int:
        """Letters and digits of the whole answer."""
        return sum(char.isalnum() for text in self._texts for char in text)

    def spans(self, row: Row) -> tuple[Span, ...]:
        """Where a row stands on this page, in the page's own offsets."""
        start, length = self.start, len(self.text.text)
        return tuple(
            Span(max(span["start"] - start, 0), min(span["end"] - start, length))
            for span in row["canonical_spans"]
            if span["start"] < start + length and span["end"] > start
        )

    def token_probability(self, spans: Sequence[Span]) -> float | None:
        """How sure the model was of what it says there; None where the server did not tell."""
        if not self._logprobs or self.is_copy:
            return None
        claims = self._claims_in(spans[0].start, spans[-1].end)
        known = [probability(self._logprobs, claim.text) for claim in claims]
        return min((value for value in known if value is not None), default=None)

    def agreement(self, spans: Sequence[Span], label: str) -> Agreement | None:
        """How the answer agrees with what stands there; None where it says nothing."""
        claims = [] if self.is_copy else self._claims_in(spans[0].start, spans[-1].end)
        if not claims:
            return None
        printed = " ".join(self.text.text[start:end] for start, end in spans)
        return compare(" ".join(claim.text for claim in claims), printed, label)

    def _claims_in(self, first: int, last: int) -> list[_Placed]:
        """Claims of which the greater part lies within; of two at one place the longer."""
        begin = max(bisect_left(self.starts, first) - 1, 0)
        inside: list[_Placed] = []
        for claim in self.claims[begin : bisect_right(self.starts, last)]:
            length = claim.end - claim.start
            if 2 * (min(claim.end, last) - max(claim.start, first)) <= length:
                continue
            if not inside or claim.start >= inside[-1].end:
                inside.append(claim)
            elif length > inside[-1].end - inside[-1].start:
                inside[-1] = claim
        return inside


def _is_copy(completion: Completion | None) -> bool:
    """No model read the page's picture: the answer was made from the page's own text."""
    return completion is None or not completion.model
