import shutil
from pathlib import Path

import pytest

from pdf_extraction.cli.common import Common
from pdf_extraction.cli.waiting import _waits_for
from pdf_extraction.defs import partitions
from pdf_extraction.defs.instance import open_instance
from pdf_extraction.inbox import Attempted, Troubled, remember
from pdf_extraction.storage.warehouse import Warehouse


@pytest.fixture
def data(ran, tmp_path):
    """A copy of the data folder of one run, to be changed."""
    return Path(shutil.copytree(ran[0], tmp_path / "copy"))


def test_status_counts_documents_and_pages_and_gives_reasons(invoke, ran):
    """States with their numbers, each failure with its reason, and the money."""
    data, _, _ = ran
    result = invoke("status", "--data", data)
    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["done", "2", "3", "0"] in rows
    assert ["failed", "1", "0", "0"] in rows
    assert ["blank", "1", "0"] in rows
    assert "  quebrado: UnreadableDocument: " in result.stdout
    assert "Once that is mended, run them with: " in result.stdout
    assert "0.00 USD: 0 calls" in result.stdout


def test_status_says_what_waits_for_a_person(invoke, data, tmp_path):
    """Documents that no retry can mend or that had all of theirs, and files that are not taken."""
    (data / "inbox" / "out.pdf").symlink_to("/etc/hosts")
    result = invoke("status", "--data", data)
    assert "  quebrado: for you; no other try can mend it\n" in result.stdout
    assert "out.pdf: a link that leads out of its folder" in result.stdout
    workspace = Common(data=data).workspace()
    workspace.tables.forget("vazio")
    workspace.warehouse.refresh()
    version = workspace.catalogue.document("vazio").sha256
    for attempts, sentence in ((1, "for retry 2 of 3, due 1970-01-01"), (3, "for you; tried aga")):
        remember(data, {"vazio": Attempted(version, attempts, 0.0)})
        assert f"vazio: {sentence}" in invoke("status", "--data", data).stdout


def test_status_says_that_the_cap_can_be_raised():
    """A document that the budget stopped is not told to be past mending."""
    stopped = Troubled("lei", "0" * 64, ("BudgetExceeded", "PageNotSelected"))
    assert _waits_for(stopped, None, 3) == (
        "lei: for you; raise [budget] max_cost_usd and run it again"
    )


def test_status_says_which_files_changed_or_went(invoke, data, ran, tmp_path):
    """Rows of a file that is another now, or gone, are not passed over in silence."""
    folder = ran[1]
    changed, gone = folder / "lei.pdf", folder / "vazio.pdf"
    kept = changed.read_bytes(), gone.read_bytes()
    try:
        changed.write_bytes(kept[0] + b"\n% more")
        gone.unlink()
        result = invoke("status", "--data", data)
    finally:
        changed.write_bytes(kept[0])
        gone.write_bytes(kept[1])
    assert "1 file changed since they were read" in result.stdout
    assert "lei" in result.stdout
    assert "1 file gone; their rows stay until `forget`: vazio" in result.stdout


def test_forget_removes_rows_stages_entry_and_partition(invoke, data, ran):
    """By key or by document id; what stays is said, and SQL users see the rest at once."""
    result = invoke("forget", "--data", data, "lei-1-2024", "quebrado")
    assert result.exit_code == 0, result.output
    assert f"its file stays: {ran[1] / 'lei.pdf'}" in result.stdout
    assert (ran[1] / "lei.pdf").exists()
    left = Warehouse(data).query("SELECT document_id AS d FROM documents").to_pylist()
    assert left == [{"d": "vazio"}]
    assert Warehouse(data).query("FROM devices").num_rows == 0
    assert not [path for path in data.rglob("*.parquet") if path.stem in {"lei", "quebrado"}]
    with open_instance(data, {}) as instance:
        assert list(instance.get_dynamic_partitions(partitions.DOCUMENTS)) == ["vazio"]
    assert invoke("retry", "--data", data).stdout == "Nothing to retry: no page failed.\n"


def test_forget_of_an_unknown_document_removes_nothing(invoke, data):
    """All names are looked up before anything is removed."""
    result = invoke("forget", "--data", data, "lei", "laws")
    assert result.exit_code == 2
    assert "laws: no document has this key or id" in result.stderr
    assert Warehouse(data).query("FROM documents").num_rows == 3
    assert invoke("forget", "--data", data).exit_code == 2
