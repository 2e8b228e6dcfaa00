"""A page as it was read from its file: text, words, regions, picture. Nothing asked or answered.

Offsets count Unicode code points; ``end`` is exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model.geometry import BBox, union

PageFlag = Literal["possible_injection", "hidden_text", "reduced"]
TextSource = Literal["text_layer", "ocr", "none"]
RegionKind = Literal["table", "figure", "formula", "furniture"]


class Word(NamedTuple):
    """One printed word of a page.

    Attributes:
        start: First code point in the page's text.
        end: One past the last code point.
        bbox: Fractions of the displayed page, origin top left.
        line: Index of the word's line in reading order, from 0.
        size: Font size in points; 0 where unknown.
        bold: Whether the font says bold.
        struck: Whether the page's drawing strikes the word through.
        confidence: OCR confidence 0-1; None for a text layer.
    """

    start: int
    end: int
    bbox: BBox
    line: int
    size: float = 0.0
    bold: bool = False
    struck: bool = False
    confidence: float | None = None


@dataclass(frozen=True)
class Line:
    """One printed line: words that share a ``line`` index.

    Attributes:
        start: First code point in the page's text.
        end: One past the last code point (the line feed excluded).
        bbox: Fractions of the displayed page.
        words: The line's words, left to right.
        text: The line as printed.
    """

    start: int
    end: int
    bbox: BBox
    words: tuple[Word, ...]
    text: str


@dataclass(frozen=True)
class PageText:
    """A page's own text in reading order, with the place of every word.

    Attributes:
        source: Where the text comes from.
        text: NFC, one line feed between lines, no blanks at line ends; a word broken at a
            line end keeps its hyphen and line feed.
        words: In reading order; gaps between words are blanks or line feeds.
        engine: OCR engine, empty for a text layer.
    """

    source: TextSource
    text: str = ""
    words: Sequence[Word] = ()
    engine: str = ""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Lines in reading order."""
        grouped: dict[int, list[Word]] = {}
        for word in self.words:
            grouped.setdefault(word.line, []).append(word)
        return tuple(self._line(tuple(words)) for words in grouped.values())

    def _line(self, words: tuple[Word, ...]) -> Line:
        start, end = words[0].start, words[-1].end
        bbox = union(word.bbox for word in words)
        assert bbox is not None
        return Line(start, end, bbox, words, self.text[start:end])


@dataclass(frozen=True)
class Picture:
    """A page's picture as it is sent to a model.

    Attributes:
        width: Pixels.
        height: Pixels.
        byte_size: Encoded bytes before base64.
        sha256: Hash of the encoded bytes, hexadecimal.
        media_type: Such as ``image/jpeg``.
        data: The encoded bytes; None where only the facts were kept.
    """

    width: int
    height: int
    byte_size: int
    sha256: str
    media_type: str
    data: bytes | None = field(default=None, repr=False, compare=False)


class TableCell(NamedTuple):
    """A printed cell of a table.

    Attributes:
        row: First row it reaches over, from 0.
        column: First column, from 0.
        rows: Rows it reaches over, at least one.
        columns: Columns it reaches over, at least one.
        text: As printed, lines joined by blanks.
        is_header: It heads columns.
    """

    row: int
    column: int
    rows: int
    columns: int
    text: str
    is_header: bool = False


@dataclass(frozen=True)
class Region:
    """A part of a page that is no running text.

    Attributes:
        kind: What it is; ``furniture`` is a running head, running foot or page number.
        bbox: Fractions of the displayed page.
        cells: Of a table, row by row; their words lie in ``bbox``.
        latex: Of a formula.
    """

    kind: RegionKind
    bbox: BBox
    cells: tuple[TableCell, ...] = ()
    latex: str = ""


@dataclass(frozen=True)
class PageImage:
    """One page as read from its file.

    Attributes:
        page_number: From 1.
        width_pt: Displayed width in points (1/72 inch), after /Rotate.
        height_pt: Displayed height in points.
        rotation: /Rotate of the page, clockwise degrees.
        text: The page's own text.
        is_blank: Neither ink nor text; nothing is asked about such a page.
        picture: Present where a backend of the chain looks at pictures.
        thumbnail: The picture made small for people, where somebody wants one of this page.
        text_verdict: Which rule decided ``text.source``, for people.
        ink: Share of the page that is ink, 0-1, where its text layer has no text.
        is_text: The document is text without pages of its own: no picture of these shows more.
        regions: Tables, figures and formulas, where a profile asked for them.
        flags: What a person should know of the page; nothing is decided by them.
        error: Why the page could not be read; the other fields are then empty.
    """

    page_number: int
    width_pt: float = 0.0
    height_pt: float = 0.0
    rotation: int = 0
    text: PageText = PageText("none")
    is_blank: bool = False
    picture: Picture | None = None
    thumbnail: Picture | None = field(default=None, repr=False, compare=False)
    text_verdict: str = ""
    ink: float | None = None
    is_text: bool = False
    regions: tuple[Region, ...] = ()
    flags: tuple[PageFlag, ...] = ()
    error: ExtractionError | None = None
