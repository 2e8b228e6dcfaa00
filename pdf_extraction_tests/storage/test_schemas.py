import pyarrow as pa
import pytest

from pdf_extraction.errors import RowMismatch
from pdf_extraction.storage.checked import to_table
from pdf_extraction.storage.schemas import DESCRIPTIONS, SCHEMAS, describe
from pdf_extraction_tests.storage.rows import row


@pytest.mark.parametrize("name", SCHEMAS)
def test_rows_come_back_as_they_went_in(name):
    """A row with every column of its table survives Arrow unchanged."""
    rows = [row(name), row(name, document_id="ação")]
    assert to_table(name, rows).to_pylist() == rows


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_and_column_has_a_meaning(name):
    """Nothing is in a table that its documentation does not explain."""
    assert DESCRIPTIONS[name]
    assert all(len(describe(field)) > 2 for field in SCHEMAS[name])


def test_a_missing_or_unknown_column_is_an_error_and_no_null():
    """A forgotten column is named with its table and row."""
    good, bad = row("tables"), row("tables")
    del bad["bbox"]
    bad["box"] = None
    with pytest.raises(RowMismatch, match=r"tables: row 1 lacks bbox and has the unknown box"):
        to_table("tables", [good, bad])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": None}, r"devices\.text: a NULL where none may be"),
        ({"text": 3}, r"devices\.text: expected string"),
        ({"position": 1.5}, r"devices\.position: expected whole numbers"),
        ({"position": "1"}, r"devices\.position: expected int64"),
        ({"confidence": float("nan")}, r"devices\.confidence: a NaN"),
        ({"status": "morto"}, r"devices\.status: 'morto' is none of vigente, riscado"),
        ({"canonical_spans": [{"start": 1}]}, r"devices\.canonical_spans: a NULL"),
        ({"bbox": [0.0, None, 1.0, 1.0]}, r"devices\.bbox: a NULL"),
        ({"bbox_spans": [{"page_number": 1, "bbox": None}]}, r"devices\.bbox_spans: a NULL"),
        ({"text": "\ud800"}, r"devices\.text: expected string"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_an_error(values, message):
    """Types, NULLs and the words of a column are held where rows become a table."""
    with pytest.raises(RowMismatch, match=message):
        to_table("devices", [row("devices", **values)])


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}'])
def test_metadata_is_json(text):
    """Text that DuckDB would not take for JSON never gets into a file."""
    with pytest.raises(RowMismatch, match=r"documents\.metadata: no JSON"):
        to_table("documents", [row("documents", metadata=text)])


def test_absent_lists_and_whole_numbers_are_fine():
    """What may be NULL may be NULL, and a whole number is a number."""
    table = to_table("devices", [row("devices", bbox=None, canonical_spans=None, confidence=1)])
    assert table["bbox"].null_count == 1
    assert table.schema.field("confidence").type == pa.float64()
