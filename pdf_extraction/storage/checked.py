"""Rows checked against their table's schema on their way to Arrow. No file is known here."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from pdf_extraction.errors import RowMismatch
from pdf_extraction.storage.schemas import FLOAT, INT, SCHEMAS, is_json, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pdf_extraction.model import Row

_A_NULL = "a NULL where none may be"
_NOT_OF_TYPE = (pa.ArrowException, TypeError, ValueError, OverflowError)


def to_table(
    name: str, rows: Sequence[Row], schema: pa.Schema | None = None, first: int = 0
) -> pa.Table:
    """Rows as one Arrow table, without the schema's descriptions.

    Args:
        name: Of the table.
        rows: With all its columns.
        schema: Of a table that a profile brings along; else that of ``SCHEMAS``.
        first: How many rows of the table came before them.

    Raises:
        RowMismatch: A row lacks a column, has an unknown one, or holds a value of another
            type, a NULL or a word that the column does not take.
    """
    shape = _ours(name) if schema is None else _shape(schema)
    for index, row in enumerate(rows, first):
        if row.keys() != shape.names:
            raise RowMismatch(_columns_differ(name, index, row, shape.names))
    try:
        # At once: column by column a table of few rows took five times as long.
        made: Any = pa.array(rows, type=shape.row)
    except _NOT_OF_TYPE:
        for field in shape.plain:
            _convert(name, field, [row[field.name] for row in rows])
        raise
    arrays = [made.field(index) for index in range(len(shape.columns))]
    for column, array in zip(shape.columns, arrays, strict=True):
        if wrong := column.what_is_wrong(array, rows):
            raise RowMismatch(f"{name}.{column.name}: {wrong}")
    # Descriptions in every one of ten thousand small files would be most of their bytes.
    return pa.Table.from_arrays(arrays, schema=shape.plain)


def _columns_differ(name: str, index: int, row: Row, expected: frozenset[str]) -> str:
    missing, unknown = sorted(expected - row.keys()), sorted(row.keys() - expected)
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"has the unknown {', '.join(unknown)}"] if unknown else []
    return f"{name}: row {index} {' and '.join(parts)}; see docs/tables.md"


def _convert(name: str, field: pa.Field[Any], values: list[object]) -> None:
    try:
        pa.array(values, type=field.type)
    except _NOT_OF_TYPE as error:
        sentence = f"{name}.{field.name}: expected {field.type}: {error}"
        raise RowMismatch(sentence) from None


class _Column(NamedTuple):
    """What is asked of a column's values; to look it up in Arrow took longer than to check it.

    Attributes:
        name: Of the column.
        nests: Where a NULL is wrong is to be looked for inside, too: its field; else None.
        is_nullable: It takes NULL.
        is_int: They are whole numbers.
        is_float: They are numbers.
        words: The only ones it takes; empty where it takes any.
        is_json: Each is a JSON text.
    """

    name: str
    nests: pa.Field[Any] | None
    is_nullable: bool
    is_int: bool
    is_float: bool
    words: tuple[str, ...]
    is_json: bool

    def what_is_wrong(self, array: pa.Array[Any], rows: Sequence[Row]) -> str | None:
        """What the column does not take of values that have its type; None where it takes all.

        Args:
            array: Its values.
            rows: As they were given.
        """
        if array.null_count and not self.is_nullable:
            return _A_NULL
        if self.nests is not None and _has_wrong_null(array, self.nests):
            return _A_NULL
        if self.is_int or self.is_float or self.words or self.is_json:
            return self._what_is_wrong_of([row[self.name] for row in rows])
        return None

    def _what_is_wrong_of(self, values: list[Any]) -> str | None:
        # pyarrow cuts 1.5 to 1 without a word, and a NaN would differ from itself at each commit.
        if self.is_int and any(isinstance(value, float) for value in values):
            return "expected whole numbers"
        if self.is_float and any(value != value for value in values):  # noqa: PLR0124
            return "a NaN; no value is NULL"
        if self.words and (wrong := set(_flat(values)) - {*self.words, None}):
            return f"{min(map(str, wrong))!r} is none of {', '.join(self.words)}"
        return _no_json(values) if self.is_json else None


class _Shape(NamedTuple):
    """A schema, and what is looked up in it for each few rows.

    Attributes:
        plain: The schema without descriptions.
        names: Of its columns.
        row: Type of one row.
        columns: What is asked of each column.
    """

    plain: pa.Schema
    names: frozenset[str]
    row: pa.StructType
    columns: tuple[_Column, ...]


@functools.cache
def _ours(name: str) -> _Shape:
    return _shape(SCHEMAS[name])


def _shape(schema: pa.Schema) -> _Shape:
    fields = plain(schema)
    columns = tuple(map(_column_of, schema))
    return _Shape(fields, frozenset(schema.names), pa.struct(list(fields)), columns)


def _column_of(field: pa.Field[Any]) -> _Column:
    metadata = field.metadata or {}
    return _Column(
        field.name,
        field if pa.types.is_nested(field.type) else None,
        field.nullable,
        field.type == INT,
        field.type == FLOAT,
        # Fields that differ in their metadata alone are equal to pyarrow, and so to a cache.
        _words(metadata.get(b"values", b""), metadata.get(b"enum", b"[]")),
        is_json(field),
    )


def _no_json(values: list[Any]) -> str | None:
    """Why some text is no JSON: DuckDB would not take it, and stop the warehouse for everybody."""
    try:
        for value in values:
            if value is not None:
                json.loads(value, parse_constant=_no_constant)
    except ValueError as error:
        return f"no JSON: {error}"
    return None


@functools.lru_cache(maxsize=1024)
def _words(values: bytes, enum: bytes) -> tuple[str, ...]:
    return (*values.decode().split(), *json.loads(enum))


def _flat(values: list[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _has_wrong_null(array: Any, field: pa.Field[Any]) -> bool:
    # Arrays as ``pa.array`` makes them: ``flatten`` says the same of them as ``values``, but has
    # pyarrow load all its functions first, 30 ms of every process that writes a table.
    if array.null_count and not field.nullable:
        return True
    if pa.types.is_list(field.type):
        return _has_wrong_null(array.values, field.type.value_field)
    if pa.types.is_struct(field.type):
        # A null struct has null children, which is not their fault.
        present = array.drop_null() if array.null_count else array
        return any(
            _has_wrong_null(present.field(index), field.type.field(index))
            for index in range(field.type.num_fields)
        )
    return False
