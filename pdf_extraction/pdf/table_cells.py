"""Rows, columns and cells of words with places; pure geometry in points, origin top left.

A column is what stands between white that runs down through most rows. Where a table is and
what heads it are ``tables``' and ``table_heads``' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pdf_extraction.model import BBox, union

#: Word heights of white between two columns, and between words of one cell in a head.
_COLUMN_GAP, _CELL_GAP = 0.55, 1.0
#: Word heights of white inside a cell that reaches over columns.
_WORD_GAP = 0.45
#: Word heights of white between the lines of one cell.
WRAPPED = 0.7
#: Share of the rows whose words may stand in the white between two columns.
_FEW = 0.2
_SIGN = re.compile(r"[$€£¥%)(]|R\$|US\$|")
FIGURE = re.compile(r"[-–−+($€£R]{0,3}\s?\d[\d.,  %)]*|[-–—]|")


class Token(NamedTuple):
    """A word; its box is that of an upright one."""

    box: BBox
    text: str


#: From where to where something stands, in points from the left.
Interval = tuple[float, float]
#: Tokens side by side, from left to right.
Line = list[Token]


def rows_of(tokens: Sequence[Token]) -> list[Line]:
    """Tokens that stand side by side, rows from top to bottom."""
    rows: list[Line] = []
    for token in sorted(tokens, key=lambda t: (t.box[1] + t.box[3]) / 2):
        middle = (token.box[1] + token.box[3]) / 2
        if rows and middle < max(t.box[3] for t in rows[-1]) - 0.3 * (token.box[3] - token.box[1]):
            rows[-1].append(token)
        else:
            rows.append([token])
    return [sorted(row, key=lambda t: t.box[0]) for row in rows]


def unwrapped(rows: Sequence[Line], height: float) -> list[Line]:
    """Rows with the further lines of a cell in their cell: alone, close, and begun where it is.

    A first column's are left: there a line alone is a title as often.
    """
    found: list[Line] = []
    bottom = float("-inf")
    for row in rows:
        left, top = row[0].box[0], min(token.box[1] for token in row)
        cells = cells_of(found[-1], height)[1:] if found else []
        begun = [cell for cell in cells if abs(cell[0].box[0] - left) < 0.5 * height]
        alone = len(cells_of(row, height)) == 1 and not FIGURE.fullmatch(row[0].text)
        if alone and begun and top - bottom < WRAPPED * height:
            end = 1 + next(i for i, token in enumerate(found[-1]) if token is begun[0][-1])
            found[-1] = [*found[-1][:end], *row, *found[-1][end:]]
        else:
            found.append(row)
        bottom = max(token.box[3] for token in row)
    return found


def columns_of(rows: Sequence[Line], height: float) -> list[Interval]:
    """Columns of rows: words between stretches of white that most of the rows leave free.

    Rows of one cell are titles between rows and are left out.
    """
    full = [row for row in rows if len(cells_of(row, height)) > 1]
    if len(full) < 2:
        return []
    usual = median(len(cells_of(row, height)) for row in full)
    full = [row for row in full if len(cells_of(row, height)) >= 0.6 * usual]
    return _without_signs(_covered(full, height), full)


def _covered(rows: Sequence[Line], height: float) -> list[Interval]:
    """Stretches that words of more than a few rows stand in."""
    steps = sorted(
        (x, step)
        for row in rows
        for start, end in _merged(row)
        for x, step in ((start, 1), (end, -1))
    )
    few = _FEW * len(rows)
    columns: list[Interval] = []
    depth, begun = 0, 0.0
    for x, step in steps:
        if depth <= few < depth + step:
            begun = x
        elif depth + step <= few < depth:
            if columns and begun - columns[-1][1] < _COLUMN_GAP * height:
                columns[-1] = columns[-1][0], x
            elif x - begun > 1:
                columns.append((begun, x))
        depth += step
    return columns


def _merged(row: Line) -> list[Interval]:
    """Where words of a row stand, overlapping ones as one."""
    found: list[Interval] = []
    for token in row:
        if found and token.box[0] < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], token.box[2])
        else:
            found.append((token.box[0], token.box[2]))
    return found


def _without_signs(columns: list[Interval], rows: Sequence[Line]) -> list[Interval]:
    """Columns of mere currency signs go to the figures on their right."""
    found: list[Interval] = []
    carried: float | None = None
    for column in columns:
        texts = [text for row in rows if (text := dict(_texts(row, columns)).get(column))]
        start = column[0] if carried is None else carried
        if texts and all(_SIGN.fullmatch(text) for text in texts) and column != columns[-1]:
            carried = start
            continue
        found.append((start, column[1]))
        carried = None
    return found


def _texts(row: Line, columns: Sequence[Interval]) -> list[tuple[Interval, str]]:
    return [(columns[first], text) for first, _, text in placed_in(row, columns)]


def cells_of(row: Line, height: float) -> list[Line]:
    """Runs of words without a wide gap."""
    cells = [[row[0]]]
    for before, token in pairwise(row):
        if token.box[0] - before.box[2] > _CELL_GAP * height:
            cells.append([])
        cells[-1].append(token)
    return cells


def placed_in(row: Line, columns: Sequence[Interval]) -> list[tuple[int, int, str]]:
    """First and last column and text of each cell of a row; empty ones too."""
    found: list[tuple[int, int, str]] = []
    before: Token | None = None
    for token in row:
        touched = [
            i for i, (x0, x1) in enumerate(columns) if token.box[0] < x1 and x0 < token.box[2]
        ]
        gaps = [max(x0 - token.box[2], token.box[0] - x1) for x0, x1 in columns]
        first, last = (touched[0], touched[-1]) if touched else (gaps.index(min(gaps)),) * 2
        height = token.box[3] - token.box[1]
        runs_on = before is not None and token.box[0] - before.box[2] < _WORD_GAP * height
        if found and (runs_on or first <= found[-1][1]):
            start, end, text = found[-1]
            found[-1] = start, max(end, last), f"{text} {token.text}"
        else:
            found.append((first, last, token.text))
        before = token
    taken = {i for first, last, _ in found for i in range(first, last + 1)}
    return sorted([*found, *((i, i, "") for i in range(len(columns)) if i not in taken)])


def around(tokens: Iterable[Token]) -> BBox:
    """The box around tokens, of which there is one at least."""
    box = union(token.box for token in tokens)
    assert box is not None
    return box
