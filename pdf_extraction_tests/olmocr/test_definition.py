"""olmOCR-bench's unit tests mean here what their public definition says."""

import json

import pytest

from pdf_extraction.errors import SettingsError
from pdf_extraction.olmocr.definition import PageTest, failure, read_tests, with_baselines
from pdf_extraction.olmocr.running import Rate


def passes(kind, markdown, **facts):
    return not failure(PageTest("a.pdf", 1, "x", kind, {"type": kind, **facts}), markdown)


@pytest.mark.parametrize(
    ("facts", "markdown", "expected"),
    [
        ({"text": "two words"}, "x **two**\nwords y", True),
        ({"text": "it's - so"}, "it’s – so", True),
        ({"text": "two words"}, "two wards", False),
        ({"text": "two words", "max_diffs": 1}, "with two wards in it", True),
        ({"text": "two words", "max_diffs": 1}, "with two woords in it", True),
        ({"text": "Two"}, "two", False),
        ({"text": "Two", "case_sensitive": False}, "two", True),
        ({"text": "7", "last_n": 3}, "7 and then more", False),
        ({"text": "7", "first_n": 2, "last_n": 2}, "and then more 7", True),
        ({"text": "a long text with blanks"}, "\n", False),
    ],
)
def test_presence_and_absence_are_each_others_opposite(facts, markdown, expected):
    """Quotes, hyphens, blanks and bold are made plain; the case counts unless it says not."""
    assert passes("present", markdown, **facts) is expected
    assert passes("absent", markdown, **facts) is not expected


def test_order_wants_some_place_of_the_first_before_some_place_of_the_second():
    """Both must be there, each within the differences allowed."""
    assert passes("order", "alpha x beta", before="alpha", after="beta")
    assert not passes("order", "beta x alpha", before="alpha", after="beta")
    assert passes("order", "beta alpha beta", before="alpha", after="beta")
    assert passes("order", "alpho x betta", before="alpha", after="beta", max_diffs=1)
    assert not passes("order", "alpha", before="alpha", after="beta")


PIPES = "| | Normal | Hard |\n|---|---|---|\n| ReACT | 0.1 | 0.87 |\n| Plan | 0.66 | 0.44 |"
SPANS = (
    "<table><thead><tr><th rowspan='2'>Name</th><th colspan='2'>Year Ended</th></tr>"
    "<tr><th>2023</th><th>2024</th></tr></thead>"
    "<tr><td>Cost</td><td>1,136</td><td>680</td></tr></table>"
)


@pytest.mark.parametrize(
    ("table", "facts", "expected"),
    [
        (PIPES, {"cell": "0.66", "right": "0.44", "up": "0.1"}, True),
        (PIPES, {"cell": "0.87", "top_heading": "Hard", "left_heading": "ReACT"}, True),
        (PIPES, {"cell": "0.87", "left": "ReACT"}, False),
        (PIPES, {"cell": "0.87", "left": "0.1", "down": "0.44"}, True),
        (PIPES, {"cell": "0,87"}, False),
        (PIPES, {"cell": "0,87", "max_diffs": 1}, True),
        (SPANS, {"cell": "680", "top_heading": "Year Ended"}, True),
        (SPANS, {"cell": "2024", "up": "Year Ended", "left": "2023"}, True),
        (SPANS, {"cell": "Name", "right": "2023", "down": "Cost"}, True),
        (SPANS, {"cell": "Name", "down": "2023"}, False),
        ("no table", {"cell": "x"}, False),
    ],
)
def test_cells_have_their_neighbours_and_headings(table, facts, expected):
    """A cell that spans columns or rows is one neighbour of all that it touches."""
    assert passes("table", f"before\n\n{table}\n\nafter", **facts) is expected


@pytest.mark.parametrize(
    ("markdown", "wanted", "expected"),
    [
        ("$e^{i\\pi} + 1 = 0$", "e^{i \\pi}+1=0", True),
        ("so $$x = a^2+b^2=c^2.$$", "a^{2}+b^{2}=c^{2}", True),
        (
            "\\[\\nabla\\times E = -\\frac{\\partial B}{\\partial t}\\]",
            "\\nabla \\times \\mathbf{E}=-\\frac{\\partial \\mathbf{B}}{\\partial t}",
            True,
        ),
        ("$a^{2+b}$", "a^{2}+b", False),
        ("$x_{1}2$", "x_{12}", False),
        ("e^{i \\pi}+1=0", "e^{i \\pi}+1=0", False),
    ],
)
def test_formulas_are_compared_by_their_symbols(markdown, wanted, expected):
    """Within the marks of a formula, whatever the blanks, the looks and needless braces."""
    assert passes("math", markdown, math=wanted) is expected


def test_every_document_is_held_to_a_baseline(tmp_path):
    """Some letters, no endless repeating; a test without its fact is refused with its line."""
    file = tmp_path / "t.jsonl"
    lines = [
        {"pdf": "a.pdf", "page": 2, "id": "1", "type": "present", "text": "x"},
        {"pdf": "a.pdf", "page": 2, "id": "2", "type": "present", "text": "y",
         "checked": "rejected"},
    ]  # fmt: skip
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    found = with_baselines(read_tests(file))
    assert [(one.kind, one.page) for one in found] == [("present", 2), ("baseline", 2)]
    assert passes("baseline", "text")
    assert not passes("baseline", "| - |")
    assert not passes("baseline", "text" + "ab " * 31)
    file.write_text(json.dumps({"pdf": "a.pdf", "page": 1, "id": "3", "type": "order"}))
    with pytest.raises(SettingsError, match="line 1: without before, after"):
        read_tests(file)


def test_a_rate_has_an_interval_that_few_tests_make_wide():
    """Wilson's: one of one passed is no proof."""
    low, high = Rate(1, 1).interval
    assert (round(low, 2), high) == (0.21, 1.0)
    low, high = Rate(50, 100).interval
    assert (round(low, 2), round(high, 2)) == (0.4, 0.6)
