"""From an answer's text to a tree of cells, typed field by field and held against the model.

A tree has a cell where the shape has a scalar, a mapping by attribute where it has a model and
a list where it has a list. Nothing is located or merged here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from pdf_extraction.errors import SchemaMismatch
from pdf_extraction.model import BBox, GroundingMethod
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
    utc,
)
from pdf_extraction.repair import excerpt

Tree = dict[str, Any]
_MOST_PROBLEMS = 5
#: What models write where a page has no value; never a value of a typed field.
_NOTHING = frozenset({"", "null", "none", "n/a", "-", "—", "–"})


@dataclass(frozen=True)
class Other:
    """What another page says of the same field."""

    text: str
    page_number: int


@dataclass(frozen=True)
class Cell:
    """One value of an answer with everything that is known of it.

    Attributes:
        value: Of the field's type; None where there is none or it cannot be typed.
        text: As the answer gave it; empty where it was no text.
        error: Why the text is no value.
        claimed: Whether the page must have it.
        concluded: Whether a page that lacks it speaks not against it: yes or no, one of few.
        page_number: Where it is from; 0 until it was looked for.
        grounding: How it was found; None where it was not looked for.
        confidence: 0-1; None without evidence.
        method: What the confidence was made from.
        bbox: On its page.
        others: What other pages say.
    """

    value: Any = None
    text: str = ""
    error: str = ""
    claimed: bool = False
    concluded: bool = False
    page_number: int = 0
    grounding: GroundingMethod | None = None
    confidence: float | None = None
    method: str = ""
    bbox: BBox | None = None
    others: tuple[Other, ...] = field(default=())


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
            return Cell(None, text or _as_text(found), str(error), claimed=one.printed)
        concluded = node.kind in {"enum", "bool"}
        return Cell(value, text, claimed=one.printed, concluded=concluded)

    def _typed(self, node: Scalar, found: Any) -> Any:
        if isinstance(found, list | Mapping):
            raise Unreadable(f"{excerpt(_as_text(found), 60)} is no single value")
        reader = self._readers[node.kind]
        return reader(self, node, found)

    def _text(self, node: Scalar, found: Any) -> str:
        del node
        return found if isinstance(found, str) else _as_text(found)

    def _enum(self, node: Scalar, found: Any) -> str:
        text = _as_text(found).strip()
        same = {value.casefold().replace("_", " "): value for value in node.values}
        # One that is none of them is for the model's own validation to refuse.
        return text if text in node.values else same.get(text.casefold().replace("_", " "), text)

    def _bool(self, node: Scalar, found: Any) -> bool:
        del node
        return found if isinstance(found, bool) else read_bool(_as_text(found))

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
            raise Unreadable(f"{_as_text(found)!r} has more than {node.scale} decimal places")
        if abs(value) >= Decimal(10) ** (node.precision - node.scale):
            raise Unreadable(f"{_as_text(found)!r} has too many digits")
        return value

    def _float(self, node: Scalar, found: Any) -> float:
        return float(self._number(node, found))

    def _int(self, node: Scalar, found: Any) -> int:
        value = self._number(node, found)
        if isinstance(found, str) and self.comma is None and value != int(value):
            value = read_number(found, comma="." in found)[0]  # 1.234 of a count is 1234
        if value != int(value):
            raise Unreadable(f"{_as_text(found)!r} is no whole number")
        if abs(value) >= 2**63:
            raise Unreadable(f"{_as_text(found)!r} has too many digits")
        return int(value)

    def _date(self, node: Scalar, found: Any) -> date:
        del node
        return read_date(_as_text(found), month_first=self.month_first)

    def _datetime(self, node: Scalar, found: Any) -> datetime:
        return _in_column(node, read_datetime(_as_text(found), month_first=self.month_first))

    def _time(self, node: Scalar, found: Any) -> time:
        del node
        return read_time(_as_text(found))

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


def _as_text(found: Any) -> str:
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, default=str)


def _texts(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for value in found.values():
            yield from _texts(value)
    elif isinstance(found, list):
        for value in found:
            yield from _texts(value)


def plain(group: Group, tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree as the model's validation takes it; fields without a value are left out."""
    found = {}
    for one in group.fields:
        value = _plain_node(one.node, tree.get(one.name))
        if value is not None:
            found[one.key] = value
    return found


def _plain_node(node: Scalar | Group, found: Any) -> Any:
    if isinstance(found, list):
        return [_plain_node(node, item) for item in found]
    if isinstance(found, Cell):
        return found.value
    return plain(node, found) if isinstance(node, Group) and found is not None else None


def validated(model: type[BaseModel], group: Group, tree: Tree, *, partial: bool) -> Tree:
    """The tree with the values that the model's own validation gives.

    Args:
        model: The user's.
        group: Its shape.
        tree: Cells.
        partial: A page that has not all of it: what is missing is no problem, and what
            compares fields is not asked yet.

    Raises:
        SchemaMismatch: Names each field and its problem, for a model to mend.
    """
    try:
        instance = model.model_validate(_filled(group, plain(group, tree)))
    except ValidationError as error:
        untyped = dict(_untyped(group, tree))
        problems = [
            one
            for one in error.errors(include_url=False)
            if not _is_excused(one, untyped, partial=partial)
        ]
        if problems:
            raise SchemaMismatch(_told(problems)) from None
        return tree
    except RecursionError:
        raise
    except Exception as error:  # a validator of the user's may raise anything
        if partial:
            return tree
        raise SchemaMismatch(
            f"The model's validation broke: {type(error).__name__}: {excerpt(str(error), 300)}"
        ) from error
    return _taken(group, tree, instance)


def _filled(group: Group, found: dict[str, Any]) -> dict[str, Any]:
    """With null where a field takes null and has no default: "absent" and "null" are one."""
    for one in group.fields:
        if one.key in found:
            inner = found[one.key]
            if isinstance(one.node, Group):
                for item in inner if isinstance(inner, list) else [inner]:
                    _filled(one.node, item)
        elif one.nullable:
            if len(group.models) == 1 and _is_required(group, one):
                found[one.key] = None
        elif one.node.is_list and _is_required(group, one):
            found[one.key] = []
    return found


def _is_required(group: Group, one: ShapeField) -> bool:
    return any(
        m.model_fields[one.name].is_required() for m in group.models if one.name in m.model_fields
    )


def _is_excused(problem: Mapping[str, Any], untyped: Mapping[str, str], *, partial: bool) -> bool:
    path = [str(part) for part in problem["loc"]]
    if any(_is_within(known.split("."), path) for known in untyped):
        return True
    if not partial:
        return False
    compares = problem["type"] in {"value_error", "assertion_error"} and isinstance(
        problem.get("input"), Mapping
    )
    return problem["type"] == "missing" or problem.get("input") is None or compares


def _is_within(known: list[str], path: list[str]) -> bool:
    """Whether all steps of ``known`` are in ``path``, which names the members of unions too."""
    steps = iter(path)
    return all(step in steps for step in known)


def _untyped(group: Group, tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for one in group.fields:
        found, here = tree.get(one.name), f"{path}{one.key}"
        items = list(enumerate(found)) if isinstance(found, list) else [("", found)]
        for index, item in items:
            place = f"{here}.{index}" if index != "" else here
            if isinstance(item, Cell):
                if item.error:
                    yield place, item.error
            elif isinstance(item, Mapping) and isinstance(one.node, Group):
                yield from _untyped(one.node, item, f"{place}.")


def _told(problems: list[Any]) -> str:
    lines = []
    for one in problems[:_MOST_PROBLEMS]:
        where = ".".join(str(part) for part in one["loc"]) or "the whole"
        given = one.get("input")
        shown = (
            ""
            if isinstance(given, Mapping | list) or given is None
            else (f" (got {excerpt(_as_text(given), 60)})")
        )
        lines.append(f"{where}: {one['msg']}{shown}")
    more = len(problems) - _MOST_PROBLEMS
    tail = f"; and {more} more" if more > 0 else ""
    return f"The JSON does not fit the model: {'; '.join(lines)}{tail}"


def _taken(group: Group, tree: Mapping[str, Any], instance: BaseModel) -> Tree:
    taken: Tree = {}
    for one in group.fields:
        value = getattr(instance, one.name, None)
        taken[one.name] = _taken_node(one.node, tree.get(one.name), value)
    return taken


def _taken_node(node: Scalar | Group, found: Any, value: Any) -> Any:
    if isinstance(node, Group):
        if node.is_list:
            items = list(value or ())
            old = (
                found if isinstance(found, list) and len(found) == len(items) else [{}] * len(items)
            )
            return [_taken(node, cells, item) for cells, item in zip(old, items, strict=True)]
        if not isinstance(value, BaseModel):
            return None
        taken = _taken(node, found if isinstance(found, Mapping) else {}, value)
        return taken if any(_has_value(inner) for inner in taken.values()) else None
    if node.is_list:
        items = list(value or ())
        same = isinstance(found, list) and len(found) == len(items)
        cells = found if same else [Cell()] * len(items)
        return [replace(c, value=column_value(node, v)) for c, v in zip(cells, items, strict=True)]
    cell = found if isinstance(found, Cell) else Cell()
    return cell if cell.error else replace(cell, value=column_value(node, value))


def _has_value(found: Any) -> bool:
    if isinstance(found, Cell):
        return found.value is not None or bool(found.error)
    if isinstance(found, Mapping):
        return any(_has_value(inner) for inner in found.values())
    return bool(found)


_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def column_value(node: Scalar, value: Any) -> Any:
    """A validated value as its column takes it."""
    if value is None:
        return None
    if node.kind in {"json", "text", "enum"}:
        dumped = _ANY.dump_python(value, mode="json")
        return dumped if node.kind == "json" or isinstance(dumped, str) else _as_text(dumped)
    if isinstance(value, datetime):
        return _in_column(node, value)
    if node.kind == "decimal":
        return value if isinstance(value, Decimal) else Decimal(str(value))
    return value.value if isinstance(value, Enum) else value


def _in_column(node: Scalar, value: datetime) -> datetime:
    if node.kind == "datetime_utc":
        return utc(value)
    return utc(value).replace(tzinfo=None) if value.tzinfo else value


def has_values(tree: Mapping[str, Any]) -> bool:
    """Whether anything at all was found."""
    return any(_has_value(found) for found in tree.values())


def map_cells(group: Group, tree: Mapping[str, Any], change: Callable[[Cell], Cell]) -> Tree:
    """The tree with each cell changed, in the order of ``cells``."""
    return {one.name: _map_node(one.node, tree.get(one.name), change) for one in group.fields}


def _map_node(node: Scalar | Group, found: Any, change: Callable[[Cell], Cell]) -> Any:
    if isinstance(found, list):
        return [_map_node(node, item, change) for item in found]
    if isinstance(found, Cell):
        return change(found)
    if isinstance(node, Group) and found is not None:
        return map_cells(node, found, change)
    return found


def cells(group: Group, tree: Mapping[str, Any]) -> list[Cell]:
    """All cells of a tree, in the model's order."""
    found: list[Cell] = []

    def seen(cell: Cell) -> Cell:
        found.append(cell)
        return cell

    map_cells(group, tree, seen)
    return found
