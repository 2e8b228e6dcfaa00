import signal
import subprocess
from pathlib import Path

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.cli.conftest import command, environment, settings
from pdf_extraction_tests.samples import write_law


def rows(data, sql):
    return Warehouse(data).query(sql).to_pylist()


def test_a_folder_ends_in_tables_and_a_broken_file_in_exit_status_1(ran):
    """Each document has its row, the broken one with its reason; the others are done."""
    data, _, result = ran
    assert result.exit_code == 1
    found = rows(data, "SELECT document_id, status, error_type FROM documents ORDER BY ALL")
    assert [tuple(row.values()) for row in found] == [
        ("lei-1-2024", "done", None),
        ("quebrado", "failed", "UnreadableDocument"),
        ("vazio", "done", None),
    ]


def test_the_summary_says_what_a_person_wants_to_know(ran):
    """Documents, failures, checks, first rows, the bill and how to go on, in plain text."""
    _, _, result = ran
    heads = ("Documents", "Failures", "Checks", "First rows of devices", "Bill", "Next")
    places = [result.stdout.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    assert "quebrado: UnreadableDocument: " in result.stdout
    assert "0.00 USD: 0 calls" in result.stdout
    assert "2 of 3 documents done" in result.stdout
    assert "dagster dev" in result.stdout
    assert "sql" in result.stdout


def test_progress_goes_to_standard_error_as_plain_lines(ran):
    """A pipe gets lines with the counts, and no control character anywhere."""
    _, _, result = ran
    assert "3/3 pages" in result.stderr
    assert "0 failed, 0 cached" in result.stderr
    assert "USD" in result.stderr
    assert (result.stdout + result.stderr).replace("\n", "").isprintable()


def test_running_again_changes_no_row(ran, invoke):
    """The second run of the same folder leaves every table as it is."""
    data, folder, _ = ran
    before = rows(data, "FROM documents ORDER BY ALL"), rows(data, "FROM devices ORDER BY ALL")
    assert invoke("--data", data, "run", folder / "lei.pdf").exit_code == 0
    after = rows(data, "FROM documents ORDER BY ALL"), rows(data, "FROM devices ORDER BY ALL")
    assert before == after


def test_pages_that_were_not_asked_for_are_no_failure(invoke, tmp_path):
    """With --pages the others are left out: said, asked for by retry, exit status 0."""
    write_law(tmp_path / "lei.pdf", 3)
    result = invoke("run", "lei.pdf", "--pages", "2")
    assert result.exit_code == 0, result.output
    assert "lei pages 1,3: left out by --pages" in result.stdout
    assert "Failures" not in result.stdout
    retried = invoke("retry")
    assert retried.exit_code == 0, retried.output
    assert "3/3 pages" in retried.stderr
    assert invoke("retry").stdout == "Nothing to retry: no page failed.\n"


def test_pages_beyond_the_end_are_said(invoke, tmp_path):
    """Where a document has none of the pages asked for, something failed, and it is named."""
    write_law(tmp_path / "lei.pdf", 3)
    result = invoke("run", "lei.pdf", "--pages", "99")
    assert result.exit_code == 1, result.output
    assert "lei: has 3 pages, none of those that --pages asks for" in result.stdout


def test_a_document_of_which_every_page_failed_says_why(invoke, tmp_path):
    """Its row has the reason, told once in the summary, and retry takes it up."""
    write_law(tmp_path / "lei.pdf", 2)
    with FakeServer("500=1") as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url))
        result = invoke("run", "lei.pdf")
    assert result.exit_code == 1
    [row] = rows(tmp_path / "data", "SELECT status, error_type, error FROM documents")
    assert (row["status"], row["error_type"]) == ("failed", "ChainExhausted")
    assert row["error"].startswith("all 2 pages failed so, the first: Unavailable")
    assert "lei pages 1-2: ChainExhausted" in result.stdout
    assert "lei: ChainExhausted" not in result.stdout
    with FakeServer() as server:
        config = settings(server.base_url).replace('["fake"]', '["fake", "embedded"]')
        (tmp_path / "pdf_extraction.toml").write_text(config)
        assert invoke("retry").exit_code == 0


def test_pages_of_a_fallback_are_counted(invoke, tmp_path):
    """Whoever pays for a model is told how many pages it did not answer."""
    write_law(tmp_path / "lei.pdf", 2)
    with FakeServer("500=1") as server:
        config = settings(server.base_url).replace('["fake"]', '["fake", "embedded"]')
        (tmp_path / "pdf_extraction.toml").write_text(config)
        result = invoke("run", "lei.pdf")
    assert result.exit_code == 0, result.output
    assert "; 2 pages answered by a later backend of the chain" in result.stdout


def test_a_fault_of_the_program_is_a_sentence_and_a_file(invoke, tmp_path, monkeypatch):
    """No traceback is on the screen, whether a run breaks or the command itself."""
    write_law(tmp_path / "lei.pdf")

    def broken(*_args, **_options):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("pdf_extraction.steps.read_pages", broken)
    result = invoke("run", "lei.pdf")
    assert result.exit_code == 1
    assert "broke: ZeroDivisionError: oops" in result.stdout
    assert "Traceback" not in result.output
    monkeypatch.setattr("pdf_extraction.defs.launch.run_documents", broken)
    result = invoke("run", "lei.pdf")
    assert result.exit_code == 1
    assert "error: ZeroDivisionError: oops: a fault of this program" in result.stderr
    assert "Traceback" not in result.output
    assert "in broken" in Path(result.stderr.split("report it with ")[1].strip()).read_text()


def test_a_profile_of_the_command_line_is_kept_by_retry(invoke, tmp_path):
    """Rows of --profile markdown are not replaced by the settings' profile on a retry."""
    write_law(tmp_path / "lei.pdf", 2)
    assert invoke("run", "lei.pdf", "--profile", "markdown", "--pages", "1").exit_code == 0
    assert invoke("retry").exit_code == 0
    assert rows(tmp_path / "data", "SELECT count(*) AS n FROM page_markdown") == [{"n": 2}]


def test_what_cannot_be_run_is_wrong_usage_before_anything_is_written(invoke, tmp_path):
    """A path, page list, profile or backend that is not there: one sentence, status 2."""
    write_law(tmp_path / "lei.pdf", 1)
    (tmp_path / "empty").mkdir()
    sentences = {
        ("nowhere",): "does not exist",
        ("empty",): "error: empty: no file here ends in .pdf",
        ("lei.pdf", "--pages", "3-1"): "'3-1' is no page or range",
        ("lei.pdf", "--profile", "legal"): "Did you mean 'legal_ptbr'?",
        ("lei.pdf", "--backend", "embeded"): "did you mean 'embedded'",
        ("lei.pdf", "--profile", "pdf_extraction_tests.test_user_models:Entry"): "a model server",
    }
    for words, sentence in sentences.items():
        result = invoke("run", *words)
        assert result.exit_code == 2, words
        assert sentence in result.stderr
        assert "Traceback" not in result.output
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_retry_asks_only_about_pages_that_failed(invoke, tmp_path):
    """After a run against a failing server, retry makes one call for each failed page."""
    # Which pages meet a fault hangs on their pictures: of eight, one change made all fail.
    write_law(tmp_path / "lei.pdf", 20)
    config = tmp_path / "pdf_extraction.toml"
    with FakeServer("500=0.5,seed=2") as server:
        config.write_text(settings(server.base_url, breaker_failures=0))
        first = invoke("run", "lei.pdf")
        assert first.exit_code == 1
    failed = rows(tmp_path / "data", "SELECT count(*) AS n FROM pages WHERE status = 'failed'")
    assert 0 < failed[0]["n"] < 20
    assert "ChainExhausted: Unavailable" in first.stdout
    with FakeServer() as server:
        config.write_text(settings(server.base_url))
        assert invoke("retry", "lei").exit_code == 0
        assert server.stats()["requests"] == failed[0]["n"]
        assert invoke("run", "lei.pdf").exit_code == 0
        assert server.stats()["requests"] == failed[0]["n"]
        assert invoke("run", "lei.pdf", "--force", "--pages", "1-3").exit_code == 0
        assert server.stats()["requests"] == failed[0]["n"] + 3


def test_retry_of_an_unknown_document_names_a_near_one(invoke, ran):
    """A name that is neither key nor id is wrong usage."""
    data, _, _ = ran
    result = invoke("retry", "--data", data, "lei-1-2023")
    assert result.exit_code == 2
    assert "did you mean 'lei-1-2024'?" in result.stderr


def test_a_backend_of_the_command_line_is_the_whole_chain(invoke, tmp_path):
    """--backend embedded asks no server of the settings."""
    write_law(tmp_path / "lei.pdf", 1)
    with FakeServer() as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url))
        assert invoke("run", "lei.pdf", "--backend", "embedded").exit_code == 0
        assert server.stats()["requests"] == 0


@pytest.mark.slow
def test_ctrl_c_stops_in_order_and_the_next_run_asks_for_the_rest(tmp_path):
    """Exit status 130, a sentence on what was kept, and no answered page is asked again."""
    write_law(tmp_path / "lei.pdf", 8)
    words = {"cwd": tmp_path, "env": environment(), "text": True}
    with FakeServer("latency=0.2,slots=1") as server:
        config = tmp_path / "pdf_extraction.toml"
        config.write_text(settings(server.base_url, concurrency=1))
        process = subprocess.Popen(
            command("run", "lei.pdf"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **words,
        )
        server.wait_until(lambda stats: stats["answered"] >= 3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert "Stopped." in errors
        assert "kept" in errors
        assert "Traceback" not in errors
    with FakeServer() as server:
        config.write_text(settings(server.base_url))
        again = subprocess.run(command("run", "lei.pdf"), check=False, capture_output=True, **words)
        assert again.returncode == 0, again.stderr
        assert server.stats()["requests"] <= 5
        assert "\x1b" not in again.stdout + again.stderr


def test_a_presets_name_is_a_backend(invoke, tmp_path, monkeypatch):
    """`--backend openai` without any table fails on the missing key, and names its variable."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    write_law(tmp_path / "lei.pdf", 1)
    result = invoke("run", "lei.pdf", "--backend", "openai")
    assert result.exit_code == 1
    assert "OPENAI_API_KEY" in result.output
