"""Names and texts from strangers: they neither leave the data folder nor become orders."""

import json
import os

import pytest

from pdf_extraction_tests.cli.test_run import rows
from pdf_extraction_tests.samples import write_pdf

TEXT = (
    "Art. 1º <script>alert(1)</script> =HYPERLINK(1) [x](javascript:alert(1)) fica criado.\n"
    "Art. 2º Esta Lei entra em vigor."
)
NAME = "lei\x1b[2J<b>[x](http:a) =1+1.pdf"


@pytest.mark.slow
def test_ids_of_sidecars_never_leave_the_data_folder(invoke, tmp_path):
    """Each is an id in the tables at most; no file is made beside the data folder."""
    ids = ["../../x", "/etc/x", "a\x00b", "x" * 300, "..", "~/x", "a/../../b", "C:\\\\x"]
    folder = tmp_path / "home" / "in"
    for number, given in enumerate(ids):
        write_pdf(folder / f"{number}.pdf", ["Art. 1º Texto da lei."])
        (folder / f"{number}.json").write_text(json.dumps({"document_id": given}))
    data = tmp_path / "home" / "data"
    before = everything(tmp_path) - everything(data)
    result = invoke("run", folder, "--data", data)
    assert result.exit_code == 1  # the long one
    assert everything(tmp_path) - everything(data) == before | {str(data)}
    kept = {row["partition_key"]: row for row in rows(data, "FROM documents")}
    assert set(kept) == {str(number) for number in range(len(ids))}
    assert kept["3"]["error_type"] == "BadSidecar"
    assert kept["0"]["document_id"] == "../../x"
    removed = invoke("forget", "../../x", "--data", data)
    assert removed.exit_code == 0, removed.output
    assert everything(tmp_path) - everything(data) == before | {str(data)}


def everything(folder):
    return {str(path) for path in folder.rglob("*")} | {str(folder)} & {str(folder.parent)}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_file_name_and_a_text_steer_no_terminal_and_no_spreadsheet(invoke, tmp_path):
    """Escapes of a name are shown, not sent; a formula in CSV gets its apostrophe."""
    write_pdf(tmp_path / NAME, [TEXT])
    (tmp_path / ("broken" + NAME)).write_bytes(b"%PDF-1.7 nothing")
    shown = [invoke("run", "."), invoke("status")]
    statement = "SELECT '=' || text AS t, file_name FROM devices JOIN documents USING (document_id)"
    shown += [invoke("sql", statement), invoke("sql", statement, "--format", "csv")]
    for result in shown:
        assert result.output.strip()
        assert not isinstance(result.exception, Exception)
        assert "\x1b" not in result.output.replace("\n", "")
    assert "\"'=" in shown[-1].output or "'=" in shown[-1].output
