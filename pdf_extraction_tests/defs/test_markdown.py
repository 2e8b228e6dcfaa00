"""Texts of documents in the UI."""

import pytest

from pdf_extraction.defs import markdown


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "a | b",
        "`code`",
        "# x\n* y",
        "[x](http://a.b)",
        "http://a.b",
        "x\u202ey\x1b[31m",
    ],
)
def test_no_text_becomes_markup(text):
    """A value is one code span: no second backtick, no column, no line, no hidden character."""
    shown = markdown.code(text)
    assert shown.startswith("`")
    assert shown.endswith("`")
    assert not {"`", "|", "\n", "\x1b", "\u202e"} & set(shown[1:-1])


def test_nothing_is_an_empty_cell():
    """NULL and blank are not the word None."""
    assert (markdown.code(None), markdown.code("  ")) == ("", "")


def test_long_texts_are_cut():
    """A cell stays readable."""
    assert len(markdown.code("x" * 1000)) == 162


def test_rows_become_a_table():
    """The first row's names are the columns."""
    assert markdown.table([{"a": 1, "b": None}]) == "| a | b |\n| --- | --- |\n| `1` |  |"
    assert markdown.table([]) == "no rows"
