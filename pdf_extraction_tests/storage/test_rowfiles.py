"""Tables of more rows than are held at once."""

from itertools import chain

import pyarrow.parquet as pq
import pytest

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage.rowfiles import PIECE
from pdf_extraction.storage.tables import Tables
from pdf_extraction_tests.storage.rows import document, row

MANY = 2 * PIECE + 3


def long(text="", **changed):
    """A document of so many devices that they are written in pieces, as they come."""
    rows = (row("devices", document_id="k", position=n, text=text, **changed) for n in range(MANY))
    return {**document("k"), "devices": rows}


def test_rows_that_are_too_many_to_be_held_are_all_written(tmp_path):
    """They are taken once, one after the other, and read so: by place, as slices, and whole."""
    tables = Tables(tmp_path)
    assert tables.commit("k", long())
    rows = tables.read("devices", "k")
    assert len(rows) == MANY
    assert [found["position"] for found in rows] == list(range(MANY))
    assert rows[-1] == row("devices", document_id="k", position=MANY - 1, text="")
    assert [found["position"] for found in rows[PIECE - 1 : PIECE + 1]] == [PIECE - 1, PIECE]
    assert rows.only("position")[MANY - 2] == {"position": MANY - 2}


def test_many_rows_are_compared_with_the_kept_ones_however_those_were_written(tmp_path):
    """The same rows change no file, also where an earlier version wrote them in one piece."""
    tables = Tables(tmp_path)
    tables.commit("k", long())
    path = tables.file("devices", "k")
    pq.write_table(pq.read_table(path), path)
    assert not tables.commit("k", long())
    last = row("devices", document_id="k", position=MANY - 1, text="other")
    assert tables.commit(
        "k", {**long(), "devices": chain(tables.read("devices", "k")[:-1], [last])}
    )
    assert tables.read("devices", "k")[-1] == last
    assert not list((tables.root / "devices").glob(".*"))


def test_rows_are_of_one_version_to_the_end(tmp_path):
    """Who reads many rows is not given those of a commit that came meanwhile."""
    tables = Tables(tmp_path)
    tables.commit("k", long("old"))
    rows = iter(tables.read("devices", "k"))
    first = next(rows)
    tables.commit("k", long("new"))
    assert {found["text"] for found in (first, *rows)} == {"old"}


def test_a_row_that_does_not_fit_is_told_by_its_place_and_leaves_the_old_ones(tmp_path):
    """However far behind it comes; nothing of the others is left."""
    tables = Tables(tmp_path)
    tables.commit("k", document("k"))
    rows = chain(long()["devices"], [{"position": 1}])
    with pytest.raises(RowMismatch, match=f"devices: row {MANY} lacks"):
        tables.commit("k", {**document("k"), "devices": rows})
    rows = chain(long()["devices"], [row("devices", document_id="z")])
    with pytest.raises(RowMismatch, match=r"devices: rows of \{'z'\} among those of 'k'"):
        tables.commit("k", {**document("k"), "devices": rows})
    assert tables.read("devices", "k") == document("k")["devices"]
    assert not list((tables.root / "devices").glob(".*"))


def test_a_file_that_is_damaged_in_the_middle_is_never_a_short_table(tmp_path):
    """Its end is sound, and reading it still says what is wrong."""
    tables = Tables(tmp_path)
    tables.commit("k", long())
    path = tables.file("devices", "k")
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(len(data) // 2) + data[4 + len(data) // 2 :])
    with pytest.raises(StorageError, match=r"devices/k\.parquet: cannot be read"):
        list(tables.read("devices", "k"))
