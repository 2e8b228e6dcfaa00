"""Tables from drawn lines and words with places; pure geometry in points, origin top left.

A table is sought where horizontal lines of one length stand above each other, or where
shaded rows do. Its columns are the white that runs down between its words; heads may reach
over several. Full grids of lines are PyMuPDF's business; see ``layout``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from pdf_extraction.model import BBox, TableCell, union
from pdf_extraction.pdf.pagetext import RawWord
from pdf_extraction.pdf.table_cells import (
    FIGURE,
    Interval,
    Line,
    Token,
    cells_of,
    columns_of,
    placed_in,
    rows_of,
    unwrapped,
)
from pdf_extraction.pdf.table_heads import (
    SAME_END,
    head_rows,
    headed,
    heads_above,
    rows_above_rule,
    unwrapped_head,
)

#: A table is at least this wide, in points.
_LEAST_WIDTH = 80.0
#: A word higher than this many others stands aslant; it begins at its lower left.
_ASLANT = 1.9


class Grid(NamedTuple):
    """A table in points.

    Attributes:
        bbox: Around its words.
        cells: Row by row.
    """

    bbox: BBox
    cells: tuple[TableCell, ...]


def lines_of(drawings: Iterable[BBox]) -> list[BBox]:
    """Horizontal lines, pieces that touch joined, from top to bottom."""
    thin = (box for box in drawings if box[3] - box[1] <= 3 < box[2] - box[0])
    return _joined((x0, (y0 + y1) / 2, x1, (y0 + y1) / 2) for x0, y0, x1, y1 in thin)


def bands(lines: Sequence[BBox], drawings: Iterable[BBox]) -> list[BBox]:
    """Places where a table may be: between lines, or over shaded rows, of the same ends."""
    shades = _joined(box for box in drawings if 6 < box[3] - box[1] < 60)
    groups: list[list[BBox]] = []
    for line in [*lines, *shades]:
        if line[2] - line[0] < _LEAST_WIDTH:
            continue
        for group in groups:
            if all(abs(group[0][i] - line[i]) <= SAME_END for i in (0, 2)):
                group.append(line)
                break
        else:
            groups.append([line])
    boxes = [union(group) for group in groups if len(group) > 1]
    return [box for box in boxes if box is not None and box[3] - box[1] > 8]


def _joined(boxes: Iterable[BBox]) -> list[BBox]:
    """Boxes of one height that touch side by side, as one."""
    joined: list[BBox] = []
    for box in sorted(boxes, key=lambda box: (round(box[1]), box[0])):
        last = joined[-1] if joined else None
        level = last is not None and abs(last[1] - box[1]) < 1 and abs(last[3] - box[3]) < 1
        if last is not None and level and box[0] - last[2] < 2:
            joined[-1] = last[0], last[1], max(last[2], box[2]), last[3]
        else:
            joined.append(box)
    return joined


def grid_in(band: BBox, words: Sequence[RawWord], lines: Sequence[BBox]) -> Grid | None:
    """The table in a band; None where its words make none.

    Args:
        band: From ``bands``.
        words: Of the page, visible ones.
        lines: From ``lines_of``.
    """
    inside = [w for w in words if _in(w.bbox, band)]
    if len(inside) < 4:
        return None
    height = median(w.bbox[3] - w.bbox[1] for w in inside)
    body = unwrapped(rows_of([_token(w, height) for w in inside]), height)
    while body and len(cells_of(body[-1], height)) == 1:
        body.pop()  # a rule at the page's foot ends the band too, with prose above it
    above = [
        _token(w, height)
        for w in words
        if band[0] - 2 <= w.bbox[0] and w.bbox[2] <= band[2] + height
        and band[1] - 12 * height < w.bbox[3] and w.bbox[1] < band[1] and not _in(w.bbox, band)
    ]  # fmt: skip
    columns = columns_of(body, height) if body else []
    if len(columns) < 2:
        return None
    cut = min(head_rows(body, columns), rows_above_rule(body, band, lines))
    head = unwrapped_head(body[:cut], lines, height)
    body, cut = [*head, *body[cut:]], len(head)
    heads = [] if cut else heads_above(rows_of(above), body[0], height, columns)
    rows = [*heads, *body]
    count = len(heads) + cut
    if len(rows) - count < 1 or not _is_table(rows[count:], columns):
        return None
    cells: list[TableCell] = []
    for number, row in enumerate(rows):
        is_head = number < count
        placed = headed(row, columns, lines, height) if is_head else placed_in(row, columns)
        cells += [
            TableCell(number, first, 1, last - first + 1, text, is_head)
            for first, last, text in placed
        ]
    box = union(token.box for row in rows for token in row)
    return Grid(box, tuple(cells)) if box is not None else None


def _token(word: RawWord, height: float) -> Token:
    x0, y0, x1, y1 = word.bbox
    if y1 - y0 > _ASLANT * height and len(word.text) > 2 and x1 - x0 > height:
        return Token((x0, y1 - height, x0 + height, y1), word.text)
    return Token(word.bbox, word.text)


def _in(box: BBox, band: BBox) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return band[0] - 2 <= x <= band[2] + 2 and band[1] <= y <= band[3]


def _is_table(rows: Sequence[Line], columns: Sequence[Interval]) -> bool:
    """Prose in two columns has long cells; figures are never prose."""
    texts = [t for row in rows for _, _, t in placed_in(row, columns) if t]
    many = [row for row in rows if sum(bool(t) for _, _, t in placed_in(row, columns)) > 1]
    figures = sum(bool(FIGURE.fullmatch(text)) for text in texts)
    short = sum(len(text) <= 40 for text in texts)
    return bool(many) and (figures >= 0.3 * len(texts) or short >= 0.8 * len(texts))
