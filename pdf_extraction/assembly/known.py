"""What assembling a document's first pages has found out, for assembling more of them.

A long document is assembled again and again while its last pages are still asked about. Whatever
is kept here is taken again only where all that it was made of is the same, so that the rows are
those of an assembly that knew nothing. Nothing is worked out here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from pdf_extraction.assembly.candidates import LINES_AFTER, Candidate
from pdf_extraction.assembly.furniture import Marked
from pdf_extraction.assembly.head import Head, Same, alike
from pdf_extraction.assembly.layout import FlowLine, page_flow
from pdf_extraction.assembly.owntext import words_of
from pdf_extraction.assembly.placedwords import PlacedWords
from pdf_extraction.assembly.sequence import Beams
from pdf_extraction.model import GroundedPage, PageText

#: Of a candidate all that its line and the claims decide.
_TIED = attrgetter(
    *("line", "start", "readings", "strength", "against", "colon", "inline", "claim")
)
_LINE = attrgetter("line")


@dataclass(frozen=True)
class _Page:
    """A page's lines, and why some are no part of the flow before other pages are looked at."""

    text: PageText
    start: int
    lines: list[FlowLine]
    skips: list[str]


class Known:
    """Of one document; made empty, and filled by each assembly of its first pages.

    Attributes:
        settled: How many of the first lines, and what is left out of them, are those of the
            assembly before.
        found: Its candidates, as its lines alone make them.
        candidates: The same and others, with what claims and neighbours say of them.
        beams: Readings of its candidates' numbering.
        head: Its devices and their rows.
        marked: Which of its lines were no part of the flow, page by page.
    """

    def __init__(self) -> None:
        self.settled = 0
        self.found: Sequence[Candidate] = ()
        self.candidates: Sequence[Candidate] = ()
        self.beams = Beams()
        self.marked: dict[int, Marked] = {}
        self._pages: dict[int, _Page] = {}
        self._lines: Sequence[FlowLine] = ()
        self._skips: list[str] = []
        self.head = Head()
        self._grounded: Sequence[GroundedPage] = ()
        self._same_page = 0
        self._placed, self._of = PlacedWords(()), _Shared()
        self._words, self._words_of = set[str](), _Shared()

    def flow(self, pages: Sequence[GroundedPage]) -> list[FlowLine]:
        """Every line of every page, in order, with canonical offsets."""
        same = alike(pages, self._grounded)
        self._grounded = pages
        self._same_page = pages[same - 1].outcome.page.page_number if same else 0
        return [line for page in pages for line in self._page_lines(page)]

    def _page_lines(self, page: GroundedPage) -> list[FlowLine]:
        image, start = page.outcome.page, page.canonical_start
        known = self._pages.get(image.page_number)
        if known is None or known.text is not image.text or known.start != start:
            lines = page_flow(image.text, image.page_number, start)
            known = _Page(image.text, start, lines, [line.skip for line in lines])
            self._pages[image.page_number] = known
        for line, skip in zip(known.lines, known.skips, strict=True):
            line.skip = skip
        return known.lines

    def settle(self, lines: Sequence[FlowLine]) -> None:
        """Find how far the lines are those of the assembly before.

        Args:
            lines: From ``flow``, with all that is left out of them.
        """
        both = zip(lines, self._lines, self._skips, strict=False)
        same = (line is before and line.skip == skip for line, before, skip in both)
        shared = min(len(lines), len(self._lines))
        self.settled = next((at for at, is_same in enumerate(same) if not is_same), shared)
        self._lines, self._skips = lines, [line.skip for line in lines]

    def described(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Candidates of the assembly before that are the first of these, and so is what is around.

        Args:
            candidates: With what the claims say.
        """
        same = alike(list(map(_TIED, candidates)), list(map(_TIED, self.candidates)))
        # Where the next one stands decides how far is looked.
        last = bisect_left(self.candidates, self.settled - LINES_AFTER, key=_LINE)
        return self.candidates[: max(min(same - 1, last), 0)]

    def same(self, document_id: str) -> Same:
        """How far all is as it was in the assembly before, once this one's devices are read."""
        return Same(document_id, self.beams.shared, self.settled, self._same_page)

    def placed(self, pages: Sequence[GroundedPage]) -> PlacedWords:
        """The words of all pages."""
        if not self._of.goes_on(pages):
            self._placed = PlacedWords(())
        self._placed.extend(pages)
        return self._placed

    def words(self, pages: Sequence[GroundedPage]) -> set[str]:
        """See ``words_of``; of all pages."""
        count = self._words_of.count
        if not self._words_of.goes_on(pages):
            self._words, count = set(), 0
        self._words |= words_of(page.outcome.page.text.text for page in pages[count:])
        return self._words


class _Shared:
    """Texts that something was made of."""

    def __init__(self) -> None:
        self._texts: list[tuple[PageText, int]] = []

    @property
    def count(self) -> int:
        return len(self._texts)

    def goes_on(self, pages: Sequence[GroundedPage]) -> bool:
        """Whether the pages begin with those of the time before; now it is these."""
        before = self._texts
        self._texts = [(page.outcome.page.text, page.canonical_start) for page in pages]
        both = zip(self._texts, before, strict=False)
        same = all(new is old and start == at for (new, start), (old, at) in both)
        return same and len(before) <= len(pages)
