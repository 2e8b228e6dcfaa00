"""Words on a terminal or in a pipe. Nothing here knows a command or opens a data folder.

A terminal gets tables that fit its width. A pipe gets plain lines, whole: no colour, no
frames, nothing cut. Texts of documents are data: whatever a terminal would obey is shown as
an escape instead.
"""

from __future__ import annotations

import os
import sys
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

#: Characters that a terminal obeys (C0, C1), or that reorder or hide what stands beside them.
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
#: Characters after which a pipe's column no longer waits for its longest cell.
_WIDEST_PAD = 60
_ITEM = "  "
Style = Literal["", "bold", "dim", "red", "yellow", "green", "cyan"]

_STATUS_STYLES: dict[str, Style] = {
    "done": "green",
    "ok": "green",
    "passed": "green",
    "blank": "dim",
    "partial": "yellow",
    "warning": "yellow",
    "waiting": "yellow",
    "failed": "red",
}


@dataclass(frozen=True)
class Column:
    """A column of a printed table.

    Attributes:
        title: Its head.
        right: Whether cells stand at its right end, as numbers do.
        whole: Whether a terminal may neither fold nor cut its cells.
        is_cut: Whether a terminal cuts its cells to one line rather than folding them.
    """

    title: str
    right: bool = False
    whole: bool = False
    is_cut: bool = False


def visible(value: object) -> str:
    """A value as one line that no terminal obeys."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(_NAMED_ESCAPES.get(char) or _shown(char) for char in text)


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _OBEYED:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def shortened(text: str, most: int) -> str:
    """At most so many characters of a text, with an ellipsis where it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def counted(number: int, noun: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def usd(amount: float) -> str:
    """Money, with the cents' parts that single calls cost."""
    return f"{amount:,.2f}" if amount == 0 or amount >= 1 else f"{amount:.4f}"


def ratio(value: float | None) -> str:
    """A share or confidence; a dash for NULL."""
    return "-" if value is None else f"{value:.2f}"


class Screen:
    """One stream that a person or a program reads.

    Args:
        stream: Where to; whether it is a terminal is looked up once.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.has_colour = self.is_terminal and not (
            os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        )

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return self.console.width if self.is_terminal else 80

    def line(self, text: str = "", style: Style = "") -> None:
        """Write a line; ``text`` is our own words or went through ``visible``."""
        click.echo(self.styled(text, style), file=self.stream, color=self.is_terminal or None)

    def styled(self, text: str, style: Style) -> str:
        """The text in a colour, where the terminal has any."""
        if not style or not self.has_colour:
            return text
        if style in {"bold", "dim"}:
            return click.style(text, bold=style == "bold" or None, dim=style == "dim" or None)
        return click.style(text, fg=style)

    def item(self, text: str, style: Style = "") -> None:
        """Write a line of a list; in a terminal its further lines stand under the first."""
        lines = [text]
        if self.is_terminal:
            room = max(20, self.width - len(_ITEM))
            lines = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        for line in lines:
            self.line(f"{_ITEM}{line}", style)

    def heading(self, text: str) -> None:
        """Write a line that begins a part."""
        self.line()
        self.line(text, "bold")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> None:
        """Write rows under their columns; cells are made visible here."""
        cells = [[visible(cell) for cell in row] for row in rows]
        if self.is_terminal:
            self._rich_table(columns, cells)
        else:
            self._plain_table(columns, cells)

    def _plain_table(self, columns: Sequence[Column], rows: list[list[str]]) -> None:
        lines = [[column.title for column in columns], *rows]
        widths = [
            min(_WIDEST_PAD, max(len(line[index]) for line in lines))
            for index in range(len(columns))
        ]
        for line in lines:
            padded = [
                cell.rjust(width) if column.right else cell.ljust(width)
                for cell, column, width in zip(line, columns, widths, strict=True)
            ]
            click.echo("  ".join(padded).rstrip(), file=self.stream)

    def _rich_table(self, columns: Sequence[Column], rows: list[list[str]]) -> None:
        from rich import box  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1))
        for column in columns:
            table.add_column(
                Text(column.title),
                justify="right" if column.right else "left",
                no_wrap=column.whole,
                overflow="fold",
            )
        for row in rows:
            cells = [
                Text(
                    cell,
                    style=_STATUS_STYLES.get(cell, ""),
                    no_wrap=column.is_cut or None,
                    overflow="ellipsis" if column.is_cut else None,
                )
                for cell, column in zip(row, columns, strict=True)
            ]
            table.add_row(*cells)
        self.console.print(table)

    @property
    def console(self) -> Console:
        """A Rich console on the stream, for terminals."""
        from rich.console import Console  # noqa: PLC0415

        return Console(
            file=self.stream,
            highlight=False,
            markup=False,
            emoji=False,
            color_system="auto" if self.has_colour else None,
        )


def out() -> Screen:
    """Standard output: results."""
    return Screen(sys.stdout)


def err() -> Screen:
    """Standard error: progress, hints and errors."""
    return Screen(sys.stderr)
