"""What a step says of all its partitions at once. What is said is made elsewhere.

Dagster's own calls are made for one partition and cost more the more there are: each copies
what was said before and looks whether every part of it is well formed, and each check's event
goes through every layer of a step and of a logger.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.context.metadata_logging import (
    AssetMetadataHandle,
    OutputMetadataAccumulator,
    OutputMetadataHandle,
)
from dagster._core.execution.context.system import StepExecutionContext

#: Events that are written in one transaction, and stand in memory for it.
_EVENTS_AT_ONCE = 500


def describe(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, shown: Mapping[str, Mapping[str, Any]]
) -> None:
    """As ``add_asset_metadata`` for each key of ``shown``, of which nothing was said before."""
    step = context.get_step_execution_context()
    said: dict[OutputMetadataHandle | AssetMetadataHandle, Mapping[str, Any]] = {
        AssetMetadataHandle(asset_key=asset, partition_key=key): facts
        for key, facts in shown.items()
    }
    before = step._metadata_accumulator.per_output_metadata  # noqa: SLF001
    step._metadata_accumulator = OutputMetadataAccumulator(  # noqa: SLF001
        per_output_metadata={**before, **said}
    )


def evaluate(
    context: dg.AssetCheckExecutionContext, found: Sequence[dg.AssetCheckEvaluation]
) -> None:
    """As yielding what checks of partitions found."""
    step = context.get_step_execution_context()
    if not found:
        return
    like = _event(step, found[0])
    for start in range(0, len(found), _EVENTS_AT_ONCE):
        some = found[start : start + _EVENTS_AT_ONCE]
        entries = [_entry(step, like._replace(event_specific_data=one)) for one in some]
        context.instance.event_log_storage.store_event_batch(entries)


def _event(step: StepExecutionContext, found: dg.AssetCheckEvaluation) -> DagsterEvent:
    return DagsterEvent(
        event_type_value=DagsterEventType.ASSET_CHECK_EVALUATION.value,
        job_name=step.job_name,
        step_handle=step.step.handle,
        node_handle=step.step.node_handle,
        step_kind_value=step.step.kind.value,
        logging_tags=step.event_tags,
        event_specific_data=found,
        message="",
        pid=os.getpid(),
    )


def _entry(step: StepExecutionContext, event: DagsterEvent) -> EventLogEntry:
    found: Any = event.event_specific_data
    verb = "passed." if found.passed else "did not pass."
    asset = found.asset_key.to_user_string()
    said = f"Asset check '{found.check_name}' on '{asset}' {verb}"
    if found.description is not None:
        said += f" Description: '{found.description}'"
    return EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level=logging.DEBUG,
        user_message=said,
        run_id=step.run_id,
        timestamp=time.time(),
        step_key=event.step_key,
        job_name=event.job_name,
        dagster_event=event._replace(message=said),
    )
