"""Heads of a table: which rows they are, and over which columns each of their cells reaches.

Pure geometry in points, origin top left. Rows and columns themselves are ``table_cells``'.
"""

from __future__ import annotations

from collections.abc import Sequence

from pdf_extraction.model import BBox
from pdf_extraction.pdf.table_cells import (
    FIGURE,
    WRAPPED,
    Interval,
    Line,
    around,
    cells_of,
    placed_in,
)

#: Points by which ends of lines that belong together may differ.
SAME_END = 4.0
#: Points between a head and the line drawn under what it heads.
_UNDER = 7.0
#: Word heights from the table up to a line of its head.
_HEAD_STEP = 1.9
#: Rows that a head has at most.
_MOST_HEADS = 5


def heads_above(
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


def head_rows(body: Sequence[Line], columns: Sequence[Interval]) -> int:
    """Rows at the top of the band that hold no figure, or only years without a label."""
    for number, row in enumerate(body[:_MOST_HEADS]):
        placed = placed_in(row, columns)
        figures = any(text and FIGURE.fullmatch(text) for first, _, text in placed if first)
        if figures and placed[0][2]:
            return number
    return 1


def rows_above_rule(body: Sequence[Line], band: BBox, lines: Sequence[BBox]) -> int:
    """Rows above the first line through the whole table: heads end there. All without one."""
    tops = [min(token.box[1] for token in row) for row in body]
    for _, y, _, _ in sorted(
        (line for line in lines if all(abs(line[i] - band[i]) <= SAME_END for i in (0, 2))),
        key=lambda line: line[1],
    ):
        above = sum(top < y for top in tops)
        if 0 < above < len(body):
            return above
    return len(body)


def unwrapped_head(rows: Sequence[Line], lines: Sequence[BBox], height: float) -> list[Line]:
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
    if top - bottom > WRAPPED * height or any(bottom - 1 <= line[1] <= top + 1 for line in lines):
        return None
    upper = cells_of(above, height)
    taken: set[int] = set()
    for cell in cells_of(row, height):
        box = around(cell)
        over = [i for i, one in enumerate(upper) if _stands_over(around(one), box)]
        if len(over) != 1 or over[0] in taken:
            return None
        taken.add(over[0])
        upper[over[0]] = [*upper[over[0]], *cell]
    return [token for cell in upper for token in cell]


def _stands_over(above: BBox, below: BBox) -> bool:
    return above[0] < below[2] and below[0] < above[2]


def headed(
    row: Line, columns: Sequence[Interval], lines: Sequence[BBox], height: float
) -> list[tuple[int, int, str]]:
    """Cells of a head with the columns that each heads."""
    cells = [(around(cell), " ".join(t.text for t in cell)) for cell in cells_of(row, height)]
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
