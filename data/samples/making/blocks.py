"""From described blocks to set lines: every rule of looks that depends on what a block is.

A set line knows its ink relative to its own top left corner, and to which device it
belongs; where it lands on a page is the business of `flow`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from making.act import Block, Device, Dots, Prose, Rule, Table
from making.canvas import BLACK, LINK_BLUE, Color, text_width
from making.linebreak import MAX_STRETCH, Measured, Style, Word, break_lines, line_width, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

HAIRLINE = 0.75
CELL_PADDING = 4.0


@dataclass(frozen=True, slots=True)
class Ink:
    """A run of text in one font, `x` from the line's left edge."""

    x: float
    text: str
    font: str
    size: float
    color: Color = BLACK
    spacing: float = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled box of the line: a rule, a strike, a cell border."""

    x: float
    y: float
    width: float
    height: float
    color: Color = BLACK


@dataclass(frozen=True, slots=True)
class SetLine:
    """One line ready for the page; `owner` is the index of its device among the blocks."""

    height: float
    before: float = 0
    baseline: float = 0
    inks: tuple[Ink, ...] = ()
    bars: tuple[Bar, ...] = ()
    keep: bool = False
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The look of one publication: a style for each role and for each kind of device."""

    styles: dict[str, Style]
    quote_indent: float = 0
    quote_font: str = ""
    cell: Style = field(default_factory=lambda: Style(font="helv", size=9, leading=15))
    cell_bold: str = "hebo"


def set_block(block: Block, sheet: Sheet, width: float, owner: int) -> list[SetLine]:
    """Set one block; scopes and page breaks have no ink."""
    match block:
        case Device():
            return _set_device(block, sheet, width, owner)
        case Prose():
            style = sheet.styles[block.role]
            return _set_words(words_of(block.text, style), style, width)
        case Dots():
            return _set_dots(block, sheet, width)
        case Table():
            return list(_set_table(block, sheet, width))
        case Rule():
            return [SetLine(height=9, bars=(Bar(0, 5, width, HAIRLINE),), keep=True)]
    return []


def device_style(device: Device, sheet: Sheet) -> Style:
    """Return the style of the device's kind, moved in and slanted inside a quotation."""
    style = sheet.styles[device.kind]
    if not device.quoted:
        return style
    label = style.label_font and (sheet.quote_font or style.label_font)
    return replace(
        style,
        left=style.left + sheet.quote_indent,
        font=sheet.quote_font or style.font,
        label_font=label,
    )


def _set_device(device: Device, sheet: Sheet, width: float, owner: int) -> list[SetLine]:
    style = device_style(device, sheet)
    label = [Word(part, style.label_font or style.font) for part in device.label.split()]
    words = [*label, *words_of(device.text + device.closes, style)]
    if device.omissis:
        words.append(_leader(words, style, width))
    lines = _set_words(words, style, width)
    marked = [replace(line, owner=owner) for line in lines]
    return [_strike(line, style) for line in marked] if device.status == "riscado" else marked


def _set_dots(block: Dots, sheet: Sheet, width: float) -> list[SetLine]:
    style = replace(sheet.styles["item"], left=sheet.quote_indent, first=0, align="left")
    room = width - text_width(block.closes, style.font, style.size)
    dots = _leader([], style, room)
    return _set_words(words_of(dots.text + block.closes, style), style, width)


def _leader(words: list[Word], style: Style, width: float) -> Word:
    """Return as many dots as fill the first line after `words`."""
    taken = line_width([*words, Word("", style.font)], style.size) if words else 0.0
    room = width - style.left - style.right - style.first - taken
    return Word("." * int(room / text_width(".", style.font, style.size) - 1), style.font)


def _set_words(words: list[Word], style: Style, width: float) -> list[SetLine]:
    lines = break_lines(words, style, width)
    return [_set_line(line, style, width, first=index == 0) for index, line in enumerate(lines)]


def _set_line(line: Measured, style: Style, width: float, *, first: bool) -> SetLine:
    indent = style.left + (style.first if first else 0)
    slack = width - indent - style.right - line_width(line.words, style.size)
    blanks = len(line.words) - 1
    spacing = 0.0
    if style.align == "justify" and line.stretch and 0 < slack <= blanks * style.size * MAX_STRETCH:
        spacing = slack / blanks
    share = {"center": 0.5, "right": 1.0}.get(style.align, 0.0)
    baseline = style.leading / 2 + style.size * 0.33
    inks = tuple(_inks(line.words, style.size, indent + slack * share, spacing))
    return SetLine(
        height=style.leading,
        before=style.before if first else 0,
        baseline=baseline,
        inks=inks,
        bars=tuple(_underlines(inks, baseline)),
        keep=style.keep,
    )


def _inks(words: tuple[Word, ...], size: float, x: float, spacing: float) -> Iterator[Ink]:
    """Join neighbours of one look; the blank between two runs belongs to the left one."""
    runs = [list(run) for _, run in groupby(words, key=lambda word: (word.font, word.color))]
    for index, run in enumerate(runs):
        blank = "" if index == len(runs) - 1 else " "
        text = " ".join(word.text for word in run) + blank
        yield Ink(x, text, run[0].font, size, run[0].color, spacing)
        x += text_width(text, run[0].font, size) + spacing * text.count(" ")


def ink_width(ink: Ink) -> float:
    """Printed width without the blank that ends a run."""
    text = ink.text.rstrip()
    return text_width(text, ink.font, ink.size) + ink.spacing * text.count(" ")


def _underlines(inks: tuple[Ink, ...], baseline: float) -> Iterator[Bar]:
    for ink in inks:
        if ink.color == LINK_BLUE:
            yield Bar(ink.x, baseline + 1.2, ink_width(ink), HAIRLINE, LINK_BLUE)


def _strike(line: SetLine, style: Style) -> SetLine:
    """Draw the line through a superseded wording, one box a line as browsers print it."""
    first, last = line.inks[0], line.inks[-1]
    width = last.x + ink_width(last) - first.x
    bar = Bar(first.x, line.baseline - style.size * 0.3, width, HAIRLINE)
    return replace(line, bars=(*line.bars, bar))


def _set_table(table: Table, sheet: Sheet, width: float) -> Iterator[SetLine]:
    total = sum(table.widths)
    columns = [width * share / total for share in table.widths]
    for index, row in enumerate(table.rows):
        name = sheet.cell_bold if index == 0 else sheet.cell.font
        cells = tuple(_cells(row, table, columns, replace(sheet.cell, font=name)))
        height = sheet.cell.leading
        last = index == len(table.rows) - 1
        yield SetLine(
            height=height,
            before=6 if index == 0 else 0,
            baseline=height / 2 + sheet.cell.size * 0.33,
            inks=cells,
            bars=tuple(_grid(columns, height, last=last)),
            keep=not last,
        )


def _cells(row: tuple[str, ...], table: Table, columns: list[float], style: Style) -> Iterator[Ink]:
    left = 0.0
    for text, align, width in zip(row, table.aligns, columns, strict=True):
        slack = width - 2 * CELL_PADDING - text_width(text, style.font, style.size)
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        yield Ink(left + CELL_PADDING + slack * share, text, style.font, style.size)
        left += width


def _grid(columns: list[float], height: float, *, last: bool) -> Iterator[Bar]:
    thin = 0.5
    yield Bar(0, 0, sum(columns), thin)
    if last:
        yield Bar(0, height, sum(columns), thin)
    for index in range(len(columns) + 1):
        yield Bar(sum(columns[:index]), 0, thin, height + thin)
