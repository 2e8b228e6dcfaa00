import time

import duckdb
import pytest

from pdf_extraction.errors import ExtractionError, SettingsError, StorageError
from pdf_extraction.storage.query import SNAPSHOT, remove_abandoned, translate
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.storage.rows import document

SQL_FAULTS = {
    "BinderException", "CatalogException", "ConstraintException", "ConversionException",
    "DataError", "DependencyException", "IntegrityError", "InvalidInputException",
    "InvalidTypeException", "NotImplementedException", "NotSupportedError",
    "OutOfRangeException", "ParserException", "PermissionException", "ProgrammingError",
    "SequenceException", "SyntaxException", "TypeMismatchException",
}  # fmt: skip


@pytest.fixture
def warehouse(tmp_path):
    Tables(tmp_path).commit("a", document("a"))
    warehouse = Warehouse(tmp_path)
    warehouse.refresh()
    return warehouse


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1",
        "SELECT nothing FROM devices",
        "SELECT * FROM nowhere",
        "SELECT 'x'::INTEGER",
        "DELETE FROM devices",
        "CREATE TABLE x (a INTEGER)",
        "SELECT * FROM read_csv('/etc/passwd')",
        "ATTACH '/tmp/other.duckdb'",
        "COPY devices TO '/tmp/devices.csv'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "SET enable_external_access = true; SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE 'x'",
        "SELECT * FROM warehouse",
    ],
)
def test_wrong_or_writing_sql_is_the_users_error(warehouse, sql):
    """What is wrong with a statement is said, and nothing outside of the tables is reached."""
    with pytest.raises(SettingsError, match=r"^SQL: "):
        warehouse.query(sql)
    assert warehouse.query("SELECT count(*) AS n FROM devices").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize("sql", ["SHOW TABLES", "DESCRIBE devices", "SUMMARIZE pages"])
def test_statements_that_explain_the_tables_work(warehouse, sql):
    """A user finds out by SQL what there is."""
    assert len(warehouse.query(sql)) > 5


def test_other_files_are_read_where_that_was_asked_for(warehouse, tmp_path):
    """With external access a statement may join the tables with a file."""
    (tmp_path / "more.csv").write_text("a\n1\n2\n")
    query = f"SELECT sum(a) AS n FROM read_csv('{tmp_path / 'more.csv'}')"
    assert warehouse.query(query, external_access=True).to_pylist() == [{"n": 3}]


def test_a_damaged_warehouse_says_what_to_do(warehouse):
    """A file that cannot be opened is no SQL error."""
    warehouse.file.write_bytes(b"no database")
    with pytest.raises(StorageError, match=r"warehouse\.duckdb: .*refresh the warehouse"):
        warehouse.query("SELECT 1")


def test_a_session_of_the_same_process_sees_its_own_state(warehouse, tmp_path):
    """A connection that is kept open neither stops a query nor makes it old."""
    with duckdb.connect(warehouse.file, read_only=True) as connection:
        Tables(tmp_path).commit("a", document("a", devices=5))
        warehouse.refresh()
        assert warehouse.query("SELECT count(*) AS n FROM devices").to_pylist() == [{"n": 5}]
        assert connection.execute("SELECT count(*) FROM devices").fetchall() == [(2,)]


def test_snapshots_of_killed_readers_are_removed_after_an_hour(warehouse, tmp_path):
    """A name that a reader may still be using stays; one that it left is taken away."""
    snapshot = tmp_path / f"{SNAPSHOT}1.duckdb"
    snapshot.hardlink_to(warehouse.file)
    remove_abandoned(tmp_path, time.time() + 3000)
    assert snapshot.exists()
    remove_abandoned(tmp_path, time.time() + 4000)
    assert not snapshot.exists()
    assert warehouse.file.exists()


def _all_errors(cls):
    return {cls, *(deep for sub in cls.__subclasses__() for deep in _all_errors(sub))}


@pytest.mark.parametrize("cls", sorted(_all_errors(duckdb.Error), key=lambda cls: cls.__name__))
def test_every_error_of_duckdb_has_its_translation(cls):
    """Faults of a statement are the user's; everything else is the data folder's."""
    expected = SettingsError if cls.__name__ in SQL_FAULTS else StorageError
    with pytest.raises(ExtractionError, match="subject: text") as caught:
        translate(cls("text"), "subject")
    assert type(caught.value) is expected
