"""Which words a drawn line strikes through; pure geometry.

Browser prints of consolidated acts strike revoked text with thin filled rectangles.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from pdf_extraction.model import BBox
from pdf_extraction.pdf.pagetext import RawWord

#: Drawn lines thicker than this share of the font size are bars, not strokes of a pen.
_THICKNESS = 0.22
#: Between these shares of a word's box, from its top, a line strikes it through; underlines
#: of browser prints lie at 0.9, their strikes at 0.5.
_STRIKE_BAND = (0.30, 0.72)
#: Share of a word's width that lines must cover.
_COVERED = 0.6
#: Share of a line's width that struck words must fill; the blanks between "(VETADO)" and its
#: note are struck too, the rule of a table runs on for columns.
_FILLED = 0.35


def is_rule(bbox: BBox) -> bool:
    """Whether a drawn path is a horizontal line."""
    width, height = bbox[2] - bbox[0], bbox[3] - bbox[1]
    return height <= 3 and width > 3 * height


def with_strikes(words: Sequence[RawWord], rules: Sequence[BBox]) -> list[RawWord]:
    """Words, marked where a drawn line runs through their middle.

    A table's rule that happens to cross a word is told apart by its length: a strike is
    as long as the words it strikes.
    """
    if not rules:
        return list(words)
    ordered = sorted(rules, key=lambda rule: rule[1])
    tops = [rule[1] for rule in ordered]
    crossed = [_crossing(word, ordered, tops) for word in words]
    struck_width: dict[int, float] = defaultdict(float)
    for word, indexes in zip(words, crossed, strict=True):
        for index in indexes:
            struck_width[index] += _shared(word.bbox, ordered[index])
    strikes = {
        index
        for index, width in struck_width.items()
        if width >= _FILLED * (ordered[index][2] - ordered[index][0])
    }
    return [
        word._replace(struck=_is_covered(word, [ordered[i] for i in indexes if i in strikes]))
        if indexes
        else word
        for word, indexes in zip(words, crossed, strict=True)
    ]


def _is_covered(word: RawWord, strikes: list[BBox]) -> bool:
    covered = sum(_shared(word.bbox, strike) for strike in strikes)
    return covered >= _COVERED * (word.bbox[2] - word.bbox[0]) > 0


def _crossing(word: RawWord, rules: list[BBox], tops: list[float]) -> list[int]:
    if word.turn % 2:
        return []
    _, y0, _, y1 = word.bbox
    height = y1 - y0
    found = []
    for index in range(bisect_left(tops, y0), bisect_left(tops, y1)):
        rule = rules[index]
        share = ((rule[1] + rule[3]) / 2 - y0) / (height or 1.0)
        inside = _STRIKE_BAND[0] <= share <= _STRIKE_BAND[1]
        if inside and rule[3] - rule[1] <= _THICKNESS * height and _shared(word.bbox, rule) > 0:
            found.append(index)
    return found


def _shared(one: BBox, other: BBox) -> float:
    return max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
