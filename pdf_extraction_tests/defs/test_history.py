"""The event log writes as Dagster's own does, only less often."""

import dagster as dg
import pytest

from pdf_extraction.defs import partitions
from pdf_extraction.defs.history import partitions_held
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
        with partitions_held(context.instance):
            for key in keys:
                context.add_asset_metadata({"key": key}, partition_key=key)

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


def test_a_held_look_at_the_partitions_ends_with_its_block(instance):
    """What was added meanwhile is seen after it."""
    with partitions_held(instance):
        assert not instance.has_dynamic_partition(partitions.DOCUMENTS, "new")
        instance.add_dynamic_partitions(partitions.DOCUMENTS, ["new"])
        assert not instance.has_dynamic_partition(partitions.DOCUMENTS, "new")
    assert instance.has_dynamic_partition(partitions.DOCUMENTS, "new")
