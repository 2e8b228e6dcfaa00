"""A page's text layer: words with places, sizes and drawn lines, from one parse.

Whether the layer can be trusted is decided in ``trust``, columns in ``reading_order``, which
words are struck through in ``strikes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, floor
from operator import itemgetter
from typing import Any, NamedTuple

import pymupdf

from pdf_extraction.model import BBox, PageText
from pdf_extraction.pdf.pagetext import RawWord, compose
from pdf_extraction.pdf.strikes import is_rule, with_strikes

# No PRESERVE_LIGATURES: MuPDF then writes "fi" as two characters, in text and offsets alike.
# No CID_FOR_UNKNOWN_UNICODE: letters made up from glyph numbers would look like a text.
# COLLECT_VECTORS brings the drawn lines in the same parse at no measurable cost;
# COLLECT_STYLES would find strike-through itself but took 200 ms on a dense gazette page.
_FLAGS = (
    pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP | pymupdf.TEXT_COLLECT_VECTORS
)
_VECTOR = 3
_PAINTED = pymupdf.mupdf.FZ_STEXT_FILLED | pymupdf.mupdf.FZ_STEXT_STROKED
_BOLD_CHAR = pymupdf.mupdf.FZ_STEXT_BOLD
_WHITE = 0xFFFFFF
#: Points by which a word printed again over itself is looked for.
_OVERPRINT = 4.0
#: Shares of the font size: a box above the first is replaced by one of the others, which are
#: those of common text fonts.
_TALLEST, _ASCENT, _DESCENT = 2.0, 0.95, 0.25
#: Sine from which text is no skewed line but a watermark across the page, which is kept apart.
_ASLANT = 0.25
_DIAGONAL = 4


class Drawing(NamedTuple):
    """A drawn path's box in points of the displayed page."""

    bbox: BBox
    is_white: bool


@dataclass(frozen=True)
class TextLayer:
    """What one parse of a page found, in points of the displayed page.

    Attributes:
        width: Displayed width.
        height: Displayed height.
        words: In the file's order, text printed twice in one place kept once.
        drawings: Filled and stroked paths that are not fully transparent.
    """

    width: float
    height: float
    words: tuple[RawWord, ...]
    drawings: tuple[Drawing, ...]

    def page_text(self, *, invisible: bool = False) -> PageText:
        """Text in reading order.

        Args:
            invisible: Whether words drawn without fill or stroke belong to it (an OCR layer
                under a scan) or are hidden from the page's reader.
        """
        words = [word for word in self.words if word.visible or invisible]
        rules = [drawing for drawing in self.drawings if is_rule(drawing.bbox)]
        pens = [rule.bbox for rule in rules if not rule.is_white]
        return compose(
            with_strikes(words, pens),
            self.width,
            self.height,
            "text_layer",
            rules=[rule.bbox for rule in rules],
        )


def read_layer(page: pymupdf.Page) -> TextLayer:
    """Parse a page once."""
    parsed = page.get_textpage(flags=_FLAGS)
    matrix = page.rotation_matrix if page.rotation else None
    blocks = parsed.extractDICT()["blocks"]
    text_blocks = [block for block in blocks if block["type"] == 0]
    words = _raw_words(parsed.extractWORDS(), text_blocks, matrix)
    rect = page.rect
    width, height = rect.width, rect.height
    right, foot = 2 * width, 2 * height  # of twice a word's middle
    shown = [
        word
        for word in words
        if 0 <= word.bbox[0] + word.bbox[2] <= right and 0 <= word.bbox[1] + word.bbox[3] <= foot
    ]
    return TextLayer(
        width,
        height,
        tuple(_once(shown)),
        tuple(_drawings(blocks, matrix)),
    )


def turned(bbox: Sequence[float], matrix: Any) -> BBox:
    """A box of the page's own frame in the displayed frame; None as matrix turns nothing."""
    x0, y0, x1, y1 = bbox
    if matrix is None:
        return x0, y0, x1, y1
    ax, ay = matrix.a * x0 + matrix.c * y0 + matrix.e, matrix.b * x0 + matrix.d * y0 + matrix.f
    bx, by = matrix.a * x1 + matrix.c * y1 + matrix.e, matrix.b * x1 + matrix.d * y1 + matrix.f
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def _drawings(blocks: Iterable[dict[str, Any]], matrix: Any) -> Iterator[Drawing]:
    for block in blocks:
        if block["type"] == _VECTOR and block["alpha"]:
            box = block["bbox"] if matrix is None else turned(block["bbox"], matrix)
            yield Drawing(box, block["color"] == _WHITE)


def _raw_words(
    words: Iterable[tuple[Any, ...]], blocks: list[dict[str, Any]], matrix: Any
) -> Iterator[RawWord]:
    """Words with the font of the span that they stand in.

    Word numbers count text blocks only, while a block's own ``number`` counts all.
    """
    for run, ((block, number), members) in enumerate(groupby(words, itemgetter(5, 6))):
        line = _line_at(blocks, block, number)
        if line is not None:
            yield from _words_of(line, members, run, matrix)
            continue
        for word in members:
            yield RawWord(word[4], turned(word[:4], matrix), run)


def _words_of(
    line: dict[str, Any], words: Iterable[tuple[Any, ...]], run: int, matrix: Any
) -> Iterator[RawWord]:
    direction, spans = line["dir"], line["spans"]
    turn = _quarter_turns(direction, matrix)
    looks = [_look_of(span) for span in spans]
    for x0, y0, x1, y1, text, _, _, _ in words:
        index = _span_at(spans, (x0 + x1) / 2, (y0 + y1) / 2) if len(spans) > 1 else 0
        size, bold, visible, colour = looks[index]
        box = x0, y0, x1, y1
        if y1 - y0 > _TALLEST * size:
            box = of_its_size(box, spans[index], direction)
        if matrix is not None:
            box = turned(box, matrix)
        yield RawWord(text, box, run, size, bold, visible, turn, colour)


def _look_of(span: dict[str, Any]) -> tuple[float, bool, bool, int]:
    """Size, whether bold, whether visible, colour."""
    marks = span["char_flags"]
    bold = bool(span["flags"] & pymupdf.TEXT_FONT_BOLD or marks & _BOLD_CHAR)
    return span["size"], bold, bool(marks & _PAINTED) and span["alpha"] > 0, span["color"]


def _line_at(blocks: list[dict[str, Any]], block: int, line: int) -> dict[str, Any] | None:
    """A word's line; None in damaged files, whose words the library may count otherwise."""
    lines = blocks[block]["lines"] if block < len(blocks) else []
    return lines[line] if line < len(lines) else None


def of_its_size(box: BBox, span: dict[str, Any], direction: tuple[float, float]) -> BBox:
    """A word's box, its height taken from the font size where the font's own is absurd.

    Cambria carries the extents of its mathematical signs: a line in 11 points was 61 points
    high, neighbouring lines were merged and their words glued (``Art.7º–Sãosímbolos``).

    Args:
        box: Points of the page's own frame.
        span: The word's span, with ``size`` and ``origin`` (the baseline's start).
        direction: Of the line, a unit vector.
    """
    x0, y0, x1, y1 = box
    size, baseline = span["size"], span["origin"][1]
    if y1 - y0 <= _TALLEST * size or abs(direction[1]) > 0.1 or direction[0] < 0:
        return box
    return x0, max(y0, baseline - _ASCENT * size), x1, min(y1, baseline + _DESCENT * size)


def _span_at(spans: Iterable[dict[str, Any]], x: float, y: float) -> int:
    for index, span in enumerate(spans):
        x0, y0, x1, y1 = span["bbox"]
        if x0 <= x <= x1 and y0 <= y <= y1:
            return index
    return 0


def _quarter_turns(direction: tuple[float, float], matrix: Any) -> int:
    dx, dy = direction
    if matrix is not None:
        dx, dy = matrix.a * dx + matrix.c * dy, matrix.b * dx + matrix.d * dy
    if min(abs(dx), abs(dy)) > _ASLANT:
        return _DIAGONAL
    if abs(dx) >= abs(dy):
        return 0 if dx >= 0 else 2
    return 1 if dy > 0 else 3


def _once(words: Sequence[RawWord]) -> Iterator[RawWord]:
    """Words without those printed again over themselves to look bold or shaded."""
    seen: dict[tuple[str, int, int], BBox] = {}
    near = _near_others(words)
    for number, word in enumerate(words):
        if number not in near:
            yield word
            continue
        x, y = word.bbox[0] / _OVERPRINT, word.bbox[1] / _OVERPRINT
        before = seen.get((word.text, round(x), round(y)))
        if before is not None and _overprints(word.bbox, before):
            continue
        for column in {floor(x), ceil(x)}:
            for row in {floor(y), ceil(y)}:
                seen[word.text, column, row] = word.bbox
        yield word


def _near_others(words: Sequence[RawWord]) -> set[int]:
    """Indexes of words as high on the page as another of the same text."""
    printed = Counter(word.text for word in words)
    again = sorted(
        (word.text, word.bbox[1], number)
        for number, word in enumerate(words)
        if printed[word.text] > 1
    )
    near: set[int] = set()
    for (text, top, number), (next_text, next_top, other) in pairwise(again):
        if text == next_text and next_top - top < 2 * _OVERPRINT:
            near |= {number, other}
    return near


def _overprints(one: BBox, other: BBox) -> bool:
    tolerance = 0.3 * min(one[3] - one[1], one[2] - one[0])
    return abs(one[0] - other[0]) < tolerance and abs(one[1] - other[1]) < tolerance
