"""Where the history lies, and how the UI is opened on it."""

from pathlib import Path

import dagster as dg
import pytest
import yaml

from pdf_extraction.defs.history import EventLog, RunLog
from pdf_extraction.defs.instance import instance_config, open_instance, ui_command
from pdf_extraction.errors import SettingsError

CHECKOUT = Path(__file__).parents[2]


def test_the_checkout_keeps_its_history_where_the_command_line_does():
    """`dagster.yaml` is the very configuration, in data/dagster."""
    shipped = yaml.safe_load((CHECKOUT / "dagster.yaml").read_text())
    assert shipped == instance_config("data/dagster")


def test_the_workspace_names_the_definitions():
    """`dagster dev` in a checkout finds them."""
    shipped = yaml.safe_load((CHECKOUT / "workspace.yaml").read_text())
    assert shipped == {"load_from": [{"python_module": "pdf_extraction.definitions"}]}


def test_history_outlives_the_process_that_made_it(tmp_path):
    """What one instance wrote, the next one reads."""
    with open_instance(tmp_path, {}) as instance:
        instance.add_dynamic_partitions("documents", ["a"])
        assert isinstance(instance.event_log_storage, EventLog)
        assert isinstance(instance.run_storage, RunLog)
    with open_instance(tmp_path, {}) as instance:
        assert instance.get_dynamic_partitions("documents") == ["a"]
    assert (tmp_path / "dagster" / "event_log.db").exists()


def test_dagsters_own_variable_is_honoured(tmp_path):
    """With DAGSTER_HOME set, the history is there and not in the data folder."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with open_instance(tmp_path / "data", {"DAGSTER_HOME": str(home)}) as instance:
        instance.add_dynamic_partitions("documents", ["a"])
    assert (home / "history").is_dir()
    assert not (tmp_path / "data" / "dagster").exists()


def test_a_home_that_is_no_folder_is_named(tmp_path):
    """Instead of Dagster's own trace."""
    with (
        pytest.raises(SettingsError, match="DAGSTER_HOME"),
        open_instance(tmp_path, {"DAGSTER_HOME": "relative"}),
    ):
        pass


def test_in_a_checkout_the_ui_needs_no_words(monkeypatch, tmp_path):
    """With ./data and the shipped files it is `dagster dev`."""
    monkeypatch.chdir(tmp_path)
    for name in ("dagster.yaml", "workspace.yaml"):
        (tmp_path / name).write_text("")
    assert ui_command(Path("data"), {}).endswith("dagster dev")
    assert " " not in ui_command(Path("data"), {}).removesuffix(" dev")


def test_elsewhere_the_command_names_home_data_and_module(monkeypatch, tmp_path):
    """The command is complete, and the home it names has its dagster.yaml."""
    monkeypatch.chdir(tmp_path)
    command = ui_command(tmp_path / "my data", {})
    assert f"DAGSTER_HOME='{tmp_path}/my data/dagster'" in command
    assert f"PDF_EXTRACTION_DATA='{tmp_path}/my data'" in command
    assert command.endswith("dagster dev -m pdf_extraction.definitions")
    written = yaml.safe_load((tmp_path / "my data" / "dagster" / "dagster.yaml").read_text())
    assert written == instance_config({"env": "DAGSTER_HOME"})


def test_settings_that_an_option_named_go_along(monkeypatch, tmp_path):
    """The UI runs with the settings file of `--config`, wherever it is opened."""
    monkeypatch.chdir(tmp_path)
    named = f"PDF_EXTRACTION_CONFIG={tmp_path}/my.toml"
    assert named in ui_command(Path("data"), {}, Path("my.toml"))
    (tmp_path / "dagster.yaml").write_text("")
    (tmp_path / "workspace.yaml").write_text("")
    assert ui_command(Path("data"), {}, Path("my.toml")).startswith(named)
    assert named in ui_command(Path("elsewhere"), {}, Path("my.toml"))
    assert named in ui_command(Path("data"), {"DAGSTER_HOME": "/home"}, Path("my.toml"))


def test_a_command_that_changes_the_folder_has_no_path_from_here(monkeypatch, tmp_path):
    """Beside a checkout's dagster.yaml the UI is opened from the data folder."""
    executable = tmp_path / "venv" / "bin" / "python"
    executable.parent.mkdir(parents=True)
    executable.with_name("dagster").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(executable))
    assert " venv/bin/dagster dev" in ui_command(Path("elsewhere"), {})
    (tmp_path / "dagster.yaml").write_text("")
    command = ui_command(Path("elsewhere"), {})
    assert command.startswith(f"cd {tmp_path}/elsewhere && ")
    assert f" {tmp_path}/venv/bin/dagster dev" in command


def test_both_ways_to_the_same_home_see_the_same_history(monkeypatch, tmp_path):
    """What the command line wrote is there under DAGSTER_HOME=DATA/dagster."""
    with open_instance(tmp_path, {}) as instance:
        instance.add_dynamic_partitions("documents", ["a"])
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with dg.DagsterInstance.get() as instance:
        assert instance.get_dynamic_partitions("documents") == ["a"]


def test_new_events_are_called_back(tmp_path):
    """What makes the UI live works with connections that stay open."""
    import threading

    from pdf_extraction.definitions import build_definitions

    with open_instance(tmp_path, {}) as instance:
        job = build_definitions().resolve_job_def("compact_warehouse")
        run = instance.create_run_for_job(job)
        heard = threading.Event()
        instance.watch_event_logs(run.run_id, None, lambda *_: heard.set())
        instance.report_engine_event("something happened", run)
        assert heard.wait(timeout=20)
