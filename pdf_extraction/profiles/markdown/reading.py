"""A page's own words to Markdown: headings by size, paragraphs by gaps, aligned tables.

Rules on words with places, sizes and weights alone; no PDF is opened here. Ruled lines,
figures and formulas are not seen, so that tables are found by their columns' alignment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pdf_extraction.model import BBox, Line, PageImage, PageText, Word, union

_A4 = (595.0, 842.0)
_HEADING_SIZE = 1.12
"""Times the body's size; ordinary text varies by less where fonts are mixed."""
_MAX_HEADING = 160
_COLUMN_GAP = 1.6
"""Times the line's height, between cells; justified text stays below 1.2."""
_BULLET = re.compile(r"^[•●▪◦‣∙■□➢✓–—-]\s+(?=\S)")
_NUMBERED = re.compile(r"^\d{1,3}[.)]\s+(?=\S)")
_ESCAPED = re.compile(r"([\\`*<\[])|(?<![_\s])(_)(?=\w)|(?<=\W)(_)(?=\w)")
_LINE_MARK = re.compile(r"^(#{1,6}\s|[>+]|[-=]{2,}\s*$|\|)")


@dataclass(frozen=True)
class _Row:
    """Words of one printed row: a line, or several side by side.

    Attributes:
        cells: Runs of words with wide gaps between them, left to right, with boxes in points.
        bbox: Points.
        size: Font size in points, 0 where unknown.
        bold: All of it.
    """

    cells: tuple[tuple[BBox, str], ...]
    bbox: BBox
    size: float
    bold: bool

    @property
    def text(self) -> str:
        """The row as printed."""
        return " ".join(text for _, text in self.cells)

    @property
    def height(self) -> float:
        """Points."""
        return self.bbox[3] - self.bbox[1]


def read_markdown(page: PageImage) -> str:
    """Markdown of a page from its own text; empty for a page without text."""
    if not page.text.words:
        return escaped(page.text.text)
    width, height = page.width_pt or _A4[0], page.height_pt or _A4[1]
    rows = list(_rows(page.text, width, height))
    style = _Style(rows)
    found: list[str] = []
    position = 0
    while position < len(rows):
        table = _table_at(rows, position)
        if table:
            found.append(_pipe_table(table))
            position += len(table)
        else:
            end = style.paragraph_end(rows, position)
            found.append(style.paragraph(rows[position:end]))
            position = end
    return "\n\n".join(part for part in found if part)


def _rows(page: PageText, width: float, height: float) -> Iterator[_Row]:
    """Lines in reading order, those side by side in one row joined."""
    group: list[Line] = []
    for line in page.lines:
        if group and not _same_row(group[-1].bbox, line.bbox):
            yield _row(page.text, group, width, height)
            group = []
        group.append(line)
    if group:
        yield _row(page.text, group, width, height)


def _same_row(one: BBox, other: BBox) -> bool:
    shared = min(one[3], other[3]) - max(one[1], other[1])
    beside = other[0] >= one[2] or one[0] >= other[2]
    return beside and shared > 0.6 * min(one[3] - one[1], other[3] - other[1])


def _row(text: str, lines: Sequence[Line], width: float, height: float) -> _Row:
    words = sorted((word for line in lines for word in line.words), key=lambda word: word.bbox[0])
    placed = [(_points(word.bbox, width, height), word) for word in words]
    tall = median(box[3] - box[1] for box, _ in placed)
    cells: list[list[tuple[BBox, Word]]] = [[placed[0]]]
    for box, word in placed[1:]:
        if box[0] - cells[-1][-1][0][2] > _COLUMN_GAP * tall:
            cells.append([])
        cells[-1].append((box, word))
    sizes = Counter[float]()
    for word in words:
        sizes[round(word.size, 1)] += word.end - word.start
    whole = union(box for box, _ in placed)
    assert whole is not None
    return _Row(
        tuple(_cell(text, cell) for cell in cells),
        whole,
        sizes.most_common(1)[0][0],
        all(word.bold for word in words),
    )


def _cell(text: str, cell: Sequence[tuple[BBox, Word]]) -> tuple[BBox, str]:
    box = union(box for box, _ in cell)
    assert box is not None
    return box, " ".join(text[word.start : word.end] for _, word in cell)


def _points(box: BBox, width: float, height: float) -> BBox:
    return (box[0] * width, box[1] * height, box[2] * width, box[3] * height)


class _Style:
    """What ordinary text looks like on this page, and what stands out from it."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        sizes = Counter[float]()
        for row in rows:
            sizes[row.size] += len(row.text)
        self.body = sizes.most_common(1)[0][0]
        larger = {row.size for row in rows if row.size > _HEADING_SIZE * self.body > 0}
        self.ranks = {size: rank for rank, size in enumerate(sorted(larger, reverse=True), 1)}
        steps = [
            below.bbox[1] - above.bbox[1]
            for above, below in pairwise(rows)
            if below.bbox[1] > above.bbox[1] and below.size == above.size == self.body
        ]
        self.step = median(steps) if steps else 1.2 * median(row.height for row in rows)
        self.all_bold = all(row.bold for row in rows)

    def paragraph_end(self, rows: Sequence[_Row], start: int) -> int:
        """One past the last row of the paragraph that begins at ``start``."""
        end = start + 1
        while end < len(rows) and self._goes_on(rows[end - 1], rows[end]):
            if _table_at(rows, end):
                break
            end += 1
        return end

    def _goes_on(self, above: _Row, below: _Row) -> bool:
        if _BULLET.match(below.text) or _NUMBERED.match(below.text):
            return False
        if (above.size, above.bold) != (below.size, below.bold):
            # A word in bold at a line's end is no border; a change of weight at a gap is.
            heading = self._rank(above) or self._rank(below)
            if heading or abs(above.size - below.size) > 0.08 * max(above.size, below.size):
                return False
        step = below.bbox[1] - above.bbox[1]
        if step <= 0:  # top of the next column
            return not above.text.endswith((".", ";", ":", "!", "?"))
        line_step = max(self.step, 1.15 * max(above.height, below.height))
        indented = below.bbox[0] - above.bbox[0] > 1.2 * below.height
        ended = above.text.endswith((".", ";", ":", "!", "?"))
        return step <= 1.35 * line_step and not (ended and indented)

    def _rank(self, row: _Row) -> int:
        """Heading level 1-6, 0 for ordinary text."""
        if rank := self.ranks.get(row.size, 0):
            return min(rank, 6)
        if row.bold and not self.all_bold and len(row.text) <= _MAX_HEADING:
            return min(len(self.ranks) + 1, 6)
        return 0

    def paragraph(self, rows: Sequence[_Row]) -> str:
        """One paragraph, list item or heading."""
        text = join_lines([row.text for row in rows])
        rank = min(self._rank(row) for row in rows)
        letters = sum(character.isalpha() for character in text)
        if rank and letters >= 2 and len(text) <= _MAX_HEADING:
            return f"{'#' * rank} {escaped(text)}"
        if bullet := _BULLET.match(text):
            return f"- {escaped(text[bullet.end() :])}"
        return escaped(text)


def join_lines(lines: Sequence[str]) -> str:
    """Lines of a paragraph as one, words broken at line ends made whole."""
    text = lines[0]
    for line in lines[1:]:
        if re.search(r"[^\W\d_]-\Z", text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text = f"{text} {line}"
    return text


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    text = _ESCAPED.sub(lambda match: "\\" + match[0], text)
    return _LINE_MARK.sub(lambda match: "\\" + match[0], text)


def _table_at(rows: Sequence[_Row], start: int) -> list[list[str]]:
    """Rows of cells of a table that begins at ``start``; empty where none does.

    At least three rows, or two of three columns; each row has two cells or more, and no
    cell reaches over two columns.
    """
    columns: list[tuple[float, float]] = []
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
    return [_cells(row, columns) for row in taken]


def _below(above: _Row, below: _Row) -> bool:
    step = below.bbox[1] - above.bbox[1]
    return 0 < step < 4 * max(above.height, below.height)


def _is_list(rows: Sequence[_Row]) -> bool:
    """Labels set apart from their text look like a first column."""
    first = [row.cells[0][1] for row in rows]
    two = all(len(row.cells) == 2 for row in rows)
    return two and all(
        re.fullmatch(r"[^\w\s]|\(?\w{1,4}[.)–-]+|[IVXLC]+\s*[-–]", cell) for cell in first
    )


def _merge(
    columns: Sequence[tuple[float, float]], cells: Sequence[tuple[float, float]]
) -> list[tuple[float, float]] | None:
    """Columns widened by a row's cells; None where a cell would join two columns."""
    merged = list(columns)
    for cell in cells:
        x0, x1 = cell
        touched = [column for column in merged if column[0] < x1 and x0 < column[1]]
        if len(touched) > 1:
            return None
        if touched:
            merged.remove(touched[0])
        sides = [cell, *touched]
        merged.append((min(side[0] for side in sides), max(side[1] for side in sides)))
    merged.sort()
    apart = all(left[1] <= right[0] for left, right in pairwise(merged))
    return merged if apart else None


def _cells(row: _Row, columns: Sequence[tuple[float, float]]) -> list[str]:
    texts = [""] * len(columns)
    for box, text in row.cells:
        index = next(i for i, (x0, x1) in enumerate(columns) if x0 < box[2] and box[0] < x1)
        texts[index] = f"{texts[index]} {text}".strip()
    return texts


def _pipe_table(rows: Sequence[Sequence[str]]) -> str:
    lines = [
        "| " + " | ".join(escaped(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])
