"""A page's own words to Markdown: headings by size, paragraphs by gaps, aligned tables.

Rules on words with places, sizes and weights alone; no PDF is opened here. Ruled lines,
figures and formulas are not seen, so that tables are found by their columns' alignment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from pdf_extraction.model import PageImage
from pdf_extraction.profiles.markdown.columns import Row, rows_of, table_at

_A4 = (595.0, 842.0)
_HEADING_SIZE = 1.12
"""Times the body's size; ordinary text varies by less where fonts are mixed."""
_MAX_HEADING = 160
_BULLET = re.compile(r"^[•●▪◦‣∙■□➢✓–—-]\s+(?=\S)")
_NUMBERED = re.compile(r"^\d{1,3}[.)]\s+(?=\S)")
_ESCAPED = re.compile(r"[\\`*<]|(?<!\w)_(?=[^\W_])|(?<=[^\W_])_(?!\w)")
_LINE_MARK = re.compile(r"^(#{1,6}\s|[>+]|[-=]{2,}\s*$|\|)")


def read_markdown(page: PageImage) -> str:
    """Markdown of a page from its own text; empty for a page without text."""
    if not page.text.words:
        return escaped(page.text.text)
    width, height = page.width_pt or _A4[0], page.height_pt or _A4[1]
    rows = list(rows_of(page.text, width, height))
    style = _Style(rows)
    found: list[str] = []
    position = 0
    while position < len(rows):
        table = table_at(rows, position)
        if table:
            found.append(pipe_table(table))
            position += len(table)
        else:
            end = style.paragraph_end(rows, position)
            found.append(style.paragraph(rows[position:end]))
            position = end
    return _laid_out([part for part in found if part])


class _Style:
    """What ordinary text looks like on this page, and what stands out from it."""

    def __init__(self, rows: Sequence[Row]) -> None:
        sizes = Counter[float]()
        for row in rows:
            sizes[row.size] += len(row.text)
        self.body = sizes.most_common(1)[0][0]
        larger = {row.size for row in rows if row.size > _HEADING_SIZE * self.body > 0}
        self.ranks = {size: rank for rank, size in enumerate(sorted(larger, reverse=True), 1)}
        steps = [
            below.bbox[1] - above.bbox[1]
            for above, below in pairwise(rows)
            if below.bbox[1] > above.bbox[1] and below.size == above.size == self.body
        ]
        self.step = median(steps) if steps else 1.2 * median(row.height for row in rows)
        self.all_bold = all(row.bold for row in rows)

    def paragraph_end(self, rows: Sequence[Row], start: int) -> int:
        """One past the last row of the paragraph that begins at ``start``."""
        end = start + 1
        while end < len(rows) and self._goes_on(rows[end - 1], rows[end]):
            if table_at(rows, end):
                break
            end += 1
        return end

    def _goes_on(self, above: Row, below: Row) -> bool:
        if _BULLET.match(below.text) or _NUMBERED.match(below.text):
            return False
        if (above.size, above.bold) != (below.size, below.bold):
            # A word in bold at a line's end is no border; a change of weight at a gap is.
            heading = self._rank(above) or self._rank(below)
            if heading or abs(above.size - below.size) > 0.08 * max(above.size, below.size):
                return False
        step = below.bbox[1] - above.bbox[1]
        if step <= 0:  # top of the next column
            return not above.text.endswith((".", ";", ":", "!", "?"))
        line_step = max(self.step, 1.15 * max(above.height, below.height))
        indented = below.bbox[0] - above.bbox[0] > 1.2 * below.height
        ended = above.text.endswith((".", ";", ":", "!", "?"))
        return step <= 1.35 * line_step and not (ended and indented)

    def _rank(self, row: Row) -> int:
        """Heading level 1-6, 0 for ordinary text."""
        if rank := self.ranks.get(row.size, 0):
            return min(rank, 6)
        if len(row.cells) == 1 and row.bold and not self.all_bold and len(row.text) <= _MAX_HEADING:
            return min(len(self.ranks) + 1, 6)
        return 0

    def paragraph(self, rows: Sequence[Row]) -> str:
        """One paragraph, list item or heading."""
        text = join_lines([row.text for row in rows])
        rank = min(self._rank(row) for row in rows)
        letters = sum(character.isalpha() for character in text)
        if rank and letters >= 2 and len(text) <= _MAX_HEADING:
            return f"{'#' * rank} {escaped(text)}"
        if bullet := _BULLET.match(text):
            return f"- {escaped(text[bullet.end() :])}"
        return escaped(text)


def _laid_out(parts: Sequence[str]) -> str:
    """Parts with a blank line between them, but for items of one list."""
    text = parts[0] if parts else ""
    for above, below in pairwise(parts):
        is_list = all(re.match(r"- |\d+[.)] ", part) for part in (above, below))
        text += ("\n" if is_list else "\n\n") + below
    return text


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a Markdown table; the first row is the head."""
    lines = [
        "| " + " | ".join(escaped(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def join_lines(lines: Sequence[str]) -> str:
    """Lines of a paragraph as one, words broken at line ends made whole."""
    text = lines[0]
    for line in lines[1:]:
        if re.search(r"[^\W\d_]-\Z", text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text = f"{text} {line}"
    return text


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    text = _ESCAPED.sub(lambda match: "\\" + match[0], text)
    return _LINE_MARK.sub(lambda match: "\\" + match[0], text)
