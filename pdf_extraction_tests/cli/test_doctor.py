import time

import pytest

from pdf_extraction.backends.calls import CallStore, Left
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.cli.conftest import settings

REMOTE = """
chain = ["router", "embedded"]
[backends.router]
kind = "openai"
base_url = "https://openrouter.example/api/v1"
model = "some/model"
api_key_env = "ROUTER_KEY"
"""


def lines(result):
    """Grade and detail by subject."""
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines() if "  " in line]
    return {row[1][:20].strip(): (row[0], row[1][20:]) for row in rows if row[0] in GRADES}


GRADES = {"ok", "warning", "failed"}


def test_a_sound_installation_is_well(invoke):
    """With no settings at all everything is ok, and each thing looked at has its line."""
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    found = lines(result)
    assert set(found) == {
        "python",
        "libraries",
        "data folder",
        "settings",
        "profile",
        "backend embedded",
        "ocr",
        "warehouse",
        "dagster",
    }
    assert {grade for grade, _ in found.values()} == {"ok"}
    assert "dagster 1." in found["libraries"][1]
    assert "All is well." in result.stdout


def test_a_missing_key_names_its_variable(invoke, tmp_path, monkeypatch):
    """The variable is named, the run is not promised to work, and nothing is sent anywhere."""
    monkeypatch.delenv("ROUTER_KEY", raising=False)
    (tmp_path / "pdf_extraction.toml").write_text(REMOTE)
    result = invoke("doctor")
    assert result.exit_code == 1
    grade, detail = lines(result)["backend router"]
    assert grade == "failed"
    assert "ROUTER_KEY" in detail
    assert "1 check failed." in result.stdout


def test_a_profile_is_looked_at_with_the_chain_that_would_fill_it(invoke, tmp_path):
    """`--profile` as `run` takes it: a model of one's own needs a server."""
    words = ("doctor", "--profile", "pdf_extraction_tests.test_user_models:Entry")
    alone = invoke(*words)
    assert alone.exit_code == 1
    grade, detail = lines(alone)["profile"]
    assert (grade, "model server" in detail) == ("failed", True)
    with FakeServer() as server:
        text = settings(server.base_url).replace('["fake"]', '["embedded"]')
        (tmp_path / "pdf_extraction.toml").write_text(text)
        assert lines(invoke(*words, "--backend", "fake"))["profile"][0] == "ok"


def test_a_key_is_never_printed(invoke, tmp_path, monkeypatch):
    """A server that repeats a wrong key in its answer does not get it on the screen."""
    monkeypatch.setenv("FAKE_KEY", "sk-very-secret-0123456789")
    with FakeServer("key=another,echo=1") as server:
        text = settings(server.base_url, api_key_env='"FAKE_KEY"')
        (tmp_path / "pdf_extraction.toml").write_text(text)
        result = invoke("doctor")
    assert result.exit_code == 1
    assert "FAKE_KEY" in result.stdout
    assert "very-secret" not in result.output


def test_a_server_that_is_there_is_ok_and_asked_nothing(invoke, tmp_path):
    """A healthy server costs no call of a model; one that is down is said."""
    with FakeServer() as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url))
        result = invoke("doctor")
        assert result.exit_code == 0, result.output
        assert lines(result)["backend fake"][0] == "ok"
        assert server.stats()["requests"] == 0
    gone = invoke("doctor")
    assert gone.exit_code == 1
    assert lines(gone)["backend fake"][0] == "failed"


@pytest.mark.parametrize("text", ["chain = 'x", "chain = ['vlm']", "[render]\ndpi = 'high'"])
def test_wrong_settings_do_not_hide_the_rest(invoke, tmp_path, text):
    """The settings are said to be wrong, and everything else is looked at by the defaults."""
    (tmp_path / "pdf_extraction.toml").write_text(text)
    result = invoke("doctor")
    assert result.exit_code == 1
    assert lines(result)["settings"][0] == "failed"
    assert "dagster" in lines(result)


def test_a_data_folder_in_the_way_is_said(invoke, tmp_path):
    """A file where the folder should be: named, with what to do."""
    (tmp_path / "file").write_text("")
    result = invoke("doctor", "--data", "file/data")
    assert result.exit_code == 1
    grade, detail = lines(result)["data folder"]
    assert grade == "failed"
    assert "--data" in detail


def test_a_dagster_home_that_is_none_is_said(invoke, monkeypatch):
    """$DAGSTER_HOME is named where it leads nowhere."""
    monkeypatch.setenv("DAGSTER_HOME", "relative")
    result = invoke("doctor")
    assert result.exit_code == 1
    grade, detail = lines(result)["dagster"]
    assert grade == "failed"
    assert "DAGSTER_HOME" in detail


def test_ocr_that_is_missing_is_said_only_where_it_is_used(invoke, tmp_path):
    """An engine that lacks its language data fails for a chain that reads scans itself."""
    config = tmp_path / "pdf_extraction.toml"
    languages = '[ocr]\nengine = "tesseract"\n[backends.embedded]\nkind = "embedded"\n'
    languages += 'ocr_languages = ["xxx"]\n'
    config.write_text(languages)
    result = invoke("doctor")
    assert result.exit_code == 1
    grade, detail = lines(result)["ocr"]
    assert grade == "failed"
    assert "tesseract-ocr-xxx" in detail
    config.write_text(languages.replace("[ocr]", '[ocr]\nwhen = "never"'))
    assert invoke("doctor").exit_code == 0


def test_a_backend_that_is_left_alone_is_a_warning(invoke, tmp_path):
    """What the last runs learned of a server is told: until when, after what."""
    with FakeServer() as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url))
        store = CallStore(tmp_path / "data" / "calls.sqlite")
        store.leave("fake", Left(time.time() + 300, 8, "HTTP 502"))
        result = invoke("doctor")
    grade, detail = lines(result)["calls of fake"]
    assert grade == "warning"
    assert "after 8 failures: HTTP 502" in detail
