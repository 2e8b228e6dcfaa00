"""Dagster's SQLite storages, with connections that stay open. No schema of Dagster's changes.

The originals open and close a connection for each of some 23 events a document. Closing the
last connection of a WAL file writes everything to the disk and waits for it: 25 documents took
26 s in place of 3 s while something else used the disk.

And they make their tables in the file itself, and never look again whether all are there: a
first run that was killed at that moment, or met a full disk, left a history that no run opened
any more.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import dagster as dg
import sqlalchemy
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.events import (
    AssetMaterializationPlannedData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetEventTagsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.consolidated_sqlite_event_log import (
    SQLITE_EVENT_LOG_FILENAME,
)
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from watchdog.events import FileSystemEvent, PatternMatchingEventHandler
from watchdog.observers import Observer

from pdf_extraction.defs import batches
from pdf_extraction.defs.event_text import EventTexts, time_of

#: Events of one output that are written together.
_EVENTS_AT_ONCE = 500
#: Pages of 4 KB in the WAL file until they are brought to the main file.
_PAGES_IN_WAL = 8_000
#: Types of events that may have tags.
_TAGGED = {
    DagsterEventType.ASSET_MATERIALIZATION.value,
    DagsterEventType.ASSET_OBSERVATION.value,
}


class _Engines:
    """One engine for each process: a forked child must not use its parent's connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._by_process: dict[int, sqlalchemy.Engine] = {}

    @contextmanager
    def transaction(self) -> Iterator[sqlalchemy.Connection]:
        with self.engine().begin() as connection:
            yield connection

    def engine(self) -> sqlalchemy.Engine:
        process = os.getpid()
        if process not in self._by_process:
            self._by_process[process] = _engine(self._url)
        return self._by_process[process]

    def dispose(self) -> None:
        engine = self._by_process.pop(os.getpid(), None)
        if engine is not None:
            engine.dispose()


def _engine(url: str) -> sqlalchemy.Engine:
    engine = sqlalchemy.create_engine(
        url, max_overflow=-1, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        # In WAL mode this never damages the file; a power cut may take the last events.
        connection.execute("PRAGMA synchronous = NORMAL")
        # By itself SQLite takes everything over into the main file, and waits for the disk, after
        # each 4 MB: after nearly every batch of a large run.
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_IN_WAL}")

    return engine


def _make_whole(file: Path, make: Callable[[str], Any]) -> None:
    """Make a database in a folder of its own, and put it in its place when it is whole.

    Args:
        file: Its place; left alone where it is taken.
        make: Makes one of the same name in a folder, and closes it.
    """
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".new-") as folder:
        make(folder)
        # Not a rename, which would take the place of one that another process has just made.
        with suppress(FileExistsError):
            os.link(Path(folder, file.name), file)


class _Here(threading.local):
    """What one thread has open."""

    def __init__(self) -> None:
        self.connection: sqlalchemy.Connection | None = None


def _plans_many(event: EventLogEntry) -> bool:
    """Whether an event plans partitions that Dagster's own store takes an event each of."""
    data: Any = event.dagster_event.event_specific_data if event.dagster_event else None
    return isinstance(data, AssetMaterializationPlannedData) and data.partitions_subset is not None


def _place_of(happened: DagsterEvent) -> tuple[dg.AssetKey | None, str | None]:
    """Asset and partition of an event; Dagster's own properties take four times as long."""
    data: Any = happened.event_specific_data
    if isinstance(data, StepMaterializationData):
        return data.materialization.asset_key, data.materialization.partition
    if isinstance(data, AssetCheckEvaluation):
        return None, None
    return happened.asset_key, happened.partition


class Materialized(NamedTuple):
    """A materialisation of a partition.

    Attributes:
        id: Where it stands in the log.
        run_id: Whose it is.
        partition: Of what.
        timestamp: Seconds since the epoch.
    """

    id: int
    run_id: str
    partition: str
    timestamp: float


class EventLog(ConsolidatedSqliteEventLogStorage):
    """One event log for all runs; the originals' 47 in place of 170 KB a run."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: _Engines | None = None
        self._here = _Here()
        self._tables: set[str] = set()
        # Dagster takes this from the environment alone; without it each event is written alone.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_EVENTS_AT_ONCE))
        theirs = ConsolidatedSqliteEventLogStorage
        _make_whole(
            Path(base_dir, f"{SQLITE_EVENT_LOG_FILENAME}.db"),
            lambda folder: theirs(folder).dispose(),  # type: ignore[no-untyped-call]
        )
        super().__init__(base_dir, inst_data)
        if not self.has_table("alembic_version"):
            self._init_db()  # type: ignore[no-untyped-call]  # an earlier version was stopped there

    @contextmanager
    def _connect(self) -> Iterator[sqlalchemy.Connection]:
        here = self._here
        if here.connection is not None:
            yield here.connection
            return
        with self._own().transaction() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that this thread writes until the end is one transaction."""
        if self._here.connection is not None:
            yield
            return
        with self._own().transaction() as connection:
            self._here.connection = connection
            try:
                yield
            finally:
                self._here.connection = None

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """Whether one event may plan all partitions of an asset; each still gets its own row.

        Dagster makes four thousand events of a thousand documents otherwise, which took 0.6 s
        before any of them was written, and the run waits for that.
        """
        return True

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event and what is looked up by it, in one transaction in place of three."""
        if _plans_many(event):
            self.store_event_batch([event])
            return
        with self._transaction():
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction; only the last of an asset becomes its latest."""
        texts = EventTexts()
        written = [(event, row) for event in events for row in self._rows(event, texts)]
        with self._transaction():
            connection = self._here.connection
            assert connection is not None
            stored = batches.store(connection, written)
            of_assets = [one for one in stored if one.is_of_asset]
            if self.has_table(AssetEventTagsTable.name):
                batches.tag(connection, self._tags(of_assets))
            for one in {one.kind: one for one in of_assets}.values():
                self._store_asset_event(connection, one.event, one.id)
            for one in stored:
                if one.is_planned_check:
                    batches.plan_checks(connection, one, texts.planned_checks(one.event))
            checks = [one for one in stored if one.is_check]
            of_partitions = [one for one in checks if one.evaluation.partition is not None]
            if of_partitions and batches.judge(connection, of_partitions):
                checks = [one for one in checks if one.evaluation.partition is None]
            for one in checks:
                self.store_asset_check_event(one.event, one.id)

    def _rows(self, event: EventLogEntry, texts: EventTexts) -> Iterator[dict[str, Any]]:
        """As ``_event_to_row`` makes them: one, or that of each partition which is planned."""
        happened = event.dagster_event
        asset, partition = _place_of(happened) if happened else (None, None)
        at: datetime = self._event_insert_timestamp(event)  # type: ignore[no-untyped-call]
        row = {
            "run_id": event.run_id,
            "dagster_event_type": happened.event_type_value if happened else None,
            "timestamp": at.replace(tzinfo=None).isoformat(" ", "microseconds"),
            "step_key": happened.step_key if happened else event.step_key,
            "asset_key": asset.to_string() if asset else None,
        }
        if _plans_many(event):
            for key, text in texts.planned(event):
                yield {**row, "event": text, "partition": key}
        else:
            yield {**row, "event": texts.of(event), "partition": partition}

    def _tags(self, stored: Iterable[batches.Stored]) -> Iterator[tuple[batches.Stored, str, str]]:
        for one in stored:
            if one.row["dagster_event_type"] in _TAGGED:
                for key, value in self._tags_for_asset_event(one.event).items():
                    yield one, key, value

    def materialized(self, ids: Sequence[int]) -> Iterator[Materialized]:
        """What some events of partitions say of themselves, without the events being made again.

        To make a thousand took longer than to write them: each brings all that the UI shows.
        """
        log = SqlEventLogStorageTable.c
        wanted = sqlalchemy.select(log.id, log.run_id, log.partition, log.event)
        with self._connect() as connection:
            for id_, run_id, partition, text in connection.execute(wanted.where(log.id.in_(ids))):
                yield Materialized(id_, run_id, partition, time_of(text))

    def has_table(self, table_name: str) -> bool:
        """Whether the file has a table; one that was there stays there."""
        if table_name in self._tables:
            return True
        if self._here.connection is not None:
            found = sqlalchemy.inspect(self._here.connection).has_table(table_name)
        else:
            found = sqlalchemy.inspect(self._own().engine()).has_table(table_name)
        if found:
            self._tables.add(table_name)
        return bool(found)

    def watch(self, run_id: str, cursor: Any, callback: Callable[..., Any]) -> None:
        """Call back for each new event of a run; what makes the UI live."""
        if not self._obs:
            observer: Any = Observer()
            observer.start()
            observer.schedule(_Changes(self), self._base_dir, recursive=False)
            self._obs = observer
        self._watchers[run_id][callback] = cursor

    def dispose(self) -> None:
        """Close the connections of this process."""
        super().dispose()  # type: ignore[no-untyped-call]
        if self._engines is not None:
            self._engines.dispose()

    def _own(self) -> _Engines:
        if self._engines is None:
            self._engines = _Engines(self._conn_string)
        return self._engines


class _Changes(PatternMatchingEventHandler):
    """With connections kept open, events stand in the WAL file long before the main one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        file = str(log.get_db_path())  # type: ignore[no-untyped-call]
        super().__init__(patterns=[file, f"{file}-wal"])

    def on_modified(self, _event: FileSystemEvent) -> None:
        self._log.on_modified()  # type: ignore[no-untyped-call]


class RunLog(SqliteRunStorage):
    """The table of runs."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines = _Engines(conn_string)
        super().__init__(conn_string, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """From ``dagster.yaml``."""
        _make_whole(
            Path(config_value["base_dir"], "runs.db"),
            lambda folder: SqliteRunStorage.from_local(folder).dispose(),
        )
        return cls.from_local(inst_data=inst_data, **config_value)

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """A connection within a transaction."""
        with self._engines.transaction() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the connections of this process."""
        super().dispose()
        self._engines.dispose()
