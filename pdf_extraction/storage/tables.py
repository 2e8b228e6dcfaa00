"""One Parquet file for each document and table, all of a document replaced together.

How they come to their places at once is ``journal``'s. SQL has a module of its own.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage import specs
from pdf_extraction.storage.journal import Journal, Staging
from pdf_extraction.storage.prepared import PIECE, Prepared
from pdf_extraction.storage.rowfiles import KeptRows, Made, made
from pdf_extraction.storage.schemas import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pdf_extraction.model import Row
    from pdf_extraction.tablespec import TableSpec

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
        rows_by_table: Mapping[str, Iterable[Row]],
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
            staging.seal()
            with self.locked():
                kept = specs.kept_specs(self.root)
                specs.keep(self.root, specs.widened(kept, documents.brought.values()))
                staging.place()
            self._journal.sync()

    def forget(self, partition_key: str) -> bool:
        """Remove a document's rows from every table; whether there were any."""
        with self._journal.staging() as staging, self.locked():
            if not any(self.file(name, partition_key).exists() for name in self.names):
                return False
            staging.replace(partition_key, {})
            staging.seal()
            staging.place()
            specs.drop_unused(self.root)
            self._journal.sync()
        return True

    def read(self, table: str, partition_key: str) -> Sequence[Row]:
        """A document's rows of one table, in their order; none where it has none.

        Of a long table they are read each time they are asked for, as they are now.

        Raises:
            StorageError: The file cannot be read.
        """
        self.recover()
        found = self.load(table, partition_key)
        return (found if len(found) > PIECE else list(found)) if found is not None else []

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

    def differs(self, partition_key: str, rows: Mapping[str, Made]) -> bool:
        """Whether a document's rows are other ones than these, or cannot be read."""
        while True:
            self.recover()
            before = self.mark(partition_key)
            if before is None:
                return True
            is_same = self._is_same(partition_key, rows)
            if self.mark(partition_key) == before:  # no commit of another process in between
                return not is_same

    def _is_same(self, partition_key: str, rows: Mapping[str, Made]) -> bool:
        try:
            for name in self.names:
                old, new = self.load(name, partition_key), rows.get(name)
                if (old is None) != (new is None):
                    return False
                if old is not None and new is not None and not new.is_same(old):
                    return False
        except StorageError:
            return False
        return True

    def load(self, name: str, partition_key: str) -> KeptRows | None:
        """A document's file of one table; None where it has none.

        Raises:
            StorageError: The file cannot be read.
        """
        try:
            return KeptRows(self.file(name, partition_key), self._schema(name))
        except FileNotFoundError:
            return None

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
        rows_by_table: Mapping[str, Iterable[Row]],
        brought: Sequence[TableSpec] = (),
    ) -> bool:
        """Replace a document's rows at the end; as ``Tables.commit``."""
        return self.replace(partition_key, rows_by_table, brought)[1]

    def replace(
        self,
        partition_key: str,
        rows_by_table: Mapping[str, Iterable[Row]],
        brought: Sequence[TableSpec] = (),
    ) -> tuple[dict[str, Sequence[Row]], bool]:
        """The same; the rows, for who wants to read them again, and whether any changed.

        Rows that come one after the other are taken once; many are read from the new file then.
        """
        document_id = _document_id(partition_key, rows_by_table.get("documents", ()))
        own = self._own(rows_by_table, brought)
        new: dict[str, Made] = {}
        with self._journal.writing():
            for name, rows in rows_by_table.items():
                file = partial(self._staging.file, name)
                whole = _whole(rows, own[name]) if name in own else rows
                if found := made(name, whole, document_id, file, own.get(name)):
                    new[name] = found
        changed = self._tables.differs(partition_key, new)
        if changed:
            with self._journal.writing():
                files = {
                    name: found.in_file(partial(self._staging.file, name))
                    for name, found in new.items()
                }
                self._staging.replace(partition_key, files)
                self._marks[partition_key] = _mark(files["documents"].stat())
        return {name: _again(rows, new.get(name)) for name, rows in rows_by_table.items()}, changed

    def _own(self, names: Collection[str], brought: Sequence[TableSpec]) -> Mapping[str, pa.Schema]:
        """Tables that profiles brought along, in all columns that they have from now on."""
        if not brought and not names - SCHEMAS.keys():
            return {}
        kept = specs.kept_specs(self._tables.root)
        self.brought |= {spec.name: spec for spec in specs.widened(kept, brought)}
        own = {**kept, **self.brought}
        return {name: specs.arrow_schema(own[name]) for name in names - SCHEMAS.keys()}


def _again(rows: Iterable[Row], new: Made | None) -> Sequence[Row]:
    if isinstance(rows, list | tuple | Prepared):
        return rows
    return new.rows if new is not None else ()


def _whole(rows: Iterable[Row], schema: pa.Schema) -> Iterator[Row]:
    empty = dict.fromkeys(schema.names)
    return ({**empty, **row} for row in rows)


def _document_id(partition_key: str, documents: Iterable[Row]) -> str:
    """The warehouse finds a document's rows again by this one id."""
    found = list(documents)
    if [row["partition_key"] for row in found] != [partition_key]:
        raise RowMismatch(f"documents: expected one row, of partition {partition_key!r}")
    document_id: str = found[0]["document_id"]
    return document_id


def _mark(stat: os.stat_result) -> str:
    return f"{stat.st_ino}-{stat.st_size}-{stat.st_mtime_ns}"
