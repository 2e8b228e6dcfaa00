"""From spans of a page's text to boxes on the page. No text is compared here."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from pdf_extraction.model import BBox, PageText, Span, Word, union


def words_in(page: PageText, spans: Iterable[Span]) -> list[Word]:
    """Words of the page that the spans touch, in reading order, each once."""
    found: dict[int, Word] = {}
    for start, end in spans:
        first = bisect_right(page.words, start, key=lambda word: word.end)
        stop = bisect_left(page.words, end, key=lambda word: word.start)
        found.update(zip(range(first, stop), page.words[first:stop], strict=True))
    return [found[index] for index in sorted(found)]


def boxes(page: PageText, spans: Iterable[Span]) -> list[BBox]:
    """Boxes around what the spans cover, one for each run of lines in a column.

    Returns:
        Fractions 0-1 of the displayed page, origin top left, in reading order; a span
        that goes on at the top of the next column gives two.
    """
    runs: list[BBox] = []
    line_before: BBox | None = None
    for line in _line_boxes(words_in(page, spans)):
        if line_before is not None and _goes_on(line_before, runs[-1], line):
            runs[-1] = union((runs[-1], line)) or line
        else:
            runs.append(line)
        line_before = line
    return runs


def _line_boxes(words: Sequence[Word]) -> list[BBox]:
    lines: dict[int, list[BBox]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.bbox)
    return [box for line in lines.values() if (box := union(line)) is not None]


def _goes_on(before: BBox, run: BBox, line: BBox) -> bool:
    """Whether ``line`` stands in the run's column: not higher, and below part of it."""
    height = before[3] - before[1]
    not_higher = line[1] >= before[1] - 0.5 * height
    over = min(run[2], line[2]) - max(run[0], line[0])
    same_row = abs(line[1] - before[1]) <= 0.5 * height
    return not_higher and (over > 0 or (same_row and line[0] - run[2] < 3 * height))
