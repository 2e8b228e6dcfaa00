"""SQL that makes the warehouse's tables from the Arrow schemas. Nothing is executed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pdf_extraction.storage.schemas import DESCRIPTIONS, SCHEMAS, describe, enum_of, is_json
from pdf_extraction.storage.specs import arrow_schema
from pdf_extraction.storage.views import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pdf_extraction.tablespec import TableSpec

_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    "timestamp[us]": "TIMESTAMP",
    "date32[day]": "DATE",
    "time64[us]": "TIME",
}


def statements(specs: Mapping[str, TableSpec] | None = None) -> Iterator[str]:
    """Statements that make every table, empty, and every view, with their comments.

    Args:
        specs: Tables that profiles brought along.

    Keys are not declared: an index on a million ids doubles the time of a build, and the
    asset checks hold that ids are unique.
    """
    brought = specs or {}
    schemas = {**SCHEMAS, **{name: arrow_schema(spec) for name, spec in brought.items()}}
    descriptions = {**{name: spec.description for name, spec in brought.items()}, **DESCRIPTIONS}
    for table, schema in schemas.items():
        types = columns_of(schema)
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
        yield f"CREATE TABLE {quoted(table)} ({columns})"
        yield f"COMMENT ON TABLE {quoted(table)} IS {_literal(descriptions[table])}"
        for field in schema:
            column = f"{quoted(table)}.{quoted(field.name)}"
            yield f"COMMENT ON COLUMN {column} IS {_literal(describe(field))}"
    for name, view in VIEWS.items():
        yield f"CREATE VIEW {quoted(name)} AS {view.sql}"
        yield f"COMMENT ON VIEW {quoted(name)} IS {_literal(view.description)}"


def columns_of(schema: pa.Schema) -> dict[str, str]:
    """DuckDB's type of each column."""
    return {field.name: _column_type(field) for field in schema}


def _column_type(field: pa.Field[Any]) -> str:
    if is_json(field):
        return "JSON"
    if values := enum_of(field):
        brackets = "[]" if pa.types.is_list(field.type) else ""
        return f"ENUM ({', '.join(map(_literal, values))}){brackets}"
    return sql_type(field.type)


def sql_type(kind: Any) -> str:
    """DuckDB's type for an Arrow type of the schemas."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        fields = (kind.field(index) for index in range(kind.num_fields))
        return f"STRUCT({', '.join(f'{quoted(f.name)} {sql_type(f.type)}' for f in fields)})"
    if pa.types.is_map(kind):
        return f"MAP({sql_type(kind.key_type)}, {sql_type(kind.item_type)})"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return _TYPES[str(kind)]


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it whatever it is."""
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
