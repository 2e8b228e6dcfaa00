"""The sensors, called directly."""

import json

import dagster as dg
import pytest

from pdf_extraction.definitions import build_definitions
from pdf_extraction.defs import sensors
from pdf_extraction.defs.launch import run_documents
from pdf_extraction.defs.partitions import DOCUMENTS, EXPECTED, RANGE_END, RANGE_START
from pdf_extraction.defs.resources import DataFolder
from pdf_extraction.inbox import Attempted
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.samples import write_law, write_pdf


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose settings file makes the sensors wait for nothing."""
    config = tmp_path / "settings.toml"
    config.write_text("[inbox]\nsettle_s = 0.0\nretry_delays_s = [0.0, 0.0]\n")
    folder = DataFolder(data_dir=str(tmp_path / "data"), config_file=str(config))
    return Workspace(folder.path(), folder.settings())


@pytest.fixture
def tick(instance, tmp_path, workspace):
    """Calls a sensor as the daemon would: partitions are added, the cursor handed on."""
    cursors = {}
    folder = DataFolder(data_dir=str(workspace.data), config_file=str(tmp_path / "settings.toml"))

    def call(sensor):
        context = dg.build_sensor_context(
            instance=instance,
            cursor=cursors.get(sensor.name),
            resources={"folder": folder},
        )
        result = sensor(context)
        cursors[sensor.name] = result.cursor
        for request in result.dynamic_partitions_requests or ():
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                instance.add_dynamic_partitions(DOCUMENTS, list(request.partition_keys))
            else:
                for key in request.partition_keys:
                    instance.delete_dynamic_partition(DOCUMENTS, key)
        return result

    return call


def test_an_empty_folder_asks_for_nothing(tick):
    """The tick says why it was skipped."""
    result = tick(sensors.inbox)
    assert result.run_requests == []
    assert "nothing new" in result.skip_reason.skip_message


def test_files_dropped_together_share_a_run(tick, workspace):
    """Three files are one range that says how many it must hold."""
    for name in "abc":
        write_law(workspace.data / "inbox" / f"{name}.pdf")
    assert "3 files are new" in tick(sensors.inbox).skip_reason.skip_message
    [request] = tick(sensors.inbox).run_requests
    assert {name: request.tags[name] for name in (RANGE_START, RANGE_END, EXPECTED)} == {
        RANGE_START: "a",
        RANGE_END: "c",
        EXPECTED: "3",
    }


def test_a_single_file_is_a_run_of_its_partition(tick, workspace):
    """One key is no range: its checks are stored by Dagster itself."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox)
    [request] = tick(sensors.inbox).run_requests
    assert request.partition_key == "a"


def test_a_new_content_has_a_new_run_key(tick, workspace):
    """A used run key never runs again, so each version of a file has its own."""
    keys = []
    for pages in (1, 2):
        write_law(workspace.data / "inbox" / "a.pdf", pages=pages)
        tick(sensors.inbox)
        keys += [request.run_key for request in tick(sensors.inbox).run_requests]
    assert len(set(keys)) == len(keys) == 2


def test_a_changed_file_between_others_shares_no_range_with_them(tick, workspace):
    """Of a, b, c only the changed a and c are run, each alone."""
    inbox = workspace.data / "inbox"
    for name in "abc":
        write_law(inbox / f"{name}.pdf")
    tick(sensors.inbox), tick(sensors.inbox)
    write_law(inbox / "a.pdf", pages=2)
    write_law(inbox / "c.pdf", pages=2)
    tick(sensors.inbox)
    requests = tick(sensors.inbox).run_requests
    assert [request.partition_key for request in requests] == ["a", "c"]


def test_a_file_renamed_with_its_sidecar_takes_its_rows_along(tick, workspace, instance):
    """The document's id moves to the new partition and the old one is gone."""
    inbox = workspace.data / "inbox"
    write_law(inbox / "a.pdf")
    (inbox / "a.json").write_text('{"document_id": "lei-1"}')
    tick(sensors.inbox), tick(sensors.inbox)
    run_documents(instance, workspace, ["a"])
    for ending in ("pdf", "json"):
        (inbox / f"a.{ending}").rename(inbox / f"b.{ending}")
    tick(sensors.inbox), tick(sensors.inbox)
    assert instance.get_dynamic_partitions(DOCUMENTS) == ["b"]
    run_documents(instance, workspace, ["b"])
    rows = workspace.warehouse.query("SELECT partition_key, document_id FROM documents")
    assert rows.to_pylist() == [{"partition_key": "b", "document_id": "lei-1"}]


def test_a_new_file_under_the_old_name_of_a_renamed_one_stays(tick, workspace, instance):
    """Neither its partition nor its run goes with the rename, even if both come in one tick."""
    inbox = workspace.data / "inbox"
    write_law(inbox / "a.pdf")
    (inbox / "a.json").write_text('{"document_id": "lei-1"}')
    tick(sensors.inbox), tick(sensors.inbox)
    (inbox / "a.pdf").rename(inbox / "B.pdf")
    (inbox / "a.json").rename(inbox / "B.json")
    write_law(inbox / "a.PDF", pages=2)
    tick(sensors.inbox)
    result = tick(sensors.inbox)
    assert sorted(instance.get_dynamic_partitions(DOCUMENTS)) == ["B", "a"]
    [request] = result.run_requests
    assert request.tags[EXPECTED] == "2"


def test_a_file_whose_tick_failed_is_run(tick, workspace, instance):
    """What the catalogue took before the daemon broke becomes a partition and a run."""
    path = write_law(workspace.data / "inbox" / "a.pdf")
    workspace.catalogue.register(path, path.parent)
    tick(sensors.inbox)
    [request] = tick(sensors.inbox).run_requests
    assert request.partition_key == "a"
    assert instance.get_dynamic_partitions(DOCUMENTS) == ["a"]
    assert tick(sensors.inbox).run_requests == []


def test_a_tick_that_could_not_take_a_file_says_so(tick, workspace):
    """The reason for skipping is the disk and not patience."""
    write_law(workspace.data / "inbox" / "a.pdf")
    (workspace.data / "catalogue" / "a.json").mkdir(parents=True)
    tick(sensors.inbox)
    assert "mend the folder" in tick(sensors.inbox).skip_reason.skip_message


def test_a_document_without_rows_is_run_again_after_its_delay(tick, workspace, instance):
    """What a broken run left behind is taken up, as often as the settings say."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox), tick(sensors.inbox)
    numbers = [len(tick(sensors.retry_failed).run_requests) for _ in range(5)]
    assert numbers == [0, 1, 1, 0, 0]


def test_a_retry_asks_for_failed_pages_only(tick, workspace):
    """Good answers are left alone."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox), tick(sensors.inbox), tick(sensors.retry_failed)
    [request] = tick(sensors.retry_failed).run_requests
    assert request.run_config["ops"]["read_and_ask"]["config"] == {
        "only_failed": True,
        "unattended": True,
        "profile": "legal_ptbr",
    }


def test_a_retry_after_a_healthy_spell_has_a_run_key_of_its_own(tick, workspace, instance):
    """Dagster runs a key once: the same number of attempts must not make the same key."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox), tick(sensors.inbox)
    keys = []
    for _ in range(2):
        tick(sensors.retry_failed)
        [request] = tick(sensors.retry_failed).run_requests
        keys.append(request.run_key)
        run_documents(instance, workspace, ["a"])
        assert json.loads(tick(sensors.retry_failed).cursor) == {}
        workspace.tables.forget("a")
        workspace.warehouse.refresh()
    assert len(set(keys)) == 2


def test_a_retry_keeps_the_profile_that_a_document_has(tick, workspace, instance):
    """Rows of another profile are not replaced by the settings' one; each has runs of its own."""
    inbox = workspace.data / "inbox"
    for name in "abc":
        write_law(inbox / f"{name}.pdf", 2)
    tick(sensors.inbox), tick(sensors.inbox)
    other = Workspace(workspace.data, workspace.settings.model_copy(update={"profile": "markdown"}))
    run_documents(instance, other, ["b"])
    write_law(inbox / "b.pdf", 3)
    tick(sensors.retry_failed)
    requests = tick(sensors.retry_failed).run_requests
    profiles = {
        request.partition_key: request.run_config["ops"]["read_and_ask"]["config"]["profile"]
        for request in requests
    }
    assert profiles == {"a": "legal_ptbr", "b": "markdown", "c": "legal_ptbr"}


def test_documents_that_are_in_order_or_beyond_mending_are_left(tick, workspace, instance):
    """Neither a done document nor an unreadable one is tried again."""
    inbox = workspace.data / "inbox"
    write_law(inbox / "a.pdf")
    (inbox / "b.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    tick(sensors.inbox), tick(sensors.inbox)
    run_documents(instance, workspace, ["a", "b"])
    assert [len(tick(sensors.retry_failed).run_requests) for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED])
def test_documents_of_a_running_or_a_stopped_run_are_left(tick, workspace, instance, status):
    """A long run is no failure, and what a person stopped stays stopped."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox), tick(sensors.inbox)
    job = build_definitions().resolve_job_def("extract_documents")
    instance.create_run_for_job(job, tags={"dagster/partition": "a"}, status=status)
    assert [len(tick(sensors.retry_failed).run_requests) for _ in range(3)] == [0, 0, 0]


def test_the_cursor_holds_what_waits_and_nothing_else(tick, workspace):
    """However many documents there are, a quiet folder has an empty cursor."""
    write_pdf(workspace.data / "inbox" / "a.pdf", ["Art. 1º Fica criado o Conselho."])
    assert len(json.loads(tick(sensors.inbox).cursor)) == 1
    assert json.loads(tick(sensors.inbox).cursor) == {}
    [known] = json.loads(tick(sensors.retry_failed).cursor).values()
    assert Attempted(**known).attempts == 0


def test_every_request_fits_the_job(tick, workspace, instance):
    """What a sensor asks for is config that the job takes."""
    write_law(workspace.data / "inbox" / "a.pdf")
    tick(sensors.inbox), tick(sensors.inbox), tick(sensors.retry_failed)
    [request] = tick(sensors.retry_failed).run_requests
    job = build_definitions().resolve_job_def("extract_documents")
    assert dg.validate_run_config(job, request.run_config)
