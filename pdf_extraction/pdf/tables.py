"""Tables from drawn lines and words with places; pure geometry in points, origin top left.

A table is sought where horizontal lines of one length stand above each other, or where
shaded rows do. Its columns are the white that runs down between its words; heads may reach
over several. Full grids of lines are PyMuPDF's business; see ``layout``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pdf_extraction.model import BBox, TableCell, union
from pdf_extraction.pdf.pagetext import RawWord

#: Points by which ends of lines that belong together may differ.
_SAME_END = 4.0
#: A table is at least this wide, in points.
_LEAST_WIDTH = 80.0
#: Word heights of white between two columns, and between words of one cell in a head.
_COLUMN_GAP, _CELL_GAP = 0.55, 1.0
#: Word heights of white inside a cell that reaches over columns.
_WORD_GAP = 0.45
#: Word heights of white between the lines of one cell.
_WRAPPED = 0.7
#: Share of the rows whose words may stand in the white between two columns.
_FEW = 0.2
#: Points between a head and the line drawn under what it heads.
_UNDER = 7.0
#: Word heights from the table up to a line of its head.
_HEAD_STEP = 1.9
#: Rows that a head has at most.
_MOST_HEADS = 5
#: A word higher than this many others stands aslant; it begins at its lower left.
_ASLANT = 1.9
_SIGN = re.compile(r"[$€£¥%)(]|R\$|US\$|")
_FIGURE = re.compile(r"[-–−+($€£R]{0,3}\s?\d[\d.,  %)]*|[-–—]|")


class Grid(NamedTuple):
    """A table in points.

    Attributes:
        bbox: Around its words.
        cells: Row by row.
    """

    bbox: BBox
    cells: tuple[TableCell, ...]


class _Token(NamedTuple):
    box: BBox
    text: str


Interval = tuple[float, float]
Line = list[_Token]


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
            if all(abs(group[0][i] - line[i]) <= _SAME_END for i in (0, 2)):
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
    body = _unwrapped(_rows([_token(w, height) for w in inside]), height)
    while body and len(_cells(body[-1], height)) == 1:
        body.pop()  # a rule at the page's foot ends the band too, with prose above it
    above = [
        _token(w, height)
        for w in words
        if band[0] - 2 <= w.bbox[0] and w.bbox[2] <= band[2] + height
        and band[1] - 12 * height < w.bbox[3] and w.bbox[1] < band[1] and not _in(w.bbox, band)
    ]  # fmt: skip
    columns = _columns(body, height) if body else []
    if len(columns) < 2:
        return None
    cut = min(_head_rows(body, columns), _rows_above_rule(body, band, lines))
    head = _unwrapped_head(body[:cut], lines, height)
    body, cut = [*head, *body[cut:]], len(head)
    heads = [] if cut else _heads_above(_rows(above), body[0], height, columns)
    rows = [*heads, *body]
    count = len(heads) + cut
    if len(rows) - count < 1 or not _is_table(rows[count:], columns):
        return None
    cells: list[TableCell] = []
    for number, row in enumerate(rows):
        is_head = number < count
        placed = _headed(row, columns, lines, height) if is_head else _placed(row, columns)
        cells += [
            TableCell(number, first, 1, last - first + 1, text, is_head)
            for first, last, text in placed
        ]
    box = union(token.box for row in rows for token in row)
    return Grid(box, tuple(cells)) if box is not None else None


def _token(word: RawWord, height: float) -> _Token:
    x0, y0, x1, y1 = word.bbox
    if y1 - y0 > _ASLANT * height and len(word.text) > 2 and x1 - x0 > height:
        return _Token((x0, y1 - height, x0 + height, y1), word.text)
    return _Token(word.bbox, word.text)


def _in(box: BBox, band: BBox) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return band[0] - 2 <= x <= band[2] + 2 and band[1] <= y <= band[3]


def _rows(tokens: Sequence[_Token]) -> list[Line]:
    """Tokens that stand side by side, rows from top to bottom."""
    rows: list[Line] = []
    for token in sorted(tokens, key=lambda t: (t.box[1] + t.box[3]) / 2):
        middle = (token.box[1] + token.box[3]) / 2
        if rows and middle < max(t.box[3] for t in rows[-1]) - 0.3 * (token.box[3] - token.box[1]):
            rows[-1].append(token)
        else:
            rows.append([token])
    return [sorted(row, key=lambda t: t.box[0]) for row in rows]


def _unwrapped(rows: Sequence[Line], height: float) -> list[Line]:
    """Rows with the further lines of a cell in their cell: alone, close, and begun where it is.

    A first column's are left: there a line alone is a title as often.
    """
    found: list[Line] = []
    bottom = float("-inf")
    for row in rows:
        left, top = row[0].box[0], min(token.box[1] for token in row)
        cells = _cells(found[-1], height)[1:] if found else []
        begun = [cell for cell in cells if abs(cell[0].box[0] - left) < 0.5 * height]
        alone = len(_cells(row, height)) == 1 and not _FIGURE.fullmatch(row[0].text)
        if alone and begun and top - bottom < _WRAPPED * height:
            end = 1 + next(i for i, token in enumerate(found[-1]) if token is begun[0][-1])
            found[-1] = [*found[-1][:end], *row, *found[-1][end:]]
        else:
            found.append(row)
        bottom = max(token.box[3] for token in row)
    return found


def _columns(rows: Sequence[Line], height: float) -> list[Interval]:
    """Columns of rows: words between stretches of white that most of the rows leave free.

    Rows of one cell are titles between rows and are left out.
    """
    full = [row for row in rows if len(_cells(row, height)) > 1]
    if len(full) < 2:
        return []
    usual = median(len(_cells(row, height)) for row in full)
    full = [row for row in full if len(_cells(row, height)) >= 0.6 * usual]
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
    return [(columns[first], text) for first, _, text in _placed(row, columns)]


def _cells(row: Line, height: float) -> list[Line]:
    """Runs of words without a wide gap."""
    cells = [[row[0]]]
    for before, token in pairwise(row):
        if token.box[0] - before.box[2] > _CELL_GAP * height:
            cells.append([])
        cells[-1].append(token)
    return cells


def _placed(row: Line, columns: Sequence[Interval]) -> list[tuple[int, int, str]]:
    """First and last column and text of each cell of a row; empty ones too."""
    found: list[tuple[int, int, str]] = []
    before: _Token | None = None
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


def _heads_above(
    rows: list[Line], first: Line, height: float, columns: Sequence[Interval]
) -> list[Line]:
    """Rows above the table that head its columns but not the first: no prose does."""
    found: list[Line] = []
    below = min(t.box[1] for t in first)
    for row in reversed(rows):
        bottom = max(t.box[3] for t in row)
        starts_right = row[0].box[0] >= columns[0][1]
        if below - bottom > _HEAD_STEP * height or not starts_right or len(found) == _MOST_HEADS:
            break
        found.insert(0, row)
        below = min(t.box[1] for t in row)
    return found


def _head_rows(body: Sequence[Line], columns: Sequence[Interval]) -> int:
    """Rows at the top of the band that hold no figure, or only years without a label."""
    for number, row in enumerate(body[:_MOST_HEADS]):
        placed = _placed(row, columns)
        figures = any(text and _FIGURE.fullmatch(text) for first, _, text in placed if first)
        if figures and placed[0][2]:
            return number
    return 1


def _rows_above_rule(body: Sequence[Line], band: BBox, lines: Sequence[BBox]) -> int:
    """Rows above the first line through the whole table: heads end there. All without one."""
    tops = [min(token.box[1] for token in row) for row in body]
    for _, y, _, _ in sorted(
        (line for line in lines if all(abs(line[i] - band[i]) <= _SAME_END for i in (0, 2))),
        key=lambda line: line[1],
    ):
        above = sum(top < y for top in tops)
        if 0 < above < len(body):
            return above
    return len(body)


def _unwrapped_head(rows: Sequence[Line], lines: Sequence[BBox], height: float) -> list[Line]:
    """Heads with the further lines of a cell in their cell: close below it, and alone there."""
    found: list[Line] = []
    for row in rows:
        joined = _under(found[-1], row, lines, height) if found else None
        if joined is None:
            found.append(row)
        else:
            found[-1] = joined
    return found


def _under(above: Line, row: Line, lines: Sequence[BBox], height: float) -> Line | None:
    """A row with each cell of the next put at the end of that which it goes on; None if not so."""
    top, bottom = min(t.box[1] for t in row), max(t.box[3] for t in above)
    if top - bottom > _WRAPPED * height or any(bottom - 1 <= line[1] <= top + 1 for line in lines):
        return None
    upper = _cells(above, height)
    taken: set[int] = set()
    for cell in _cells(row, height):
        box = _around(cell)
        over = [i for i, one in enumerate(upper) if _stands_over(_around(one), box)]
        if len(over) != 1 or over[0] in taken:
            return None
        taken.add(over[0])
        upper[over[0]] = [*upper[over[0]], *cell]
    return [token for cell in upper for token in cell]


def _stands_over(above: BBox, below: BBox) -> bool:
    return above[0] < below[2] and below[0] < above[2]


def _headed(
    row: Line, columns: Sequence[Interval], lines: Sequence[BBox], height: float
) -> list[tuple[int, int, str]]:
    """Cells of a head with the columns that each heads."""
    cells = [(_around(cell), " ".join(t.text for t in cell)) for cell in _cells(row, height)]
    found: list[tuple[int, int, str]] = []
    done = 0
    for number, (box, text) in enumerate(cells):
        reach = _reach(number, [box for box, _ in cells], lines)
        inside = [i for i, (x0, x1) in enumerate(columns) if reach[0] <= (x0 + x1) / 2 <= reach[1]]
        touched = [i for i, (x0, x1) in enumerate(columns) if box[0] < x1 and x0 < box[2]]
        chosen = [i for i in sorted({*inside, *touched}) if i >= done]
        if not chosen:
            if found:
                found[-1] = (*found[-1][:2], f"{found[-1][2]} {text}")
            continue
        found += [(i, i, "") for i in range(done, chosen[0])]
        found.append((chosen[0], chosen[-1], text))
        done = chosen[-1] + 1
    return found + [(i, i, "") for i in range(done, len(columns))]


def _reach(number: int, boxes: Sequence[BBox], lines: Sequence[BBox]) -> Interval:
    """From where to where a head reaches: the line under it, else halfway to its neighbours."""
    box = boxes[number]
    middle = (box[0] + box[2]) / 2
    under = sorted(line for line in lines if -1 <= line[1] - box[3] < _UNDER)
    spans: list[Interval] = []
    for x0, _, x1, _ in under:
        if spans and x0 - spans[-1][1] < 12:
            spans[-1] = spans[-1][0], max(x1, spans[-1][1])
        else:
            spans.append((x0, x1))
    for x0, x1 in spans:
        alone = sum(x0 <= (b[0] + b[2]) / 2 <= x1 for b in boxes) == 1
        if alone and x0 <= middle <= x1:
            return x0, x1
    others = [abs((b[0] + b[2]) / 2 - middle) / 2 for i, b in enumerate(boxes) if i != number]
    half = min(others, default=(box[2] - box[0]) / 2)
    return middle - half, middle + half


def _around(tokens: Iterable[_Token]) -> BBox:
    box = union(token.box for token in tokens)
    assert box is not None
    return box


def _is_table(rows: Sequence[Line], columns: Sequence[Interval]) -> bool:
    """Prose in two columns has long cells; figures are never prose."""
    texts = [t for row in rows for _, _, t in _placed(row, columns) if t]
    many = [row for row in rows if sum(bool(t) for _, _, t in _placed(row, columns)) > 1]
    figures = sum(bool(_FIGURE.fullmatch(text)) for text in texts)
    short = sum(len(text) <= 40 for text in texts)
    return bool(many) and (figures >= 0.3 * len(texts) or short >= 0.8 * len(texts))
