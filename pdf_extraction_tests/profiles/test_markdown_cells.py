import pytest

from pdf_extraction.profiles.markdown.cells import MAX_SPAN, blocks, plain_text


def grid(block):
    rows = {}
    for cell in block.cells:
        rows.setdefault(cell.row, {})[cell.column] = cell.text
    return [[row[column] for column in sorted(row)] for _, row in sorted(rows.items())]


def test_a_pipe_table_is_cut_into_cells():
    """The row above the delimiter is the head; escaped pipes are text."""
    (table,) = blocks("| Nome | Valor |\n|:---|---:|\n| a \\| b | **1** |\n| c |  |")
    assert grid(table) == [["Nome", "Valor"], ["a | b", "1"], ["c", ""]]
    assert [cell.is_header for cell in table.cells] == [True, True] + [False] * 4


def test_paragraphs_headings_and_items_are_blocks_in_order():
    """A heading or an item ends the paragraph before it."""
    found = blocks("# T\n\num\ndois\n- x\n- y\n\n|a|b|\n|-|-|\n|1|2|\nfim")
    assert [block.text or grid(block) for block in found] == [
        "T", "um dois", "x", "y", [["a", "b"], ["1", "2"]], "fim",
    ]  # fmt: skip


def test_a_table_inside_a_code_fence_is_no_table():
    """What is shown as code stays text."""
    assert all(not block.cells for block in blocks("```\n|a|b|\n|-|-|\n|1|2|\n```"))


def test_pipes_in_prose_are_no_table():
    """Without a delimiter row there is no table."""
    (block,) = blocks("a | b\nc | d")
    assert block.text == "a | b c | d"


def test_an_html_table_fills_its_spans():
    """A cell that reaches over several places is written at each of them."""
    (table,) = blocks(
        "<table><thead><tr><th rowspan=2>Ano</th><th colspan='2'>Valor</th></tr>"
        "<tr><th>R$</th><th>%</th></tr></thead>"
        "<tr><td>2023<td>1 &amp; 2</td><td><b>3</b><br>4</td></tr></table>"
    )
    assert grid(table) == [["Ano", "Valor", "Valor"], ["Ano", "R$", "%"], ["2023", "1 & 2", "3 4"]]
    assert [cell.is_header for cell in table.cells] == [True] * 6 + [False] * 3


@pytest.mark.parametrize(
    "markdown",
    [
        "<table>",
        "<table><tr><td>a",
        "<table><tr></table>",
        "<table></td></tr>",
        "</table>",
        "<table><td><![x[ <!-- <?",
    ],
)
def test_broken_html_never_fails(markdown):
    """What a model cut off gives the cells that are there, or none."""
    assert sum(len(block.cells) for block in blocks(markdown)) <= 1


def test_spans_are_bounded():
    """An absurd span costs no memory."""
    (table,) = blocks('<table><tr><td colspan="99999" rowspan="99999">x</td></tr></table>')
    assert len(table.cells) == MAX_SPAN


def test_a_table_in_a_cell_is_that_cell_s_text():
    """Tables are not nested in the rows."""
    (table,) = blocks(
        "<table><tr><td>a<table><tr><td>b</td></tr></table></td><td>c</td></tr></table>"
    )
    assert grid(table) == [["a b", "c"]]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("## **Um** _dois_ `x`", "Um dois `x`"),
        ("snake_case_name e 2 * 3 * 4", "snake_case_name e 2 * 3 * 4"),
        ("[texto](http://x) ![logo](y.png)", "texto"),
        ("a\\*b \\# &lt;c&gt; <FIGURE>", "a*b # <c>"),
    ],
)
def test_plain_text_has_no_marks(markdown, text):
    """What is grounded is what is printed."""
    assert plain_text(markdown) == text
