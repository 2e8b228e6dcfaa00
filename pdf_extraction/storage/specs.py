"""Tables that profiles bring along: their columns, kept beside their files.

    DATA/tables/TABLE/.columns.json

The file holds what the Parquet files cannot (meanings, the values of an ENUM) and outlives the
profile: no profile is imported to read a table. Where it is lost, the Parquet files say the
rest. A table only ever gains columns; with its last document it is forgotten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.errors import SettingsError, StorageError
from pdf_extraction.storage.schemas import (
    BBOX,
    BOOL,
    FLOAT,
    INT,
    SCHEMAS,
    TEXT,
    TIME,
    is_bbox,
    list_of,
)
from pdf_extraction.storage.views import VIEWS
from pdf_extraction.tablespec import ColumnSpec, TableSpec
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_FILE, _ENDING = ".columns.json", ".parquet"
_OTHERS = pa.list_(pa.struct([pa.field("text", TEXT), pa.field("page_number", INT)]))
EVIDENCE = pa.map_(
    TEXT,
    pa.struct(
        [
            pa.field("text", TEXT),
            pa.field("page_number", INT),
            pa.field("grounding", TEXT),
            pa.field("confidence", FLOAT),
            pa.field("confidence_method", TEXT),
            pa.field("bbox", pa.list_(FLOAT)),
            pa.field("error", TEXT),
            pa.field("others", _OTHERS),
        ]
    ),
)
_KINDS: Mapping[str, pa.DataType] = {
    "text": TEXT,
    "enum": TEXT,
    "json": TEXT,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "datetime_utc": TIME,
    "time": pa.time64("us"),
    "bbox": BBOX,
    "evidence": EVIDENCE,
}
#: Kinds of which the second takes every value of the first.
_WIDENED = frozenset({("int", "decimal"), ("int", "float"), ("enum", "text"), ("date", "datetime")})


def arrow_schema(spec: TableSpec) -> pa.Schema:
    """A spec as the Arrow schema with its descriptions."""
    return pa.schema([_field(column) for column in spec.columns])


def _field(column: ColumnSpec) -> pa.Field[Any]:
    kind = (
        pa.decimal128(column.precision, column.scale)
        if column.kind == "decimal"
        else _KINDS[column.kind]
    )
    facts = {"description": column.description}
    if column.kind == "json":
        facts["format"] = "json"
    if column.kind == "enum":
        facts["enum"] = json.dumps(column.values, ensure_ascii=False)
    arrow = list_of(kind) if column.is_list else kind
    return pa.field(column.name, arrow, nullable=column.nullable, metadata=facts)


def sql_kind(column: ColumnSpec) -> str:
    """A column's type in words, for messages."""
    kind = {"bool": "BOOLEAN", "text": "VARCHAR", "int": "BIGINT"}.get(
        column.kind, column.kind.upper()
    )
    if column.kind == "decimal":
        kind = f"DECIMAL({column.precision},{column.scale})"
    return f"{kind}[]" if column.is_list else kind


def kept_specs(root: Path) -> dict[str, TableSpec]:
    """Tables of profiles under ``DATA/tables``, by name."""
    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir())
    except FileNotFoundError:
        return {}
    names = [f for f in folders if f.name not in SCHEMAS and not f.name.startswith(".")]
    return {folder.name: spec for folder in names if (spec := _kept(folder)) is not None}


def _kept(folder: Path) -> TableSpec | None:
    file = folder / _FILE
    try:
        stat = file.stat()
        return _parsed(file, stat.st_mtime_ns, stat.st_ino)
    except FileNotFoundError:
        return _of_files(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{folder / _FILE}: cannot be read ({error}); remove it, and the Parquet files "
            "beside it say what they hold"
        ) from error


@lru_cache(maxsize=256)
def _parsed(file: Path, _mtime_ns: int, _inode: int) -> TableSpec:
    found = json.loads(file.read_text(encoding="utf-8"))
    columns = tuple(
        ColumnSpec(**{**column, "values": tuple(column["values"])}) for column in found["columns"]
    )
    return TableSpec(found["name"], found["description"], columns)


def _of_files(folder: Path) -> TableSpec | None:
    found: dict[str, pa.DataType] = {}
    for file in sorted(folder.glob(f"*{_ENDING}")):
        try:
            schema = pq.read_schema(file)
        except (OSError, pa.ArrowException):
            continue
        found = {**{field.name: field.type for field in schema}, **found}
    columns = tuple(_column(name, kind) for name, kind in found.items())
    return TableSpec(folder.name, "A table of a profile.", columns) if columns else None


def _column(name: str, kind: Any) -> ColumnSpec:
    if pa.types.is_map(kind):
        return ColumnSpec(name, "evidence", "By column: what proves its value.")
    if is_bbox(name, kind):
        return ColumnSpec(name, "bbox", "Its place on the page.")
    is_list = pa.types.is_list(kind)
    inner = kind.value_type if is_list else kind
    said = f"`{name}` of the model."
    if pa.types.is_decimal(inner):
        digits = {"precision": inner.precision, "scale": inner.scale}
        return ColumnSpec(name, "decimal", said, is_list=is_list, **digits)
    known = next((key for key, value in _KINDS.items() if value == inner), "text")
    return ColumnSpec(name, known, said, is_list=is_list)  # type: ignore[arg-type]


def widened(kept: Mapping[str, TableSpec], wanted: Iterable[TableSpec]) -> list[TableSpec]:
    """The tables that a profile wants, with the columns that they have already.

    Raises:
        SettingsError: A table is the product's own, or a column has another type; names both.
    """
    return [_widened_table(kept.get(spec.name), spec) for spec in wanted]


def _widened_table(old: TableSpec | None, new: TableSpec) -> TableSpec:
    if new.name in SCHEMAS or new.name in VIEWS:
        raise SettingsError(
            f"the table {new.name!r} is the product's own: rename the class, or give it "
            '`__table__ = "another_name"`'
        )
    if old is None:
        return new
    wanted = {column.name: column for column in new.columns}
    columns = [
        _widened(new.name, column, wanted.pop(column.name))
        if column.name in wanted
        else replace(column, nullable=True)
        for column in old.columns
    ]
    # What every record has by itself stays at the end.
    return replace(new, columns=(*columns, *wanted.values()))


def _widened(table: str, old: ColumnSpec, new: ColumnSpec) -> ColumnSpec:
    if old.is_list == new.is_list:
        if old.kind == new.kind:
            return _same_kind(old, new)
        if (old.kind, new.kind) in _WIDENED:
            return _same_kind(replace(old, kind=new.kind), new)
        if (new.kind, old.kind) in _WIDENED:
            return replace(old, description=new.description)
    raise SettingsError(
        f"{table}.{old.name}: the table has {sql_kind(old)}, the model now says {sql_kind(new)}. "
        "Nothing was asked. Give the field another name, or put the old rows away first "
        "(`forget` their documents, or another data folder)"
    )


def _same_kind(old: ColumnSpec, new: ColumnSpec) -> ColumnSpec:
    values = tuple(dict.fromkeys((*old.values, *new.values)))
    scale = max(old.scale, new.scale)
    digits = max(old.precision - old.scale, new.precision - new.scale)
    return replace(
        old,
        description=new.description,
        nullable=old.nullable or new.nullable,
        values=values if new.kind == "enum" else (),
        precision=min(38, digits + scale),
        scale=scale,
    )


def keep(root: Path, specs: Iterable[TableSpec]) -> None:
    """Write the tables' columns beside their files, each at once or not at all."""
    for spec in specs:
        folder = root / spec.name
        text = json.dumps(asdict(spec), ensure_ascii=False, indent=1)
        file = folder / _FILE
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(file) as new:
            new.write_text(text, encoding="utf-8")


def drop_unused(root: Path) -> None:
    """Let go of tables that no document has rows in, nor in the table that they are part of."""
    names = kept_specs(root)
    used = {name for name in names if any((root / name).glob(f"*{_ENDING}"))}
    for name in names:
        if not any(name == other or name.startswith(f"{other}_") for other in used):
            (root / name / _FILE).unlink(missing_ok=True)
