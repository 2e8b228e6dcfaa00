"""Order printed words into lines and lines into reading order; pure geometry.

Knows boxes only: no library, no page, no text. Works for words of a text layer and of OCR
alike. Units are points (or pixels) of the displayed page, origin top left, y downwards.

Words are gathered into fragments (runs without a wide gap); columns are found where a
gutter stays clear over several lines of prose on both sides; whatever crosses the gutter
(headings, tables, rules) cuts the page into bands that are read one after another.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

#: A gap wider than this many word heights separates fragments of one printed line.
FRAGMENT_GAP = 0.6
#: A gutter narrower than this many line heights is a gap between words.
GUTTER_WIDTH = 0.5
#: Fewer lines on a side prove no column; beside a proven one two lines are enough.
MIN_COLUMN_LINES = 4
MIN_FURTHER_LINES = 2
#: Beside so many lines of a column, no line crossing the gutter, whatever stands at the top of
#: the other side is the next column's beginning: an act's last page in a gazette.
LONG_COLUMN_LINES = 12
#: Line heights by which that beginning may stand lower than the long column's top.
BEGINS_WITHIN = 3.0
#: A column is at least this many line heights wide; narrower sides are labels or cells.
MIN_COLUMN_WIDTH = 8.0
#: Median share of the column's width that lines of prose fill; cells of tables do not.
MIN_FILL = 0.62
#: Share of the page's height at its top and foot where rows apart are running heads.
MARGIN = 0.11
#: Points by which a rule must reach over a gutter to either side to end its columns; the
#: frame of a box in one column ends in the gutter.
BAR_REACH = 24.0
#: Line heights that a fragment starts left of the gutter if it is a line of that column and
#: not a page number printed in the gutter.
OVERFULL_FROM = 4.0
#: Columns within columns within columns: three, and a heading's own.
MAX_DEPTH = 4
#: Gutters tried in a stretch.
MAX_CANDIDATES = 8


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


@dataclass(slots=True)
class Fragment:
    """Neighbouring words of one printed line, by their indexes."""

    x0: float
    y0: float
    x1: float
    y1: float
    words: list[int]
    height: float = 0.0
    middle: float = 0.0

    def __post_init__(self) -> None:
        self.height = self.y1 - self.y0
        self.middle = (self.y0 + self.y1) / 2


Row = list[Fragment]
#: Running head, body from top to bottom, running foot.
_Margins = tuple[list[Fragment], list[Fragment], list[Fragment]]


class _Columns(NamedTuple):
    """Stretch of a page where both sides of a gutter are columns."""

    left: list[Fragment]
    right: list[Fragment]
    #: Lines of the side with fewer.
    lines: int


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
    groups: list[list[int]] = []
    last = None
    for index, box in enumerate(boxes):
        if last is not None and box.run == last.run and _adjoins(last, box):
            groups[-1].append(index)
        else:
            groups.append([index])
        last = box
    return [_fragment([boxes[index] for index in group], group) for group in groups]


def _fragment(boxes: list[Box], words: list[int]) -> Fragment:
    x0s, y0s, x1s, y1s, _ = zip(*boxes, strict=True)
    return Fragment(min(x0s), min(y0s), max(x1s), max(y1s), words)


def _adjoins(last: Box, box: Box) -> bool:
    height = box.y1 - box.y0
    return -height < box.x0 - last.x1 <= FRAGMENT_GAP * height


class _Page:
    """What stays the same while the page is cut into ever smaller stretches."""

    def __init__(self, bars: list[Fragment], height: float) -> None:
        self.bars = bars
        head, foot = MARGIN * height, (1 - MARGIN) * height
        self.head = head
        self.foot = foot
        # Drawings have thousands of lines, of which few stand in the margins.
        self.head_bars = [b for b in bars if b.y0 < head]
        self.foot_bars = [_mirror(b) for b in bars if b.y1 > foot]

    def order(self, fragments: list[Fragment], depth: int = 0) -> list[Row]:
        stretches = self._stretches(fragments) if depth < MAX_DEPTH else None
        if stretches is None:
            return _rows(fragments)
        ordered: list[Row] = []
        for stretch in stretches:
            if isinstance(stretch, _Columns):
                ordered += self.order(stretch.left, depth + 1)
                ordered += self.order(stretch.right, depth + 1)
            else:
                ordered += self.order(stretch.members, depth + 1)
        return ordered

    def _stretches(self, fragments: list[Fragment]) -> list[_Columns | _Plain] | None:
        """The cutting at the gutter with the most lines of columns beside it."""
        best, best_score = None, 0
        candidates = _candidates(fragments)
        margins = self._margins(fragments) if candidates else ([], [], [])
        for x, beside in candidates:
            if beside <= best_score:
                break
            stretches = self._cut(margins, x)
            columns = [part for part in stretches if isinstance(part, _Columns)]
            score = sum(len(part.left) + len(part.right) for part in columns)
            proven = any(part.lines >= MIN_COLUMN_LINES for part in columns)
            if proven and score > best_score:
                best, best_score = stretches, score
        return best

    def _cut(self, margins: _Margins, x: float) -> list[_Columns | _Plain]:
        head, body, foot = margins
        # An overfull line of the left column reaches into the gutter, not over it.
        gutter_end = min((f.x0 for f in body if f.x0 >= x), default=x)
        cuts: list[Fragment] = []
        rest: list[Fragment] = []
        for f in body:
            overfull = f.x1 <= gutter_end and x - f.x0 > OVERFULL_FROM * f.height
            (rest if f.x1 <= x or f.x0 >= x or overfull else cuts).append(f)
        cuts += [b for b in self.bars if b.x0 < x - BAR_REACH and x + BAR_REACH < b.x1]
        stretches: list[_Columns | _Plain] = []
        plain = head
        done = 0
        for cut in [*sorted(cuts, key=_middle), None]:
            end = len(rest) if cut is None else bisect_left(rest, cut.middle, key=_middle)
            part = rest[done:end]
            done = end
            columns = _columns(part, x)
            if columns is None:
                plain = plain + part
            else:
                stretches += [_Plain(plain), columns]
                plain = []
            if cut is not None and cut.words:
                plain = [*plain, cut]
        return [*stretches, _Plain(plain), _Plain(foot)]

    def _margins(self, fragments: list[Fragment]) -> _Margins:
        """Running head, body and running foot, where a gap or a rule sets them apart."""
        top = _edge([*(f for f in fragments if f.y0 < self.head), *self.head_bars], fragments)
        mirrored = [_mirror(f) for f in fragments]
        foot = [m for m in mirrored if m.y0 < -self.foot]
        bottom = -_edge(foot + self.foot_bars, mirrored)
        head = [f for f in fragments if f.middle < top]
        return (
            head,
            sorted((f for f in fragments if top <= f.middle <= bottom), key=_middle),
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
        if rows > 3 or fragment.y0 > limit + 3 * fragment.height:
            break
        reach = max(reach, fragment.y1)
    return edge


def _middle(fragment: Fragment) -> float:
    return fragment.middle


def _candidates(fragments: list[Fragment]) -> list[tuple[float, int]]:
    """Places that few fragments cross, with how many lie beside them, the clearest first."""
    if len(fragments) < 2 * MIN_COLUMN_LINES:
        return []
    starts, ends = sorted(f.x0 for f in fragments), sorted(f.x1 for f in fragments)
    found: dict[tuple[int, int], float] = {}
    for end in ends:
        left, right = bisect_right(ends, end), len(starts) - bisect_right(starts, end)
        enough = 1 if left >= LONG_COLUMN_LINES else MIN_COLUMN_LINES
        if left >= MIN_COLUMN_LINES and right >= enough:
            found.setdefault((left, right), end + 0.01)
    ordered = sorted(found.items(), key=lambda item: -sum(item[0]))
    return [(x, sum(sides)) for sides, x in ordered[:MAX_CANDIDATES]]


def _columns(fragments: list[Fragment], x: float) -> _Columns | None:
    left = [f for f in fragments if f.x0 < x]
    right = [f for f in fragments if f.x0 >= x]
    if not left or not right:
        return None
    height = median(f.height for f in fragments)
    ends = sorted(f.x1 for f in left)
    if min(f.x0 for f in right) - ends[len(ends) * 9 // 10] < GUTTER_WIDTH * height:
        return None
    long = _prose_lines(left, height)
    if long >= LONG_COLUMN_LINES and _begins_column(left, right, height):
        return _Columns(left, right, MIN_COLUMN_LINES)
    lines = min(long, _prose_lines(right, height))
    return _Columns(left, right, lines) if lines >= MIN_FURTHER_LINES else None


def _begins_column(left: list[Fragment], right: list[Fragment], height: float) -> bool:
    """A few lines one below the other, from the long column's top on, and no wider than it."""
    rows = _rows(right)
    top = min(f.y0 for f in left)
    width = max(f.x1 for f in left) - min(f.x0 for f in left)
    gaps = [after[0].y0 - before[0].y1 for before, after in pairwise(rows)]
    return (
        len(rows) < LONG_COLUMN_LINES
        and rows[0][0].y0 - top <= BEGINS_WITHIN * height
        and max(gaps, default=0.0) <= BEGINS_WITHIN * height
        and all(len(row) == 1 for row in rows)
        and max(f.x1 for f in right) - min(f.x0 for f in right) <= width
        and width >= 2 * MIN_COLUMN_WIDTH * height
    )


def _prose_lines(side: list[Fragment], height: float) -> int:
    """How many lines there are, where they fill the side as prose does; else none."""
    width = max(f.x1 for f in side) - min(f.x0 for f in side)
    if width < MIN_COLUMN_WIDTH * height:
        return 0
    rows = _rows(side)
    fill = median(row[-1].x1 - row[0].x0 for row in rows) / width
    return len(rows) if fill >= MIN_FILL else 0


def _rows(fragments: list[Fragment]) -> list[Row]:
    """Fragments that share a printed line, top to bottom, each row left to right."""
    rows: list[Row] = []
    bottoms: list[float] = []
    for fragment in sorted(fragments, key=_middle):
        for index in range(len(rows) - 1, max(len(rows) - 4, -1), -1):
            if bottoms[index] > fragment.y0 and _same_row(rows[index], fragment):
                rows[index].append(fragment)
                bottoms[index] = max(bottoms[index], fragment.y1)
                break
        else:
            rows.append([fragment])
            bottoms.append(fragment.y1)
    for row in rows:
        row.sort(key=lambda f: f.x0)
    return rows


def _same_row(row: Row, fragment: Fragment) -> bool:
    nearest = row[0]
    if len(row) > 1:
        x0, x1, least = fragment.x0, fragment.x1, float("inf")
        for other in row:  # the hottest loop of a page: no call in it
            right, left = x0 - other.x1, other.x0 - x1
            apart = right if right > left else left  # noqa: FURB136 - a call takes longer
            if apart < least:
                nearest, least = other, apart
    shared = min(nearest.y1, fragment.y1) - max(nearest.y0, fragment.y0)
    beside = min(nearest.x1, fragment.x1) - max(nearest.x0, fragment.x0)
    smaller = min(nearest.height, fragment.height)
    return shared > 0.5 * smaller and beside < 0.5 * smaller
