"""Rows of one table as a Parquet file, of long tables a thousand at a time.

The rows of a document of 10,000 pages were 400 MB as objects, 600 as Arrow's columns and 150 as
the bytes of the files, all at once. Where the files go is not known here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, overload

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage.checked import to_table
from pdf_extraction.storage.prepared import PIECE, Prepared
from pdf_extraction.storage.schemas import PROVENANCE, SCHEMAS, plain

if TYPE_CHECKING:
    from pathlib import Path

    from pdf_extraction.model import Row

#: With so few rows zstd, dictionaries and statistics take twice the time and twice the bytes.
_FEW_ROWS = 64
#: The table whose rows are ten times the others', with a page's text and its answer, and how many
#: of them are made and written together: 60 MB of a thousand pages that are full.
_FULL, _FULL_PIECE = "pages", 250
#: Bytes of rows whose file is made in memory; a long document's whole text is in one row.
_SMALL_BYTES = 1_000_000
#: Bytes of rows that become a file at once, though it may be found that they are the kept ones.
_LONG_BYTES = 4_000_000


class KeptRows(Sequence["Row"]):
    """A file's rows in today's columns, read from it a piece at a time whenever they are wanted.

    The file stays open, so that they are of one version though another takes its place.

    Args:
        path: Of the file.
        schema: Of the table; columns that the file lacks are NULL.
        file: The file where it is open already.

    Raises:
        FileNotFoundError: There is no such file.
        StorageError: It cannot be read.
    """

    def __init__(self, path: Path, schema: pa.Schema, file: pq.ParquetFile | None = None) -> None:
        self._path, self._schema = path, plain(schema)
        self._file = file or self._readable(lambda: pq.ParquetFile(path))
        groups = range(self._file.num_row_groups)
        sizes = (self._file.metadata.row_group(group).num_rows for group in groups)
        self._starts = list(accumulate(sizes, initial=0))
        names = set(self._file.schema_arrow.names)
        self._columns = [name for name in self._schema.names if name in names]
        self._held: tuple[int, pa.Table | None] = -1, None

    def only(self, *columns: str) -> KeptRows:
        """The same rows with some of their columns."""
        schema = pa.schema([self._schema.field(name) for name in columns])
        return KeptRows(self._path, schema, self._file)

    def piece(self, start: int, stop: int) -> pa.Table:
        """Some of the rows as a table.

        Raises:
            StorageError: They cannot be read.
        """
        stop = min(stop, len(self))
        groups = range(bisect_right(self._starts, start) - 1, len(self._starts) - 1)
        parts = []
        for group in groups:
            first = self._starts[group]
            if first >= stop:
                break
            begin = max(start - first, 0)
            parts.append(self._group(group).slice(begin, stop - first - begin))
        return pa.concat_tables(parts) if parts else self._schema.empty_table()

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return dict(self.piece(places, places + 1).to_pylist()[0])
        if places.step == 1:
            return list(self.piece(places.start, places.stop).to_pylist())
        return [self[place] for place in places]

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), PIECE):
            yield from self.piece(start, start + PIECE).to_pylist()

    def _group(self, group: int) -> pa.Table:
        held, table = self._held
        if table is None or held != group:
            table = self._readable(
                lambda: self._file.read_row_group(group, self._columns, use_threads=False)
            )
            table = _conform(table, self._schema)
            self._held = group, table
        return table

    def _readable(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            sentence = f"{self._path}: cannot be read ({error}); run the document again"
            raise StorageError(f"{sentence} to replace it") from None


@dataclass(frozen=True)
class Made:
    """A document's rows of one table, ready to become its file.

    Attributes:
        rows: As they can be read again.
        table: All of them, where they are few.
        path: The file that they are in, where they are many.
    """

    rows: Sequence[Row]
    table: pa.Table | None
    path: Path | None

    def is_same(self, kept: KeptRows) -> bool:
        """Whether they are the kept ones, but for when and by which run they were made."""
        return len(kept) == len(self.rows) and all(
            _comparable(kept.piece(start, start + PIECE)).equals(_comparable(self._piece(start)))
            for start in range(0, len(kept), PIECE)
        )

    def in_file(self, file: Callable[[], Path]) -> Path:
        """Where they are written; few are so only now.

        Raises:
            OSError: The file cannot be written.
        """
        if self.path is not None:
            return self.path
        path = file()
        _write(self._piece(0), path)
        return path

    def _piece(self, start: int) -> pa.Table:
        if self.table is None:
            assert isinstance(self.rows, KeptRows)
            return self.rows.piece(start, start + PIECE)
        return self.table


def made(
    name: str,
    rows: Iterable[Row],
    document_id: str,
    file: Callable[[], Path],
    schema: pa.Schema | None = None,
) -> Made | None:
    """Rows of one document ready to become a file; None where there are none.

    Args:
        name: Of the table.
        rows: Taken a piece at a time.
        document_id: That each of them must bear.
        file: Names a file, for rows that are too many to be held.
        schema: Of a table that a profile brings along; else that of ``SCHEMAS``.

    Raises:
        RowMismatch: They do not fit the table, or not this one document.
        OSError: The file cannot be written.
    """

    def table(piece: list[Row], first: int) -> pa.Table:
        found = to_table(name, piece, schema, first)
        if other := {row["document_id"] for row in piece} - {document_id}:
            raise RowMismatch(f"{name}: rows of {other} among those of {document_id!r}")
        return found

    if isinstance(rows, Prepared) and rows.file is not None:
        path = file()
        path.write_bytes(rows.file.result())
        return Made(KeptRows(path, SCHEMAS[name]), None, path)
    most = _FULL_PIECE if name == _FULL else PIECE
    pieces = _pieces(rows, most)
    first = next(pieces, None)
    if first is None:
        return None
    piece, is_last = first
    begun = table(piece, 0)
    if is_last and begun.nbytes < _LONG_BYTES:
        return Made(piece, begun, None)
    path = file()
    if is_last:  # one long document's text, which is not to wait for all the other tables
        _write(begun, path)
        return Made(KeptRows(path, schema or SCHEMAS[name]), None, path)
    with pq.ParquetWriter(path, begun.schema, compression="zstd", store_schema=False) as writer:
        writer.write_table(begun)
        del first, piece, begun
        for number, (following, _) in enumerate(pieces, 1):
            writer.write_table(table(following, number * most))
            del following
    return Made(KeptRows(path, schema or SCHEMAS[name]), None, path)


def _pieces(rows: Iterable[Row], most: int) -> Iterator[tuple[list[Row], bool]]:
    """Rows a piece at a time, of which one is held, and whether each is the last."""
    left = iter(rows)
    ahead = list(islice(left, 1))
    while ahead:
        piece = [*ahead, *islice(left, most - 1)]
        ahead = list(islice(left, 1))
        yield piece, not ahead
        del piece


def _comparable(table: pa.Table) -> pa.Table:
    return table.drop_columns([name for name in PROVENANCE if name in table.column_names])


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A file of another version in today's columns: new ones are NULL, old ones are left."""
    if table.schema.equals(schema):
        return table
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _write(table: pa.Table, path: Path) -> None:
    is_short = table.num_rows <= _FEW_ROWS
    # Not straight into the file: opening it by pyarrow took as long as making five rows' bytes.
    sink = pa.BufferOutputStream() if table.nbytes < _SMALL_BYTES else None
    pq.write_table(
        table,
        path if sink is None else sink,
        compression="snappy" if is_short else "zstd",
        use_dictionary=not is_short,
        write_statistics=not is_short,
        store_schema=False,
    )
    if sink is not None:
        path.write_bytes(sink.getvalue())
