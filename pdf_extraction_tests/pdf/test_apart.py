import logging
import os
import signal

import pytest

from pdf_extraction.errors import SettingsError, StorageError
from pdf_extraction.pdf.apart import run_apart


def _id_and_word(word: str) -> tuple[int, str]:
    logging.getLogger("pdf_extraction.apart").warning("said %s", word)
    return os.getpid(), word


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
