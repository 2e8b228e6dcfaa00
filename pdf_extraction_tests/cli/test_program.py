import subprocess
import sys
from pathlib import Path

import pytest

from pdf_extraction.cli import program
from pdf_extraction_tests.cli.conftest import command, environment

FIRST = {"run", "estimate", "retry", "status", "sql", "doctor", "forget", "fake-server"}
LATER = {"review", "evaluate", "batch"}
HEAVY = "dagster duckdb pyarrow pymupdf openai pydantic rich numpy onnxruntime"


def test_help_names_the_commands_that_exist_and_no_others(invoke):
    """What is not there yet is not promised, and nothing is there that the contract lacks."""
    result = invoke("--help")
    assert result.exit_code == 0
    assert set(program.commands) >= FIRST
    assert set(program.commands) <= FIRST | LATER
    assert all(f"  {name} " in result.stdout for name in program.commands)
    assert all(f"  {name} " not in result.stdout for name in LATER - set(program.commands))


@pytest.mark.parametrize("name", sorted(program.commands))
def test_each_command_has_help_that_fits_80_columns(invoke, name):
    """Help of each command says what it does, and --data and --config stand in each."""
    lines = invoke(name, "--help").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("--data DIR" in line for line in lines)
    assert any("--config FILE" in line for line in lines)


def test_the_program_starts_without_heavy_imports():
    """--help comes at once: what is heavy is imported by the command that needs it."""
    code = f"import sys, pdf_extraction.cli; print(*(set({HEAVY!r}.split()) & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment()
    )
    assert found.stdout.split() == []


def test_the_module_is_the_program():
    """`python -m pdf_extraction` runs the same commands."""
    found = subprocess.run(
        command("--version"), check=True, capture_output=True, text=True, env=environment()
    )
    assert found.stdout.startswith("pdf-extraction, version ")


def test_common_options_work_before_and_after_the_command(invoke, tmp_path):
    """--data may stand in either place; the one after the command's name wins."""
    for words in (
        ("--data", "there", "status"),
        ("status", "--data", "there"),
        ("--data", "elsewhere", "status", "--data", "there"),
    ):
        assert "No documents yet in there." in invoke(*words).stdout
    assert list(tmp_path.iterdir()) == []


def test_the_data_folder_may_come_from_the_environment(invoke, monkeypatch):
    """$PDF_EXTRACTION_DATA is the folder where no option is given."""
    monkeypatch.setenv("PDF_EXTRACTION_DATA", "from-environment")
    assert "from-environment" in invoke("status").stdout


def test_wrong_settings_are_one_sentence_and_exit_status_2(invoke, tmp_path):
    """The file, the key and the right key are named; nothing is a traceback."""
    Path(tmp_path, "my.toml").write_text("profil = 'markdown'")
    result = invoke("--config", "my.toml", "status")
    assert result.exit_code == 2
    assert result.stderr == "error: my.toml: profil is not a setting; did you mean profile?\n"


def test_a_wrong_word_is_wrong_usage(invoke):
    """Unknown commands and options end with exit status 2."""
    assert invoke("frobnicate").exit_code == 2
    assert invoke("run", "--frobnicate").exit_code == 2


def test_a_folder_that_cannot_be_written_is_a_sentence(invoke, tmp_path):
    """A data folder that is a file is said, without a traceback."""
    Path(tmp_path, "file").write_text("")
    result = invoke("sql", "SELECT 1", "--data", "file")
    assert result.exit_code == 2
    assert "file" in result.stderr
    assert "Traceback" not in result.output


def test_a_closed_pipe_is_no_traceback(ran):
    """`sql ... | head -1` ends quietly."""
    data, _, _ = ran
    words = command("sql", "--data", str(data), "SELECT * FROM range(200000)", "--format", "csv")
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    process.wait(timeout=60)
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_ctrl_c_is_not_lost_in_a_callback():
    """An interrupt that Python drops, being raised in a weak reference's callback, comes again."""
    code = """
import signal, weakref
from pdf_extraction.cli.common import quieten
class Thing: pass
def callback(_): raise KeyboardInterrupt
quieten()
thing = Thing()
reference = weakref.ref(thing, callback)
try:
    del thing
    signal.pause()
except KeyboardInterrupt:
    print("stopped")
"""
    found = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert (found.stdout, found.stderr) == ("stopped\n", "")
