"""Which rows of a page are its running head, running foot or page number; pure.

Only one page is seen, so that nothing is known of what other pages repeat: place, distance,
size and the form of the text decide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pdf_extraction.profiles.markdown.columns import Row, lies

_MARGIN = 0.1
"""Share of the text's height at its top and foot where running heads stand."""
_EDGE = 0.08
"""Share of the page's height at its edges where whatever stands apart is a running head."""
_SIDE = 0.09
"""Share of the page's width at its sides where stamps stand."""
_MOST_ROWS = 3
_LEAST_COUNTED = 20
"""Rows from which numbers before each are line numbers; lists of so many one-line items are rare,
and theirs have a dot."""
_APART = 1.5
"""Times the usual step between lines, from which a row is set apart."""
_LARGE, _LARGEST = 1.12, 1.5
"""Times the body's size: what is larger is a heading, or a title whatever it says."""
_LONGEST = 130
PAGE_NUMBER = re.compile(
    r"\W*(?:p(?:age|ágina|\.)?\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|de|/)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_PUBLISHING = re.compile(
    r"https?://|www\.|©|\bISSN\b|\bVol(?:ume|\.)|\bIssue\b|Downloaded from|P(?:age|ágina) \d",
    re.IGNORECASE,
)
_NOTE = re.compile(r"\(?(?:\d{1,2}|[*†‡§a-f])[.)]?\s+[A-ZÀ-Ý]")


def without_line_numbers(rows: Sequence[Row]) -> list[Row]:
    """The rows without numbers that count all of them, as in transcripts and pleadings.

    Args:
        rows: In reading order.
    """
    found: list[Row] = []
    run: list[Row] = []
    for row in rows:
        if run and _number(row) != _number(run[-1]) + 1:
            found += _uncounted(run)
            run = []
        run.append(row)
    return [*found, *_uncounted(run)]


def _number(row: Row) -> int:
    text = row.words[0][1]
    return int(text) if text.isdecimal() and len(text) < 4 else -2


def _uncounted(run: Sequence[Row]) -> Sequence[Row]:
    """Rows that count on from one to the next, without their numbers if these are no data."""
    cells = [len(row.cells) for row in run]
    if len(run) < _LEAST_COUNTED or 2 * sum(count > 2 for count in cells) > len(run):
        return run
    return [row.without(0) for row in run if len(row.words) > 1]


def without_furniture(
    rows: Sequence[Row], body_size: float, width: float, height: float
) -> list[Row]:
    """The rows without running heads, feet, page numbers and stamps along the sides.

    Args:
        rows: In reading order.
        body_size: Font size of ordinary text in points; 0 where unknown.
        width: Of the page in points.
        height: Of the page in points.
    """
    kept = [row for row in rows if not _is_stamp(row, width)]
    lying = sorted((row for row in kept if lies(row.bbox, row.text)), key=lambda row: row.bbox[1])
    if len(lying) < 2:
        return kept
    step = _usual_step(lying)
    top, bottom = lying[0].bbox[1], max(row.bbox[3] for row in lying)
    zone = _MARGIN * (bottom - top)
    head = [row for row in lying if row.bbox[3] < top + zone][:_MOST_ROWS]
    foot = [row for row in lying[::-1] if row.bbox[1] > bottom - zone][:_MOST_ROWS]
    gone: set[int] = set()
    for margin in (head, foot):
        gone |= _furniture(margin, lying, _Page(body_size, step, height))
    return [row for row in kept if id(row) not in gone]


class _Page(NamedTuple):
    """What is usual on a page.

    Attributes:
        size: Of ordinary text in points; 0 where unknown.
        step: From line to line, in points.
        height: Of the page in points.
    """

    size: float
    step: float
    height: float


def _furniture(margin: Sequence[Row], every: Sequence[Row], page: _Page) -> set[int]:
    """Rows from the text's edge inwards, as long as each looks like furniture."""
    gone: set[int] = set()
    for row in margin:
        rest = [other for other in every if id(other) not in gone and other is not row]
        if not rest or not _is_furniture(row, rest, page):
            break
        gone.add(id(row))
    return gone


def _is_furniture(row: Row, rest: Sequence[Row], page: _Page) -> bool:
    text = row.text
    if PAGE_NUMBER.fullmatch(text):
        return True
    if len(text) > _LONGEST or _NOTE.match(text):
        return False
    ends = [row.cells[end][1] for end in (0, -1)] if len(row.cells) > 1 else []
    if any(PAGE_NUMBER.fullmatch(end) for end in ends):
        return True
    if row.size > _LARGEST * page.size > 0:
        return False
    if _PUBLISHING.search(text):
        return True
    at_edge = min(row.bbox[3], page.height - row.bbox[1]) < _EDGE * page.height
    is_small = row.size <= _LARGE * page.size or not page.size
    return at_edge and is_small and _distance(row, rest) >= _APART * page.step


def _distance(row: Row, rest: Sequence[Row]) -> float:
    """White between a row and the nearest other, in points."""
    return min(max(other.bbox[1] - row.bbox[3], row.bbox[1] - other.bbox[3], 0.0) for other in rest)


def _usual_step(rows: Sequence[Row]) -> float:
    steps = [
        below.bbox[1] - above.bbox[1]
        for above, below in pairwise(rows)
        if below.bbox[1] - above.bbox[1] > 0.5 * above.height
    ]
    return median(steps) if steps else rows[0].height


def _is_stamp(row: Row, width: float) -> bool:
    """Text that runs up or down along a side of the page."""
    x0, _, x1, _ = row.bbox
    return not lies(row.bbox, row.text) and (x1 < _SIDE * width or x0 > (1 - _SIDE) * width)
