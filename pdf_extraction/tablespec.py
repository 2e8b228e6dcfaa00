"""Tables that a profile brings along, in plain types: profiles know no Arrow and no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnKind = Literal[
    "text",
    "int",
    "float",
    "decimal",
    "bool",
    "date",
    "datetime",
    "datetime_utc",
    "time",
    "enum",
    "json",
    "bbox",
    "evidence",
]


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a table that a profile brings along.

    Attributes:
        name: In SQL.
        kind: Type of its values.
        description: What it means, in a sentence.
        nullable: Whether it may be NULL.
        is_list: The column holds lists of the kind.
        values: Of an ``enum``, in its order.
        precision: Digits of a ``decimal``, at most 38.
        scale: Of them behind the point.
    """

    name: str
    kind: ColumnKind
    description: str = ""
    nullable: bool = True
    is_list: bool = False
    values: tuple[str, ...] = ()
    precision: int = 38
    scale: int = 10


@dataclass(frozen=True)
class TableSpec:
    """A table that a profile brings along; its rows have exactly these columns."""

    name: str
    description: str
    columns: tuple[ColumnSpec, ...]
