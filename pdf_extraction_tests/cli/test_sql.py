import json
import subprocess

import pyarrow.parquet as pq
import pytest

from pdf_extraction_tests.cli.conftest import command, environment

VALUES = """
SELECT '=HYPERLINK("http://x")' AS formula, '-5' AS number, '- item' AS item, NULL AS nothing,
  '' AS empty, 12.50::DECIMAL(10, 2) AS price, [1, 2] AS list, DATE '2024-05-02' AS day,
  true AS flag, 'a"b,c' AS quoted, 'twice' AS formula
"""


def test_a_pipe_gets_a_plain_table(invoke, ran):
    """Columns and rows as lines, whole, without frames."""
    data, _, _ = ran
    result = invoke("sql", "--data", data, "SELECT document_id, status FROM documents ORDER BY 1")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["document_id", "status"],
        ["lei-1-2024", "done"],
        ["quebrado", "failed"],
        ["vazio", "done"],
    ]


def test_texts_of_documents_cannot_steer_the_terminal(invoke):
    """Control characters in a cell are shown as escapes."""
    result = invoke("sql", "SELECT chr(27) || '[2J' || chr(10) || 'x' AS text")
    assert result.stdout.splitlines()[1] == "\\x1b[2J\\nx"


def test_csv_guards_spreadsheets_and_tells_null_from_empty(invoke):
    """Texts that would be calculated get an apostrophe; numbers and NULL stay what they are."""
    result = invoke("sql", VALUES, "--format", "csv")
    head, row = result.stdout.splitlines()
    assert head == "formula,number,item,nothing,empty,price,list,day,flag,quoted,formula"
    assert row == (
        '"\'=HYPERLINK(""http://x"")",-5,\'- item,,"",12.50,"[1, 2]",2024-05-02,true,"a""b,c",twice'
    )


def test_json_is_an_array_of_objects_with_exact_texts(invoke):
    """Each row is an object; a repeated column gets a number; dates are ISO 8601."""
    (row,) = json.loads(invoke("sql", VALUES, "--format", "json").stdout)
    assert row == {
        "formula": '=HYPERLINK("http://x")',
        "number": "-5",
        "item": "- item",
        "nothing": None,
        "empty": "",
        "price": 12.5,
        "list": [1, 2],
        "day": "2024-05-02",
        "flag": True,
        "quoted": 'a"b,c',
        "formula_2": "twice",
    }
    assert json.loads(invoke("sql", "FROM devices", "--format", "json").stdout) == []


def test_json_holds_no_number_that_json_lacks(invoke):
    """NaN and infinities are null."""
    result = invoke(
        "sql", "SELECT 'nan'::DOUBLE AS a, [1.5, 'inf'::DOUBLE] AS b", "--format", "json"
    )
    assert json.loads(result.stdout) == [{"a": None, "b": [1.5, None]}]


def test_an_answer_goes_to_a_file(invoke, ran, tmp_path):
    """--out writes the format asked for, or that of the file's ending; parquet keeps types."""
    data, _, _ = ran
    sql = ("sql", "--data", data, "SELECT page_number, text FROM devices ORDER BY position")
    assert invoke(*sql, "--format", "parquet", "--out", "a.parquet").exit_code == 0
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.num_rows > 2
    assert str(table.schema.field("page_number").type) == "int64"
    for name in ("b.csv", "b.json", "b.txt"):
        result = invoke(*sql, "--out", name)
        assert result.stdout == ""
        assert f"{table.num_rows} rows written to {name}" in result.stderr
    assert len(json.loads((tmp_path / "b.json").read_text())) == table.num_rows
    assert (tmp_path / "b.csv").read_text().startswith("page_number,text\n1,")
    assert (tmp_path / "b.txt").read_text().startswith("page_number  text\n")


def test_parquet_needs_a_file(invoke):
    """Parquet on a terminal helps nobody."""
    result = invoke("sql", "SELECT 1", "--format", "parquet")
    assert result.exit_code == 2
    assert "--out FILE" in result.stderr


def test_a_file_that_cannot_be_written_is_said(invoke, tmp_path):
    """The file is named, whatever the format; what was there stays."""
    for form in ("csv", "json", "table", "parquet"):
        result = invoke("sql", "SELECT 1", "--format", form, "--out", "no/such/file")
        assert result.exit_code == 1
        assert "no/such/file" in result.stderr
        assert "Traceback" not in result.output
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("SELECT nothing FROM documents", "nothing"),
        ("SELECT * FROM documentos", 'Did you mean "documents"'),
        ("SELECT * FRO documents", "syntax error"),
        ("CREATE TABLE mine (a INTEGER)", "the warehouse is only read"),
        ("DELETE FROM documents", "the warehouse is only read"),
        ("SELECT * FROM '/etc/passwd'", "passwd"),
        ("COPY (SELECT 1) TO 'x.csv'", "disabled"),
        ("SELECT 1; SELECT 2", "2 statements; ask them one at a time"),
    ],
)
def test_wrong_sql_is_one_sentence_and_exit_status_2(invoke, ran, statement, sentence):
    """What is wrong, on one line; nothing is changed, and no other file is reached."""
    data, _, _ = ran
    result = invoke("sql", "--data", data, statement)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_before_the_first_run_tables_are_empty_and_it_is_said(invoke, tmp_path):
    """No error, no file made, and a hint on how to get rows."""
    result = invoke("sql", "SELECT count(*) AS n FROM documents", "--format", "json")
    assert json.loads(result.stdout) == [{"n": 0}]
    assert "run" in result.stderr
    assert not (tmp_path / "data").exists()


def test_utf8_reaches_a_pipe_of_another_encoding():
    """A character that the pipe's encoding lacks is an escape, not a traceback."""
    found = subprocess.run(
        command("sql", "SELECT 'Art. 5º — ação' AS text", "--format", "csv"),
        check=True,
        capture_output=True,
        env=environment(PYTHONIOENCODING="latin-1"),
    )
    assert found.stdout == "text\nArt. 5º \\u2014 ação\n".encode("latin-1")
