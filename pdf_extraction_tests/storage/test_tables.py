import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from pdf_extraction.errors import RowMismatch, StorageError
from pdf_extraction.storage.tables import Tables
from pdf_extraction_tests.storage.rows import NOON, document, row


def test_what_is_committed_is_what_is_read(tmp_path):
    """Rows come back in their order, a file for each table that has rows."""
    tables, rows = Tables(tmp_path), document("lei-1", devices=3, pages=2)
    assert tables.commit("lei-1", rows)
    assert {name: tables.read(name, "lei-1") for name in rows} == rows
    assert tables.read("chunks", "lei-1") == []
    assert tables.partitions() == ["lei-1"]
    assert (tmp_path / "tables" / "devices" / "lei-1.parquet").exists()
    assert not (tmp_path / "tables" / "chunks").exists()


def test_tables_without_rows_are_emptied(tmp_path):
    """A commit is the whole document: what it does not bring is gone afterwards."""
    tables, rows = Tables(tmp_path), document("k")
    tables.commit("k", rows)
    assert tables.commit("k", {"documents": rows["documents"], "pages": []})
    assert tables.read("devices", "k") == tables.read("pages", "k") == []


def test_the_same_rows_change_no_file(tmp_path):
    """Rows that differ in their run and time alone leave every file and mark as it was."""
    tables = Tables(tmp_path)
    tables.commit("k", document("k"))
    mark = tables.marks()["k"]
    assert not tables.commit("k", document("k", run_id="r2", at=NOON + timedelta(days=1)))
    assert tables.read("documents", "k")[0]["run_id"] == "r1"
    assert tables.marks()["k"] == mark
    assert tables.commit("k", document("k", text="other"))
    assert tables.marks()["k"] != mark


def test_forgetting_removes_every_row_of_one_document(tmp_path):
    """A forgotten document is in no table; the others stay."""
    tables = Tables(tmp_path)
    tables.commit("a", document("a"))
    tables.commit("b", document("b"))
    assert tables.forget("a")
    assert not tables.forget("a")
    assert tables.partitions() == ["b"]
    assert tables.read("devices", "a") == []
    assert tables.read("devices", "b")


def test_rows_of_another_document_are_refused(tmp_path):
    """Every row bears the id of the one row in `documents`, which bears the partition."""
    tables = Tables(tmp_path)
    with pytest.raises(RowMismatch, match="expected one row, of partition 'b'"):
        tables.commit("b", document("a"))
    with pytest.raises(RowMismatch, match="expected one row"):
        tables.commit("b", {"devices": [row("devices")]})
    rows = {**document("a"), "pages": [row("pages", document_id="z")]}
    with pytest.raises(RowMismatch, match=r"pages: rows of \{'z'\} among those of 'a'"):
        tables.commit("a", rows)
    assert tables.partitions() == []


@pytest.mark.parametrize("key", ["", ".", "../x", "a/b", "a\\b", ".hidden", "a\0b"])
def test_no_key_leads_out_of_the_folder(tmp_path, key):
    """A key that is no plain file name is refused."""
    with pytest.raises(RowMismatch, match="no partition key"):
        Tables(tmp_path).commit(key, document(key))


def test_a_damaged_file_is_named_and_replaced_by_the_next_commit(tmp_path):
    """Damage is never an empty table, and running the document again mends it."""
    tables = Tables(tmp_path)
    tables.commit("k", document("k"))
    tables.file("devices", "k").write_bytes(b"PAR1")
    with pytest.raises(StorageError, match=r"devices/k\.parquet: cannot be read"):
        tables.read("devices", "k")
    assert tables.commit("k", document("k"))
    assert tables.read("devices", "k") == document("k")["devices"]


def test_a_file_of_an_older_version_reads_with_todays_columns(tmp_path):
    """A column that a file does not have yet is NULL; one that is no more is left out."""
    tables = Tables(tmp_path)
    tables.commit("k", document("k"))
    path = tables.file("devices", "k")
    table = pq.read_table(path).drop_columns(["model_confidence"])
    pq.write_table(table.append_column("old", table["text"]), path)
    assert tables.read("devices", "k") == document("k")["devices"]


def test_a_kill_at_any_step_leaves_the_old_rows_or_the_new_ones(tmp_path):
    """After a kill at any change of a file no reader finds a mixture, nor a document less."""
    command = [sys.executable, "-m", "pdf_extraction_tests.storage.kill_commits", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    results = [json.loads(line) for line in output.splitlines()]
    old, new = [[["old"], 1, 3]] * 2 + [[]], [[["new"], 2, 0]] * 2 + [[]]
    point = results.index(new)
    assert point > 5
    assert results == [old] * point + [new] * (len(results) - point)
    assert len(results) - point > 4


@pytest.mark.parametrize(("ending", "text"), [(".ready", "new"), (".staged", "old")])
def test_what_a_killed_run_of_a_version_before_has_left_is_finished_or_undone(
    tmp_path, ending, text
):
    """It kept a document's new files in a folder of the journal, whose rename was the point."""
    tables, later = Tables(tmp_path / "data"), Tables(tmp_path / "later")
    tables.commit("k", document("k", text="old", devices=2))
    later.commit("k", {**document("k", text="new"), "devices": []})
    folder = tables.root / ".journal" / f"k{ending}"
    folder.mkdir()
    for name in ("documents", "pages"):
        later.file(name, "k").rename(folder / f"{name}.parquet")
    if ending == ".ready":
        (folder / "manifest").write_text("documents pages")
    assert tables.read("documents", "k")[0]["canonical_text"] == text
    assert len(tables.read("devices", "k")) == (0 if text == "new" else 2)
    assert list((tables.root / ".journal").iterdir()) == []


def test_documents_committed_together_are_there_at_the_end_and_a_bad_one_costs_itself(tmp_path):
    """What does not fit its tables is refused at once; the others are published all the same."""
    tables = Tables(tmp_path)
    tables.commit("c", document("c"))
    with tables.together() as documents:
        assert documents.commit("a", document("a"))
        with pytest.raises(RowMismatch):
            documents.commit("bad", {**document("bad"), "pages": [{}]})
        assert documents.commit("b", document("b", devices=2))
        assert not documents.commit("c", document("c"))
        assert tables.partitions() == ["c"]
    assert tables.partitions() == ["a", "b", "c"]
    assert len(tables.read("devices", "b")) == 2
    assert list(tables.root.rglob("*/.[0-9a-f]*")) == []


def test_documents_committed_together_leave_nothing_where_their_run_breaks(tmp_path):
    """Neither rows nor files under hidden names."""
    tables = Tables(tmp_path)

    def broken():
        with tables.together() as documents:
            documents.commit("a", document("a"))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert tables.partitions() == []
    assert [path for path in tables.root.rglob("*") if path.is_file()] == []


def test_many_writers_of_one_document_leave_one_of_their_commits(tmp_path):
    """Commits of several threads exclude each other."""
    versions = [document("k", text=f"v{n}", devices=n + 1) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda rows: Tables(tmp_path).commit("k", rows), versions))
    tables = Tables(tmp_path)
    assert {name: tables.read(name, "k") for name in versions[0]} in versions


def test_opening_an_empty_folder_makes_nothing(tmp_path):
    """Looking at a data folder that does not exist leaves it so."""
    tables = Tables(tmp_path / "data")
    assert tables.partitions() == []
    assert tables.read("devices", "k") == []
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_is_none_is_named(tmp_path):
    """What cannot be read or written says which folder it is, and what to do."""
    (tmp_path / "tables").write_text("")
    with pytest.raises(StorageError, match=r"tables: cannot be read: .*Not a directory"):
        Tables(tmp_path)
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match=r"tables: .*(free space|cannot be read)"):
        Tables(tmp_path / "data").commit("k", document("k"))
