"""Printed rows of a page and the columns that several of them share.

Points, origin top left. Nothing is known of Markdown here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from pdf_extraction.model import BBox, Line, union

_CELL_GAP = 1.6
"""Times the line's height, between cells; justified text stays below 1.2."""
_RIVER = (0.8, 0.45)
"""Times the line's height, of white that runs down through all rows of a table: under five
rows, and from five on, where words no longer end at one place by chance."""

Interval = tuple[float, float]
Printed = tuple[BBox, str]


@dataclass(frozen=True)
class Row:
    """Words of one printed row: a line, or several side by side.

    Attributes:
        words: Left to right, with their boxes.
        cells: Runs of words with wide gaps between them.
        bbox: Around all.
        size: Commonest font size, 0 where unknown.
        bold: All of it.
    """

    words: tuple[Printed, ...]
    cells: tuple[Printed, ...]
    bbox: BBox
    size: float
    bold: bool

    @property
    def text(self) -> str:
        """The row as printed."""
        return " ".join(text for _, text in self.cells)

    @property
    def height(self) -> float:
        """Of the row."""
        return self.bbox[3] - self.bbox[1]

    def without(self, index: int) -> Row:
        """The row without one of its words."""
        words = self.words[:index] + self.words[index + 1 :]
        return replace(self, words=words, cells=_cut(words), bbox=_around(words))

    def begun_with(self, letters: str) -> Row:
        """The row with letters before its first word."""
        (box, text), *others = self.words
        words = ((box, letters + text), *others)
        return replace(self, words=words, cells=_cut(words))


def rows_of(text: str, lines: Iterable[Line], width: float, height: float) -> Iterator[Row]:
    """Lines in reading order, those side by side joined.

    Args:
        text: Of the page.
        lines: Some of its lines.
        width: Of the page in points.
        height: Of the page in points.
    """
    group: list[Line] = []
    for line in lines:
        if group and not _same_row(group[-1], line):
            yield _row(text, group, width, height)
            group = []
        group.append(line)
    if group:
        yield _row(text, group, width, height)


def _same_row(one: Line, other: Line) -> bool:
    if not (lies(one.bbox, one.text) and lies(other.bbox, other.text)):
        return False
    (x0, y0, x1, y1), (left, top, right, bottom) = one.bbox, other.bbox
    beside = left >= x1 or x0 >= right
    return beside and min(y1, bottom) - max(y0, top) > 0.6 * min(y1 - y0, bottom - top)


def lies(bbox: BBox, text: str) -> bool:
    """Whether a line runs across the page; of three letters nobody can tell."""
    x0, y0, x1, y1 = bbox
    return len(text) <= 3 or y1 - y0 < 2 * (x1 - x0)


def _row(text: str, lines: Sequence[Line], width: float, height: float) -> Row:
    # Words keep their order in the line: some scripts run from right to left.
    found = [word for line in sorted(lines, key=lambda line: line.bbox[0]) for word in line.words]
    words = [
        ((x0 * width, y0 * height, x1 * width, y1 * height), text[start:end])
        for start, end, (x0, y0, x1, y1), *_ in found
    ]
    sizes = Counter[float]()
    for word in found:
        sizes[round(word.size, 1)] += word.end - word.start
    return Row(
        words=tuple(words),
        cells=_cut(words),
        bbox=_around(words),
        size=sizes.most_common(1)[0][0],
        bold=all(word.bold for word in found),
    )


def _cut(words: Sequence[Printed]) -> tuple[Printed, ...]:
    """Runs of words with wide gaps between them."""
    tall = median(box[3] - box[1] for box, _ in words)
    cells: list[list[Printed]] = [[words[0]]]
    for before, printed in pairwise(words):
        if printed[0][0] - before[0][2] > _CELL_GAP * tall:
            cells.append([])
        cells[-1].append(printed)
    return tuple((_around(cell), " ".join(text for _, text in cell)) for cell in cells)


def _around(words: Sequence[Printed]) -> BBox:
    box = union(box for box, _ in words)
    assert box is not None
    return box


def table_at(rows: Sequence[Row], start: int) -> list[list[str]]:
    """Rows of cells of a table that begins at ``start``; empty where none does.

    At least three rows, or two of three columns; each row has two cells or more, and no
    cell reaches over two columns.
    """
    columns: list[Interval] = []
    end = start
    while end < len(rows) and len(rows[end].cells) > 1:
        if end > start and not _below(rows[end - 1], rows[end]):
            break
        merged = _merge(columns, [(box[0], box[2]) for box, _ in rows[end].cells])
        if merged is None:
            break
        columns, end = merged, end + 1
    taken = rows[start:end]
    enough = len(taken) >= 3 or (len(taken) == 2 and len(columns) >= 3)
    if not enough or len(columns) < 2 or _is_list(taken):
        return []
    finer = _rivers(taken)
    columns = finer if len(finer) > len(columns) else columns
    return [_cells(row, columns) for row in taken]


def _below(above: Row, below: Row) -> bool:
    step = below.bbox[1] - above.bbox[1]
    return 0 < step < 4 * max(above.height, below.height)


def _is_list(rows: Sequence[Row]) -> bool:
    """Labels set apart from their text look like a first column."""
    label = re.compile(r"[^\w\s]|\(?\w{1,4}[.)–-]+|[IVXLC]+\s*[-–]")
    return all(len(row.cells) == 2 and label.fullmatch(row.cells[0][1]) for row in rows)


def _merge(columns: Sequence[Interval], cells: Sequence[Interval]) -> list[Interval] | None:
    """Columns widened by a row's cells; None where a cell would join two columns."""
    merged = list(columns)
    for cell in cells:
        touched = [column for column in merged if column[0] < cell[1] and cell[0] < column[1]]
        if len(touched) > 1:
            return None
        if touched:
            merged.remove(touched[0])
        sides = [cell, *touched]
        merged.append((min(side[0] for side in sides), max(side[1] for side in sides)))
    merged.sort()
    apart = all(left[1] <= right[0] for left, right in pairwise(merged))
    return merged if apart else None


def _rivers(rows: Sequence[Row]) -> list[Interval]:
    """Columns between the white that runs through all rows but the first.

    The head is left out because its words are often wider than what they stand above.
    """
    body = rows[1:] if len(rows) > 3 else rows
    least = _RIVER[len(body) >= 5] * median(row.height for row in body)
    columns: list[Interval] = []
    for box, _ in sorted(word for row in body for word in row.words):
        if columns and box[0] - columns[-1][1] < least:
            columns[-1] = (columns[-1][0], max(columns[-1][1], box[2]))
        else:
            columns.append((box[0], box[2]))
    return columns


def _cells(row: Row, columns: Sequence[Interval]) -> list[str]:
    texts: list[list[str]] = [[] for _ in columns]
    for box, text in row.words:
        shared = [min(x1, box[2]) - max(x0, box[0]) for x0, x1 in columns]
        texts[shared.index(max(shared))].append(text)
    return [" ".join(words) for words in texts]
