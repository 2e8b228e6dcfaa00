import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pdf_extraction.errors import SettingsError, StorageError
from pdf_extraction.pdf.apart import Gate, run_apart


def _id_and_word(word: str) -> tuple[int, str]:
    logging.getLogger("pdf_extraction.apart").warning("said %s", word)
    return os.getpid(), word


def _read_then(gate: Gate, path: Path) -> str:
    gate.wait()
    return path.read_text()


def _refuses() -> None:
    raise SettingsError("chain: there is no such backend")


def _is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_run_apart_runs_in_another_process_and_its_log_lines_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A damaged file that another process leaves out is said in this run's log."""
    process, word = run_apart(_id_and_word, "hello")
    assert (process != os.getpid(), word) == (True, "hello")
    assert "said hello" in caplog.messages


def test_an_error_of_another_process_is_raised_here_as_what_it_is() -> None:
    """The class decides the remedy; the note says where it happened."""
    with pytest.raises(SettingsError, match="no such backend") as caught:
        run_apart(_refuses)
    assert "_refuses" in caught.value.__notes__[0]


def test_a_killed_process_is_an_error_that_says_so() -> None:
    """The kernel kills what takes too much memory; a run must not wait for it for ever."""
    with pytest.raises(StorageError, match=r"_is_killed was killed \(exit status -9\)"):
        run_apart(_is_killed)


def test_what_waits_at_a_gate_sees_what_was_done_before_it_was_opened(tmp_path: Path) -> None:
    """Its process has been started meanwhile."""
    gate, path = Gate(), tmp_path / "said"
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(run_apart, _read_then, gate, path)
        path.write_text("hello")
        gate.open()
        gate.shut()
        assert read.result() == "hello"


def test_what_waits_at_a_gate_gives_up_when_it_is_shut(tmp_path: Path) -> None:
    """A run that breaks leaves no process that waits for it."""
    gate = Gate()
    with ThreadPoolExecutor(1) as thread:
        read = thread.submit(run_apart, _read_then, gate, tmp_path / "said")
        gate.shut()
        with pytest.raises(EOFError):
            read.result()
