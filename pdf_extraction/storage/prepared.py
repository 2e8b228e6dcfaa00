"""Rows of which most have become Arrow before the last of them is known.

A thousand pages' chunks took longer to become Arrow and Parquet than to be made. What is
committed, and where, is not known here.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.remade import Alike, ByPlace
from pdf_extraction.storage.checked import to_table
from pdf_extraction.storage.schemas import SCHEMAS, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from pdf_extraction.model import Row

#: Rows that are made, written and read together.
PIECE = 1_000
#: Rows that become Arrow together where more may come: of those that a piece has others among,
#: all are made again.
_SLICE = 200
#: Columns that may become others in many of a document's rows when more pages come.
_LATE = ("position", "confidence", "confidence_method")


class Prepared(ByPlace["Row"]):
    """All rows of one document in one table.

    Args:
        rows: The rows.
        file: Their Parquet file, where it is being made already.
    """

    def __init__(self, rows: Sequence[Row], file: Future[bytes] | None = None) -> None:
        self._rows = rows
        self.file = file

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def _at(self, place: int) -> Row:
        return self._rows[place]


class TableSoFar:
    """A table of a document of which more and more pages come.

    Args:
        name: Of one of the product's own.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._schema = plain(SCHEMAS[name])
        self._known: list[tuple[Sequence[Row], pa.Table]] = []

    def prepared(self, rows: Sequence[Row], *, whole: bool) -> Prepared:
        """All rows that there are now; those that were there do not become Arrow again.

        Args:
            rows: The rows.
            whole: No more pages come, so that many rows become a file at once.

        Raises:
            RowMismatch: Rows do not fit their table.
        """
        own, alike = (rows.rows, rows.alike) if isinstance(rows, Alike) else (rows, {})
        slices = [own[start : start + _SLICE] for start in range(0, len(own), _SLICE)]
        known = iter(self._known)
        self._known = [
            (some, self._table(some, place * _SLICE, alike, next(known, None)))
            for place, some in enumerate(slices)
        ]
        tables = [self._whole(table, alike) for _, table in self._known]
        return Prepared(rows, _in_thread(_file, tables) if whole and len(rows) > PIECE else None)

    def _table(
        self,
        rows: Sequence[Row],
        first: int,
        alike: Container[str],
        before: tuple[Sequence[Row], pa.Table] | None,
    ) -> pa.Table:
        names = [name for name in self._schema.names if name not in alike]
        if before is None or len(before[0]) != len(rows):
            return to_table(self._name, rows, self._of(names), first)
        old, table = before
        if rows == old:
            return table
        early = itemgetter(*(name for name in names if name not in _LATE))
        if list(map(early, rows)) != list(map(early, old)):
            return to_table(self._name, rows, self._of(names), first)
        late = [name for name in names if name in _LATE]
        told = [{name: row[name] for name in late} for row in rows]
        made = to_table(self._name, told, self._of(late), first)
        columns = [made[name] if name in late else table[name] for name in names]
        return pa.Table.from_arrays(columns, schema=table.schema)

    def _of(self, names: Sequence[str]) -> pa.Schema:
        return pa.schema([SCHEMAS[self._name].field(name) for name in names])

    def _whole(self, table: pa.Table, alike: Mapping[str, Any]) -> pa.Table:
        """A table with the columns in which all rows say the same."""
        columns = [
            pa.repeat(pa.scalar(alike[field.name], field.type), len(table))
            if field.name in alike
            else table[field.name]
            for field in self._schema
        ]
        return pa.Table.from_arrays(columns, schema=self._schema)


def _in_thread(
    make: Callable[[Sequence[pa.Table]], bytes], tables: Sequence[pa.Table]
) -> Future[bytes]:
    """Compressing needs no interpreter, so it goes on beside what is worked out next."""
    thread = ThreadPoolExecutor(1, "file")
    try:
        return thread.submit(make, tables)
    finally:
        thread.shutdown(wait=False)


def _file(tables: Sequence[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    schema = tables[0].schema
    # Of a thousand texts hardly two are the same: with dictionaries of them the file took half as
    # long again, and was a little larger.
    options: Any = {"compression": "zstd", "use_dictionary": False, "store_schema": False}
    with pq.ParquetWriter(sink, schema, **options) as writer:
        writer.write_table(pa.concat_tables(tables), row_group_size=PIECE)
    return bytes(sink.getvalue().to_pybytes())
