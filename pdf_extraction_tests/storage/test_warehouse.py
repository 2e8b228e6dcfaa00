import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from pdf_extraction.storage.building import Builder
from pdf_extraction.storage.schemas import SCHEMAS, describe
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction.tablespec import ColumnSpec, TableSpec
from pdf_extraction_tests.storage.rows import document
from pdf_extraction_tests.storage.session import session


@pytest.fixture
def tables(tmp_path):
    return Tables(tmp_path)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def texts(warehouse):
    """Text of each document by id, after checking that its devices are of the same commit."""
    rows = warehouse.query(
        "SELECT document_id, canonical_text, list(DISTINCT text) AS device_texts, count(*) AS n "
        "FROM documents JOIN devices USING (document_id) GROUP BY ALL"
    ).to_pylist()
    assert all(row["device_texts"] == [row["canonical_text"]] for row in rows)
    return {row["document_id"]: row["canonical_text"] for row in rows}


def in_new_process(file):
    """What somebody who opens the file now finds."""
    with session(file, "reading") as reader:
        return reader.ask("SELECT canonical_text FROM documents ORDER BY 1")


def test_every_table_is_there_with_its_types_and_comments(warehouse):
    """Also before the first document each table can be asked and explains itself."""
    where = "schema_name = 'main' AND table_name = '{}'"
    columns = f"SELECT column_name, comment FROM duckdb_columns() WHERE {where}"
    for refresh in (False, True):
        if refresh:
            assert warehouse.refresh().rows == dict.fromkeys(SCHEMAS, 0)
        for name, schema in SCHEMAS.items():
            rows = warehouse.query(columns.format(name)).to_pylist()
            assert [(row["column_name"], row["comment"]) for row in rows] == [
                (field.name, describe(field)) for field in schema
            ]


def test_values_come_out_of_sql_with_real_types(tables, warehouse):
    """Times, lists and structures are what they are, not text."""
    rows = document("k", devices=1)
    tables.commit("k", rows)
    warehouse.refresh()
    assert warehouse.query("SELECT * FROM devices").to_pylist() == rows["devices"]
    query = "SELECT extracted_at, metadata->>'ano' AS ano, bbox[1] AS x FROM documents, devices"
    row = warehouse.query(query).to_pylist()[0]
    assert row == {"extracted_at": rows["documents"][0]["extracted_at"], "ano": "2021", "x": 0.1}


def test_a_refresh_brings_what_changed_and_nothing_else(tables, warehouse):
    """New, changed and forgotten documents are counted; without any the file is left alone."""
    for key in "abcdef":
        tables.commit(key, document(key))
    first = warehouse.refresh()
    assert (first.changed, first.rebuilt, first.rows["devices"]) == (tuple("abcdef"), True, 12)
    tables.commit("b", document("b", text="new", devices=5))
    tables.forget("c")
    second = warehouse.refresh()
    assert (second.changed, second.removed, second.rebuilt) == (("b",), ("c",), False)
    assert second.rows["devices"] == 13
    assert texts(warehouse) == {**dict.fromkeys("adef", "olá"), "b": "new"}
    before = warehouse.file.stat()
    assert warehouse.refresh().changed == ()
    assert warehouse.file.stat() == before
    compacted = warehouse.compact()
    assert (compacted.changed, compacted.rebuilt) == ((), True)
    assert compacted.rows == second.rows


def test_a_reader_keeps_what_it_opened(tables, warehouse):
    """Somebody who reads stops no refresh, and is not disturbed by one."""
    tables.commit("a", document("a", text="one"))
    warehouse.refresh()
    with session(warehouse.file, "reading") as reader:
        for text in ("two", "three"):
            tables.commit("a", document("a", text=text))
            warehouse.refresh()
        assert reader.ask("SELECT canonical_text FROM documents") == '[["one"]]'
        assert texts(warehouse) == {"a": "three"}
        assert in_new_process(warehouse.file) == '[["three"]]'
        assert reader.close() == "closed"


def test_a_writing_session_blocks_nobody_and_is_not_broken(tables, warehouse):
    """Somebody who opened the file for writing, with rows in the WAL, is only left behind."""
    tables.commit("a", document("a", text="one"))
    tables.commit("b", document("b", text="b"))
    tables.commit("c", document("c", text="c"))
    warehouse.refresh()
    with session(warehouse.file, "writing") as writer:
        writer.ask("UPDATE documents SET canonical_text = 'mine' WHERE document_id = 'a'")
        assert warehouse.query("SELECT count(*) AS n FROM documents").to_pylist() == [{"n": 3}]
        tables.commit("a", document("a", text="two"))
        assert warehouse.refresh().rows["documents"] == 3
        assert texts(warehouse)["a"] == "two"
        assert in_new_process(warehouse.file) == '[["b"], ["c"], ["two"]]'
        writer.ask("INSERT INTO documents BY NAME SELECT 'x' AS document_id")
        assert texts(warehouse)["a"] == "two"
        tables.commit("a", document("a", text="three"))
        warehouse.refresh()
        assert in_new_process(warehouse.file) == '[["b"], ["c"], ["three"]]'
        assert writer.ask("SELECT count(*) FROM documents") == "[[4]]"
        assert writer.close() == "closed"
    assert in_new_process(warehouse.file) == '[["b"], ["c"], ["three"]]'


def test_a_wal_of_a_killed_session_goes_with_its_file(tables, warehouse):
    """What a crashed writer left beside the file never reaches the new one."""
    tables.commit("a", document("a", text="one"))
    warehouse.refresh()
    writer = session(warehouse.file, "writing")
    with writer as one:
        one.ask("UPDATE documents SET canonical_text = 'mine'")
        one.kill()
    assert warehouse.file.with_name("warehouse.duckdb.wal").exists()
    tables.commit("a", document("a", text="two"))
    warehouse.refresh()
    assert in_new_process(warehouse.file) == '[["two"]]'


def test_what_a_user_wrote_into_the_file_is_mended(tables, warehouse):
    """The Parquet files are the truth: a file that somebody changed is built again."""
    tables.commit("a", document("a"))
    warehouse.refresh()
    with duckdb.connect(warehouse.file) as connection:
        connection.execute("DELETE FROM devices")
    facts = warehouse.refresh()
    assert facts.rebuilt
    assert facts.rows["devices"] == 2


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise", "state", "old"])
def test_a_warehouse_that_cannot_be_trusted_is_built_again(tables, warehouse, tmp_path, damage):
    """A missing, damaged or older file costs a rebuild and no user's attention."""
    tables.commit("a", document("a"))
    warehouse.refresh()
    state = tmp_path / ".warehouse.json"
    data = warehouse.file.read_bytes()
    if damage == "missing":
        warehouse.file.unlink()
    elif damage == "state":
        state.write_text("{")
    elif damage == "old":
        state.write_text(json.dumps({**json.loads(state.read_text()), "schema": "older"}))
    else:
        changed = {"empty": b"", "cut": data[:5000], "noise": data[:4096] + b"\xff" * 9000}
        warehouse.file.write_bytes(changed[damage])
    assert warehouse.refresh().rebuilt
    assert texts(warehouse) == {"a": "olá"}


def test_damage_that_looks_like_ours_is_built_again(tables, warehouse, tmp_path):
    """A file damaged behind an unchanged date and size is found when it is opened."""
    for key in "abc":
        tables.commit(key, document(key))
    warehouse.refresh()
    warehouse.file.write_bytes(b"\xff" * 9000)
    stat, state = warehouse.file.stat(), json.loads((tmp_path / ".warehouse.json").read_text())
    state["identity"] = [stat.st_ino, stat.st_size, stat.st_mtime_ns]
    (tmp_path / ".warehouse.json").write_text(json.dumps(state))
    tables.commit("a", document("a", text="new"))
    assert warehouse.refresh().rebuilt
    assert texts(warehouse) == {"a": "new", "b": "olá", "c": "olá"}


def test_a_damaged_document_is_left_out_and_named_until_it_is_mended(tables, warehouse, caplog):
    """One damaged Parquet file stops no other document, nor does it look like an empty one."""
    for key in "abc":
        tables.commit(key, document(key))
    tables.file("devices", "b").write_bytes(b"PAR1")
    for _ in range(2):
        facts = warehouse.refresh()
        assert facts.unreadable == ("b",)
        assert facts.rows["documents"] == 2
    assert "devices/b.parquet: cannot be read" in caplog.text
    tables.commit("b", document("b", text="new"))
    assert warehouse.refresh().unreadable == ()
    assert texts(warehouse) == {"a": "olá", "b": "new", "c": "olá"}


def test_an_id_that_moves_to_another_partition_keeps_one_documents_rows(tables, warehouse):
    """A file renamed together with its sidecar leaves no rows of its old partition behind."""
    tables.commit("old", document("old", document_id="lei", text="one"))
    tables.commit("other", document("other"))
    tables.commit("third", document("third"))
    warehouse.refresh()
    tables.commit("new", document("new", document_id="lei", text="two"))
    warehouse.refresh()
    tables.forget("old")
    assert warehouse.refresh().removed == ("old",)
    assert texts(warehouse) == {"lei": "two", "other": "olá", "third": "olá"}


@pytest.mark.parametrize("key", ["a[1]", "a*b?", "o'neil", 'say "no"', "a=b", "ação nº 1", "{b}"])
def test_keys_and_folders_are_never_taken_for_patterns(tmp_path, key):
    """Whatever a file is called, its rows and only its rows come into the warehouse."""
    folder = tmp_path / "dados [1]* 'x' ano=2021"
    tables, warehouse = Tables(folder), Warehouse(folder)
    for name in (key, "a1", "ab"):
        tables.commit(name, document(name))
    assert warehouse.refresh().rows["documents"] == 3
    assert set(texts(warehouse)) == {key, "a1", "ab"}


def test_readers_only_ever_find_whole_documents(tables, warehouse, tmp_path):
    """While documents are being replaced, what is asked is of one commit each."""

    def replace(thread):
        for version in range(12):
            rows = document(f"d{thread}", text=f"v{version}", devices=version + 1)
            Tables(tmp_path).commit(f"d{thread}", rows)

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(replace, thread) for thread in range(3)]
        while not all(writer.done() for writer in writers):
            warehouse.refresh()
            texts(warehouse)
    for writer in writers:
        writer.result()
    warehouse.refresh()
    assert texts(warehouse) == dict.fromkeys(("d0", "d1", "d2"), "v11")


def test_two_processes_may_refresh_at_once(tables, warehouse, tmp_path):
    """One waits for the other and finds nothing left to do."""
    code = (
        "import sys, pathlib; from pdf_extraction.storage.warehouse import Warehouse; "
        "print(len(Warehouse(pathlib.Path(sys.argv[1])).refresh().changed))"
    )
    for key in "abcdef":
        tables.commit(key, document(key))
    command = [sys.executable, "-c", code, str(tmp_path)]
    with ThreadPoolExecutor(2) as pool:
        run = lambda _: subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: E731
        assert sorted(pool.map(run, range(2))) == ["0\n", "6\n"]
    assert len(texts(warehouse)) == 6


def test_nothing_of_a_killed_refresh_is_left(tables, warehouse, tmp_path):
    """Half-built files are removed by the next refresh."""
    (tmp_path / ".warehouse-new-1.duckdb").write_bytes(b"half")
    (tmp_path / ".warehouse-new-1.duckdb.wal").write_bytes(b"half")
    (tmp_path / ".warehouse-new-1.duckdb.tmp").mkdir()
    tables.commit("a", document("a"))
    warehouse.refresh()
    warehouse.query("SELECT 1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".warehouse.json",
        ".warehouse.lock",
        "tables",
        "warehouse.duckdb",
    ]


def test_a_kill_at_any_step_of_a_refresh_leaves_a_whole_warehouse(tmp_path):
    """After a kill at any file operation users open the old or the new state, then the new."""
    command = [sys.executable, "-m", "pdf_extraction_tests.storage.kill_refreshes", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    results = [json.loads(line) for line in output.splitlines()]
    assert len(results) > 5
    assert {found for found, _ in results} == {"old", "new"}
    assert {afterwards for _, afterwards in results} == {"new"}


class _CommitsMeanwhile(Tables):
    """Another run commits a document just when a refresh is about to read the first."""

    commit_now = None

    def locked(self):
        if self.commit_now is not None and list(self.root.parent.glob(".warehouse-new-*")):
            commit, self.commit_now = self.commit_now, None
            commit()
        return super().locked()


def colours(*values):
    columns = [
        ColumnSpec("document_id", "text", nullable=False),
        ColumnSpec("colour", "enum", values=values),
    ]
    return (TableSpec("paint", "Paints.", tuple(columns)),)


def test_what_does_not_fit_into_the_memory_it_should_take_is_built_with_more(tmp_path, warehouse):
    """A file that an earlier version wrote as one great block is no reason to have no warehouse."""
    tables = Tables(tmp_path)
    text = random.Random(1).randbytes(1_000_000).hex()
    tables.commit("a", document("a", text=text))
    facts = Builder(warehouse.file, tables, memory="1MB").refresh()
    assert (facts.changed, facts.unreadable) == (("a",), ())
    [row] = warehouse.query("SELECT canonical_text AS text FROM documents").to_pylist()
    assert row["text"] == text


def test_a_value_that_an_enum_gains_while_the_warehouse_is_built_is_in_it(tmp_path, warehouse):
    """The definition was read before the commit that brought the value: it is read again."""
    tables = _CommitsMeanwhile(tmp_path)

    def paint(key, colour, *values):
        row = {"document_id": key, "colour": colour}
        tables.commit(key, {**document(key), "paint": [row]}, colours(*values))

    paint("a", "red", "red")
    tables.commit_now = lambda: paint("b", "blue", "red", "blue")
    Builder(warehouse.file, tables).refresh()
    assert tables.commit_now is None
    found = warehouse.query("SELECT document_id, colour FROM paint ORDER BY 1").to_pylist()
    assert [tuple(row.values()) for row in found] == [("a", "red"), ("b", "blue")]
