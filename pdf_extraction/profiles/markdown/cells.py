"""Blocks of a Markdown text: paragraphs, and tables cut into cells.

Reads what models write: pipe tables, HTML tables, and prose. No page and no row here.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import accumulate

from pdf_extraction.model import Span

_DELIMITER = re.compile(r"^\s*\|?\s*:?-{1,}:?\s*(?:\|\s*:?-{1,}:?\s*)*\|?\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_TABLE_TAG = re.compile(r"<(/?)table\b[^>]*>", re.IGNORECASE)
_FENCE = re.compile(r"^\s*(```|~~~)")
_TAG = re.compile(r"<[^<>]{0,200}>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_MARK = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+)", re.MULTILINE)
_EMPHASIS = re.compile(r"(?<![\w\\])(\*{1,3}|_{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|<>~$])")
MAX_SPAN = 100
"""Cells that one cell may stand for; a model once wrote colspan="99999"."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        row: From 0.
        column: From 0.
        text: Without Markdown or HTML.
        is_header: It heads its column or row.
        origin: Of an HTML table, the first row and column of the printed cell, whose text
            stands in every place that it reaches over; None for a cell of one place.
    """

    row: int
    column: int
    text: str
    is_header: bool
    origin: tuple[int, int] | None = field(default=None, compare=False)

    @property
    def place(self) -> tuple[int, int]:
        """First row and column of the printed cell."""
        return self.origin or (self.row, self.column)

    @property
    def is_origin(self) -> bool:
        """Whether the printed cell begins here."""
        return self.place == (self.row, self.column)


@dataclass(frozen=True)
class Block:
    """A paragraph or a table, in the text's order.

    Attributes:
        text: Of a paragraph, without Markdown; empty for a table.
        cells: Of a table, row by row; empty for a paragraph.
        span: From where to where it stands in the Markdown.
    """

    text: str = ""
    cells: tuple[Cell, ...] = ()
    span: Span = field(default=Span(0, 0), compare=False)


def blocks(markdown: str) -> list[Block]:
    """Paragraphs and tables of a Markdown text."""
    found: list[Block] = []
    position = 0
    for start, end in _html_tables(markdown):
        found += _blocks_of_lines(markdown[position:start], position)
        cells = _html_cells(markdown[start:end])
        found += [Block(cells=cells, span=Span(start, end))] if cells else []
        position = end
    return found + _blocks_of_lines(markdown[position:], position)


def _html_tables(markdown: str) -> list[tuple[int, int]]:
    """Where the outer HTML tables are; one that is not closed goes to the end."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for tag in _TABLE_TAG.finditer(markdown):
        if not tag[1]:
            start = start if depth else tag.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                found.append((start, tag.end()))
    return [*found, (start, len(markdown))] if depth else found


def _blocks_of_lines(markdown: str, offset: int) -> list[Block]:
    found: list[Block] = []
    lines = markdown.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=offset))
    paragraph: list[int] = []
    position, fenced = 0, False

    def ended() -> list[Block]:
        if not paragraph:
            return []
        first, last = paragraph[0], paragraph[-1]
        text = plain_text("\n".join(lines[number] for number in paragraph))
        span = Span(starts[first], starts[last] + len(lines[last]))
        return [Block(text, span=span)] if text else []

    while position < len(lines):
        line = lines[position]
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and _begins_table(lines, position):
            found += ended()
            rows = _table_rows(lines, position)
            end = position + len(rows)
            span = Span(starts[position], starts[end] - 1)
            found.append(Block(cells=_pipe_cells(rows), span=span))
            position, paragraph = end, []
            continue
        elif line.strip() and not (_MARK.match(line) and paragraph):
            paragraph.append(position)
        else:  # a heading or list item ends the paragraph before it, as a blank line does
            found += ended()
            paragraph = [position] if line.strip() else []
        position += 1
    return found + ended()


def _begins_table(lines: list[str], position: int) -> bool:
    following = lines[position + 1] if position + 1 < len(lines) else ""
    return "|" in lines[position] and "|" in following and bool(_DELIMITER.match(following))


def _table_rows(lines: list[str], position: int) -> list[str]:
    end = position
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return lines[position:end]


def _pipe_cells(lines: list[str]) -> tuple[Cell, ...]:
    rows = [lines[0], *lines[2:]]
    return tuple(
        Cell(row, column, plain_text(text), row == 0)
        for row, line in enumerate(rows)
        for column, text in enumerate(_PIPE.split(line.strip().removeprefix("|").removesuffix("|")))
    )


def plain_text(markdown: str) -> str:
    """Text without the marks of Markdown and HTML; blanks and line ends become one blank."""
    text = _TAG.sub(" ", _IMAGE.sub(" ", markdown))
    text = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _MARK.sub("", text)))
    return " ".join(html.unescape(_ESCAPE.sub(r"\1", text)).split())


@dataclass
class _Grid:
    """Cells as they are met, with the places that row spans hold."""

    cells: list[Cell] = field(default_factory=list)
    taken: set[tuple[int, int]] = field(default_factory=set)
    row: int = -1

    def add(self, text: str, *, is_header: bool, rows: int, columns: int) -> None:
        """Put one cell at the row's next free place, and its text wherever it reaches."""
        column = 0
        while (self.row, column) in self.taken:
            column += 1
        origin = self.row, column
        for down in range(rows):
            for right in range(columns):
                place = (self.row + down, column + right)
                if place not in self.taken:
                    self.taken.add(place)
                    self.cells.append(Cell(*place, text, is_header, origin))


class _TableReader(HTMLParser):
    """One HTML table; an inner table's text goes into its outer cell."""

    def __init__(self) -> None:
        super().__init__()
        self.grid = _Grid()
        self.depth = 0
        self.in_head = False
        self.open: dict[str, str | None] | None = None
        self.is_header = False
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Follow the table's structure."""
        if tag == "table":
            self.depth += 1
        elif self.depth > 1 or tag in {"br", "p", "div", "li"}:
            self.text.append(" ")
        elif tag == "thead":
            self.in_head = True
        elif tag == "tr":
            self.end_cell()
            self.grid.row += 1
        elif tag in {"td", "th"}:
            self.end_cell()
            self.grid.row = max(self.grid.row, 0)
            self.open, self.is_header = dict(attrs), tag == "th" or self.in_head

    def handle_endtag(self, tag: str) -> None:
        """Follow the table's structure."""
        if tag == "table":
            self.depth -= 1
        if self.depth <= 1 and tag in {"td", "th", "tr", "thead", "table"}:
            self.end_cell()
        if tag == "thead":
            self.in_head = False

    def handle_data(self, data: str) -> None:
        """Collect the open cell's text."""
        if self.open is not None:
            self.text.append(data)

    def end_cell(self) -> None:
        """Put the open cell into the grid; closing tags are often left out."""
        if self.open is not None:
            self.grid.add(
                plain_text("".join(self.text)),
                is_header=self.is_header,
                rows=_span(self.open.get("rowspan")),
                columns=_span(self.open.get("colspan")),
            )
        self.open, self.text = None, []


def _span(value: str | None) -> int:
    return min(max(int(value), 1), MAX_SPAN) if value and value.strip().isdecimal() else 1


def _html_cells(table: str) -> tuple[Cell, ...]:
    reader = _TableReader()
    # html.parser fails with AssertionError on "<![x"; no table needs declarations.
    reader.feed(re.sub(r"<(?=[!?])", "&lt;", table))
    reader.close()
    reader.end_cell()
    last = reader.grid.row
    cells = sorted((c for c in reader.grid.cells if c.row <= last), key=lambda c: (c.row, c.column))
    return tuple(cells)
