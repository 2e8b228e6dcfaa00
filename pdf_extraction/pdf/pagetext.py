"""Words with places -> a page's text in reading order; pure, for text layers and OCR alike.

No library and no page here: ``textlayer`` and ``ocr`` bring the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pdf_extraction.model import BBox, PageText, TextSource
from pdf_extraction.pdf.reading_order import Box, reading_lines
from pdf_extraction.words import PackedWords, pack

_SOFT_HYPHEN = "\u00ad"
#: Controls, formats (zero-width blanks, direction marks) and lone surrogates never print.
_UNPRINTED = frozenset({"Cc", "Cf", "Cs"})
#: Word boxes closer than this share of their height are parts of one word ("1" and a raised
#: "o" set in another font).
_TOUCHING = 0.08
_FIRST_RTL = "\u0590"
_MAYBE_RTL = re.compile(f"[{_FIRST_RTL}-\U0010ffff]")


class RawWord(NamedTuple):
    """A word in points of the displayed page, before it has its place in the text.

    Attributes:
        text: As the source gave it.
        bbox: Points, origin top left of the displayed page.
        run: Words of one run were found together as a line.
        size: Font size in points; 0 where unknown.
        bold: Whether the font says bold.
        visible: False for text drawn without fill or stroke.
        turn: Quarter turns clockwise that the text stands rotated by; 4 for text aslant.
        colour: sRGB as 0xRRGGBB; black where unknown.
        struck: Whether a drawn line strikes it through.
        confidence: OCR confidence 0-1.
    """

    text: str
    bbox: BBox
    run: int
    size: float = 0.0
    bold: bool = False
    visible: bool = True
    turn: int = 0
    colour: int = 0
    struck: bool = False
    confidence: float | None = None


def compose(
    words: Sequence[RawWord],
    width: float,
    height: float,
    source: TextSource,
    *,
    rules: Iterable[BBox] = (),
    engine: str = "",
) -> PageText:
    """Page text of words, in reading order.

    Text that stands turned against most of the page (stamps along the margin) comes last.

    Args:
        words: In the source's order.
        width: Displayed width in points.
        height: Displayed height in points.
        source: Where the words come from.
        rules: Drawn horizontal lines, in points.
        engine: OCR engine.
    """
    by_turn: dict[int, list[RawWord]] = defaultdict(list)
    for word in words:
        by_turn[word.turn].append(word)
    writer = _Writer(width, height)
    for turn, group in sorted(by_turn.items(), key=lambda item: -len(item[1])):
        placed = [_upright(word.bbox, turn, width, height) if turn else word.bbox for word in group]
        boxes = [Box(*box, word.run) for box, word in zip(placed, group, strict=True)]
        page_height = width if turn % 2 else height
        for line in reading_lines(boxes, page_height, () if turn else rules):
            writer.line([(group[index], boxes[index]) for index in line])
    return PageText(source, writer.text, writer.words, engine)


def _upright(bbox: BBox, turn: int, width: float, height: float) -> BBox:
    """The box in a frame in which text of this turn runs left to right."""
    x0, y0, x1, y1 = bbox
    if turn == 1:
        return y0, width - x1, y1, width - x0
    if turn == 2:
        return width - x1, height - y1, width - x0, height - y0
    if turn == 3:
        return height - y1, x0, height - y0, x1
    return bbox


class _Writer:
    """Writes lines one after another and keeps each word's offsets."""

    def __init__(self, width: float, height: float) -> None:
        self._lines: list[str] = []
        # As bytes, since they leave for another process: most pages look at none again.
        self._packed: list[bytes] = []
        self._end = -1
        self._width = width or 1.0
        self._height = height or 1.0

    @property
    def text(self) -> str:
        return "\n".join(self._lines)

    @property
    def words(self) -> PackedWords:
        return PackedWords(b"".join(self._packed))

    def line(self, members: list[tuple[RawWord, Box]]) -> None:
        is_plain = _is_plain("".join([raw.text for raw, _ in members]))
        tokens = _joined(members if is_plain else _read(members))
        words = [(raw.text, raw) for raw, _ in tokens] if is_plain else _cleaned(tokens)
        if words:
            for text, raw in words:
                self._put(text, raw)
            self._lines.append(" ".join([text for text, _ in words]))

    def _put(self, text: str, raw: RawWord) -> None:
        start = self._end + 1  # past a blank or a line feed
        self._end = end = start + len(text)
        place, line = self._fraction(raw.bbox), len(self._lines)
        self._packed.append(
            pack(start, end, place, line, raw.size, raw.bold, raw.struck, raw.confidence)
        )

    def _fraction(self, bbox: BBox) -> BBox:
        x0, y0, x1, y1 = bbox
        width, height = self._width, self._height
        if 0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height:  # nearly every word
            return x0 / width, y0 / height, x1 / width, y1 / height
        return (
            min(max(x0 / width, 0.0), 1.0),
            min(max(y0 / height, 0.0), 1.0),
            min(max(x1 / width, 0.0), 1.0),
            min(max(y1 / height, 0.0), 1.0),
        )


def _is_plain(text: str) -> bool:
    """Whether words are taken as they are: no blanks in them, all printed and left to right."""
    if " " in text or not text.isprintable():
        return False
    if text.isascii():
        return True
    return _MAYBE_RTL.search(text) is None and unicodedata.is_normalized("NFC", text)


def _read(members: list[tuple[RawWord, Box]]) -> list[tuple[RawWord, Box]]:
    """Words of a line without blanks in them, in the order in which they are read."""
    tokens = [token for raw, box in members for token in _tokens(raw, box)]
    return tokens[::-1] if tokens and _reads_leftwards(tokens) else tokens


def _tokens(raw: RawWord, box: Box) -> list[tuple[RawWord, Box]]:
    """The word, or its parts where the source left blanks inside."""
    parts = raw.text.split()
    if len(parts) == 1:
        return [(raw, box)]
    return [(raw._replace(text=part), box) for part in parts]


def _joined(tokens: list[tuple[RawWord, Box]]) -> list[tuple[RawWord, Box]]:
    """Tokens with those that touch across two runs made one."""
    if len({raw.run for raw, _ in tokens}) == 1:
        return tokens
    joined: list[tuple[RawWord, Box]] = []
    for raw, box in tokens:
        if joined and joined[-1][0].run != raw.run and _touch(joined[-1][1], box):
            before, place = joined[-1]
            bbox = tuple(f(a, b) for f, a, b in zip(_OUTER, before.bbox, raw.bbox, strict=True))
            x0, y0, x1, y1 = bbox
            whole = before._replace(text=before.text + raw.text, bbox=(x0, y0, x1, y1))
            joined[-1] = whole, place._replace(x1=box.x1)
        else:
            joined.append((raw, box))
    return joined


_OUTER = (min, min, max, max)


def _touch(left: Box, right: Box) -> bool:
    height = min(left.y1 - left.y0, right.y1 - right.y0)
    return -0.3 * height < right.x0 - left.x1 < _TOUCHING * height


def _cleaned(tokens: list[tuple[RawWord, Box]]) -> list[tuple[str, RawWord]]:
    """What is printed of each word, without those of which nothing is."""
    last = len(tokens) - 1
    found = [(_printed(raw.text, ends_line=n == last), raw) for n, (raw, _) in enumerate(tokens)]
    return [(text, raw) for text, raw in found if text]


def _printed(text: str, *, ends_line: bool) -> str:
    if ends_line and text.endswith(_SOFT_HYPHEN):
        text = text[:-1] + "-"
    text = unicodedata.normalize("NFC", text)
    if text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in _UNPRINTED)


def _reads_leftwards(tokens: list[tuple[RawWord, Box]]) -> bool:
    rtl = sum(
        unicodedata.bidirectional(raw.text[0]) in {"R", "AL"}
        for raw, _ in tokens
        if max(raw.text) >= _FIRST_RTL
    )
    return rtl > len(tokens) / 2
