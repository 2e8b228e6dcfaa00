"""How the warehouse's file is built: what changed is found, brought into a copy, and swapped in.

Whatever is wrong with the file (damaged, of another version, written to by a user) is mended by
building it again. Nothing is asked of it here.

    DATA/.warehouse.json      which commit of each document is in it
    DATA/.warehouse-new-*     being built
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb
from filelock import FileLock

from pdf_extraction.errors import StorageError, writing
from pdf_extraction.model import digest
from pdf_extraction.storage import ddl, specs
from pdf_extraction.storage.query import remove_abandoned, translate
from pdf_extraction.storage.schemas import SCHEMAS
from pdf_extraction.storage.warehouse import RefreshFacts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pdf_extraction.storage.tables import Tables
    from pdf_extraction.tablespec import TableSpec

_Config = dict[str, str | bool | int | float | list[str]]
_NEW = ".warehouse-new-"
#: Documents taken under one hold of the commit lock: a second or two.
_BATCH = 500
#: With more of the documents outdated than this share, building anew is cheaper than copying
#: the file, deleting and inserting; new ones cost the same in both.
_REBUILD_SHARE = 0.5
_READ = "FROM read_parquet($files, union_by_name=true, hive_partitioning=false)"
_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} " + _READ
_COUNT = "SELECT count(*) FROM {table}"
_DELETE = "DELETE FROM {table} WHERE document_id IN (SELECT unnest($ids))"
_IDS = """
SELECT partition_key, document_id FROM documents WHERE partition_key IN (SELECT unnest($keys))
"""
#: With a thread for each core, many small files took twice the processor time and memory, and
#: no less wall time, beside pages that are read.
#: What is committed goes straight into the file, and not first beside it.
_CONFIG: _Config = {"threads": 1, "checkpoint_threshold": "1KB"}
#: What does not fit into it goes through the disk. A document of ten thousand full pages took
#: 900 MB without it, 280 with it.
_MEMORY = "128MB"
#: Seconds between two looks at whether somebody else is through.
_POLL_S = 0.01
_log = logging.getLogger(__name__)


@dataclass
class _State:
    """What is in a warehouse file: for each partition its mark and its document's id.

    A partition whose files are damaged has the id None and no rows; it is tried again when
    its mark changes.
    """

    identity: list[int] = field(default_factory=list)
    schema: str = ""
    partitions: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


class _Damaged(Exception):
    def __init__(self, keys: set[str]) -> None:
        super().__init__(keys)
        self.keys = keys


class _Outgrown(Exception):
    """A table got a column, or an ENUM a value, since its definition was read."""


class Builder:
    """Builds the warehouse of a data folder; safe with several threads and processes.

    Args:
        file: The warehouse; its folder is made when something is first written.
        tables: The truth.
        memory: What DuckDB takes as far as it can do with it, in its own words.
    """

    def __init__(self, file: Path, tables: Tables, memory: str = _MEMORY) -> None:
        self.file = file
        self._folder = file.parent
        self._state_file = self._folder / ".warehouse.json"
        self._tables = tables
        self._config: _Config = {**_CONFIG, "memory_limit": memory}

    def refresh(self) -> RefreshFacts:
        """See ``Warehouse``."""
        started = time.perf_counter()
        with self._locked():
            self._tables.recover()
            state, marks = self._known(), self._tables.marks()
            if state is not None and marks == {k: v[0] for k, v in state.partitions.items()}:
                return _facts(state, state, started)
            if state is not None and _outdated(state, marks) > _REBUILD_SHARE * len(marks):
                return self._build(None, started, before=state)
            return self._build(state, started, before=state)

    def compact(self) -> RefreshFacts:
        """See ``Warehouse``."""
        started = time.perf_counter()
        with self._locked():
            return self._build(None, started, before=self._known())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with writing(self.file):
                self._folder.mkdir(parents=True, exist_ok=True)
                lock = self._folder / ".warehouse.lock"
                with FileLock(lock, is_singleton=False, poll_interval=_POLL_S):
                    remove_abandoned(self._folder, time.time())
                    self._remove_unfinished()
                    yield
        except duckdb.Error as error:
            translate(error, str(self.file))

    def _remove_unfinished(self) -> None:
        for path in self._folder.glob(f"{_NEW}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _known(self) -> _State | None:
        """State of the file; None where it is not the one that was last built here."""
        try:
            state = _State(**json.loads(self._state_file.read_text(encoding="utf-8")))
            state.partitions = {key: (mark, name) for key, (mark, name) in state.partitions.items()}
        except (FileNotFoundError, ValueError, TypeError):
            return None
        is_ours = state.identity == _identity(self.file) and state.schema == self._schema_mark()
        return state if is_ours else None

    def _schema_mark(self) -> str:
        return digest(*ddl.statements(specs.kept_specs(self._tables.root)))

    def _build(
        self, state: _State | None, started: float, *, before: _State | None
    ) -> RefreshFacts:
        damaged: set[str] = set()
        config = self._config
        while True:
            new = self._folder / f"{_NEW}{uuid4().hex}.duckdb"
            try:
                built = self._fill(new, state, damaged, config)
                self._swap(new, built)
            except _Damaged as error:
                damaged |= error.keys
            except _Outgrown:
                state = None
            except duckdb.OutOfMemoryException:
                if config is _CONFIG:
                    raise
                config = _CONFIG  # a file of one great block, as earlier versions wrote them
            except duckdb.Error:
                if state is None:
                    raise
                _log.warning("%s is damaged and is built again", self.file, exc_info=True)
                state = None
            else:
                return _facts(before or _State(), built, started, rebuilt=state is None)
            self._remove_unfinished()

    def _fill(
        self, new: Path, state: _State | None, damaged: Collection[str], config: _Config
    ) -> _State:
        if state is not None:
            shutil.copyfile(self.file, new)
            if _identity(self.file) != state.identity:
                # Somebody writes to it: what was copied may be half of something.
                new.unlink()
                state = None
        # As they are now: columns that come while this is built bring another mark.
        brought = specs.kept_specs(self._tables.root)
        statements = list(ddl.statements(brought))
        with duckdb.connect(new, config=config) as connection:
            # A process without a main file passes for somebody's shell.
            connection.execute("SET enable_progress_bar = false")
            if state is None:
                # Each by itself they were as many transactions.
                connection.execute("; ".join(["BEGIN", *statements, "COMMIT"]))
            update = _Update(connection, self._tables, brought, damaged)
            connection.execute("BEGIN")
            partitions = update.run(state or _State())
            connection.execute("COMMIT")
            rows = {name: _count(connection, name) for name in update.schemas}
            connection.execute("CHECKPOINT")
        return _State(_identity(new), digest(*statements), partitions, rows)

    def _swap(self, new: Path, state: _State) -> None:
        new.replace(self.file)
        # A WAL that a user's session left belongs to the file that was; beside the new one
        # DuckDB would refuse to open either.
        self.file.with_name(f"{self.file.name}.wal").unlink(missing_ok=True)
        temporary = self._folder / f"{_NEW}{uuid4().hex}.json"
        temporary.write_text(json.dumps(asdict(state), ensure_ascii=False), encoding="utf-8")
        temporary.replace(self._state_file)


class _Update:
    """Brings a warehouse that is being built to what the files hold.

    Args:
        connection: To the new file.
        tables: The truth.
        brought: Tables that profiles brought along, as the new file has them.
        damaged: Partitions whose files cannot be read.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Tables,
        brought: Mapping[str, TableSpec],
        damaged: Collection[str],
    ) -> None:
        self.connection, self.tables, self.damaged = connection, tables, damaged
        self.brought = brought
        own = {name: specs.arrow_schema(spec) for name, spec in brought.items()}
        self.schemas: dict[str, pa.Schema] = {**SCHEMAS, **own}

    def run(self, state: _State) -> dict[str, tuple[str, str | None]]:
        """Delete what changed, insert what there is now; the partitions that are then in it."""
        changed = _changed(state, self.tables.marks())
        outdated = {state.partitions[key][1] for key in changed if key in state.partitions}
        # Two partitions may bear one document's id for a while after a file was renamed.
        changed |= {key for key, (_, name) in state.partitions.items() if name in outdated}
        kept = {key: value for key, value in state.partitions.items() if key not in changed}
        ids = sorted(name for name in outdated if name is not None)
        for table in self.schemas if ids else ():
            self.connection.execute(_DELETE.format(table=ddl.quoted(table)), {"ids": ids})
        keys = sorted(changed)
        for start in range(0, len(keys), _BATCH):
            kept |= self._take(keys[start : start + _BATCH])
        return kept

    def _take(self, keys: list[str]) -> dict[str, tuple[str, str | None]]:
        """Insert the rows of some partitions, each as one commit left it."""
        with self.tables.locked():
            # A value of an ENUM that came with a commit since would fit no column of the file.
            kept = specs.kept_specs(self.tables.root)
            if any(kept.get(name, spec) != spec for name, spec in self.brought.items()):
                raise _Outgrown
            marks = {key: mark for key in keys if (mark := self.tables.mark(key)) is not None}
            sound = [key for key in marks if key not in self.damaged]
            try:
                for table, schema in self.schemas.items():
                    files = [self.tables.file(table, key) for key in sound]
                    there = [str(file) for file in files if file.exists()]
                    _insert(self.connection, table, schema, there)
            except duckdb.Error:
                if broken := self._unreadable(sound):
                    raise _Damaged(broken) from None
                raise
        ids = dict(self.connection.execute(_IDS, {"keys": sound}).fetchall())
        return {key: (mark, ids.get(key)) for key, mark in marks.items()}

    def _unreadable(self, keys: Collection[str]) -> set[str]:
        broken = set()
        for key in keys:
            try:
                for table in self.schemas:
                    for _ in self.tables.load(table, key) or ():
                        pass
            except StorageError as error:
                _log.warning("left out of the warehouse: %s", error)
                broken.add(key)
        return broken


def _changed(state: _State, marks: dict[str, str]) -> set[str]:
    """Partitions that are new, other than before, or gone."""
    keys = marks.keys() | state.partitions.keys()
    return {key for key in keys if marks.get(key) != state.partitions.get(key, ("",))[0]}


def _outdated(state: _State, marks: dict[str, str]) -> int:
    """How many documents are in the file with rows that are not theirs any more."""
    return len(_changed(state, marks) & state.partitions.keys())


def _facts(before: _State, after: _State, started: float, *, rebuilt: bool = False) -> RefreshFacts:
    old, new = before.partitions, after.partitions
    return RefreshFacts(
        changed=tuple(sorted(key for key in new if new[key] != old.get(key))),
        removed=tuple(sorted(old.keys() - new.keys())),
        unreadable=tuple(sorted(key for key in new if new[key][1] is None)),
        rows=after.rows,
        rebuilt=rebuilt,
        seconds=time.perf_counter() - started,
    )


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, files: list[str]
) -> None:
    if not files:
        return
    parameters = {"files": [_escaped(file) for file in files]}
    columns = list(ddl.columns_of(schema))
    try:
        connection.execute(_statement(table, columns), parameters)
    except duckdb.BinderException:  # all files are older than one of the columns
        found = connection.execute(f"DESCRIBE {_READ}", parameters).fetchall()
        present = {row[0] for row in found}
        columns = [name for name in columns if name in present]
        connection.execute(_statement(table, columns), parameters)


def _statement(table: str, columns: Sequence[str]) -> str:
    named = ", ".join(map(ddl.quoted, columns))
    return _INSERT.format(table=ddl.quoted(table), columns=named)


def _escaped(path: str) -> str:
    """A path that DuckDB does not take for a pattern."""
    return "".join(f"[{char}]" if char in "[*?" else char for char in path)


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    found = connection.execute(_COUNT.format(table=ddl.quoted(table))).fetchone()
    assert found is not None
    return int(found[0])


def _identity(file: Path) -> list[int]:
    """What a rename leaves as it is and any write changes."""
    try:
        stat = file.stat()
    except FileNotFoundError:
        return []
    return [stat.st_ino, stat.st_size, stat.st_mtime_ns]
