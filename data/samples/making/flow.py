"""From set lines to pages: columns, balancing, page breaks, and who landed where.

Knows no kinds of block; a line's width is settled before it comes here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from making.blocks import ink_width
from making.canvas import A4, Canvas

if TYPE_CHECKING:
    from making.blocks import SetLine

Box = tuple[float, float, float, float]
# Extents of the fonts in use, shares of the font size above and below the baseline.
ASCENT, DESCENT = 1.06, 0.29


@dataclass(frozen=True, slots=True)
class Geometry:
    """The text area of a page, in points."""

    left: float = 85
    right: float = 70
    top: float = 95
    bottom: float = 75
    gutter: float = 18
    first_top: float = 0

    def width(self, columns: int) -> float:
        """Width of one of so many columns."""
        area = A4[0] - self.left - self.right
        return (area - self.gutter * (columns - 1)) / columns


@dataclass(slots=True)
class Composer:
    """Puts lines on pages in reading order and remembers each owner's pages."""

    geometry: Geometry
    pages: list[Canvas] = field(default_factory=list)
    owners: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    # Of each owner its first page and column's left edge, and the box of its lines there.
    boxes: dict[int, tuple[tuple[int, float], Box]] = field(default_factory=dict)
    y: float = 0

    def new_page(self) -> None:
        """Start a page at the top of its text area."""
        self.pages.append(Canvas())
        first = self.geometry.first_top if len(self.pages) == 1 else 0
        self.y = first or self.geometry.top

    def add(self, lines: list[SetLine], columns: int) -> None:
        """Set the lines from the present height on, in balanced columns."""
        while lines:
            if not self.pages:
                self.new_page()
            lines = self._fill_band(lines, columns)
            if lines:
                self.new_page()

    def _fill_band(self, lines: list[SetLine], columns: int) -> list[SetLine]:
        room = A4[1] - self.geometry.bottom - self.y
        depth = _balanced_depth(lines, columns, room)
        lowest = self.y
        step = self.geometry.width(columns) + self.geometry.gutter
        for column in range(columns):
            taken, lines = _take(lines, depth)
            lowest = max(lowest, self._place(taken, self.geometry.left + column * step))
        if columns > 1:
            self._column_rule(lowest, step)
        self.y = lowest
        return lines

    def _place(self, lines: list[SetLine], x: float) -> float:
        y = self.y
        for index, line in enumerate(lines):
            y += line.before if index or self.y > self.geometry.top else 0
            self._draw(line, x, y)
            y += line.height
        return y

    def _draw(self, line: SetLine, x: float, y: float) -> None:
        canvas = self.pages[-1]
        for ink in line.inks:
            at = (x + ink.x, y + line.baseline)
            canvas.text(at, ink.text, ink.font, ink.size, spacing=ink.spacing, color=ink.color)
        for bar in line.bars:
            canvas.rect((x + bar.x, y + bar.y, bar.width, bar.height), bar.color)
        if line.owner is not None:
            self.owners[line.owner].add(len(self.pages))
            self._frame(line.owner, line, x, y + line.baseline)

    def _frame(self, owner: int, line: SetLine, x: float, base: float) -> None:
        """Widen the owner's box by a line, while it stands in the column it began in."""
        place, box = self.boxes.get(owner, ((len(self.pages), x), None))
        if place != (len(self.pages), x) or not line.inks:
            return
        edges = [
            (x + ink.x, base - ASCENT * ink.size, x + ink.x + ink_width(ink),
             base + DESCENT * ink.size)
            for ink in line.inks
        ] + ([box] if box else [])  # fmt: skip
        x0s, y0s, x1s, y1s = zip(*edges, strict=True)
        self.boxes[owner] = place, (min(x0s), min(y0s), max(x1s), max(y1s))

    def _column_rule(self, lowest: float, step: float) -> None:
        x = self.geometry.left + step - self.geometry.gutter / 2
        self.pages[-1].rect((x, self.y, 0.5, lowest - self.y))


def _take(lines: list[SetLine], depth: float) -> tuple[list[SetLine], list[SetLine]]:
    """Split off what fits into `depth`; a heading is not left behind at the foot."""
    used = 0.0
    count = 0
    for line in lines:
        used += line.before + line.height
        if used > depth:
            break
        count += 1
    if count < len(lines):
        while count and lines[count - 1].keep:
            count -= 1
    return lines[:count], lines[count:]


def _balanced_depth(lines: list[SetLine], columns: int, room: float) -> float:
    """Return the least depth at which everything fits side by side, else all the room there is."""
    total = sum(line.before + line.height for line in lines)
    depth = total / columns
    while depth < room:
        rest = lines
        for _ in range(columns):
            _, rest = _take(rest, depth)
        if not rest:
            return depth
        depth += 1
    return room
