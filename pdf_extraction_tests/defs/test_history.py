"""The event log writes as Dagster's own does, only less often."""

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.events import DagsterEvent, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._serdes import serialize_value

from pdf_extraction.defs import partitions, together
from pdf_extraction.defs.event_text import EventTexts
from pdf_extraction.defs.history import EventLog
from pdf_extraction.defs.instance import open_instance


@pytest.fixture
def instance(tmp_path):
    with open_instance(tmp_path, environ={}) as opened:
        yield opened


def test_each_partition_of_a_batch_is_materialised_and_the_last_is_the_latest(instance):
    """Events that are written together are found like events that are written alone."""
    documents = dg.DynamicPartitionsDefinition(name=partitions.DOCUMENTS)
    keys = [f"d{number}" for number in range(30)]
    instance.add_dynamic_partitions(partitions.DOCUMENTS, keys)

    @dg.asset(partitions_def=documents)
    def thing(context) -> None:
        together.describe(context, context.asset_key, {key: {"key": key} for key in keys})

    tags = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    assert dg.materialize([thing], instance=instance, tags=tags).success
    assert instance.get_materialized_partitions(thing.key) == set(keys)
    latest = instance.get_latest_materialization_event(thing.key).asset_materialization
    [newest] = instance.fetch_materializations(thing.key, limit=1).records
    assert latest.partition == newest.partition_key
    assert latest.metadata["key"].value == newest.partition_key


def rows(log):
    """All that a log's tables hold, but for when the database took a row."""
    with log.index_connection() as connection:
        found = {}
        for table in ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions"):
            result = connection.execute(sqlalchemy.text(f'SELECT * FROM "{table}"')).mappings()
            found[table] = sorted(str({**row, "create_timestamp": None}) for row in result)
        return found


#: Of the words that an event's text is cut at.
SAID = 'é: "event_specific_data": null, "timestamp": 0.0'


def yielded(context, found):
    """What checks found, as Dagster itself takes it."""
    yield from found


def at_once(context, found):
    """What checks found, as it is taken here."""
    together.evaluate(context, found)
    yield from ()


def judged_run(instance, told=yielded):
    """The events of a run over partitions that are planned, made and checked."""
    documents = dg.DynamicPartitionsDefinition(name=partitions.DOCUMENTS)
    keys = [f"d{number}" for number in range(5)]
    instance.add_dynamic_partitions(partitions.DOCUMENTS, keys)

    @dg.asset(partitions_def=documents)
    def thing(context) -> None:
        for key in keys:
            context.add_asset_metadata({"key": key}, partition_key=key)

    @dg.multi_asset_check(
        specs=[dg.AssetCheckSpec("sound", asset=thing.key, partitions_def=documents)]
    )
    def checks(context):
        found = [
            dg.AssetCheckEvaluation(
                asset_key=thing.key,
                check_name="sound",
                passed=key != "d3",
                partition=key,
                description=None if key == "d1" else SAID,
                metadata={"figure": 3},
            )
            for key in keys
        ]
        yield from told(context, found)
        yield dg.AssetCheckResult(passed=False, check_name="sound", asset_key=thing.key)

    tags = {
        "dagster/asset_partition_range_start": keys[0],
        "dagster/asset_partition_range_end": keys[-1],
    }
    job = dg.define_asset_job("job", selection=dg.AssetSelection.all())
    definitions = dg.Definitions(assets=[thing], asset_checks=[checks], jobs=[job])
    done = definitions.resolve_job_def("job").execute_in_process(instance=instance, tags=tags)
    return [record.event_log_entry for record in instance.get_records_for_run(done.run_id).records]


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_what_is_written_together_are_the_rows_that_dagster_would_write(instance, tmp_path):
    """Events of a whole run give the same tables one by one by Dagster's store and by ours."""
    events = judged_run(instance)
    theirs = ConsolidatedSqliteEventLogStorage(str(tmp_path / "theirs"))
    for event in events:
        theirs.store_event(event)
    ours = EventLog(str(tmp_path / "ours"))
    ours.store_event_batch(events)
    assert rows(ours) == rows(theirs)
    checks = "".join(rows(ours)["asset_check_executions"])
    assert (checks.count("'FAILED'"), checks.count("'SUCCEEDED'")) == (2, 4)
    for log in (ours, theirs):
        log.dispose()


def as_told(entries, kind=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
    """Of what is said of partitions, all but when it was and in which run."""
    return [
        str(entry._replace(timestamp=0.0)).replace(entry.run_id, "run")
        for entry in entries
        if entry.dagster_event_type is kind and entry.dagster_event.event_specific_data.partition
    ]


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_what_checks_found_is_told_at_once_as_dagster_would_tell_it(instance):
    """The same events in the same order, whichever way they go."""
    theirs, ours = as_told(judged_run(instance, yielded)), as_told(judged_run(instance, at_once))
    assert len(ours) == 5
    assert ours == theirs


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_each_partition_is_planned_by_the_event_that_dagster_would_make_for_it(instance, tmp_path):
    """Dagster hands ours one event for all of an asset's partitions, and its own store one each."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    with dg.DagsterInstance.local_temp(str(tmp_path)) as theirs:
        expected = as_told(judged_run(theirs), kind)
    assert len(expected) == 5
    assert sorted(as_told(judged_run(instance), kind)) == sorted(expected)


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_a_check_that_is_planned_for_partitions_is_planned_for_each_of_them(instance, tmp_path):
    """Until it is made, a partition's row of a check has an event that names it alone."""
    events = judged_run(instance)
    planned = [
        event
        for event in events
        if event.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
    ]
    ours = EventLog(str(tmp_path / "ours"))
    ours.store_event_batch(planned)
    key = dg.AssetCheckKey(dg.AssetKey("thing"), "sound")
    named = {
        record.partition: record.event.dagster_event.event_specific_data.partitions_subset.subset
        for record in ours.get_asset_check_execution_history(key, 9)
    }
    assert named == {f"d{number}": {f"d{number}"} for number in range(5)}
    ours.dispose()


VALUES = {
    "text": SAID,
    "int": 3,
    "float": 0.1,
    "endless": float("inf"),
    "bool": True,
    "none": None,
    "path": dg.MetadataValue.path("/a/é"),
    "md": dg.MetadataValue.md("| a |"),
    "json": dg.MetadataValue.json({"b": [1, None], "a": SAID}),
    "schema": dg.TableSchema([dg.TableColumn("c")]),
}


@pytest.mark.parametrize("tags", [{}, {"dagster/data_version": "1", "partition": "d"}])
@pytest.mark.parametrize("partition", [None, "d1", SAID])
def test_the_text_of_an_event_is_the_one_that_dagster_makes(tags, partition):
    """Of a materialisation and of what a check found, whatever is shown beside it."""
    key = dg.AssetKey(["folder", "thing"])
    made = dg.AssetMaterialization(key, partition=partition, metadata=VALUES, tags=tags)
    target = AssetCheckEvaluationTargetMaterializationData(
        storage_id=7, run_id="run", timestamp=1.23456789e9
    )
    texts = EventTexts()
    for told in (
        StepMaterializationData(made),
        StepMaterializationData(made.with_metadata({})),
        *(
            dg.AssetCheckEvaluation(
                asset_key=key,
                check_name=name,
                passed=passed,
                metadata=VALUES,
                partition=partition,
                description=description,
                target_materialization_data=aim,
            )
            for name, passed, description, aim in (
                ("sound", True, SAID, target),
                ("sound", True, None, None),
                ("sound", False, "no", target),
                (SAID, True, "yes", None),
            )
        ),
    ):
        event = DagsterEvent("STEP_START", "job", message=SAID)
        event = event._replace(event_specific_data=told)
        entry = EventLogEntry(None, "debug", SAID, "run", 1.5, dagster_event=event)
        assert texts.of(entry) == serialize_value(entry)


def test_what_is_told_of_a_materialisation_is_what_its_event_says(instance):
    """Its time to the last digit, whatever stands in it."""
    key = dg.AssetKey("thing")
    for partition in ("d1", "d2"):
        about = SAID.replace("0.0", "7.5, ")
        made = dg.AssetMaterialization(key, about, metadata=VALUES, partition=partition)
        instance.report_runless_asset_event(made)
    records = instance.fetch_materializations(key, limit=9).records
    expected = {
        (record.storage_id, record.run_id, record.partition_key, record.timestamp)
        for record in records
    }
    log = instance.event_log_storage
    assert {tuple(one) for one in log.materialized([r.storage_id for r in records])} == expected
