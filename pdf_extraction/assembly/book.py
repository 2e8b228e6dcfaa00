"""A document's lines, words and claims in canonical offsets, as the other modules look them up."""

from __future__ import annotations

from collections.abc import Sequence

from pdf_extraction.assembly.claims import DeviceClaim, place_claims
from pdf_extraction.assembly.furniture import mark_furniture
from pdf_extraction.assembly.known import Known
from pdf_extraction.assembly.owntext import Hyphens, words_of
from pdf_extraction.assembly.packedlines import by_page, flow
from pdf_extraction.assembly.placedwords import PlacedWords
from pdf_extraction.model import GroundedPage


class Book:
    """The document's lines, words and claims, indexed by canonical offset.

    Args:
        text: Canonical text.
        pages: All pages, in order.
        answers: Each page's claims; None for a page without an answer.
        known: From an assembly of its first pages; gets the lines of this one.
    """

    def __init__(
        self,
        text: str,
        pages: Sequence[GroundedPage],
        answers: Sequence[Sequence[DeviceClaim] | None],
        known: Known | None,
    ) -> None:
        self.text = text
        self.words = PlacedWords(pages) if known is None else known.placed(pages)
        self.placed, unanswered = place_claims(self.words.numbers, pages, answers)
        self.lines = flow(pages, text) if known is None else known.flow(pages)
        outcomes = (pages[place].outcome for place in unanswered)
        unread = {page.page.page_number for page in outcomes if page.status == "failed"}
        pages_lines = by_page(self.lines)
        for number in unread & pages_lines.keys():
            for line in pages_lines[number]:
                line.skip = "unread"
        mark_furniture(self.lines, known.marked if known is not None else None)
        if known is not None:
            known.settle(self.lines)
        self.struck_lines = self.words.begin_struck(self.lines)
        self.hyphens = Hyphens(lambda: words_of([text]) if known is None else known.words(pages))
