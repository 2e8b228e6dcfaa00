"""From an answer's text to a tree of cells, typed field by field.

What the tree is stands in ``cells``, what the model says of it in ``validation``. Nothing is
located or merged here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pdf_extraction.errors import SchemaMismatch
from pdf_extraction.profiles.user_model.cells import Cell, Tree, as_text, in_column
from pdf_extraction.profiles.user_model.shape import Group, Scalar, ShapeField
from pdf_extraction.profiles.user_model.strict import from_entries
from pdf_extraction.profiles.user_model.values import (
    Unreadable,
    read_bool,
    read_date,
    read_datetime,
    read_number,
    read_time,
    uses_comma,
)
from pdf_extraction.repair import excerpt

#: What models write where a page has no value; never a value of a typed field.
_NOTHING = frozenset({"", "null", "none", "n/a", "-", "—", "–"})


class Reading:
    """How the texts of one answer are read.

    Args:
        answer: The whole answer, whose other numbers say what a comma is.
        month_first: Which of the two ``05/06/2024`` is.
    """

    def __init__(self, answer: Any, *, month_first: bool) -> None:
        self.month_first = month_first
        self.comma = uses_comma(_texts(answer))

    def tree(self, group: Group, found: Any, path: str = "") -> Tree:
        """Cells of an object.

        Raises:
            SchemaMismatch: It is none.
        """
        if not isinstance(found, Mapping):
            raise SchemaMismatch(
                f"{path or 'The answer'}: expected an object, got {excerpt(str(found), 60)}"
            )
        names = {one.key: one.name for one in group.fields} | {
            one.name: one.name for one in group.fields
        }
        given = {names.get(key, key): value for key, value in found.items()}
        return {
            one.name: self._node(one, given.get(one.name), f"{path}.{one.key}".lstrip("."))
            for one in group.fields
        }

    def _node(self, one: ShapeField, found: Any, path: str) -> Any:
        node = one.node
        if isinstance(node, Group):
            return self._group(node, found, path)
        if node.kind == "json":
            return Cell(_json(found))
        if node.is_list:
            return [self._cell(one, node, item) for item in _listed(found) if item is not None]
        return self._cell(one, node, found)

    def _group(self, node: Group, found: Any, path: str) -> Any:
        if node.is_list:
            return [
                self.tree(node, item, f"{path}[{index}]")
                for index, item in enumerate(_listed(found))
                if item is not None
            ]
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        return None if found is None or found == {} else self.tree(node, found, path)

    def _cell(self, one: ShapeField, node: Scalar, found: Any) -> Cell:
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if found is None or (node.kind != "text" and _is_nothing(found)):
            return Cell()
        text = found if isinstance(found, str) else ""
        try:
            value = self._typed(node, found)
        except Unreadable as error:
            return Cell(None, text or as_text(found), str(error), claimed=one.printed)
        concluded = node.kind in {"enum", "bool"}
        return Cell(value, text, claimed=one.printed, concluded=concluded)

    def _typed(self, node: Scalar, found: Any) -> Any:
        if isinstance(found, list | Mapping):
            raise Unreadable(f"{excerpt(as_text(found), 60)} is no single value")
        reader = self._readers[node.kind]
        return reader(self, node, found)

    def _text(self, node: Scalar, found: Any) -> str:
        del node
        return found if isinstance(found, str) else as_text(found)

    def _enum(self, node: Scalar, found: Any) -> str:
        text = as_text(found).strip()
        same = {value.casefold().replace("_", " "): value for value in node.values}
        # One that is none of them is for the model's own validation to refuse.
        return text if text in node.values else same.get(text.casefold().replace("_", " "), text)

    def _bool(self, node: Scalar, found: Any) -> bool:
        del node
        return found if isinstance(found, bool) else read_bool(as_text(found))

    def _number(self, node: Scalar, found: Any) -> Decimal:
        if isinstance(found, bool):
            raise Unreadable(f"{found} is no number")
        if not isinstance(found, str):
            if not math.isfinite(found):
                raise Unreadable(f"{found} is no number")
            return Decimal(repr(found))
        value, percent = read_number(found, self.comma)
        return value / 100 if percent and node.below_one else value

    def _decimal(self, node: Scalar, found: Any) -> Decimal:
        value = self._number(node, found)
        rounded = round(value, node.scale)
        if rounded != value:
            raise Unreadable(f"{as_text(found)!r} has more than {node.scale} decimal places")
        if abs(value) >= Decimal(10) ** (node.precision - node.scale):
            raise Unreadable(f"{as_text(found)!r} has too many digits")
        return value

    def _float(self, node: Scalar, found: Any) -> float:
        return float(self._number(node, found))

    def _int(self, node: Scalar, found: Any) -> int:
        value = self._number(node, found)
        if isinstance(found, str) and self.comma is None and value != int(value):
            value = read_number(found, comma="." in found)[0]  # 1.234 of a count is 1234
        if value != int(value):
            raise Unreadable(f"{as_text(found)!r} is no whole number")
        if abs(value) >= 2**63:
            raise Unreadable(f"{as_text(found)!r} has too many digits")
        return int(value)

    def _date(self, node: Scalar, found: Any) -> date:
        del node
        return read_date(as_text(found), month_first=self.month_first)

    def _datetime(self, node: Scalar, found: Any) -> datetime:
        return in_column(node, read_datetime(as_text(found), month_first=self.month_first))

    def _time(self, node: Scalar, found: Any) -> time:
        del node
        return read_time(as_text(found))

    _readers: Mapping[str, Callable[[Reading, Scalar, Any], Any]] = {
        "text": _text,
        "enum": _enum,
        "bool": _bool,
        "int": _int,
        "float": _float,
        "decimal": _decimal,
        "date": _date,
        "datetime": _datetime,
        "datetime_utc": _datetime,
        "time": _time,
    }


def _is_nothing(found: Any) -> bool:
    return isinstance(found, str) and found.strip().casefold() in _NOTHING


def _listed(found: Any) -> list[Any]:
    """A list; one item that stands without its brackets is a list of it."""
    if found is None or found in ("", {}):
        return []
    if isinstance(found, Mapping) and found and all(str(key).isdigit() for key in found):
        return list(found.values())
    return found if isinstance(found, list) else [found]


def _json(found: Any) -> Any:
    if isinstance(found, str) and found.strip()[:1] in {"{", "["}:
        try:
            return from_entries(json.loads(found))
        except ValueError:
            return found
    return from_entries(found)


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)
