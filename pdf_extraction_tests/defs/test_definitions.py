"""What Dagster loads, and that it loads from nothing."""

import itertools
import subprocess
import sys

import dagster as dg
import pytest

from pdf_extraction.definitions import build_definitions
from pdf_extraction.defs import failures
from pdf_extraction.defs.partitions import EXPECTED, RANGE_END, RANGE_START, ranges
from pdf_extraction.defs.resources import AskConfig, Backends, DataFolder, Renderer, overridden
from pdf_extraction.defs.session import Session
from pdf_extraction.errors import ExtractionError, SettingsError, StorageError
from pdf_extraction.settings import OcrSettings, RenderSettings, Settings
from pdf_extraction_tests.samples import write_law


def test_the_assets_are_a_line_from_pictures_to_the_warehouse():
    """Each asset depends on the one before it; the first four have a partition a document."""
    graph = build_definitions().resolve_asset_graph()
    line = ["page_images", "page_completions", "page_extractions", "document_chunks", "warehouse"]
    for upstream, downstream in itertools.pairwise(line):
        parents = graph.get(dg.AssetKey(downstream)).parent_keys
        assert parents == {dg.AssetKey(upstream)}
    partitioned = [graph.get(dg.AssetKey(name)).is_partitioned for name in line]
    assert partitioned == [True, True, True, True, False]


def test_sensors_and_the_schedule_come_switched_on():
    """Starting Dagster is enough."""
    definitions = build_definitions()
    for name in ("inbox", "retry_failed"):
        sensor = definitions.resolve_sensor_def(name)
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    schedule = definitions.resolve_schedule_def("warehouse_compaction")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_loading_imports_nothing_heavy_and_warns_of_nothing(tmp_path):
    """The PDF library, OCR, DuckDB and the client come in when they are used."""
    program = (
        "import sys, pdf_extraction.definitions\n"
        "heavy = {'pymupdf', 'duckdb', 'pyarrow', 'openai', 'onnxruntime', 'rapidocr', 'numpy'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_renderer_has_every_setting_of_its_sections():
    """A new setting shows up in the launchpad or fails here."""
    expected = {*RenderSettings.model_fields, *OcrSettings.model_fields}
    assert set(Renderer.model_fields) == expected


def test_the_launchpad_wins_over_the_file():
    """Resources and run config change single keys and leave the others."""
    changes = [
        Renderer(dpi=100, when="never").changes(),
        Backends(
            chain=["embedded"],
            tables={"embedded": {"ocr_languages": ["eng"]}},
            max_cost_usd=1.0,
            page_error_rate=0.5,
        ).changes(),
        AskConfig(profile="markdown").changes(),
    ]
    settings = overridden(Settings(), changes, "launchpad")
    assert (settings.render.dpi, settings.render.max_pixels) == (100, 2_000_000)
    assert settings.ocr.when == "never"
    assert settings.ocr_languages == ("eng",)
    assert (settings.budget.max_cost_usd, settings.budget.page_error_rate) == (1.0, 0.5)
    assert settings.profile == "markdown"


def test_nothing_given_changes_nothing():
    """Empty resources take the file's values."""
    changes = [Renderer().changes(), Backends().changes(), AskConfig().changes()]
    assert overridden(Settings(), changes, "launchpad") == Settings()


def test_a_wrong_value_in_the_launchpad_is_named():
    """The key, where it was written, and the nearest right name."""
    changes = Backends(tables={"vllm": {"kind": "openai", "base_ur": "http://x/v1"}}).changes()
    with pytest.raises(SettingsError, match=r"launchpad: backends\.vllm\.base_ur"):
        overridden(Settings(), [changes], "launchpad")


def test_the_data_folder_is_looked_up_when_it_is_used(monkeypatch, tmp_path):
    """The environment of the run counts, not that of the import."""
    folder = DataFolder()
    monkeypatch.setenv("PDF_EXTRACTION_DATA", str(tmp_path))
    assert folder.path() == tmp_path


@pytest.mark.parametrize(
    ("keys", "limit", "expected"),
    [
        ("abc", 25, ["abc"]),
        ("abd", 25, ["ab", "d"]),
        ("abcde", 2, ["ab", "cd", "e"]),
        ("", 25, []),
        ("xz", 25, []),
        ("ca", 25, ["a", "c"]),
    ],
)
def test_a_range_holds_wanted_keys_only(keys, limit, expected):
    """Ranges follow the registered order and never cover a key that was not asked for."""
    found = ranges(keys, "abcde", limit)
    assert ["".join(one.keys) for one in found] == expected


def test_a_range_of_another_number_of_documents_is_refused(instance, make_workspace, tmp_path):
    """Keys that were added or removed meanwhile must not make a run that does nothing."""
    workspace = make_workspace()
    for name in "ab":
        workspace.catalogue.register(write_law(tmp_path / f"{name}.pdf"))
    instance.add_dynamic_partitions("documents", ["a", "b"])
    job = build_definitions(session=Session(workspace)).resolve_job_def("extract_documents")
    done = job.execute_in_process(
        instance=instance,
        tags={RANGE_START: "a", RANGE_END: "b", EXPECTED: "3"},
        raise_on_error=False,
    )
    assert not done.success
    failure = next(event for event in done.all_events if event.is_step_failure)
    assert "asked for 3 documents" in failure.step_failure_data.user_failure_data.description


def test_images_alone_ask_nothing(instance, make_workspace, tmp_path):
    """Selecting only `page_images` reads the pages and calls nobody."""
    backend = {"kind": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "none"}
    workspace = make_workspace(chain=["down"], backends={"down": backend})
    workspace.catalogue.register(write_law(tmp_path / "a.pdf"))
    instance.add_dynamic_partitions("documents", ["a"])
    job = build_definitions(session=Session(workspace)).resolve_job_def("extract_documents")
    done = job.execute_in_process(
        instance=instance, partition_key="a", asset_selection=[dg.AssetKey("page_images")]
    )
    assert done.success
    assert instance.get_materialized_partitions(dg.AssetKey("page_completions")) == set()
    assert workspace.calls.spent().calls == 0


def test_partitions_by_hand_reach_the_warehouse_without_it(instance, make_workspace, tmp_path):
    """Materialising up to `document_chunks` is enough for SQL users."""
    workspace = make_workspace()
    workspace.catalogue.register(write_law(tmp_path / "a.pdf"))
    instance.add_dynamic_partitions("documents", ["a"])
    job = build_definitions(session=Session(workspace)).resolve_job_def("extract_documents")
    partitioned = ["page_images", "page_completions", "page_extractions", "document_chunks"]
    job.execute_in_process(
        instance=instance,
        partition_key="a",
        asset_selection=[dg.AssetKey(name) for name in partitioned],
    )
    assert workspace.warehouse.query("SELECT document_id FROM documents").num_rows == 1


def test_later_steps_say_which_one_is_missing(instance, make_workspace, tmp_path):
    """Grounding a document that was never asked about names what to materialise first."""
    workspace = make_workspace()
    workspace.catalogue.register(write_law(tmp_path / "a.pdf"))
    instance.add_dynamic_partitions("documents", ["a"])
    job = build_definitions(session=Session(workspace)).resolve_job_def("extract_documents")
    with pytest.raises(dg.Failure, match="page_images and page_completions"):
        job.execute_in_process(
            instance=instance,
            partition_key="a",
            asset_selection=[dg.AssetKey("page_extractions")],
        )


def test_the_compaction_job_builds_the_file_anew(instance, make_workspace, tmp_path):
    """What the schedule runs needs no partition."""
    workspace = make_workspace()
    job = build_definitions(session=Session(workspace)).resolve_job_def("compact_warehouse")
    assert job.execute_in_process(instance=instance).success
    assert workspace.warehouse.file.exists()


@pytest.mark.parametrize("error", [SettingsError("no"), StorageError("no"), ExtractionError("no")])
def test_our_errors_become_failures_that_are_not_retried(error):
    """The sentence comes first and the class stands beside it, alone or in a group."""
    for raised in (error, ExceptionGroup("group", [error])):
        with pytest.raises(dg.Failure) as caught, failures.translated():
            raise raised
        assert caught.value.description == "no"
        assert not caught.value.allow_retries
        assert caught.value.metadata["error_type"].value == type(error).__name__


def test_a_programming_error_stays_what_it_is():
    """Only our own errors are translated."""
    with pytest.raises(KeyError), failures.translated():
        raise KeyError
