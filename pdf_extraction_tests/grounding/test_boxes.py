import pytest

from pdf_extraction.grounding import boxes, words_in
from pdf_extraction.model import Span
from pdf_extraction_tests.grounding.pages import page_of

PAGE = page_of(["aaa bbb", "ccc ddd", "eee"], ["fff ggg", "hhh"])


def span(first, last):
    return Span(PAGE.text.index(first), PAGE.text.index(last) + len(last))


def test_words_are_those_that_a_span_touches():
    """A span that cuts a word takes it whole; the blank beside a word takes nothing."""
    start = PAGE.text.index("bbb")
    assert [PAGE.text[w.start : w.end] for w in words_in(PAGE, [Span(start + 1, start + 5)])] == [
        "bbb",
        "ccc",
    ]
    assert words_in(PAGE, [Span(3, 4)]) == []


def test_a_word_in_two_spans_comes_once():
    """Overlapping spans do not repeat words."""
    assert len(words_in(PAGE, [Span(0, 7), Span(4, 11)])) == 3


def test_lines_of_one_column_are_one_box():
    """The box goes around all lines of the run."""
    assert boxes(PAGE, [span("bbb", "ccc")]) == [pytest.approx((0.0, 0.1, 0.056, 0.15))]


def test_the_next_column_begins_another_box():
    """A span that goes on at the top of the next column has two boxes, in reading order."""
    first, second = boxes(PAGE, [span("ddd", "hhh")])
    assert first == pytest.approx((0.0, 0.13, 0.056, 0.18))
    assert second == pytest.approx((0.5, 0.1, 0.556, 0.15))


def test_no_spans_give_no_boxes():
    """What is absent has no place."""
    assert boxes(PAGE, []) == []
