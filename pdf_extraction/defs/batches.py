"""Events written to a SQLite event log many at a time, in the rows that Dagster's own store writes.

Nine events a document at two milliseconds each were most of what a document of one page cost:
the original makes, compiles and runs a statement or two for each. No connection is opened here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.events import ASSET_EVENTS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from sqlalchemy.dialects import sqlite

_OF_ASSETS = frozenset(kind.value for kind in ASSET_EVENTS)
_PLANNED_CHECK = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value
_CHECK = DagsterEventType.ASSET_CHECK_EVALUATION.value
_CHECKS = AssetCheckExecutionsTable
_FIGURES = ("evaluation_event", "evaluation_event_timestamp", "evaluation_event_storage_id")


class _Many:
    """A statement for many rows, without all that SQLAlchemy does for each of them.

    Args:
        statement: An insert or an update.
        columns: That are written; an update's own parameters come on top.
    """

    def __init__(self, statement: Any, *columns: str) -> None:
        made = statement.compile(dialect=sqlite.dialect(), column_keys=columns)
        self._sql, self._values = str(made), itemgetter(*made.positiontup)

    def write(self, connection: sqlalchemy.Connection, rows: Iterable[Mapping[str, Any]]) -> int:
        """Run it for some rows; how many it changed."""
        values = list(map(self._values, rows))
        if not values:
            return 0
        keeps_count = {"preserve_rowcount": True}
        return connection.exec_driver_sql(self._sql, values, keeps_count).rowcount


_LOG = _Many(
    SqlEventLogStorageTable.insert(),
    *(column.name for column in SqlEventLogStorageTable.columns if column.name != "id"),
)
_LAST = sqlalchemy.text("SELECT last_insert_rowid()")
_TAG = _Many(
    AssetEventTagsTable.insert(), "event_id", "asset_key", "key", "value", "event_timestamp"
)
_PLAN = _Many(
    _CHECKS.insert(),
    *("asset_key", "check_name", "run_id", "execution_status", "partition", *_FIGURES),
)
_JUDGE = _Many(
    _CHECKS.update().where(
        _CHECKS.c.asset_key == sqlalchemy.bindparam("of_asset"),
        _CHECKS.c.check_name == sqlalchemy.bindparam("of_check"),
        _CHECKS.c.run_id == sqlalchemy.bindparam("of_run"),
        _CHECKS.c.partition == sqlalchemy.bindparam("of_partition"),
    ),
    *("execution_status", "materialization_event_storage_id", *_FIGURES),
)


@dataclass(frozen=True)
class Stored:
    """An event in the log.

    Attributes:
        event: As Dagster reported it.
        row: As it stands there.
        id: Where it stands.
    """

    event: EventLogEntry
    row: Mapping[str, Any]
    id: int

    @property
    def kind(self) -> tuple[Any, Any]:
        """Its type and its asset."""
        return self.row["dagster_event_type"], self.row["asset_key"]

    @property
    def is_of_asset(self) -> bool:
        """Whether an asset's history has it."""
        return self.row["dagster_event_type"] in _OF_ASSETS and self.row["asset_key"] is not None

    @property
    def is_planned_check(self) -> bool:
        """Whether it says that checks will be made."""
        return bool(self.row["dagster_event_type"] == _PLANNED_CHECK)

    @property
    def is_check(self) -> bool:
        """Whether it says what a check found."""
        return self.row["dagster_event_type"] == _CHECK and bool(self.event.run_id)

    @property
    def evaluation(self) -> AssetCheckEvaluation:
        """What a check found."""
        found: Any = self.event.get_dagster_event().event_specific_data
        assert isinstance(found, AssetCheckEvaluation)
        return found


def store(
    connection: sqlalchemy.Connection,
    written: Sequence[tuple[EventLogEntry, Mapping[str, Any]]],
) -> list[Stored]:
    """Write events; ``connection`` must be the only one that writes until its transaction ends.

    Args:
        connection: In a transaction.
        written: Each event with its row, whose time is text as SQLite keeps it.
    """
    _LOG.write(connection, (row for _, row in written))
    last: int = connection.execute(_LAST).scalar_one()
    first = last - len(written) + 1
    return [Stored(event, row, first + index) for index, (event, row) in enumerate(written)]


def tag(connection: sqlalchemy.Connection, tags: Iterable[tuple[Stored, str, str]]) -> None:
    """Write by which tags, key and value, events of assets are found."""
    _TAG.write(
        connection,
        (
            {
                "event_id": one.id,
                "asset_key": one.row["asset_key"],
                "key": key,
                "value": value,
                "event_timestamp": one.row["timestamp"],
            }
            for one, key, value in tags
        ),
    )


def plan_checks(
    connection: sqlalchemy.Connection,
    planned: Stored,
    partitions: Iterable[tuple[str | None, str]],
) -> None:
    """Write a row for each partition that a planned check names.

    Args:
        connection: In a transaction.
        planned: What Dagster reported.
        partitions: Each with the text of its own event.
    """
    data: Any = planned.event.get_dagster_event().event_specific_data
    row = {
        "asset_key": data.asset_key.to_string(),
        "check_name": data.check_name,
        "run_id": planned.event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event_timestamp": planned.row["timestamp"],
        "evaluation_event_storage_id": planned.id,
    }
    rows = ({**row, "partition": key, "evaluation_event": text} for key, text in partitions)
    _PLAN.write(connection, rows)


def judge(connection: sqlalchemy.Connection, checks: Sequence[Stored]) -> bool:
    """Write what checks of partitions found into their planned rows; whether each had its one."""
    return _JUDGE.write(connection, map(_judged, checks)) == len(checks)


def _judged(check: Stored) -> dict[str, Any]:
    found = check.evaluation
    target = found.target_materialization_data
    done = AssetCheckExecutionRecordStatus
    return {
        "of_asset": found.asset_key.to_string(),
        "of_check": found.check_name,
        "of_run": check.event.run_id,
        "of_partition": found.partition,
        "execution_status": (done.SUCCEEDED if found.passed else done.FAILED).value,
        "evaluation_event": check.row["event"],
        "evaluation_event_timestamp": check.row["timestamp"],
        "evaluation_event_storage_id": check.id,
        "materialization_event_storage_id": target.storage_id if target else None,
    }
