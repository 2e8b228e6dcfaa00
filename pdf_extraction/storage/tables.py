"""One Parquet file for each document and table, all of a document replaced together.

A commit stages its files in a journal folder; the rename of that folder is the commit
point. What a kill leaves is rolled forward (after the point) or thrown away (before it) by
the next process that looks. SQL has a module of its own.

    DATA/tables/TABLE/PARTITION.parquet
    DATA/tables/.journal/PARTITION.staged    before the point
    DATA/tables/.journal/PARTITION.ready     after it, until every file is in its place
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage import specs
from pdf_extraction.storage.schemas import PROVENANCE, SCHEMAS, plain, to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pdf_extraction.model import Row
    from pdf_extraction.tablespec import TableSpec

#: With so few rows zstd takes twice the time of the whole file and saves nothing.
_FEW_ROWS = 64
_READY, _STAGED, _ENDING, _MANIFEST = ".ready", ".staged", ".parquet", "manifest"


class Tables:
    """The tables' files under a data folder; safe with several threads and processes.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "tables"
        self._journal = self.root / ".journal"
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
        known = {
            name: to_table(name, r) for name, r in rows_by_table.items() if name in SCHEMAS and r
        }
        _check_document(partition_key, rows_by_table)
        # A new document's files are made before the lock: commits of other processes wait for it.
        is_new = self.mark(partition_key) is None
        made = {name: _parquet(table) for name, table in known.items()} if is_new else {}
        with self.locked():
            tables = {**known, **self._own(rows_by_table, brought)}
            if self._is_same(partition_key, tables):
                return False
            files = {name: made.get(name) or _parquet(table) for name, table in tables.items()}
            self._replace(partition_key, files)
        return True

    def _own(
        self, rows_by_table: Mapping[str, Sequence[Row]], brought: Sequence[TableSpec]
    ) -> dict[str, pa.Table]:
        """Tables that profiles brought along, in the columns that they have from now on."""
        kept = specs.kept_specs(self.root)
        widened = specs.widened(kept, brought)
        specs.keep(self.root, widened)
        known = {**kept, **{spec.name: spec for spec in widened}}
        found = {}
        for name, rows in rows_by_table.items():
            if name not in SCHEMAS and rows:
                schema = specs.arrow_schema(known[name])
                empty = dict.fromkeys(schema.names)
                found[name] = to_table(name, [{**empty, **row} for row in rows], schema)
        return found

    def forget(self, partition_key: str) -> bool:
        """Remove a document's rows from every table; whether there were any."""
        with self.locked():
            if not any(self.file(name, partition_key).exists() for name in self.names):
                return False
            self._replace(partition_key, {})
            specs.drop_unused(self.root)
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
        if not partition_key or partition_key[0] == "." or set(partition_key) & {"/", "\\", "\0"}:
            raise RowMismatch(f"{partition_key!r} is no partition key")
        return self.root / table / f"{partition_key}{_ENDING}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold every other writer off; inside, each document is whole.

        Raises:
            StorageError: The data folder cannot be written.
        """
        try:
            self._journal.mkdir(parents=True, exist_ok=True)
            # A new lock object each time, so that threads of one process exclude each other.
            with FileLock(self.root / ".lock", is_singleton=False):
                self._recover()
                yield
        except OSError as error:
            sentence = f"{self.root}: {error}; free space or mend the folder, then run again"
            raise StorageError(sentence) from error

    def recover(self) -> None:
        """Finish or undo what a killed process left; waits for a commit that is under way."""
        try:
            left = any(self._journal.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{self.root}: cannot be read: {error}") from error
        if left:
            with self.locked():
                pass

    def _recover(self) -> None:
        for folder in sorted(self._journal.iterdir()):
            if folder.suffix == _READY:
                self._apply(folder)
            else:
                shutil.rmtree(folder)

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

    def _replace(self, partition_key: str, files: Mapping[str, bytes]) -> None:
        staged = self._journal / f"{partition_key}{_STAGED}"
        staged.mkdir()
        for name, data in files.items():
            _write(staged / f"{name}{_ENDING}", data)
        _write(staged / _MANIFEST, " ".join(files).encode())
        _sync(staged)
        ready = self._journal / f"{partition_key}{_READY}"
        staged.rename(ready)
        _sync(self._journal)
        self._apply(ready)

    def _apply(self, ready: Path) -> None:
        """Move a committed folder's files to their places; may be repeated after a kill."""
        partition_key = ready.name.removesuffix(_READY)
        present = (ready / _MANIFEST).read_text().split()
        for name in dict.fromkeys((*self.names, *present)):
            target, source = self.file(name, partition_key), ready / f"{name}{_ENDING}"
            if name not in present:
                target.unlink(missing_ok=True)
            elif source.exists():
                target.parent.mkdir(exist_ok=True)
                source.replace(target)
                _sync(target.parent)
        # Its files are gone, so it must not be taken for a commit while it is being removed.
        done = ready.rename(self._journal / f"{partition_key}{_STAGED}")
        shutil.rmtree(done)


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


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd" if table.num_rows > _FEW_ROWS else "snappy",
        store_schema=False,
    )
    return sink.getvalue().to_pybytes()


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
