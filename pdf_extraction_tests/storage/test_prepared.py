"""Tables that become Arrow while a document's pages come."""

from pdf_extraction.storage.prepared import PIECE, TableSoFar
from pdf_extraction.storage.tables import Tables
from pdf_extraction_tests.storage.rows import document, row


def devices(count, **changed):
    return [
        row("devices", document_id="k", position=n, text=str(n // 10)) | changed
        for n in range(count)
    ]


def test_a_table_that_grew_has_the_rows_that_it_would_have_had_at_once(tmp_path):
    """Also where figures of its first rows, or a text among them, became others with its last."""
    growing = TableSoFar("devices")
    growing.prepared(devices(PIECE + 7, confidence=0.5), whole=False)
    growing.prepared(devices(2 * PIECE + 3, confidence=0.5), whole=False)
    last = devices(3 * PIECE + 1, confidence=0.75, confidence_method="tokens")
    last[PIECE + 1]["text"] = "other"
    prepared = growing.prepared(last, whole=True)
    assert list(prepared) == last
    tables = Tables(tmp_path)
    assert tables.commit("k", {**document("k"), "devices": prepared})
    assert list(tables.read("devices", "k")) == last
    assert not tables.commit("k", {**document("k"), "devices": last})


def test_few_rows_become_a_file_when_they_are_committed(tmp_path):
    """As if nobody had prepared them; and a document may well have none."""
    growing = TableSoFar("devices")
    assert list(growing.prepared([], whole=True)) == []
    prepared = growing.prepared(devices(3), whole=True)
    tables = Tables(tmp_path)
    tables.commit("k", {**document("k"), "devices": prepared})
    assert list(tables.read("devices", "k")) == devices(3)
