"""Views of the warehouse: made when they are asked, over rows that stay as they are."""

import pytest

from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.storage.rows import document, row

HEAD = ("Item", "Valor")
FOOT, TOP, MIDDLE = (0.1, 0.5, 0.9, 0.9), (0.1, 0.1, 0.9, 0.4), (0.1, 0.4, 0.9, 0.6)


def cells(page, index, rows, bbox):
    return [
        row("tables", document_id="d", page_number=page, table_index=index, bbox=list(bbox),
            row=r, column=c, text=text, is_header=r == 0)
        for r, texts in enumerate(rows)
        for c, text in enumerate(texts)
    ]  # fmt: skip


@pytest.fixture
def joined(tmp_path):
    """Rows of the view for cells of one document, as lists of texts by table."""

    def ask(*parts):
        rows = {**document("d"), "tables": [cell for part in parts for cell in part]}
        Tables(tmp_path).commit("d", rows)
        warehouse = Warehouse(tmp_path)
        warehouse.refresh()
        found = warehouse.query(
            'SELECT table_id, "row", page_number, bool_or(is_header) AS head, '
            "string_agg(text, ' ' ORDER BY \"column\") AS texts "
            'FROM joined_tables GROUP BY ALL ORDER BY table_id, "row"'
        ).to_pylist()
        kept = warehouse.query('SELECT count(*) AS n FROM "tables"').to_pylist()[0]["n"]
        assert kept == len(rows["tables"])
        return [tuple(one.values()) for one in found]

    return ask


def test_a_table_goes_on_where_the_next_page_repeats_its_heads(joined):
    """Three pages become one; every row says which page it stands on."""
    assert joined(
        cells(1, 0, [("X", "Y"), ("0", "0")], TOP),
        cells(1, 1, [HEAD, ("a", "1")], MIDDLE),
        cells(2, 0, [HEAD, ("b", "2"), ("c", "3")], MIDDLE),
        cells(3, 0, [HEAD, ("d", "4")], TOP),
    ) == [
        ("1.0", 0, 1, True, "X Y"),
        ("1.0", 1, 1, False, "0 0"),
        ("1.1", 0, 1, True, "Item Valor"),
        ("1.1", 1, 1, False, "a 1"),
        ("1.1", 2, 2, False, "b 2"),
        ("1.1", 3, 2, False, "c 3"),
        ("1.1", 4, 3, False, "d 4"),
    ]


def test_a_table_goes_on_from_the_foot_of_a_page_to_the_next_ones_head(joined):
    """Its first row there is no head, though a plain table's first row is always called one."""
    assert joined(
        cells(1, 0, [HEAD, ("a", "1")], FOOT), cells(2, 0, [("b", "2"), ("c", "3")], TOP)
    ) == [
        ("1.0", 0, 1, True, "Item Valor"),
        ("1.0", 1, 1, False, "a 1"),
        ("1.0", 2, 2, False, "b 2"),
        ("1.0", 3, 2, False, "c 3"),
    ]


@pytest.mark.parametrize(
    "second",
    [
        cells(2, 0, [("A", "B", "C"), ("b", "2", "x")], TOP),
        cells(2, 0, [("A", "B"), ("b", "2")], MIDDLE),
        cells(3, 0, [HEAD, ("b", "2")], TOP),
    ],
    ids=["other columns", "other heads amid the page", "a page between"],
)
def test_other_tables_stay_apart(joined, second):
    """Another number of columns, other heads far from the break, or a page without a table."""
    found = joined(cells(1, 0, [HEAD, ("a", "1")], FOOT), second)
    assert len({one[0] for one in found}) == 2
    assert [one[3] for one in found] == [True, False, True, False]
