"""A document's words in canonical offsets: which stand in a span, their boxes, which are struck.

Words are columns here: as objects, those of a thousand pages took a second to make and another
of the garbage collector's. No line and no claim here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pdf_extraction.model import BBox, GroundedPage, Row, union
from pdf_extraction.words import Columns, packed, together


class PlacedWords:
    """The document's words, each known by its index.

    Args:
        pages: All pages, in order.
    """

    def __init__(self, pages: Sequence[GroundedPage]) -> None:
        each = [packed(page.outcome.page.text.words).columns for page in pages]
        counts = [len(words.starts) for words in each]
        words = together(each)
        offsets = np.repeat([page.canonical_start for page in pages], counts)
        self._starts: list[int] = (words.starts + offsets).tolist()
        self._ends = words.ends + offsets
        self._boxes = words.boxes
        self._numbers = np.repeat([page.outcome.page.page_number for page in pages], counts)
        self._sideways = np.repeat([_is_sideways(words) for words in each], counts).astype(bool)
        self._struck: frozenset[int] = frozenset(np.flatnonzero(words.struck).tolist())
        self._opening: list[int] = self._opening_in(slice(None)).tolist()

    def within(self, start: int, end: int) -> range:
        """Words of which a part stands in ``[start, end)``."""
        first, stop = bisect_left(self._starts, start), bisect_left(self._starts, end)
        reaches_in = first > 0 and self._ends[first - 1] > start
        return range(first - reaches_in, stop)

    def begin_struck(self, start: int, end: int) -> bool:
        """Whether the first word that begins in ``[start, end)`` is struck, and most of them."""
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
            page, box = int(self._numbers[first]), self._box(first, stop)
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
        boxes = self._boxes[first:stop]
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
        return x0, y0, x1, y1

    def _opens(self, before: int, word: int) -> bool:
        """Whether a word opens a column after one that need not be the one right before it."""
        return len(self._opening_in([before, word])) > 0

    def _opening_in(self, words: slice | list[int]) -> npt.NDArray[np.intp]:
        """Which of some words stand on another page than the one before, or up the page from it.

        Reading then goes on in another column, but for lines of a sideways page, which run up.
        """
        boxes, numbers = self._boxes[words], self._numbers[words]
        before, after = boxes[:-1], boxes[1:]
        up = after[:, 3] < before[:, 1] - 0.5 * (before[:, 3] - before[:, 1])
        opens = (numbers[1:] != numbers[:-1]) | (up & ~self._sideways[words][1:])
        return np.flatnonzero(opens) + 1


def _is_sideways(words: Columns) -> bool:
    """Most longer words are higher than wide: a scan that lies on its side."""
    boxes = words.boxes[words.ends - words.starts > 3]
    upright = boxes[:, 3] - boxes[:, 1] > boxes[:, 2] - boxes[:, 0]
    return 2 * int(np.count_nonzero(upright)) > len(boxes)
