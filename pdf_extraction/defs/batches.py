"""Events written to a SQLite event log many at a time, in the rows that Dagster's own store writes.

Nine events a document at two milliseconds each were most of what a document of one page cost:
the original makes, compiles and runs a statement or two for each. No connection is opened here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.events import ASSET_EVENTS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)

_CHECKS = AssetCheckExecutionsTable
_INSERT = SqlEventLogStorageTable.insert()
_LAST = sqlalchemy.text("SELECT last_insert_rowid()")
_PLAN = _CHECKS.insert()
#: Sets the columns that its parameters name.
_JUDGE = _CHECKS.update().where(
    _CHECKS.c.asset_key == sqlalchemy.bindparam("of_asset"),
    _CHECKS.c.check_name == sqlalchemy.bindparam("of_check"),
    _CHECKS.c.run_id == sqlalchemy.bindparam("of_run"),
    _CHECKS.c.partition == sqlalchemy.bindparam("of_partition"),
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
    def is_of_asset(self) -> bool:
        """Whether an asset's history has it."""
        happened = self.event.dagster_event
        return bool(
            happened and happened.event_type in ASSET_EVENTS and happened.asset_key is not None
        )

    @property
    def is_planned_check(self) -> bool:
        """Whether it says that checks will be made."""
        return self._is(DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED)

    @property
    def is_check(self) -> bool:
        """Whether it says what a check found."""
        return self._is(DagsterEventType.ASSET_CHECK_EVALUATION) and bool(self.event.run_id)

    @property
    def evaluation(self) -> AssetCheckEvaluation:
        """What a check found."""
        happened = self.event.get_dagster_event()
        return happened.asset_check_evaluation_data

    def _is(self, kind: DagsterEventType) -> bool:
        return self.event.is_dagster_event and self.event.dagster_event_type is kind


def store(
    connection: sqlalchemy.Connection,
    events: Sequence[EventLogEntry],
    rows: Sequence[Mapping[str, Any]],
) -> list[Stored]:
    """Write events; ``connection`` must be the only one that writes until its transaction ends."""
    connection.execute(_INSERT, list(rows))
    last: int = connection.execute(_LAST).scalar_one()
    first = last - len(rows) + 1
    return [
        Stored(event, row, first + index)
        for index, (event, row) in enumerate(zip(events, rows, strict=True))
    ]


def plan_checks(connection: sqlalchemy.Connection, planned: Stored) -> None:
    """Write a row for each partition that a planned check names.

    The event names them all; the original makes it into JSON again for each of them.
    """
    data: Any = planned.event.get_dagster_event().event_specific_data
    subset = data.partitions_subset
    row = {
        "asset_key": data.asset_key.to_string(),
        "check_name": data.check_name,
        "run_id": planned.event.run_id,
        "execution_status": AssetCheckExecutionRecordStatus.PLANNED.value,
        "evaluation_event": planned.row["event"],
        "evaluation_event_timestamp": planned.row["timestamp"],
        "evaluation_event_storage_id": planned.id,
    }
    keys = subset.get_partition_keys() if subset else [None]
    connection.execute(_PLAN, [{**row, "partition": key} for key in keys])


def judge(connection: sqlalchemy.Connection, checks: Sequence[Stored]) -> bool:
    """Write what checks of partitions found into their planned rows; whether each had its one."""
    return connection.execute(_JUDGE, [_judged(check) for check in checks]).rowcount == len(checks)


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
