"""One Parquet file for each document and table, all of a document replaced together.

How they come to their places at once is ``journal``'s. SQL has a module of its own.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage import specs
from pdf_extraction.storage.journal import Journal, Staging
from pdf_extraction.storage.schemas import PROVENANCE, SCHEMAS, plain, to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pdf_extraction.model import Row
    from pdf_extraction.tablespec import TableSpec

#: With so few rows zstd, dictionaries and statistics take twice the time and twice the bytes.
_FEW_ROWS = 64
_ENDING = ".parquet"


class Tables:
    """The tables' files under a data folder; safe with several threads and processes.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "tables"
        self._journal = Journal(self.root)
        self.recover()

    @property
    def names(self) -> tuple[str, ...]:
        """All tables, those that profiles brought along too."""
        return (*SCHEMAS, *specs.kept_specs(self.root))

    def check(self, wanted: Sequence[TableSpec]) -> None:
        """Whether a profile's tables go with those that are there.

        Raises:
            SettingsError: One is the product's own, or a column has another type.
        """
        specs.widened(specs.kept_specs(self.root), wanted)

    def commit(
        self,
        partition_key: str,
        rows_by_table: Mapping[str, Sequence[Row]],
        brought: Sequence[TableSpec] = (),
    ) -> bool:
        """Replace a document's rows in every table; whether anything changed.

        Tables that are not given, or given without rows, have no rows of the document
        afterwards. Rows that differ from the kept ones in ``run_id`` and ``extracted_at``
        alone leave the files as they are.

        Args:
            partition_key: The document.
            rows_by_table: All its rows.
            brought: Tables that the profile brings along; they gain the columns they lack.

        Raises:
            SettingsError: A column has another type already.
            RowMismatch: Rows do not fit their tables, or not this one document.
            StorageError: The files cannot be written; the old rows stay.
        """
        with self.together() as documents:
            return documents.commit(partition_key, rows_by_table, brought)

    @contextmanager
    def together(self) -> Iterator[Together]:
        """Commits that take effect at the end, all brought to the disk at once.

        Each document is replaced by itself, and none where an exception ends it all.

        Raises:
            SettingsError: A column has another type already.
            StorageError: The files cannot be written; the old rows stay.
        """
        with self._journal.staging() as staging:
            documents = Together(self, self._journal, staging)
            yield documents
            if staging.is_empty and not documents.brought:
                return
            self._journal.sync()
            with self.locked():
                kept = specs.kept_specs(self.root)
                specs.keep(self.root, specs.widened(kept, documents.brought.values()))
                staging.place()
            self._journal.sync()

    def forget(self, partition_key: str) -> bool:
        """Remove a document's rows from every table; whether there were any."""
        with self._journal.staging() as staging:
            with self._journal.writing():
                staging.replace(partition_key, {})
            self._journal.sync()
            with self.locked():
                if not any(self.file(name, partition_key).exists() for name in self.names):
                    return False
                staging.place()
                specs.drop_unused(self.root)
            self._journal.sync()
        return True

    def read(self, table: str, partition_key: str) -> list[Row]:
        """A document's rows of one table, in their order; none where it has none.

        Raises:
            StorageError: The file cannot be read.
        """
        self.recover()
        found = self.load(table, partition_key)
        return found.to_pylist() if found is not None else []

    def partitions(self) -> list[str]:
        """Keys of all documents that have rows, sorted."""
        return sorted(self.marks())

    def marks(self) -> dict[str, str]:
        """For each document a mark that is another one after each commit that changed it.

        The mark is the identity of the document's file in ``documents``, which every commit
        replaces: one ``stat`` a document, 30 ms for 10,000.
        """
        found = {}
        try:
            with os.scandir(self.root / "documents") as entries:
                for entry in entries:
                    if entry.name.endswith(_ENDING):
                        found[entry.name.removesuffix(_ENDING)] = _mark(entry.stat())
        except FileNotFoundError:
            return {}
        return found

    def mark(self, partition_key: str) -> str | None:
        """One document's mark; None where it has no rows."""
        try:
            return _mark(self.file("documents", partition_key).stat())
        except FileNotFoundError:
            return None

    def file(self, table: str, partition_key: str) -> Path:
        """Where a document's rows of one table are kept."""
        return self._journal.file(table, partition_key)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold every other writer off; inside, each document is whole.

        Raises:
            StorageError: The data folder cannot be written.
        """
        with self._journal.locked():
            yield

    def recover(self) -> None:
        """Finish what a killed process left; waits for a commit that is under way."""
        self._journal.recover()

    def differs(self, partition_key: str, tables: Mapping[str, pa.Table]) -> bool:
        """Whether a document's rows are other ones than these, or cannot be read."""
        while True:
            self.recover()
            before = self.mark(partition_key)
            if before is None:
                return True
            is_same = self._is_same(partition_key, tables)
            if self.mark(partition_key) == before:  # no commit of another process in between
                return not is_same

    def _is_same(self, partition_key: str, tables: Mapping[str, pa.Table]) -> bool:
        for name in self.names:
            try:
                old = self.load(name, partition_key)
            except StorageError:
                return False
            new = tables.get(name)
            if old is None or new is None:
                if old is not new:
                    return False
            elif not _comparable(old).equals(_comparable(new)):
                return False
        return True

    def load(self, name: str, partition_key: str) -> pa.Table | None:
        """A document's file of one table in today's columns; None where it has none.

        Raises:
            StorageError: The file cannot be read.
        """
        path = self.file(name, partition_key)
        try:
            with path.open("rb") as file, pq.ParquetFile(file) as parquet:
                return _conform(parquet.read(), self._schema(name))
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            sentence = f"{path}: cannot be read ({error}); run the document again to replace it"
            raise StorageError(sentence) from None

    def _schema(self, name: str) -> pa.Schema:
        if name in SCHEMAS:
            return SCHEMAS[name]
        return specs.arrow_schema(specs.kept_specs(self.root)[name])


class Together:
    """Commits of several documents; see ``Tables.together``.

    Args:
        tables: Where to.
        journal: Of these tables.
        staging: The documents' files until the end.

    Attributes:
        brought: Tables that profiles bring along, by name.
    """

    def __init__(self, tables: Tables, journal: Journal, staging: Staging) -> None:
        self._tables = tables
        self._journal = journal
        self._staging = staging
        self.brought: dict[str, TableSpec] = {}
        self._marks: dict[str, str] = {}

    def mark(self, partition_key: str) -> str | None:
        """What ``Tables.mark`` says of a document once this has ended."""
        return self._marks.get(partition_key) or self._tables.mark(partition_key)

    def commit(
        self,
        partition_key: str,
        rows_by_table: Mapping[str, Sequence[Row]],
        brought: Sequence[TableSpec] = (),
    ) -> bool:
        """Replace a document's rows at the end; as ``Tables.commit``."""
        tables = self._arrow(rows_by_table, brought)
        _check_document(partition_key, rows_by_table)
        if not self._tables.differs(partition_key, tables):
            return False
        with self._journal.writing():
            files = {name: self._staging.file(name) for name in tables}
            for name, table in tables.items():
                _write(table, files[name])
            self._staging.replace(partition_key, files)
            self._marks[partition_key] = _mark(files["documents"].stat())
        return True

    def _arrow(
        self, rows_by_table: Mapping[str, Sequence[Row]], brought: Sequence[TableSpec]
    ) -> dict[str, pa.Table]:
        """Tables with rows; those that profiles brought along in all columns that they have."""
        found = {name: rows for name, rows in rows_by_table.items() if rows}
        own: dict[str, TableSpec] = {}
        if brought or found.keys() - SCHEMAS.keys():
            kept = specs.kept_specs(self._tables.root)
            self.brought |= {spec.name: spec for spec in specs.widened(kept, brought)}
            own = {**kept, **self.brought}
        return {
            name: to_table(name, rows) if name in SCHEMAS else _own_table(own[name], rows)
            for name, rows in found.items()
        }


def _own_table(spec: TableSpec, rows: Sequence[Row]) -> pa.Table:
    schema = specs.arrow_schema(spec)
    empty = dict.fromkeys(schema.names)
    return to_table(spec.name, [{**empty, **row} for row in rows], schema)


def _check_document(partition_key: str, rows_by_table: Mapping[str, Sequence[Row]]) -> None:
    """The warehouse finds a document's rows again by this one id."""
    documents = rows_by_table.get("documents", [])
    if [row["partition_key"] for row in documents] != [partition_key]:
        raise RowMismatch(f"documents: expected one row, of partition {partition_key!r}")
    document_id = documents[0]["document_id"]
    for name, rows in rows_by_table.items():
        if other := {row["document_id"] for row in rows} - {document_id}:
            raise RowMismatch(f"{name}: rows of {other} among those of {document_id!r}")


def _mark(stat: os.stat_result) -> str:
    return f"{stat.st_ino}-{stat.st_size}-{stat.st_mtime_ns}"


def _comparable(table: pa.Table) -> pa.Table:
    return table.drop_columns([name for name in PROVENANCE if name in table.column_names])


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A file of another version in today's columns: new ones are NULL, old ones are left."""
    today = plain(schema)
    if table.schema.equals(today):
        return table
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=today)


def _write(table: pa.Table, path: Path) -> None:
    is_short = table.num_rows <= _FEW_ROWS
    # Not straight into the file: opening it by pyarrow took as long as making five rows' bytes.
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="snappy" if is_short else "zstd",
        use_dictionary=not is_short,
        write_statistics=not is_short,
        store_schema=False,
    )
    path.write_bytes(sink.getvalue())
