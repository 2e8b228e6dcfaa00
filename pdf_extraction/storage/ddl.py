"""SQL that makes the warehouse's tables from the Arrow schemas. Nothing is executed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pdf_extraction.storage.schemas import DESCRIPTIONS, SCHEMAS, describe, is_json

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
}


def statements() -> Iterator[str]:
    """Statements that make every table, empty, with its comments.

    Keys are not declared: an index on a million ids doubles the time of a build, and the
    asset checks hold that ids are unique.
    """
    for table, schema in SCHEMAS.items():
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns_of(table).items())
        yield f"CREATE TABLE {quoted(table)} ({columns})"
        yield f"COMMENT ON TABLE {quoted(table)} IS {_literal(DESCRIPTIONS[table])}"
        for field in schema:
            column = f"{quoted(table)}.{quoted(field.name)}"
            yield f"COMMENT ON COLUMN {column} IS {_literal(describe(field))}"


def columns_of(table: str) -> dict[str, str]:
    """DuckDB's type of each column."""
    return {
        field.name: "JSON" if is_json(field) else sql_type(field.type) for field in SCHEMAS[table]
    }


def sql_type(kind: Any) -> str:
    """DuckDB's type for an Arrow type of the schemas."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        fields = (kind.field(index) for index in range(kind.num_fields))
        return f"STRUCT({', '.join(f'{quoted(f.name)} {sql_type(f.type)}' for f in fields)})"
    return _TYPES[str(kind)]


def quoted(identifier: str) -> str:
    """An identifier as SQL takes it whatever it is."""
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
