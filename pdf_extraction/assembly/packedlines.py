"""The lines of a long document: those of a few pages as objects, all others as bytes.

As objects the lines of a dense page are 30 KB, as bytes 2.5 KB. No line is made or judged here.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from struct import Struct
from typing import NamedTuple, overload

from pdf_extraction.assembly.layout import FlowLine, page_flow
from pdf_extraction.model import GroundedPage
from pdf_extraction.remade import HELD, ByNumber, Remade

_NUMBER, _UNMASKED = re.compile(r"\d+"), re.compile(r"[^a-z#]+")
#: start, end in the page's text; box, size, gap; flags.
_LAYOUT = Struct("<2i6dB")
_BOLD, _SHORT, _INDENTED, _COLUMN = 1, 2, 4, 8
#: Pages whose lines are objects at a time: what a device reaches over, and what follows it.
_HELD_PAGES = 16


def flow(pages: Sequence[GroundedPage], text: str) -> Sequence[FlowLine]:
    """Every line of every page, in order, with canonical offsets; ``text`` is canonical."""
    by_page = (
        (page.outcome.page.page_number, page.canonical_start, page.outcome.page.text)
        for page in pages
    )
    made = ((page_flow(own, number, start), number, start) for number, start, own in by_page)
    if len(pages) <= HELD:
        return [line for lines, _, _ in made for line in lines]
    packed = PackedLines(text)
    for lines, number, start in made:
        packed.add(lines, number, start)
    return packed


def by_page(lines: Sequence[FlowLine]) -> Mapping[int, Sequence[FlowLine]]:
    """The lines of each page that has any, by its number, in order."""
    if isinstance(lines, PackedLines):
        return lines.pages
    found: dict[int, list[FlowLine]] = {}
    for line in lines:
        found.setdefault(line.page, []).append(line)
    return found


class Masks:
    """What lines have in common with others that differ from them by numbers and accents alone.

    Attributes:
        hashes: Of each line's letters: those of a dense page are 4 KB, and few lines repeat.
        lengths: How many letters those are.
    """

    def __init__(self) -> None:
        self.hashes, self.lengths = array("q"), array("l")

    def add(self, text: str) -> None:
        """Take the next line's letters, from ``masked``."""
        self.hashes.append(hash(text))
        self.lengths.append(len(text))


def masks_of(lines: Sequence[FlowLine], *, again: bool) -> Masks:
    """Of each line.

    Args:
        lines: The flow.
        again: They will be asked about another time.
    """
    if isinstance(lines, PackedLines):
        return lines.masks
    found = Masks()
    for line in lines:
        text = line.masked or masked(line.text)
        if again:
            line.masked = text
        found.add(text)
    return found


def masked(text: str) -> str:
    """Letters folded, digits masked; what two heads of one document have in common."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return _UNMASKED.sub("", _NUMBER.sub("#", folded))


class _Page(NamedTuple):
    """A page's lines but for what is left out of them."""

    number: int
    offset: int
    ocr: bool
    height: float
    columns: Sequence[tuple[float, float]]
    lines: bytes


class PackedLines(Sequence[FlowLine]):
    """Lines in canonical order.

    Whoever sets a line's ``skip`` does so while its page is among the last that were looked at.

    Args:
        text: Canonical text.

    Attributes:
        masks: Of each line.
        ends: Of each line its end.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.masks, self.ends = Masks(), array("q")
        self._packed: list[_Page] = []
        self._firsts = [0]
        self._skips: dict[int, list[str]] = {}
        self._held: OrderedDict[int, list[FlowLine]] = OrderedDict()
        self._first, self._here = 0, list[FlowLine]()

    def add(self, lines: Sequence[FlowLine], number: int, offset: int) -> None:
        """Take the lines of the next page.

        Args:
            lines: Of the flow, none left out yet but line numbers.
            number: Of the page, from 1.
            offset: Where its text starts in the canonical text.
        """
        columns = list(dict.fromkeys(line.column for line in lines))
        places = {column: place for place, column in enumerate(columns)}
        packed = b"".join(
            _LAYOUT.pack(
                line.start - offset,
                line.end - offset,
                *line.bbox,
                line.size,
                line.gap,
                line.bold * _BOLD
                + line.short * _SHORT
                + line.indented * _INDENTED
                + places[line.column] * _COLUMN,
            )
            for line in lines
        )
        for line in lines:
            self.masks.add(masked(line.text))
            self.ends.append(line.end)
        ocr, height = (lines[0].ocr, lines[0].height) if lines else (False, 0.0)
        self._keep_skips(len(self._packed), lines)
        self._packed.append(_Page(number, offset, ocr, height, columns, packed))
        self._firsts.append(self._firsts[-1] + len(lines))

    @property
    def pages(self) -> Mapping[int, Sequence[FlowLine]]:
        """The lines of each page that has any, by its number."""
        places = [place for place, page in enumerate(self._packed) if page.lines]
        numbers = [self._packed[place].number for place in places]
        return ByNumber(numbers, Remade(len(places), lambda at: self.of(places[at])))

    def __len__(self) -> int:
        return self._firsts[-1]

    def __iter__(self) -> Iterator[FlowLine]:
        for place in range(len(self._packed)):
            yield from self.of(place)

    @overload
    def __getitem__(self, index: int) -> FlowLine: ...
    @overload
    def __getitem__(self, index: slice) -> list[FlowLine]: ...
    def __getitem__(self, index: int | slice) -> FlowLine | list[FlowLine]:
        if isinstance(index, slice):
            return self._some(range(len(self))[index])
        if not 0 <= (at := index - self._first) < len(self._here):
            index = range(len(self))[index]
            place = self._place(index)
            self._first, self._here = self._firsts[place], self.of(place)
            at = index - self._first
        return self._here[at]

    def _some(self, places: range) -> list[FlowLine]:
        if places.step != 1:
            return [self[place] for place in places]
        found: list[FlowLine] = []
        start = places.start
        while start < places.stop:
            page = self._place(start)
            first = self._firsts[page]
            found += self.of(page)[start - first : places.stop - first]
            start = self._firsts[page + 1]
        return found

    def _place(self, index: int) -> int:
        return bisect_right(self._firsts, index) - 1

    def of(self, place: int) -> list[FlowLine]:
        """Lines of the page of a place, from 0."""
        held = self._held
        if (lines := held.get(place)) is not None:
            held.move_to_end(place)
            return lines
        if len(held) >= _HELD_PAGES:
            old, gone = held.popitem(last=False)
            self._keep_skips(old, gone)
            if gone is self._here:
                self._here = []
        lines = held[place] = self._made(place)
        return lines

    def _keep_skips(self, place: int, lines: Sequence[FlowLine]) -> None:
        skips = [line.skip for line in lines]
        if any(skips):
            self._skips[place] = skips

    def _made(self, place: int) -> list[FlowLine]:
        number, offset, ocr, height, columns, packed = self._packed[place]
        text = self._text
        lines = [
            FlowLine(
                number,
                offset + start,
                offset + end,
                text[offset + start : offset + end],
                (x0, y0, x1, y1),
                size,
                flags & _BOLD > 0,
                ocr,
                columns[flags // _COLUMN],
                height,
                "",
                flags & _SHORT > 0,
                flags & _INDENTED > 0,
                gap,
            )
            for start, end, x0, y0, x1, y1, size, gap, flags in _LAYOUT.iter_unpack(packed)
        ]
        if (skips := self._skips.get(place)) is not None:
            for line, skip in zip(lines, skips, strict=True):
                line.skip = skip
        return lines


class LineIndex:
    """Finds the line of a canonical offset.

    Args:
        lines: In canonical order.
    """

    def __init__(self, lines: Sequence[FlowLine]) -> None:
        self._ends: Sequence[int]
        self._ends = lines.ends if isinstance(lines, PackedLines) else [line.end for line in lines]

    def at(self, offset: int) -> int:
        """Index of the line that holds ``offset``, or of the next one."""
        return min(bisect_left(self._ends, offset + 1), len(self._ends) - 1)
