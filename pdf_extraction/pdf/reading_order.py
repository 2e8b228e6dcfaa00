"""Order printed words into lines and lines into reading order; pure geometry.

Knows boxes only: no library, no page, no text. Works for words of a text layer and of OCR
alike. Units are points (or pixels) of the displayed page, origin top left, y downwards.

Words are gathered into fragments (runs without a wide gap); columns are found where a
gutter stays clear over several lines of prose on both sides; whatever crosses the gutter
(headings, tables, rules) cuts the page into bands that are read one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

#: A gap wider than this many word heights separates fragments of one printed line.
FRAGMENT_GAP = 0.6
#: A gutter narrower than this many line heights is a gap between words.
GUTTER_WIDTH = 0.5
#: Fewer lines on a side prove no column; beside a proven one two lines are enough.
MIN_COLUMN_LINES = 4
MIN_FURTHER_LINES = 2
#: A column is at least this many line heights wide; narrower sides are labels or cells.
MIN_COLUMN_WIDTH = 8.0
#: Median share of the column's width that lines of prose fill; cells of tables do not.
MIN_FILL = 0.62
#: Share of the page's height at its top and foot where rows apart are running heads.
MARGIN = 0.11
#: Columns within columns within columns: three, and a heading's own.
MAX_DEPTH = 4


class Box(NamedTuple):
    """A word's place.

    Attributes:
        x0: Left.
        y0: Top.
        x1: Right.
        y1: Bottom.
        run: Words of one run were found together, left to right, by the source.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    run: int


@dataclass
class Fragment:
    """Neighbouring words of one printed line, by their indexes."""

    x0: float
    y0: float
    x1: float
    y1: float
    words: list[int]

    @property
    def height(self) -> float:
        """Height of the box."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """The y half-way down the box."""
        return (self.y0 + self.y1) / 2


Row = list[Fragment]


class _Columns(NamedTuple):
    """Stretch of a page where both sides of a gutter are columns."""

    left: list[Fragment]
    right: list[Fragment]


class _Plain(NamedTuple):
    """Stretch of a page without columns at the gutter in question."""

    members: list[Fragment]


def reading_lines(
    boxes: Sequence[Box],
    page_height: float,
    rules: Iterable[tuple[float, float, float, float]] = (),
) -> list[list[int]]:
    """Lines in reading order, each as indexes into ``boxes`` from left to right.

    Args:
        boxes: Upright words; words of one run stand together.
        page_height: In the boxes' unit.
        rules: Drawn horizontal lines; those that cross a gutter end its columns.
    """
    fragments = _fragments(boxes)
    bars = [Fragment(x0, y0, x1, y1, []) for x0, y0, x1, y1 in rules]
    ordered = _Page(bars, page_height).order(fragments)
    return [[word for fragment in row for word in fragment.words] for row in ordered]


def _fragments(boxes: Sequence[Box]) -> list[Fragment]:
    fragments: list[Fragment] = []
    run = None
    for index, box in enumerate(boxes):
        last = fragments[-1] if fragments else None
        if last is not None and box.run == run and _adjoins(last, box):
            last.words.append(index)
            last.x0, last.x1 = min(last.x0, box.x0), max(last.x1, box.x1)
            last.y0, last.y1 = min(last.y0, box.y0), max(last.y1, box.y1)
        else:
            fragments.append(Fragment(box.x0, box.y0, box.x1, box.y1, [index]))
        run = box.run
    return fragments


def _adjoins(last: Fragment, box: Box) -> bool:
    height = box.y1 - box.y0
    return -height < box.x0 - last.x1 <= FRAGMENT_GAP * height


class _Page:
    """What stays the same while the page is cut into ever smaller stretches."""

    def __init__(self, bars: list[Fragment], height: float) -> None:
        self.bars = bars
        self.head = MARGIN * height
        self.foot = (1 - MARGIN) * height

    def order(self, fragments: list[Fragment], depth: int = 0) -> list[Row]:
        stretches = self._stretches(fragments) if depth < MAX_DEPTH else None
        if stretches is None:
            return _rows(fragments)
        ordered: list[Row] = []
        for stretch in stretches:
            for members in stretch:
                ordered += self.order(members, depth + 1)
        return ordered

    def _stretches(self, fragments: list[Fragment]) -> list[_Columns | _Plain] | None:
        """The cutting at the gutter with the most lines of columns beside it."""
        best, best_score = None, 0
        for x in _candidates(fragments):
            stretches = self._cut(fragments, x)
            score = sum(
                len(part.left) + len(part.right) for part in stretches if isinstance(part, _Columns)
            )
            if score > best_score:
                best, best_score = stretches, score
        return best

    def _cut(self, fragments: list[Fragment], x: float) -> list[_Columns | _Plain]:
        head, body, foot = self._margins(fragments)
        cuts = [f for f in body + self.bars if f.x0 < x < f.x1]
        rest = [f for f in body if not f.x0 < x < f.x1]
        parts: list[list[Fragment]] = []
        for cut in sorted(cuts, key=lambda f: f.middle):
            above = [f for f in rest if f.middle < cut.middle]
            rest = [f for f in rest if f.middle >= cut.middle]
            parts += [above, [cut] if cut.words else []]
        parts.append(rest)
        columns = [_columns(part, x, MIN_COLUMN_LINES) for part in parts]
        if any(columns):
            columns = [_columns(part, x, MIN_FURTHER_LINES) for part in parts]
        stretches: list[_Columns | _Plain] = [_Plain(head)]
        for part, pair in zip(parts, columns, strict=True):
            if pair is not None:
                stretches.append(pair)
            elif isinstance(stretches[-1], _Plain):
                stretches[-1] = _Plain(stretches[-1].members + part)
            else:
                stretches.append(_Plain(part))
        return [*stretches, _Plain(foot)]

    def _margins(
        self, fragments: list[Fragment]
    ) -> tuple[list[Fragment], list[Fragment], list[Fragment]]:
        """Running head, body and running foot, where a gap or a rule sets them apart."""
        top = _edge([f for f in fragments + self.bars if f.y0 < self.head], fragments)
        mirrored = [_mirror(f) for f in fragments]
        foot = [m for m in mirrored + [_mirror(b) for b in self.bars] if m.y0 < -self.foot]
        bottom = -_edge(foot, mirrored)
        head = [f for f in fragments if f.middle < top]
        return (
            head,
            [f for f in fragments if top <= f.middle <= bottom],
            [f for f in fragments if f.middle > max(top, bottom)],
        )


def _mirror(fragment: Fragment) -> Fragment:
    return Fragment(fragment.x0, -fragment.y1, fragment.x1, -fragment.y0, fragment.words)


def _edge(margin: list[Fragment], fragments: list[Fragment]) -> float:
    """The lowest y in the margin that no fragment touches, below at most three rows."""
    edge, reach, rows = float("-inf"), float("-inf"), 0
    ordered = sorted(fragments, key=lambda f: f.y0)
    bars = [f.middle for f in margin if not f.words]
    limit = max((f.y0 for f in margin), default=float("-inf"))
    for fragment in ordered:
        if fragment.y0 > reach:
            apart = fragment.y0 - reach > 0.8 * fragment.height
            ruled = any(reach <= y <= fragment.y0 for y in bars)
            if reach > float("-inf") and (apart or ruled):
                edge = (reach + fragment.y0) / 2
            rows += 1
        if rows > 3 or fragment.y0 > limit + 3 * fragment.height:  # noqa: PLR2004
            break
        reach = max(reach, fragment.y1)
    return edge


def _candidates(fragments: list[Fragment]) -> list[float]:
    """Places just right of fragments' ends that few fragments cross, the clearest first."""
    if len(fragments) < 2 * MIN_COLUMN_LINES:
        return []
    found: list[tuple[int, float]] = []
    for x in sorted({round(f.x1) + 1.0 for f in fragments}):
        left = sum(f.x1 <= x for f in fragments)
        right = sum(f.x0 >= x for f in fragments)
        if min(left, right) >= MIN_COLUMN_LINES:
            found.append((len(fragments) - left - right, x))
    return [x for _, x in sorted(found)[:12]]


def _columns(fragments: list[Fragment], x: float, min_lines: int) -> _Columns | None:
    left = [f for f in fragments if f.x1 <= x]
    right = [f for f in fragments if f.x1 > x]
    if len(left) < min_lines or len(right) < min_lines:
        return None
    height = median(f.height for f in fragments)
    if min(f.x0 for f in right) - max(f.x1 for f in left) < GUTTER_WIDTH * height:
        return None
    if not (_is_prose(left, height, min_lines) and _is_prose(right, height, min_lines)):
        return None
    return _Columns(left, right)


def _is_prose(side: list[Fragment], height: float, min_lines: int) -> bool:
    width = max(f.x1 for f in side) - min(f.x0 for f in side)
    if width < MIN_COLUMN_WIDTH * height:
        return False
    rows = _rows(side)
    fill = median(row[-1].x1 - row[0].x0 for row in rows) / width
    return len(rows) >= min_lines and fill >= MIN_FILL


def _rows(fragments: list[Fragment]) -> list[Row]:
    """Fragments that share a printed line, top to bottom, each row left to right."""
    rows: list[Row] = []
    for fragment in sorted(fragments, key=lambda f: f.middle):
        row = next((row for row in reversed(rows[-3:]) if _same_row(row, fragment)), None)
        if row is None:
            rows.append([fragment])
        else:
            row.append(fragment)
    for row in rows:
        row.sort(key=lambda f: f.x0)
    return rows


def _same_row(row: Row, fragment: Fragment) -> bool:
    nearest = min(row, key=lambda other: max(fragment.x0 - other.x1, other.x0 - fragment.x1))
    shared = min(nearest.y1, fragment.y1) - max(nearest.y0, fragment.y0)
    beside = min(nearest.x1, fragment.x1) - max(nearest.x0, fragment.x0)
    smaller = min(nearest.height, fragment.height)
    return shared > 0.5 * smaller and beside < 0.5 * smaller
