"""Answers that stop before their end: what of one is whole, and how its rest is put to it.

Lists stop at row 44 of 120, by the token limit or by the model's own mood. No page is looked
at here but for the lines that a list may have left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pdf_extraction.errors import Malformed
from pdf_extraction.model import ANSWER_SEPARATOR
from pdf_extraction.profiles.user_model.cells import Cell, Tree
from pdf_extraction.profiles.user_model.shape import Group
from pdf_extraction.repair import parse_object, without_thinking

_MARKS = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]', re.DOTALL)


def split(text: str) -> list[str]:
    """The answers about one page."""
    return text.split(ANSWER_SEPARATOR)


def read_part(text: str, page_number: int, names: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """An answer's object and whether it was cut; what the cut may have touched is left out.

    Args:
        text: One answer.
        page_number: Page asked about, from 1.
        names: Fields of the model; an object with none of them is not the answer.

    Raises:
        OutputError: There is no object in it.
    """
    cut = is_cut(text)
    found = _unwrapped(parse_object(text, page_number, takes_cut=True), names)
    if not set(found) & set(names):
        asked = ", ".join(names[:8])
        raise Malformed(f"The answer's object has none of the asked fields ({asked}, ...).")
    return (_without_end(found) if cut else found), cut


def _unwrapped(found: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The object itself where it stands within another, as in ``{"invoice": {...}}``."""
    if set(found) & set(names):
        return found
    inner = [value for value in found.values() if isinstance(value, dict)]
    return next((one for one in inner if set(one) & set(names)), found)


def is_cut(text: str) -> bool:
    """Whether the answer's first object has no end."""
    text = without_thinking(text)
    start = text.find("{")
    if start < 0:
        return False
    depth = 0
    for mark in _MARKS.findall(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark, 0)
        if depth == 0:
            return False
        if mark[0] == '"' and (len(mark) == 1 or mark[-1] != '"'):
            return True  # a text without its end
    return True


def _without_end(found: Any) -> Any:
    """Without the last thing that was written: it may lack its end."""
    if isinstance(found, dict) and found:
        last = next(reversed(found))
        rest = {key: value for key, value in found.items() if key != last}
        inner = found[last]
        if isinstance(inner, list) and inner:
            return {**rest, last: inner[:-1]}
        if isinstance(inner, dict) and inner:
            return {**rest, last: _without_end(inner)}
        return rest
    return found


def appended(group: Group, earlier: Tree, later: Tree) -> Tree:
    """Two answers about one page as one: the first value of each field, lists one after another."""
    return {
        one.name: _appended(one.node, earlier.get(one.name), later.get(one.name))
        for one in group.fields
    }


def _appended(node: Any, earlier: Any, later: Any) -> Any:
    if isinstance(earlier, list) or isinstance(later, list):
        first, second = earlier or [], later or []
        return [*first, *second[overlap(first, second) :]]
    if isinstance(earlier, Cell):
        is_empty = earlier.value is None and not earlier.error
        return later if is_empty and isinstance(later, Cell) else earlier
    if earlier is None or later is None:
        return later if earlier is None else earlier
    return appended(node, earlier, later) if isinstance(node, Group) else earlier


def overlap(first: Sequence[Any], second: Sequence[Any]) -> int:
    """How many items at the beginning of ``second`` are those at the end of ``first``."""
    ends, begins = [signature(item) for item in first], [signature(item) for item in second]
    for count in range(min(len(ends), len(begins)), 0, -1):
        if ends[-count:] == begins[:count]:
            return count
    return 0


def signature(found: Any) -> Any:
    """What two items have in common that are the same one."""
    if isinstance(found, Cell):
        value = found.value if found.value is not None else found.text
        return " ".join(value.split()).casefold() if isinstance(value, str) else repr(value)
    if isinstance(found, Mapping):
        return tuple(sorted((name, signature(value)) for name, value in found.items() if value))
    if isinstance(found, list):
        return tuple(signature(item) for item in found)
    return found


def lists(group: Group, tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Lists of models of a tree, those within other lists left out, with their names."""
    for one in group.fields:
        found = tree.get(one.name)
        if not isinstance(one.node, Group) or found is None:
            continue
        if isinstance(found, list):
            yield f"{path}{one.key}", found
        else:
            yield from lists(one.node, found, f"{path}{one.key}.")


def anchor(item: Mapping[str, Any]) -> str:
    """An item as a model recognises it."""
    shown = {
        name: (cell.text or str(cell.value))
        for name, cell in item.items()
        if isinstance(cell, Cell) and cell.value is not None
    }
    return json.dumps(shown, ensure_ascii=False)
