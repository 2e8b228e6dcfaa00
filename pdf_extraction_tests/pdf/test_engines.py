"""What comes of an OCR engine's own shapes."""

import fcntl
import os
import signal
import sys
import tempfile

import pytest

from pdf_extraction.pdf import memory
from pdf_extraction.pdf.engines import OcrWord, _rapid_words


def test_a_line_in_which_rapidocr_found_no_word_is_passed_over():
    """It then gives ("", 1.0, None) in place of the line's words, which broke a page."""
    corners = [[1, 2], [9, 2], [9, 8], [1, 8]]
    lines = [("", 1.0, None), [("Art.", 0.9, corners), (" ", 0.9, corners), ("1º", 0.8, None)]]
    assert list(_rapid_words(lines)) == [OcrWord("Art.", (1.0, 2.0, 9.0, 8.0), 1, 0.9)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_a_turn_is_given_back_even_by_who_is_killed(monkeypatch, tmp_path):
    """With one turn a second process waits, until the first is gone."""
    monkeypatch.setattr(memory, "_TURNS_A_CORE", 0.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = os.fork()
    if held == 0:
        with memory.a_turn():
            (tmp_path / "held").touch()
            signal.pause()
    while not (tmp_path / "held").exists():
        os.sched_yield()
    handle = memory._opened()
    with pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
    os.kill(held, signal.SIGKILL)
    os.waitpid(held, 0)
    with memory.a_turn():
        assert [path.name for path in tmp_path.glob("*.lock")]
