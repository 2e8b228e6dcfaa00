"""A document's words in canonical offsets: which stand in a span, their boxes, which are struck.

Words are columns here: as objects, those of a thousand pages took a second to make and another
of the garbage collector's. No line is made and no claim is known here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.model import BBox, GroundedPage, Row, union
from pdf_extraction.words import Columns, packed

#: Characters of a line that say whether it is struck.
_BEGINNING = 12


class PlacedWords:
    """The document's words, each known by its index.

    Args:
        pages: All pages, in order.

    Attributes:
        numbers: Of the pages.
    """

    def __init__(self, pages: Sequence[GroundedPage]) -> None:
        self._pages: Sequence[GroundedPage] = ()
        self.numbers: list[int] = []
        self._sideways: list[bool] = []
        #: Of each page the index of its first word, which is the next page's where it has none.
        self._firsts: list[int] = []
        self._starts, self._ends = array("i"), array("i")
        self._opening: list[int] = []
        self._struck: set[int] = set()
        self._held: tuple[int, npt.NDArray[np.float64]] = -1, np.empty((0, 4))
        self.extend(pages)

    def extend(self, pages: Sequence[GroundedPage]) -> None:
        """Take more pages.

        Args:
            pages: All pages, of which the first are those that are here.
        """
        for place in range(len(self.numbers), len(pages)):
            page = pages[place]
            image = page.outcome.page
            self._add(image.page_number, page.canonical_start, packed(image.text.words).columns)
        self._pages = pages

    def _add(self, number: int, offset: int, words: Columns) -> None:
        first, sideways = len(self._starts), _is_sideways(words)
        self.numbers.append(number)
        self._sideways.append(sideways)
        self._firsts.append(first)
        self._starts.extend((words.starts + offset).tolist())
        self._ends.extend((words.ends + offset).tolist())
        self._struck.update((np.flatnonzero(words.struck) + first).tolist())
        if first and len(words.starts):
            self._opening.append(first)
        if not sideways:
            up = _stand_up(words.boxes[:-1], words.boxes[1:])
            self._opening += (np.flatnonzero(up) + first + 1).tolist()

    def within(self, start: int, end: int) -> range:
        """Words of which a part stands in ``[start, end)``."""
        first, stop = bisect_left(self._starts, start), bisect_left(self._starts, end)
        reaches_in = first > 0 and self._ends[first - 1] > start
        return range(first - reaches_in, stop)

    def begin_struck(self, lines: Sequence[FlowLine]) -> Sequence[bool]:
        """Whether each line's first word is struck, and most of its beginning."""
        if not self._struck:
            return [False] * len(lines)
        return [self._begins_struck(line.start, line.start + _BEGINNING) for line in lines]

    def _begins_struck(self, start: int, end: int) -> bool:
        first = bisect_left(self._starts, start)
        return first in self._struck and self._are_struck(self.within(start, end))

    def are_struck(self, spans: Iterable[tuple[int, int]]) -> bool:
        """Whether most words of the spans are struck, or most of the first four.

        Editorial notes after a struck wording are often left unstruck, and longer than it.
        """
        if not self._struck:
            return False
        words = [word for start, end in spans for word in self.within(start, end)]
        return self._are_struck(words) or self._are_struck(words[:4])

    def _are_struck(self, words: Sequence[int]) -> bool:
        return sum(word in self._struck for word in words) * 2 > len(words)

    def boxes(self, spans: Iterable[tuple[int, int]]) -> list[Row]:
        """One box for each run of words in one column of one page: page_number and bbox."""
        runs: list[tuple[int, BBox]] = []
        last = -1
        for first, stop in (run for start, end in spans for run in self._runs(start, end)):
            page, box = self.numbers[self._page(first)], self._box(first, stop)
            if last >= 0 and not self._opens(last, first):
                runs[-1] = (page, union((runs[-1][1], box)) or box)
            else:
                runs.append((page, box))
            last = stop - 1
        return [{"page_number": page, "bbox": list(box)} for page, box in runs]

    def _runs(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Words of a span in runs, each in one column of one page."""
        words = self.within(start, end)
        if not words:
            return
        inner = slice(
            bisect_right(self._opening, words.start), bisect_left(self._opening, words.stop)
        )
        borders = [words.start, *self._opening[inner], words.stop]
        yield from pairwise(borders)

    def _box(self, first: int, stop: int) -> BBox:
        boxes = self._boxes(first, stop)
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        return x0, y0, x1, y1

    def _opens(self, before: int, word: int) -> bool:
        """Whether a word opens a column after one that need not be the one right before it."""
        page = self._page(word)
        if self._page(before) != page:
            return True
        up = _stand_up(self._boxes(before, before + 1), self._boxes(word, word + 1))
        return bool(up[0]) and not self._sideways[page]

    def _page(self, word: int) -> int:
        return bisect_right(self._firsts, word) - 1

    def _boxes(self, first: int, stop: int) -> npt.NDArray[np.float64]:
        """Boxes of words of one page. They are the most of a word, so one page has them here."""
        page = self._page(first)
        if self._held[0] != page:
            words = packed(self._pages[page].outcome.page.text.words)
            self._held = page, words.columns.boxes
        start = self._firsts[page]
        return self._held[1][first - start : stop - start]


def _stand_up(
    before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Which words stand up the page from those before them: reading goes on in another column.

    Lines of a sideways page run up.
    """
    up: npt.NDArray[np.bool_] = after[:, 3] < before[:, 1] - 0.5 * (before[:, 3] - before[:, 1])
    return up


def _is_sideways(words: Columns) -> bool:
    """Most longer words are higher than wide: a scan that lies on its side."""
    boxes = words.boxes[words.ends - words.starts > 3]
    upright = boxes[:, 3] - boxes[:, 1] > boxes[:, 2] - boxes[:, 0]
    return 2 * int(np.count_nonzero(upright)) > len(boxes)
