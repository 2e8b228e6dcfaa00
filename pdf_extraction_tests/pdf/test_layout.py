"""Tables and figures of a page: from drawn lines, shaded rows and places of words."""

import pymupdf
import pytest

from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.tasks import PageOptions

RULES = PageOptions(ocr_languages=(), layout="rules")


@pytest.fixture
def page():
    document = pymupdf.open()
    yield document.new_page()
    document.close()


def rows_of(page, rows, lefts, *, top=200.0, step=14.0):
    for number, row in enumerate(rows):
        for left, text in zip(lefts, row, strict=True):
            page.insert_text((left, top + number * step), text, fontsize=9)


def tables(page, options=RULES):
    return [region for region in read_page(page, options).regions if region.kind == "table"]


def grid(region):
    return [(c.row, c.column, c.rows, c.columns, c.text) for c in region.cells if c.text]


def test_a_table_between_lines_has_heads_that_reach_over_columns(page):
    """The line under a head says over which columns; currency signs go to their figures."""
    for y in (190, 262):
        page.draw_line((80, y), (500, y))
    page.draw_line((250, 203.5), (500, 203.5), width=0.5)
    page.insert_text((340, 200), "Year Ended", fontsize=9)
    rows = [
        ("", "", "2023", "", "2024"),
        ("Cost", "$", "141", "$", "178"),
        ("Research", "", "2,532", "", "3,423"),
        ("Total", "$", "3,549", "$", "4,737"),
    ]
    rows_of(page, rows, (80, 250, 280, 400, 440), top=214)
    page.insert_text((80, 300), "Prose that goes on below the table.", fontsize=9)
    (table,) = tables(page)
    assert grid(table)[:4] == [
        (0, 1, 1, 2, "Year Ended"),
        (1, 1, 1, 1, "2023"),
        (1, 2, 1, 1, "2024"),
        (2, 0, 1, 1, "Cost"),
    ]
    assert [cell[4] for cell in grid(table)[-3:]] == ["Total", "$ 3,549", "$ 4,737"]
    assert {c.row for c in table.cells if c.is_header} == {0, 1}
    assert table.bbox[1] > 0.2
    assert table.bbox[3] < 0.33


def test_a_grid_of_lines_is_cut_where_its_lines_are(page):
    """Cells over several rows or columns are one cell, however many lines of text they have."""
    for y, left in ((100, 100), (140, 200), (180, 100), (220, 100)):
        page.draw_line((left, y), (400, y))
    for x in (100, 200, 300, 400):
        page.draw_line((x, 100), (x, 180 if x == 300 else 220))
    for (x, y), text in {
        (105, 125): "Name", (205, 115): "First", (205, 130): "half", (305, 125): "Second",
        (205, 165): "10", (305, 165): "20", (105, 205): "Sum", (205, 205): "30 of all",
    }.items():  # fmt: skip
        page.insert_text((x, y), text, fontsize=9)
    (table,) = tables(page)
    assert grid(table) == [
        (0, 0, 2, 1, "Name"),
        (0, 1, 1, 1, "First half"),
        (0, 2, 1, 1, "Second"),
        (1, 1, 1, 1, "10"),
        (1, 2, 1, 1, "20"),
        (2, 0, 1, 1, "Sum"),
        (2, 1, 1, 2, "30 of all"),
    ]
    assert [c.text for c in table.cells if c.is_header] == ["Name", "First half", "Second",
                                                            "10", "20"]  # fmt: skip


def test_ruled_prose_in_two_columns_is_no_table(page):
    """Lines above and below some text do not make cells of it."""
    for y in (190, 300):
        page.draw_line((60, y), (540, y))
    for left in (60, 310):
        for number in range(7):
            text = f"linha {number} de uma prosa que enche toda a coluna sem fim"
            page.insert_text((left, 205 + 13 * number), text, fontsize=9)
    assert tables(page) == []


def test_pictures_are_figures_unless_text_stands_on_them(page):
    """An ornament is too small, and the ground under a paragraph is no figure."""
    pixels = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 8, 8))
    pixels.clear_with(128)
    for box in ((100, 100, 250, 220), (300, 100, 310, 110), (60, 300, 540, 420)):
        page.insert_image(box, pixmap=pixels, keep_proportion=False)
    for number in range(5):
        page.insert_text((70, 320 + 14 * number), "texto sobre um fundo colorido aqui", fontsize=9)
    figures = [r for r in read_page(page, RULES).regions if r.kind == "figure"]
    assert [tuple(round(v, 2) for v in figure.bbox) for figure in figures] == [
        (0.17, 0.12, 0.42, 0.26)
    ]


def test_nothing_is_looked_for_where_no_profile_asks(page):
    """Tables cost time that legal acts do not pay."""
    page.draw_line((80, 190), (500, 190))
    page.draw_line((80, 262), (500, 262))
    rows_of(page, [("a", "1"), ("b", "2"), ("c", "3")], (80, 300))
    assert read_page(page, PageOptions(ocr_languages=())).regions == ()


def test_further_lines_of_a_cell_belong_to_it(page):
    """They stand alone, close below, and begin where the cell does."""
    for y in (190, 255):
        page.draw_line((80, y), (500, y))
    rows = [("Tipo", "Onde"), ("Café", "Padaria, Confeitaria,"), ("", "Mercado"),
            ("Gasolina", "Todos os postos")]  # fmt: skip
    rows_of(page, rows, (80, 250), top=205, step=12)
    (table,) = tables(page)
    assert [cell[4] for cell in grid(table)] == [
        "Tipo", "Onde", "Café", "Padaria, Confeitaria, Mercado", "Gasolina", "Todos os postos",
    ]  # fmt: skip


def test_a_head_ends_at_the_first_line_and_its_wrapped_cells_are_whole(page):
    """What stands below that line is a row, however few figures it holds."""
    for y in (188, 226, 290):
        page.draw_line((80, y), (500, y))
    page.insert_text((84, 200), "Item", fontsize=9)
    page.insert_text((300, 200), "Price", fontsize=9)
    page.insert_text((420, 200), "Amount", fontsize=9)
    page.insert_text((300, 210), "without", fontsize=9)
    page.insert_text((420, 210), "without tax", fontsize=9)
    page.insert_text((300, 220), "tax", fontsize=9)
    page.insert_text((84, 242), "Contract 12", fontsize=9)
    rows_of(page, [("Vase", "3,89", "3,89"), ("Jar", "5,39", "5,39")], (84, 300, 420), top=258)
    (table,) = tables(page)
    heads = [c.text for c in table.cells if c.is_header]
    assert heads == ["Item", "Price without tax", "Amount without tax"]
    assert next(c.text for c in table.cells if c.row == 1) == "Contract 12"


def test_a_cell_over_columns_is_parted_where_its_words_keep_to_them(page):
    """Some sums are framed without the line between label and figure; titles stay whole."""
    for y in (100, 120, 140, 160, 180):
        page.draw_line((80, y), (500, y))
    for x in (80, 500):
        page.draw_line((x, 100), (x, 180))
    page.draw_line((400, 160), (400, 180))
    page.insert_text((84, 114), "Summary of all charges", fontsize=9)
    for y, (label, figure) in ((134, ("Charges", "4.11")), (154, ("Tax", "0.00"))):
        page.insert_text((84, y), label, fontsize=9)
        page.insert_text((460, y), figure, fontsize=9)
    page.insert_text((84, 174), "Total", fontsize=9)
    page.insert_text((460, 174), "4.11", fontsize=9)
    (table,) = tables(page)
    assert grid(table) == [
        (0, 0, 1, 2, "Summary of all charges"),
        (1, 0, 1, 1, "Charges"),
        (1, 1, 1, 1, "4.11"),
        (2, 0, 1, 1, "Tax"),
        (2, 1, 1, 1, "0.00"),
        (3, 0, 1, 1, "Total"),
        (3, 1, 1, 1, "4.11"),
    ]
