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
    before: BBox | None = None
    for whole, covered in _lines(page, words_in(page, spans)):
        if before is not None and _same_column(before, whole):
            runs[-1] = union((runs[-1], covered)) or covered
        else:
            runs.append(covered)
        before = whole
    return runs


def _lines(page: PageText, words: Sequence[Word]) -> list[tuple[BBox, BBox]]:
    """For each line with one of ``words``: its whole box, and the box around those words."""
    grouped: dict[int, list[Word]] = {}
    for word in words:
        grouped.setdefault(word.line, []).append(word)
    found = []
    for line in grouped.values():
        at = bisect_right(page.lines, line[0].start, key=lambda whole: whole.start) - 1
        covered = union(word.bbox for word in line)
        assert covered is not None
        found.append((page.lines[at].bbox, covered))
    return found


def _same_column(before: BBox, line: BBox) -> bool:
    """Whether a line stands below the one before it, or beside it in one row.

    Whole lines are compared: a span may leave off its first line's beginning and its last
    line's end, which then have no x in common.
    """
    height = before[3] - before[1]
    if abs(line[1] - before[1]) <= 0.5 * height:
        return line[0] - before[2] < 1.5 * height
    return line[1] > before[1] and min(before[2], line[2]) > max(before[0], line[0])
