"""The document as one run of printed lines, each with what its place on the page says.

What the words mean is read elsewhere; here are offsets, boxes, columns and margins only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from pdf_extraction.model import BBox, PageText
from pdf_extraction.words import Columns, packed

if TYPE_CHECKING:
    from pdf_extraction.assembly.headings import Heading

_Floats = npt.NDArray[np.float64]

#: A line that ends this much (of the page's width) short of its column's edge ends a paragraph.
_SHORT = 0.045
#: A first line stands this much (of the page's width) right of the lines that follow it.
_INDENT = 0.012
#: Fewer numbers beside a page's lines prove no numbering of lines.
_LEAST_NUMBERS = 5
#: Digits of a number that is none of a line's.
_LONGEST_NUMBER = 5


@dataclass(slots=True)
class FlowLine:
    """One printed line in the document's order.

    Attributes:
        page: Page number, from 1.
        start: First code point in the canonical text.
        end: One past the last.
        text: As printed.
        bbox: Fractions of the displayed page.
        size: Most frequent font size, in points; 0 where unknown.
        bold: All its words are bold.
        ocr: The text was read from a picture.
        column: ``(left, right)`` edges of its column, fractions of the page's width.
        height: Median line height of its page, fraction of the page's height.
        skip: Why the line is no part of the flow (furniture, contents); empty for the flow.
        short: It ends well before its column's edge.
        indented: It begins well after its column's edge.
        gap: Distance from the line above in the same column, in line heights.
        heading: Where somebody has asked ``read_heading``, what it said; False before.
        masked: What ``furniture`` compares, where it is asked about again; empty before.
    """

    page: int
    start: int
    end: int
    text: str
    bbox: BBox
    size: float
    bold: bool
    ocr: bool
    column: tuple[float, float] = (0.0, 1.0)
    height: float = 0.012
    skip: str = ""
    short: bool = False
    indented: bool = False
    gap: float = 0.0
    heading: Heading | Literal[False] | None = field(default=False, compare=False, repr=False)
    masked: str = field(default="", compare=False, repr=False)

    @property
    def centred(self) -> bool:
        """Both margins are wide and alike, in the column or, for short lines, on the page."""
        if self.bbox[0] > 0.25 and abs(self.bbox[0] + self.bbox[2] - 1) < 0.03:
            return True
        left, right = self.bbox[0] - self.column[0], self.column[1] - self.bbox[2]
        return left > 0.03 and right > 0.03 and abs(left - right) < 0.2 * (left + right) + 0.02


def page_flow(text: PageText, page_number: int, offset: int = 0) -> list[FlowLine]:
    """One page's lines; ``offset`` is where the page's text starts in the canonical text."""
    words = packed(text.words).columns
    lines = _printed(text, words, page_number, offset)
    if numbers := _line_numbers(lines, words):
        starts = words.line_starts.tolist()
        stops = [*starts[1:], len(words.starts)]
        before = [starts[n] for n in numbers if stops[n] - starts[n] > 1]
        lines = _printed(text, words.without(before), page_number, offset)
        for line in map(lines.__getitem__, numbers):
            line.skip = "number" if line.text.isdigit() else ""
    _place(lines)
    return lines


def _line_numbers(lines: Sequence[FlowLine], words: Columns) -> list[int]:
    """Lines that begin with their own number, in a column left of the text (bills of law).

    The numbers rise by one on most lines, or by five, and nearly all else stands right of them.
    """
    firsts = [(index, line.text.partition(" ")[0]) for index, line in enumerate(lines)]
    numbers = {
        index: int(first) if len(first) < _LONGEST_NUMBER else 0
        for index, first in firsts
        if first.isdecimal()
    }
    if len(numbers) < _LEAST_NUMBERS:
        return []
    steps = Counter(after - before for before, after in pairwise(numbers.values()))
    step, often = steps.most_common(1)[0]
    dense = step == 5 or (step == 1 and len(numbers) * 2 > len(lines))
    right = words.boxes[words.line_starts[list(numbers)], 2].max()
    inside = [line for index, line in enumerate(lines) if index not in numbers]
    apart = sum(line.bbox[0] < right for line in inside) * 5 <= len(inside)
    return list(numbers) if dense and apart and often >= 0.9 * (len(numbers) - 1) else []


def _printed(text: PageText, words: Columns, page_number: int, offset: int) -> list[FlowLine]:
    """The lines that the words make, without their place among the others."""
    firsts = words.line_starts
    if not len(firsts):
        return []
    lasts = np.append(firsts[1:], len(words.starts)) - 1
    edges = (
        np.minimum.reduceat(words.boxes[:, :2], firsts),
        np.maximum.reduceat(words.boxes[:, 2:], firsts),
    )
    columns = (
        words.starts[firsts],
        words.ends[lasts],
        np.hstack(edges),
        _line_sizes(words.sizes, firsts),
        np.logical_and.reduceat(words.bold, firsts),
    )
    ocr = text.source == "ocr"
    lines = zip(*(column.tolist() for column in columns), strict=True)
    return [
        FlowLine(
            page_number,
            offset + start,
            offset + end,
            text.text[start:end],
            tuple(box),
            size,
            bold,
            ocr,
        )
        for start, end, box, size, bold in lines
    ]


def _line_sizes(
    sizes: npt.NDArray[np.float64], firsts: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Each line's most frequent size; of two as frequent the one that comes first."""
    found = np.minimum.reduceat(sizes, firsts)
    several = np.flatnonzero(found < np.maximum.reduceat(sizes, firsts))
    stops = [*firsts[1:], len(sizes)]
    for line in several:
        counts = Counter(sizes[firsts[line] : stops[line]].tolist())
        found[line] = counts.most_common(1)[0][0]
    return found


def _place(lines: list[FlowLine]) -> None:
    if not lines:
        return
    height = median(line.bbox[3] - line.bbox[1] for line in lines) or 0.012
    for group in _columns(lines):
        left, right = _edges(group)
        above: FlowLine | None = None
        for line in group:
            line.column, line.height = (left, right), height
            line.short = line.bbox[2] < right - _SHORT
            line.indented = line.bbox[0] > left + _INDENT
            if above is not None:
                line.gap = (line.bbox[1] - above.bbox[1]) / height
            above = line


def _columns(lines: list[FlowLine]) -> Iterator[list[FlowLine]]:
    """Left column, right column, full width; a page of one column is one group."""
    left = [line for line in lines if line.bbox[2] < 0.53]
    right = [line for line in lines if line.bbox[0] > 0.47]
    wide = [line for line in right if line.bbox[2] - line.bbox[0] > 0.3]
    if len(wide) < 8 or len(left) < 8:
        yield lines
        return
    sides = {id(line) for line in (*left, *right)}
    yield left
    yield right
    yield [line for line in lines if id(line) not in sides]


def _edges(lines: list[FlowLine]) -> tuple[float, float]:
    """Where the column's text begins and ends: edges that several lines share.

    Short lines (headings, centred signatures) say nothing about the right edge.
    """
    if not lines:
        return 0.0, 1.0
    lefts = sorted(line.bbox[0] for line in lines)
    rights = sorted(line.bbox[2] for line in lines)
    left = lefts[min(len(lefts) - 1, len(lefts) // 20)]
    right = rights[-1 - len(rights) // 10]
    return left, right
