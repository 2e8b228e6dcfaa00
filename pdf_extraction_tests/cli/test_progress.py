import io
from pathlib import Path

from pdf_extraction.cli.console import Screen
from pdf_extraction.cli.progress import Watch
from pdf_extraction.errors import TimedOut
from pdf_extraction.model import Completion, Document, PageImage, PageOutcome

LAW = Document("lei", "lei", Path("lei.pdf"), "0", 1)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def watched(stream, failures=1):
    watch = Watch(Screen(stream), 2, lambda: 0.25)
    with watch.shown():
        progress = watch.progress()
        progress.on_open(LAW, 2 + failures)
        progress.on_page(LAW, PageOutcome(PageImage(1), Completion("{}", "b", cached=True)))
        progress.on_page(LAW, PageOutcome(PageImage(2), Completion("{}", "b")))
        for number in range(failures):
            error = TimedOut("no answer within 5 s\x1b[2J")
            progress.on_page(LAW, PageOutcome(PageImage(3 + number), error=error))
    return stream.getvalue()


def test_a_pipe_gets_counts_money_and_failed_pages_as_lines():
    """The last line has everything: done, failed, cached, speed, money."""
    lines = watched(io.StringIO()).splitlines()
    assert lines[0] == "starting: 2 documents"
    assert "lei page 3: no answer within 5 s\\x1b[2J" in lines
    assert lines[-1].startswith("3/3 pages of 1/2 documents, 1 failed, 1 cached, ")
    assert lines[-1].endswith("pages/s, 0.2500 USD")


def test_many_failures_do_not_flood_the_screen():
    """After the tenth the rest is left to the summary."""
    text = watched(io.StringIO(), failures=500)
    assert text.count("no answer within") == 10
    assert "more are told at the end" in text


def test_a_terminal_gets_a_bar_that_no_document_can_steer(monkeypatch):
    """Failures stand above the bar; the escape of a message is shown, not obeyed."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    text = watched(Terminal())
    assert "no answer within 5 s\\x1b[2J" in text
    assert "\x1b[2J" not in text
