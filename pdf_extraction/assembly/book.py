"""A document's lines, words and claims in canonical offsets, as the other modules look them up."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from pdf_extraction.assembly.claims import DeviceClaim, place_claims, slice_sorted
from pdf_extraction.assembly.furniture import mark_furniture
from pdf_extraction.assembly.layout import flow
from pdf_extraction.assembly.owntext import Hyphens
from pdf_extraction.model import BBox, GroundedPage, PageText, Row, union


class PlacedWord(NamedTuple):
    """A word in canonical offsets, with its page."""

    start: int
    end: int
    page: int
    bbox: BBox
    struck: bool


class Book:
    """The document's lines, words and claims, indexed by canonical offset.

    Args:
        text: Canonical text.
        pages: All pages, in order.
        answers: Each page's claims; None for a page without an answer.
    """

    def __init__(
        self,
        text: str,
        pages: Sequence[GroundedPage],
        answers: Sequence[Sequence[DeviceClaim] | None],
    ) -> None:
        self.text = text
        self.lines = flow(pages)
        unread = {
            page.outcome.page.page_number
            for page, answer in zip(pages, answers, strict=True)
            if answer is None and page.outcome.status == "failed"
        }
        for line in self.lines:
            if line.page in unread:
                line.skip = "unread"
        mark_furniture(self.lines)
        self.words = [
            PlacedWord(before + start, before + end, number, bbox, struck)
            for page in pages
            for before, number in [(page.canonical_start, page.outcome.page.page_number)]
            for start, end, bbox, _, _, _, struck, _ in page.outcome.page.text.words
        ]
        self.word_starts = [word.start for word in self.words]
        self.sideways = {
            page.outcome.page.page_number for page in pages if _is_sideways(page.outcome.page.text)
        }
        self.struck_lines = [self._struck(line.start, line.start + 12) for line in self.lines]
        self.hyphens = Hyphens(text)
        self.placed = place_claims(
            [
                (page.outcome.page.page_number, page.canonical_start, answer, page.groundings)
                for page, answer in zip(pages, answers, strict=True)
                if answer is not None
            ]
        )

    def words_in(self, start: int, end: int) -> list[PlacedWord]:
        """Words of which a part stands in ``[start, end)``."""
        part = slice_sorted(self.word_starts, start, end)
        before = self.words[part.start - 1] if part.start else None
        if before is not None and before.end > start:
            return self.words[part.start - 1 : part.stop]
        return self.words[part]

    def _struck(self, start: int, end: int) -> bool:
        first = bisect_left(self.word_starts, start)
        if first >= len(self.words) or not self.words[first].struck:
            return False
        words = self.words_in(start, end)
        return sum(word.struck for word in words) * 2 > len(words)

    def boxes(self, spans: Sequence[tuple[int, int]]) -> list[Row]:
        """One box for each run of words in one column of one page: page_number and bbox."""
        runs: list[tuple[int, list[BBox]]] = []
        for start, end in spans:
            for word in self.words_in(start, end):
                follows = bool(runs) and runs[-1][0] == word.page
                if follows and not self._jumps(word.page, runs[-1][1][-1], word.bbox):
                    runs[-1][1].append(word.bbox)
                else:
                    runs.append((word.page, [word.bbox]))
        return [{"page_number": page, "bbox": list(union(boxes) or ())} for page, boxes in runs]

    def _jumps(self, page: int, before: BBox, after: BBox) -> bool:
        """Reading goes up the page: another column begins. Lines of a sideways page run up too."""
        return page not in self.sideways and after[3] < before[1] - 0.5 * (before[3] - before[1])


def _is_sideways(text: PageText) -> bool:
    """Most longer words are higher than wide: a scan that lies on its side."""
    boxes = [word.bbox for word in text.words if word.end - word.start > 3]
    return sum(box[3] - box[1] > box[2] - box[0] for box in boxes) * 2 > len(boxes)
