"""A page's own words to Markdown: headings by size, paragraphs by gaps, aligned tables.

Rules on words with places, sizes and weights, and on the regions that reading found; no PDF is
opened here. Tables that no line frames are found by their columns' alignment.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from pdf_extraction.model import BBox, Line, PageImage, Region, TableCell, union
from pdf_extraction.profiles.markdown.columns import Row, rows_of, table_at
from pdf_extraction.profiles.markdown.furniture import without_furniture, without_line_numbers

FIGURE = "<FIGURE>"
_LEADERS = re.compile(r"(?:[.·_]\s*){6,}")
_A4 = (595.0, 842.0)
_HEADING_SIZE = 1.12
"""Times the body's size; ordinary text varies by less where fonts are mixed."""
_MAX_HEADING = 160
_MOST_HEADING_ROWS, _TITLE_SIZE = 3, 1.6
"""Rows of a heading, but for titles of so many times the body's size: an address in larger type
has more."""
_BLANK_LINE = 1.9
"""Times the type's size from line to line: no paragraph is set so wide, unless all of them are."""
_BULLET = re.compile(r"^[•●▪◦‣∙■□➢✓–—\uf000-\uf0ff-]\s+(?=\S)")
"""Signs before items of a list; those of symbol fonts come as private characters."""
_NUMBERED = re.compile(r"^\d{1,3}[.)]\s+(?=\S)")
_ESCAPED = re.compile(r"[\\`*<]|(?<!\w)_(?=[^\W_])|(?<=[^\W_])_(?!\w)")
_LINE_MARK = re.compile(r"^(#{1,6}\s|[>+]|[-=]{2,}\s*$|\|)")


def read_markdown(page: PageImage) -> str:
    """Markdown of a page from its own text; empty for a page without text."""
    figures = [region for region in page.regions if region.kind == "figure"]
    if not page.text.words:
        return "\n\n".join([*(FIGURE for _ in figures), escaped(page.text.text)]).strip()
    width, height = page.width_pt or _A4[0], page.height_pt or _A4[1]
    parts = [
        part if isinstance(part, Region) else without_line_numbers(part)
        for part in _parts(page, width, height)
    ]
    rows = [row for part in parts if isinstance(part, list) for row in part]
    printed = without_furniture(rows, _body_size(rows), width, height)
    style = _Style(printed) if printed else None
    kept = {id(row) for row in printed}
    found: list[str] = []
    for part in parts:
        if isinstance(part, Region):
            found.append(_shown(part))
        elif style is not None:
            running = [row for row in part if id(row) in kept and not _LEADERS.fullmatch(row.text)]
            found += style.blocks(_with_initials(running))
    return _laid_out([part for part in found if part])


def _shown(region: Region) -> str:
    if region.kind == "formula":
        return f"$${region.latex}$$"
    return FIGURE if region.kind == "figure" else cells_table(region.cells)


def _parts(page: PageImage, width: float, height: float) -> Iterator[list[Row] | Region]:
    """Running text and, at their places in reading order, tables and figures."""
    waiting = list(page.regions)
    lines: list[Line] = []
    for line in page.text.lines:
        words = tuple(word for word in line.words if not _region_of(word.bbox, page.regions))
        met = [r for r in waiting if _comes_first(r, line, taken=len(words) < len(line.words))]
        if met:
            yield list(rows_of(page.text.text, lines, width, height))
            lines = []
            yield from (region for region in met if region.kind != "furniture")
            waiting = [region for region in waiting if region not in met]
        if words:
            bbox = union(word.bbox for word in words)
            assert bbox is not None
            text = page.text.text
            whole = text[words[0].start : words[-1].end]
            lines.append(Line(words[0].start, words[-1].end, bbox, words, whole))
    yield list(rows_of(page.text.text, lines, width, height))
    yield from (region for region in waiting if region.kind != "furniture")


def _region_of(bbox: BBox, regions: Sequence[Region]) -> Region | None:
    """The region that has a word; a figure's words are running text after it."""
    x, y = (bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2
    return next((r for r in regions if r.kind != "figure" and _holds(r.bbox, x, y)), None)


def _comes_first(region: Region, line: Line, *, taken: bool) -> bool:
    """Whether a region's place is before a line: it holds words of it, or stands above it."""
    if taken and region.kind != "figure":
        return any(_region_of(word.bbox, [region]) for word in line.words)
    x0, y0, x1, _ = region.bbox
    left, top, right, _ = line.bbox
    return region.kind == "figure" and y0 <= top and left < x1 and x0 < right


def _holds(box: BBox, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _with_initials(rows: Sequence[Row]) -> list[Row]:
    """Rows in which a large initial stands before the word that it begins.

    It is as high as two lines or three, and so was found beside the second.
    """
    found: list[Row] = []
    for row in rows:
        initials = [
            index
            for index, (box, text) in enumerate(row.words)
            if len(text) == 1 and text.isupper() and box[3] - box[1] > 1.8 * _word_height(row)
        ]
        if len(initials) == 1 and len(row.words) > 1:
            index = initials[0]
            box, letter = row.words[index]
            rest = row.without(index)
            first = (
                found[-1]
                if found and found[-1].bbox[1] >= box[1] - 0.3 * (box[3] - box[1])
                else rest
            )
            begun = first.begun_with(letter)
            found = [begun if other is first else other for other in found]
            found.append(begun if rest is first else rest)
        else:
            found.append(row)
    return found


def _word_height(row: Row) -> float:
    return median(box[3] - box[1] for box, _ in row.words)


def _body_size(rows: Sequence[Row]) -> float:
    """Font size of most of the text in points; 0 where unknown."""
    sizes = Counter[float]()
    for row in rows:
        sizes[row.size] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


class _Style:
    """What ordinary text looks like on this page, and what stands out from it."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.body = _body_size(rows)
        larger = {row.size for row in rows if row.size > _HEADING_SIZE * self.body > 0}
        self.ranks = {size: rank for rank, size in enumerate(sorted(larger, reverse=True), 1)}
        steps = [
            below.bbox[1] - above.bbox[1]
            for above, below in pairwise(rows)
            if below.bbox[1] > above.bbox[1] and below.size == above.size == self.body
        ]
        self.step = median(steps) if steps else 1.2 * median(row.height for row in rows)
        closer = [step for step in steps if step < 0.7 * self.step]
        if closer and self.step > _BLANK_LINE * self.body > 0:
            # A letter has more gaps between its paragraphs than lines in them.
            self.step = median(closer)
        self.all_bold = all(row.bold for row in rows)

    def blocks(self, rows: Sequence[Row]) -> Iterator[str]:
        """Paragraphs, headings, list items and aligned tables of running text."""
        position = 0
        while position < len(rows):
            table = table_at(rows, position)
            if table:
                yield pipe_table(table)
                position += len(table)
            else:
                end = self.paragraph_end(rows, position)
                yield self.paragraph(rows[position:end])
                position = end

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
        if bullet := _BULLET.match(text):
            return f"- {escaped(text[bullet.end() :])}"
        rank = min(self._rank(row) for row in rows)
        if len(rows) > _MOST_HEADING_ROWS and rows[0].size < _TITLE_SIZE * self.body:
            rank = 0
        letters = sum(character.isalpha() for character in text)
        if rank and letters >= 2 and len(text) <= _MAX_HEADING:
            return f"{'#' * rank} {escaped(text)}"
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


def cells_table(cells: Sequence[TableCell]) -> str:
    """A table as Markdown; as HTML where cells reach over others or heads have several rows."""
    rows: dict[int, list[TableCell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    heads = {cell.row for cell in cells if cell.is_header}
    is_plain = all(cell.rows == cell.columns == 1 for cell in cells) and len(heads) <= 1
    if is_plain and len({len(row) for row in rows.values()}) == 1:
        return pipe_table([[cell.text for cell in row] for row in rows.values()])
    lines = [f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in rows.values()]
    return "\n".join(["<table>", *lines, "</table>"])


def _html_cell(cell: TableCell) -> str:
    tag = "th" if cell.is_header else "td"
    rows = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    columns = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return f"<{tag}{rows}{columns}>{html.escape(cell.text, quote=False)}</{tag}>"


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
    text = text.replace("‘‘", "“").replace("’’", "”")
    text = _ESCAPED.sub(lambda match: "\\" + match[0], text)
    return _LINE_MARK.sub(lambda match: "\\" + match[0], text)
