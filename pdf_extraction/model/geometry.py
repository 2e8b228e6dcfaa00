"""Places on a page, and what of it a picture shows.

Boxes are ``(x0, y0, x1, y1)`` as fractions 0-1 of the displayed page (after /Rotate), origin top
left. No page and no text here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

BBox = tuple[float, float, float, float]


def union(boxes: Iterable[BBox]) -> BBox | None:
    """Smallest box around ``boxes``; None for no box."""
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True) if (boxes := list(boxes)) else ((),) * 4
    return (min(x0s), min(y0s), max(x1s), max(y1s)) if x0s else None


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


class View(NamedTuple):
    """What of a page its picture shows.

    Attributes:
        turn: Clockwise degrees by which the displayed page is turned: 0, 90, 180 or 270.
        part: Fractions of the turned page, origin top left.
    """

    turn: int = 0
    part: BBox = (0.0, 0.0, 1.0, 1.0)

    @property
    def is_whole(self) -> bool:
        """Whether all of the page is shown."""
        return self.part == (0.0, 0.0, 1.0, 1.0)

    def size(self, width: float, height: float) -> tuple[float, float]:
        """Width and height of what is shown of a page of such a size."""
        if self.turn % 180:
            width, height = height, width
        x0, y0, x1, y1 = self.part
        return width * (x1 - x0), height * (y1 - y0)

    def on_page(self, box: BBox) -> BBox:
        """A box of this view as fractions of the displayed page."""
        x0, y0, x1, y1 = self.part
        left, right = (x0 + x * (x1 - x0) for x in (box[0], box[2]))
        top, bottom = (y0 + y * (y1 - y0) for y in (box[1], box[3]))
        return {
            0: (left, top, right, bottom),
            90: (top, 1 - right, bottom, 1 - left),
            180: (1 - right, 1 - bottom, 1 - left, 1 - top),
            270: (1 - bottom, left, 1 - top, right),
        }[self.turn]


WHOLE_PAGE = View()
