"""Answers of SQL as text: a table for people, CSV for spreadsheets, JSON for programs.

CSV guards its reader: a text that a spreadsheet would take for a formula (it begins with one
of ``= + - @``, a tab or a carriage return, and is no number) gets an apostrophe before it, as
OWASP advises. Documents come from strangers. JSON and Parquet hold texts exactly.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pdf_extraction.cli.console import Column, shortened, visible

if TYPE_CHECKING:
    import pyarrow as pa

    from pdf_extraction.cli.console import Screen

#: The signs' full-width forms too, which spreadsheets of East Asian locales obey.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
_NEEDS_NO_QUOTES = re.compile(r'[^",\r\n]+')
#: Characters of a cell in a terminal's table, and of a value shown on a line of its own.
_MOST_IN_CELL, _MOST_IN_LINE = 200, 1000
#: Rows in a terminal; more would scroll the first ones away.
MOST_ROWS = 200
#: Narrowest column in which a folded text can be read, in a terminal.
_LEGIBLE = 12


def columns_of(table: pa.Table) -> list[tuple[str, list[Any]]]:
    """Names and values of each column; names may repeat."""
    return [
        (name, column.to_pylist())
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Values row by row."""
    values = [values for _, values in columns_of(table)]
    return list(zip(*values, strict=True)) if values else []


def cell(value: Any) -> str:
    """A value as a person reads it; NULL is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | dict):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it.

    Dates and times are ISO 8601 texts, bytes hexadecimal, decimals numbers where a double
    holds them exactly and texts where not; NaN and infinities, which JSON lacks, are null.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.hex()
    return _dated(value)


def _dated(value: Any) -> Any:
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta | UUID) else value


def as_json(table: pa.Table) -> str:
    """An array with one object a row, each on its line; a repeated name gets a number."""
    names = _distinct(table.column_names)
    lines = [
        json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False)
        for row in rows_of(table)
    ]
    return "[" + ",\n ".join(lines) + "]\n"


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return distinct


def as_csv(table: pa.Table) -> str:
    """RFC 4180 with line feeds; NULL is an empty cell, an empty text a pair of quotes."""
    lines = [table.column_names, *rows_of(table)]
    return "".join(",".join(map(_csv_cell, line)) + "\n" for line in lines)


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal):
        return str(value).lower() if isinstance(value, bool) else str(value)
    text = value if isinstance(value, str) else plain(value)
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    text = guarded(text)
    # By hand: the standard library's writer makes NULL and an empty text the same.
    return text if _NEEDS_NO_QUOTES.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def guarded(text: str) -> str:
    """A text that no spreadsheet calculates."""
    is_formula = _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None
    return f"'{text}" if is_formula else text


def show_table(screen: Screen, table: pa.Table) -> None:
    """Write an answer for a person; a terminal too narrow for it gets a line a value."""
    rows = [[cell(value) for value in row] for row in rows_of(table.slice(0, _limit(screen)))]
    if not screen.is_terminal:
        screen.table(_columns(table), rows)
    elif _fits(screen, table, rows):
        cut = [[shortened(text, _MOST_IN_CELL) for text in row] for row in rows]
        screen.table(_columns(table), cut)
    else:
        _show_records(screen, table.column_names, rows)


def _limit(screen: Screen) -> int | None:
    return MOST_ROWS if screen.is_terminal else None


def _columns(table: pa.Table) -> list[Column]:
    numeric = ("int", "uint", "float", "double", "decimal", "halffloat")
    return [
        Column(
            visible(field.name),
            right=(is_number := str(field.type).startswith(numeric)),
            whole=is_number,
        )
        for field in table.schema
    ]


def _fits(screen: Screen, table: pa.Table, rows: Sequence[Sequence[str]]) -> bool:
    """Whether each column can have its longest word, or a legible width."""
    needed = 0
    for index, name in enumerate(table.column_names):
        longest = max((len(row[index]) for row in rows), default=0)
        needed += max(len(name), min(longest, _LEGIBLE)) + 2
    return needed <= screen.width


def _show_records(screen: Screen, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widest = max(map(len, names))
    for number, row in enumerate(rows, start=1):
        screen.line(f"row {number}", "bold")
        for name, text in zip(names, row, strict=True):
            whole = visible(shortened(text, _MOST_IN_LINE))
            screen.line(f"  {visible(name).ljust(widest)}  {whole}".rstrip())
