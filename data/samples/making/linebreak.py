"""From styled text to lines of measured words; knows nothing of pages or of acts."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from making.canvas import BLACK, LINK_BLUE, Color, text_width
from making.hyphens import hard_breaks, syllable_breaks

# What a consolidated act adds to a wording; official sites print it as a link.
NOTE = re.compile(r"\((?:Redação dada|Incluíd[oa]|Revogad[oa]|Vide) [^)]*\)")
FORCED = "\n"
# Past this share of the size a justified line has holes; it is left ragged instead.
MAX_STRETCH = 0.9


@dataclass(frozen=True, slots=True)
class Style:
    """How one role is set; lengths in points."""

    font: str = "tiro"
    size: float = 11
    leading: float = 14
    align: Literal["justify", "left", "center", "right"] = "justify"
    first: float = 0
    left: float = 0
    right: float = 0
    before: float = 0
    keep: bool = False
    label_font: str = ""
    bold: str = "tibo"
    links: bool = False
    hyphen: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A run without blanks in one font and colour."""

    text: str
    font: str
    color: Color = BLACK


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: its words, and whether it is to be stretched to the margin."""

    words: tuple[Word, ...]
    stretch: bool


def words_of(text: str, style: Style) -> list[Word]:
    """Cut text at blanks, giving bold marks and editorial notes their own look."""
    words: list[Word] = []
    for piece, bold in _bold_runs(text):
        words += _linked(piece, style.bold if bold else style.font, links=style.links)
    return words


def break_lines(words: list[Word], style: Style, width: float) -> list[Measured]:
    """Fill lines greedily, hyphenating where the style allows it."""
    queue = deque(words)
    lines: list[Measured] = []
    room = width - style.left - style.right
    while queue:
        indent = style.first if not lines else 0.0
        line, stretch = _fill(queue, style, room - indent)
        lines.append(Measured(tuple(line), stretch))
    return lines


def line_width(words: tuple[Word, ...] | list[Word], size: float) -> float:
    """Width of the words with natural blanks."""
    if not words:
        return 0.0
    blanks = sum(text_width(" ", word.font, size) for word in words[:-1])
    return blanks + sum(text_width(word.text, word.font, size) for word in words)


def _bold_runs(text: str) -> list[tuple[str, bool]]:
    return [(piece, index % 2 == 1) for index, piece in enumerate(text.split("*")) if piece]


def _linked(text: str, name: str, *, links: bool) -> list[Word]:
    spans = [m.span() for m in NOTE.finditer(text)] if links else []
    words = []
    for match in re.finditer(r"\n|[^ \n]+", text):
        linked = any(start <= match.start() < end for start, end in spans)
        words.append(Word(match.group(), name, LINK_BLUE if linked else BLACK))
    return words


def _fill(queue: deque[Word], style: Style, room: float) -> tuple[list[Word], bool]:
    """Take the words of one line from the queue; say whether it was filled."""
    line: list[Word] = []
    while queue:
        word = queue.popleft()
        if word.text == FORCED:
            return line, True
        if line_width([*line, word], style.size) <= room:
            line.append(word)
            continue
        head, tail = _split(line, word, style, room)
        line += head
        queue.appendleft(tail)
        return line, True
    return line, False


def _split(line: list[Word], word: Word, style: Style, room: float) -> tuple[list[Word], Word]:
    """Break `word` as late as still fits; hand it on whole where nothing fits."""
    for cut, hyphen in _cuts(word.text, style.hyphen):
        head = replace(word, text=word.text[:cut] + hyphen)
        if line_width([*line, head], style.size) <= room:
            return [head], replace(word, text=word.text[cut:])
    if not line:
        raise ValueError(f"no room for {word.text!r} in {room:.0f} pt")
    return [], word


def _cuts(text: str, hyphen: str) -> list[tuple[int, str]]:
    """Where the word may end a line, latest first, and what is printed there."""
    cuts = [(cut, "") for cut in hard_breaks(text)]
    if hyphen:
        cuts += [(cut, hyphen) for cut in syllable_breaks(text)]
    return sorted(cuts, reverse=True)
