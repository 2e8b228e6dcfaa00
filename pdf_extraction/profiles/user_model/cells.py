"""The tree of cells that an answer becomes, and walks over it. Nothing is read or checked here.

A tree has a cell where the shape has a scalar, a mapping by attribute where it has a model and
a list where it has a list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import TypeAdapter

from pdf_extraction.model import BBox, GroundingMethod
from pdf_extraction.profiles.user_model.shape import Group, Scalar
from pdf_extraction.profiles.user_model.values import utc

Tree = dict[str, Any]
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


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


def as_text(found: Any) -> str:
    """What an answer gave as text, be it none."""
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, default=str)


def column_value(node: Scalar, value: Any) -> Any:
    """A validated value as its column takes it."""
    if value is None:
        return None
    if node.kind in {"json", "text", "enum"}:
        dumped = _ANY.dump_python(value, mode="json")
        return dumped if node.kind == "json" or isinstance(dumped, str) else as_text(dumped)
    if isinstance(value, datetime):
        return in_column(node, value)
    if node.kind == "decimal":
        return value if isinstance(value, Decimal) else Decimal(str(value))
    return value.value if isinstance(value, Enum) else value


def in_column(node: Scalar, value: datetime) -> datetime:
    """A time as the field's column takes it: with a zone where it has one, else without."""
    if node.kind == "datetime_utc":
        return utc(value)
    return utc(value).replace(tzinfo=None) if value.tzinfo else value


def _has_value(found: Any) -> bool:
    if isinstance(found, Cell):
        return found.value is not None or bool(found.error)
    if isinstance(found, Mapping):
        return any(_has_value(inner) for inner in found.values())
    return bool(found)


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
