"""Whether a page has rows that an answer's list lacks. Nothing is asked here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from pdf_extraction.grounding import ground, words_in
from pdf_extraction.model import Line, PageText

_FIGURE = re.compile(r"[\d.,]*\d[\d.,%]*")
#: A list must have so many located rows before its look is known.
_LEAST_ROWS = 3
#: Rows of one table end their columns at the same place, in fractions of the page's width.
_SAME_EDGE = 0.012
_LEAST_MISSING = 2
#: A total has one figure, a row of a table two or more.
_LEAST_FIGURES = 2


def rows_left_out(items: Sequence[Sequence[str]], page: PageText) -> int:
    """Lines below a list's last row that look like its rows.

    Args:
        items: Printed texts of each item, in the order of the list.
        page: The page's own text.

    Returns:
        Their number; 0 where the list's rows were not found or too few look alike.
    """
    found = [line for texts in items if (line := _line_of(texts, page)) is not None]
    if len(found) < _LEAST_ROWS or 2 * len(found) < len(items):
        return 0
    known = [_edges(line, page) for line in found]
    columns = int(median(len(edges) for edges in known))
    if columns < _LEAST_FIGURES:
        return 0
    last = max(line.start for line in found)
    usual = [edge for edges in known for edge in edges]
    patterns = {_pattern(line) for line in found}
    alike = [
        line
        for line in page.lines
        if line.start > last
        and (_is_aligned(_edges(line, page), usual, columns) or _pattern(line) in patterns)
    ]
    return len(alike) if len(alike) >= _LEAST_MISSING else 0


def _line_of(texts: Sequence[str], page: PageText) -> Line | None:
    """The line with the most of an item's texts."""
    votes: dict[int, int] = {}
    for text, grounding in zip(texts, ground(texts, page), strict=True):
        for word in words_in(page, grounding.spans)[:1]:
            votes[word.line] = votes.get(word.line, 0) + len(text)
    if not votes:
        return None
    number = max(votes, key=lambda line: votes[line])
    return next(line for line in page.lines if line.words[0].line == number)


def _edges(line: Line, page: PageText) -> list[float]:
    """Right edges of a line's figures."""
    return [
        word.bbox[2] for word in line.words if _FIGURE.fullmatch(page.text[word.start : word.end])
    ]


def _pattern(line: Line) -> str:
    """Runs of words and figures, such as ``wn``, where a line has figures enough."""
    marks = ["n" if _FIGURE.fullmatch(word) else "w" for word in line.text.split()]
    if marks.count("n") < _LEAST_FIGURES:
        return line.text
    return "".join(
        mark
        for mark, before in zip(marks, ["", *marks], strict=False)
        if "n" in mark or mark != before
    )


def _is_aligned(edges: Sequence[float], usual: Sequence[float], columns: int) -> bool:
    shared = [edge for edge in edges if any(abs(edge - one) < _SAME_EDGE for one in usual)]
    return len(shared) >= max(_LEAST_FIGURES, columns - 1)
