"""The event log writes as Dagster's own does, only less often."""

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage

from pdf_extraction.defs import partitions, together
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


def as_told(entries):
    """Of what checks of partitions found, all but when it was and in which run."""
    return [
        str(entry._replace(timestamp=0.0)).replace(entry.run_id, "run")
        for entry in entries
        if entry.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and entry.dagster_event.event_specific_data.partition
    ]


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_what_checks_found_is_told_at_once_as_dagster_would_tell_it(instance):
    """The same events in the same order, whichever way they go."""
    theirs, ours = as_told(judged_run(instance, yielded)), as_told(judged_run(instance, at_once))
    assert len(ours) == 5
    assert ours == theirs
