"""Rows of which most have become Arrow before the last of them is known.

A thousand pages' chunks took longer to become Arrow and Parquet than to be made. What is
committed, and where, is not known here.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.storage.checked import to_table
from pdf_extraction.storage.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pdf_extraction.model import Row

#: Rows that are made, written and read together.
PIECE = 1_000
#: Columns that may become others in all of a document's rows when more pages come.
_LATE = ("position", "confidence", "confidence_method", "canonical_hash")


class Prepared(list["Row"]):
    """All rows of one document in one table.

    Args:
        rows: The rows.
        file: Their Parquet file, where it is being made already.
    """

    def __init__(self, rows: Iterable[Row], file: Future[bytes] | None = None) -> None:
        super().__init__(rows)
        self.file = file


class TableSoFar:
    """A table of a document of which more and more pages come.

    Args:
        name: Of one of the product's own.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        schema = SCHEMAS[name]
        self._late = pa.schema([schema.field(name) for name in _LATE if name in schema.names])
        self._early = itemgetter(*(name for name in schema.names if name not in _LATE))
        self._known: list[tuple[Sequence[Row], pa.Table]] = []

    def prepared(self, rows: Sequence[Row], *, whole: bool) -> Prepared:
        """All rows that there are now; pieces that were there are not made again.

        Args:
            rows: The rows.
            whole: No more pages come, so that many rows become a file at once.

        Raises:
            RowMismatch: Rows do not fit their table.
        """
        known = self._known
        self._known = [
            (piece, self._piece(piece, start, *known[start // PIECE : start // PIECE + 1]))
            for start in range(0, len(rows), PIECE)
            for piece in [rows[start : start + PIECE]]
        ]
        pieces = [table for _, table in self._known]
        return Prepared(rows, _in_thread(_file, pieces) if whole and len(rows) > PIECE else None)

    def _piece(
        self, rows: Sequence[Row], first: int, before: tuple[Sequence[Row], pa.Table] | None = None
    ) -> pa.Table:
        if before is None or len(before[0]) != len(rows):
            return to_table(self._name, rows, first=first)
        old, table = before
        if list(map(self._early, rows)) != list(map(self._early, old)):
            return to_table(self._name, rows, first=first)
        names = self._late.names
        late = to_table(self._name, [{n: row[n] for n in names} for row in rows], self._late, first)
        columns = [late[n] if n in names else table[n] for n in table.column_names]
        return pa.Table.from_arrays(columns, schema=table.schema)


def _in_thread(
    make: Callable[[Sequence[pa.Table]], bytes], pieces: Sequence[pa.Table]
) -> Future[bytes]:
    """Compressing needs no interpreter, so it goes on beside what is worked out next."""
    thread = ThreadPoolExecutor(1, "file")
    try:
        return thread.submit(make, pieces)
    finally:
        thread.shutdown(wait=False)


def _file(pieces: Sequence[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    schema = pieces[0].schema
    with pq.ParquetWriter(sink, schema, compression="zstd", store_schema=False) as writer:
        for piece in pieces:
            writer.write_table(piece)
    return bytes(sink.getvalue().to_pybytes())
