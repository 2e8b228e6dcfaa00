"""How far each device's printed text reaches: from its label to where something else begins.

Spans are canonical; furniture inside a device is a hole between two spans. What ends a
device before the next label does: a heading, an annex, an act, a closing line, the end of a
quoted block, or a paragraph that does not look like running text (signatures, tables).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pdf_extraction.assembly.candidates import closes_quote
from pdf_extraction.assembly.headings import is_ended, is_heading_line, is_upper
from pdf_extraction.assembly.layout import FlowLine

#: Several devices in one line, such as ``Arts. 2º a 4º (Revogados).``
_RANGE = re.compile(r"^(?:Arts\.|§§)\s*\d.{0,60}\(\s*(?:Revogad|VETAD|Vetad)")
#: Lines that Planalto prints by themselves after a device and that belong to its text.
_NOTES = re.compile(
    r"^(?:\(|Vig[êe]ncia\b|Vide\b|Regulamento\b|Pena\b|Produ[çc][ãa]o de efeitos?\b)",
    re.IGNORECASE,
)

#: Lines past the last one of a device that are looked at for what follows it.
LOOKED_AHEAD = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of one printed line that belongs to a device, in canonical offsets."""

    line: int
    start: int
    end: int


def device_pieces(
    lines: Sequence[FlowLine], first: int, start: int, stop: int, *, quoted: bool
) -> list[Piece]:
    """Parts of lines from a label to where its device ends.

    Args:
        lines: The flow.
        first: Index of the label's line.
        start: Canonical offset of the label.
        stop: Canonical offset of the next device's label, or the text's end.
        quoted: The device stands in a quoted block, which its closing quote ends.
    """
    above = lines[first]
    pieces = [Piece(first, start, min(above.end, stop))]
    index = first + 1
    while index < len(lines) and lines[index].start < stop:
        line = lines[index]
        if line.skip == "unread":
            break
        if not line.skip:
            if quoted and closes_quote(lines[pieces[-1].line].text):
                break
            if not _goes_on(lines, above, index, stop):
                break
            pieces.append(Piece(index, line.start, min(line.end, stop)))
            above = line
        index += 1
    return pieces


def merge_pieces(pieces: Sequence[Piece], text: str) -> list[tuple[int, int]]:
    """Spans of the pieces: neighbours joined, holes left out.

    A span before a hole keeps its line feed, so that the concatenation of the spans does
    not glue words of two pages.
    """
    spans: list[list[int]] = []
    for piece in pieces:
        if spans and not text[spans[-1][1] : piece.start].strip():
            spans[-1][1] = piece.end
        else:
            if spans and text[spans[-1][1] : spans[-1][1] + 1] == "\n":
                spans[-1][1] += 1
            spans.append([piece.start, piece.end])
    # A label in the middle of a line leaves the blank before it to nobody.
    start, end = spans[-1]
    spans[-1][1] = start + len(text[start:end].rstrip())
    return [(start, end) for start, end in spans]


def _goes_on(lines: Sequence[FlowLine], above: FlowLine, index: int, stop: int) -> bool:
    line = lines[index]
    opens_block = above.text.endswith(":") and line.text[:1] in '"“«„'
    if is_heading_line(line, above) or (_RANGE.match(line.text) and is_ended(above.text)):
        return False
    if not is_ended(above.text):
        return not (is_upper(line.text) and line.centred and line.short and above.short)
    same_column = line.page == above.page and line.column == above.column
    far = same_column and line.gap > 2.2 and above.text.endswith(".")
    if opens_block or (line.text[:1].islower() and not far) or _NOTES.match(line.text):
        return not opens_block
    if above.short or (same_column and line.gap > 2.2):
        return _is_body(lines, line, index, stop)
    return not (is_upper(line.text) and line.centred)


def _is_body(lines: Sequence[FlowLine], line: FlowLine, index: int, stop: int) -> bool:
    """A further paragraph of the device: it reads as running text, and a device follows it."""
    if is_upper(line.text) or (line.centred and line.short):
        return False
    coming = lines[index + 1 : index + LOOKED_AHEAD]
    following = next((other for other in coming if not other.skip), None)
    runs_on = not line.short or (is_ended(line.text) and len(line.text) > 25)
    return runs_on and following is not None and stop < lines[-1].end and not line.bold
