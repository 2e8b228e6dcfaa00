"""Events as the text that Dagster keeps of them, where many differ in little.

Of a thousand documents' thirteen events each, most of a text says what the step, the run and the
asset are: made anew for each, by a serializer that asks of every value what it is, the texts were
half of what an event costs. Nothing is stored here.
"""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluation,
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.definitions.partitions.subset.default import DefaultPartitionsSubset
from dagster._core.events import AssetMaterializationPlannedData, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._serdes import serialize_value
from dagster_shared.record import replace

# Unlike what a text says, a name in front of a value stands between quotes that are not escaped.
_DATA, _TIME = '"event_specific_data": null', '"timestamp": 0.0'
_ENTRIES, _PARTITION = '"metadata_entries": []', '"partition": null'
_ONE_KEY = '{"__set__": [""]}'
_FOUND = (
    '"description": null',
    '"metadata": {}',
    _PARTITION,
    '"target_materialization_data": null',
)
#: Values of one field: the name that they are kept under, and that field's.
_FLAT: Mapping[type, tuple[str, str]] = {
    dg.BoolMetadataValue: ("BoolMetadataEntryData", "value"),
    dg.FloatMetadataValue: ("FloatMetadataEntryData", "value"),
    dg.IntMetadataValue: ("IntMetadataEntryData", "value"),
    dg.MarkdownMetadataValue: ("MarkdownMetadataEntryData", "md_str"),
    dg.PathMetadataValue: ("PathMetadataEntryData", "path"),
    dg.TextMetadataValue: ("TextMetadataEntryData", "text"),
}
_text = json.dumps


class EventTexts:
    """Makes texts of events; what those of one kind share is kept from one to the next."""

    def __init__(self) -> None:
        self._frames: dict[Hashable, tuple[Any, list[str]]] = {}

    def of(self, event: EventLogEntry) -> str:
        """What ``serialize_value`` gives."""
        before, between, after = self._around(event)
        if event.dagster_event is None:
            return before
        data = self._data(event.dagster_event.event_specific_data)
        return f"{before}{data}{between}{_text(event.timestamp)}{after}"

    def planned(self, event: EventLogEntry) -> Iterator[tuple[str, str]]:
        """Each partition that an event plans to materialise, and the text of one of its own."""
        data: Any = event.get_dagster_event().event_specific_data
        before, between, after = self._around(event)
        bare = AssetMaterializationPlannedData(data.asset_key)
        start, end = self._parts(("planned", None), bare, _PARTITION)
        tail = f"{end}{between}{_text(event.timestamp)}{after}"
        for key in data.partitions_subset.get_partition_keys():
            yield key, f'{before}{start}"partition": {_text(key)}{tail}'

    def planned_checks(self, event: EventLogEntry) -> Iterator[tuple[str | None, str]]:
        """Each partition that an event plans a check of, and the event's text with it alone.

        The text with all partitions in each one's row was 75 MB for a run over 1,000, all of it
        replaced a few seconds later. Where there are no partitions, the whole text.
        """
        happened = event.get_dagster_event()
        data: Any = happened.event_specific_data
        if data.partitions_subset is None:
            yield None, self.of(event)
            return
        bare = replace(data, partitions_subset=DefaultPartitionsSubset({""}))
        one = event._replace(dagster_event=happened._replace(event_specific_data=bare))
        before, after = self._parts(("check", None), one, _ONE_KEY)
        for key in data.partitions_subset.get_partition_keys():
            yield key, f'{before}{{"__set__": [{_text(key)}]}}{after}'

    def _around(self, event: EventLogEntry) -> list[str]:
        """What stands before an event's own data, between them and its time, and after that."""
        happened = event.dagster_event
        if happened is None:
            return [serialize_value(event), "", ""]
        bare = happened._replace(event_specific_data=None)
        frame = event._replace(timestamp=0.0, dagster_event=bare)
        start, between, after = self._parts(("event", happened.message), frame, _DATA, _TIME)
        data, time = '"event_specific_data": ', '"timestamp": '
        return [f"{start}{data}", f"{between}{time}", after]

    def _data(self, data: Any) -> str:
        make = _OWN.get(type(data))
        return make(self, data) if make is not None else serialize_value(data)

    def _materialized(self, data: StepMaterializationData) -> str:
        made = data.materialization
        bare = data._replace(materialization=made._replace(metadata={}, partition=None))
        start, between, end = self._parts(("made", None), bare, _ENTRIES, _PARTITION)
        entries = ", ".join(
            '{"__class__": "EventMetadataEntry", "description": null, "entry_data": '
            f'{_value(value)}, "label": {_text(label)}}}'
            for label, value in made.metadata.items()
        )
        partition = _text(made.partition)
        return f'{start}"metadata_entries": [{entries}]{between}"partition": {partition}{end}'

    def _found(self, data: AssetCheckEvaluation) -> str:
        kind = data.asset_key, data.check_name, data.passed, data.severity, data.blocking
        known = self._frames.get(kind)
        if known is None:
            asset, check, passed, severity, blocking = kind
            bare = AssetCheckEvaluation(asset, check, passed, severity=severity, blocking=blocking)
            self._parts(kind, bare, *_FOUND)
            known = self._frames[kind]
        start, second, third, fourth, end = known[1]
        entries = ", ".join(
            f"{_text(label)}: {_value(value)}" for label, value in sorted(data.metadata.items())
        )
        target = data.target_materialization_data
        return (
            f'{start}"description": {_text(data.description)}'
            f'{second}"metadata": {{{entries}}}'
            f'{third}"partition": {_text(data.partition)}'
            f'{fourth}"target_materialization_data": {_target(target)}{end}'
        )

    def _parts(self, kind: Hashable, bare: Any, *holes: str) -> list[str]:
        """What stands around the holes in a text, which is made anew only where it changed."""
        known = self._frames.get(kind)
        if known is None or known[0] != bare:
            parts, rest = [], serialize_value(bare)
            for hole in holes:
                part, _, rest = rest.partition(hole)
                parts.append(part)
            known = self._frames[kind] = bare, [*parts, rest]
        return known[1]


_OWN: Mapping[type, Callable[[EventTexts, Any], str]] = {
    StepMaterializationData: EventTexts._materialized,  # noqa: SLF001
    AssetCheckEvaluation: EventTexts._found,  # noqa: SLF001
}


def time_of(text: str) -> float:
    """When an event was, by its text."""
    return float(text.rpartition('"timestamp": ')[2].partition(",")[0])


def _value(value: Any) -> str:
    flat = _FLAT.get(type(value))
    if flat is None:
        return serialize_value(value)
    kept_as, field = flat
    return f'{{"__class__": "{kept_as}", "{field}": {_text(value.value)}}}'


def _target(target: AssetCheckEvaluationTargetMaterializationData | None) -> str:
    if target is None:
        return "null"
    return (
        '{"__class__": "AssetCheckEvaluationTargetMaterializationData", '
        f'"run_id": {_text(target.run_id)}, "storage_id": {_text(target.storage_id)}, '
        f'"timestamp": {_text(target.timestamp)}}}'
    )
