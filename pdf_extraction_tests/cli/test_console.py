import io
import re

from pdf_extraction.cli.console import Column, Screen, usd, visible


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_no_text_reaches_the_terminal_as_an_order():
    """Escapes, bells, carriage returns and characters that turn the text around are shown."""
    assert visible("a\x1b[31mb\x07\r\nc\u202ed\x9b\ud800") == (
        "a\\x1b[31mb\\x07\\r\\nc\\u202ed\\x9b\\ud800"
    )
    assert visible("Art. 5º — “ação”\u00a0ñ") == "Art. 5º — “ação”\u00a0ñ"


def test_a_pipe_gets_whole_cells_without_frames():
    """Columns stand under each other, and no id is cut or folded, however long."""
    stream = io.StringIO()
    long = "x" * 100
    columns = [Column("id"), Column("n", right=True)]
    Screen(stream).table(columns, [(long, 1), ("short", 22)])
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["id", "n"]
    assert lines[1].split() == [long, "1"]
    assert lines[2] == "short" + " " * 55 + "  22"


def test_a_terminal_gets_tables_within_its_width(monkeypatch):
    """A long cell is folded, and nothing of it is lost."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Screen(stream).table([Column("id"), Column("state", whole=True)], [("y" * 100, "done")])
    lines = stream.getvalue().splitlines()
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines) <= 60
    assert stream.getvalue().count("y") == 100


def test_colours_are_not_for_who_wants_none(monkeypatch):
    """NO_COLOR and TERM=dumb are obeyed in a terminal."""
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as context:
            context.setenv(name, value)
            stream = Terminal()
            screen = Screen(stream)
            screen.line("words", "red")
            screen.table([Column("state")], [("failed",)])
            assert "\x1b" not in stream.getvalue()


def test_small_money_is_not_rounded_away():
    """A call may cost a part of a cent."""
    assert [usd(0), usd(0.0004), usd(12.345), usd(1234.5)] == [
        "0.00",
        "0.0004",
        "12.35",
        "1,234.50",
    ]
