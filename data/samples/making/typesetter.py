"""One described document to one PDF in memory, with the pages of each device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from making.act import Block, Device, PageBreak
from making.blocks import SetLine, Sheet, set_block
from making.canvas import A4, Canvas, to_document
from making.flow import Composer, Geometry

if TYPE_CHECKING:
    from making.mupdf import Pdf

# Draws what repeats on a page: canvas, page number from 1, number of pages.
Furniture = Callable[[Canvas, int, int], None]


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks that share a number of columns; a new section breaks the columns."""

    blocks: tuple[Block, ...]
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Trap:
    """A promise of the sample: some line of that page matches the pattern."""

    page: int
    pattern: str


@dataclass(frozen=True, slots=True)
class Document:
    """All that makes one sample: words, looks, and what it promises to show.

    `crossings` is the least number of devices that run over a page break.
    """

    name: str
    title: str
    sheet: Sheet
    geometry: Geometry
    furniture: Furniture
    sections: tuple[Section, ...]
    page_count: int
    crossings: int = 0
    traps: tuple[Trap, ...] = ()
    author: str = "Município de Brejo Alto"

    @property
    def blocks(self) -> list[Block]:
        """All blocks in reading order."""
        return [block for section in self.sections for block in section.blocks]


@dataclass(frozen=True, slots=True)
class Printed:
    """The outcome: the file, and for each device's index among the blocks its pages.

    `boxes` are those of a device's lines in the column where it begins, as fractions of the page.
    """

    pdf: Pdf
    pages: dict[int, tuple[int, int]] = field(default_factory=dict)
    boxes: dict[int, list[float]] = field(default_factory=dict)


def typeset(document: Document) -> Printed:
    """Set a document; the number of pages must be the promised one."""
    composer = Composer(document.geometry)
    offset = 0
    for section in document.sections:
        _set_section(composer, section, document, offset)
        offset += len(section.blocks)
    total = len(composer.pages)
    if total != document.page_count:
        raise ValueError(f"{document.name}: {total} pages instead of {document.page_count}")
    for number, canvas in enumerate(composer.pages, start=1):
        document.furniture(canvas, number, total)
    pdf = to_document(composer.pages, document.title, document.author)
    width, height = A4
    boxes = {
        owner: [round(x0 / width, 4), round(y0 / height, 4), round(x1 / width, 4),
                round(y1 / height, 4)]
        for owner, (_, (x0, y0, x1, y1)) in composer.boxes.items()
    }  # fmt: skip
    pages = {owner: (min(p), max(p)) for owner, p in composer.owners.items()}
    return Printed(pdf, pages, boxes)


def _set_section(composer: Composer, section: Section, document: Document, offset: int) -> None:
    width = document.geometry.width(section.columns)
    lines: list[SetLine] = []
    for index, block in enumerate(section.blocks, start=offset):
        if isinstance(block, PageBreak):
            composer.add(lines, section.columns)
            composer.new_page()
            lines = []
        lines += set_block(block, document.sheet, width, index)
    composer.add(lines, section.columns)


def devices_of(document: Document) -> list[tuple[int, Device]]:
    """The devices with their index among the blocks."""
    return [(i, block) for i, block in enumerate(document.blocks) if isinstance(block, Device)]
