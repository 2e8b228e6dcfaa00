"""Rows and texts as Markdown for Dagster's UI. No document's text may become markup.

Texts go into code spans, where nothing is markup: entities would be decoded and a later
pass of the UI's renderer turns decoded addresses into links.
"""

import base64
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_MOST_CHARACTERS = 160
_MOST_COLUMNS = 8


def code(value: object, most: int = _MOST_CHARACTERS) -> str:
    """A value as a code span: one line, cut after ``most`` characters."""
    if value is None:
        return ""
    whole = str(value)
    if whole.isalnum() and len(whole) <= most:  # most cells: nothing in them means anything
        return f"`{whole}`"
    # A page has thousands of characters and its cell shows the first: the rest is only looked
    # at where these are mostly blanks.
    start = whole[: 4 * most]
    text = _one_line(start)
    if len(text) <= most and len(start) < len(whole):
        text = _one_line(whole)
    text = text[: most - 1] + "…" if len(text) > most else text
    return f"`{text}`" if text else ""


def _one_line(text: str) -> str:
    return " ".join(text.translate(_PLAIN).split())


class _Plain(dict[int, str]):
    """What stands for a character, by code point; each is looked up once."""

    def __missing__(self, point: int) -> str:
        character = chr(point)
        # Control and format characters would reorder or hide what stands beside them.
        hides = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}
        self[point] = " " if hides else character
        return self[point]


_PLAIN = _Plain({ord("`"): "'", ord("|"): "¦"})


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    """Rows as a table; a sentence where there are none."""
    if not rows:
        return "no rows"
    names = list(columns or rows[0])[:_MOST_COLUMNS]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(code(row.get(name)) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def picture(data: bytes, media_type: str, title: str) -> str:
    """A small picture inside the text itself; there is no place to serve a file from."""
    return f"![{title}](data:{media_type};base64,{base64.b64encode(data).decode('ascii')})"
