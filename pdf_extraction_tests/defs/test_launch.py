"""Documents materialised in the caller's process: rows, checks, history and its order."""

import os
import signal
import subprocess
import sys

import dagster as dg
import pytest

from pdf_extraction.asking import Progress, Selection
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.defs import launch
from pdf_extraction.defs.launch import run_documents
from pdf_extraction.defs.partitions import DOCUMENTS
from pdf_extraction_tests.samples import write_law

CHUNKS = dg.AssetKey("document_chunks")


def register(workspace, *paths):
    return [workspace.catalogue.register(path).document.partition_key for path in paths]


def write_broken(path):
    path.write_bytes(b"%PDF-1.7 and then nothing")
    return path


def run_status(instance, result):
    return [instance.get_run_by_id(run_id).status for run_id in result.run_ids]


def test_a_document_goes_from_its_file_to_the_warehouse(instance, make_workspace, tmp_path):
    """One call gives rows in SQL, five checks and a materialisation of every asset."""
    workspace = make_workspace()
    [key] = register(workspace, write_law(tmp_path / "lei-1.pdf"))
    result = run_documents(instance, workspace, [key])
    assert result.broken == {}
    assert result.documents[key]["status"] == "done"
    assert {verdict.check: verdict.passed for verdict in result.checks[key]} == dict.fromkeys(
        ["pages_complete", "confidence", "canonical_hash", "hierarchy", "grounding"], True
    )
    [row] = workspace.warehouse.query("SELECT count(*) AS n FROM devices").to_pylist()
    assert row["n"] == 6
    for asset in ("page_images", "page_completions", "page_extractions", "document_chunks"):
        assert instance.get_materialized_partitions(dg.AssetKey(asset)) == {key}
    assert instance.get_latest_materialization_event(dg.AssetKey("warehouse")) is not None


def test_the_process_of_a_run_loads_neither_duckdb_nor_the_pdf_library(tmp_path):
    """What they take is taken by processes that end, and given back with them."""
    code = (
        "import sys, dagster as dg\n"
        "from pathlib import Path\n"
        "from pdf_extraction.defs.launch import run_documents\n"
        "from pdf_extraction.settings import parse_settings\n"
        "from pdf_extraction.tools import Workspace\n"
        "workspace = Workspace(Path('data'), parse_settings({}, 'test'))\n"
        f"path = Path({str(write_law(tmp_path / 'lei-1.pdf'))!r})\n"
        "key = workspace.catalogue.register(path).document.partition_key\n"
        "with dg.DagsterInstance.ephemeral() as instance:\n"
        "    status = run_documents(instance, workspace, [key]).documents[key]['status']\n"
        "size = workspace.warehouse.byte_size\n"
        "print(status, size > 0, {'duckdb', 'pymupdf'} & sys.modules.keys())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert (done.returncode, done.stdout) == (0, "done True set()\n"), done.stderr


def test_a_bad_document_is_a_row_and_a_failed_check_and_the_others_go_on(
    instance, make_workspace, tmp_path
):
    """In a run of three the broken one fails alone, and each key has its own check stored."""
    workspace = make_workspace()
    keys = register(
        workspace,
        write_law(tmp_path / "a.pdf"),
        write_broken(tmp_path / "b.pdf"),
        write_law(tmp_path / "c.pdf"),
    )
    result = run_documents(instance, workspace, keys)
    assert run_status(instance, result) == [dg.DagsterRunStatus.SUCCESS]
    assert {key: row["status"] for key, row in result.documents.items()} == {
        "a": "done",
        "b": "failed",
        "c": "done",
    }
    check = dg.AssetCheckKey(CHUNKS, "pages_complete")
    stored = instance.event_log_storage.get_asset_check_execution_history(check, limit=10)
    passed = {
        one.event.asset_check_evaluation.partition: (
            one.event.asset_check_evaluation.passed,
            one.event.asset_check_evaluation.target_materialization_data is not None,
        )
        for one in stored
    }
    assert passed == {"a": (True, True), "b": (False, True), "c": (True, True), None: (False, True)}
    assert instance.get_materialized_partitions(CHUNKS) == {"a", "b", "c"}


def test_what_failed_is_told_in_the_metadata(instance, make_workspace, tmp_path):
    """The materialisation of a document that cannot be opened says why."""
    workspace = make_workspace()
    run_documents(instance, workspace, register(workspace, write_broken(tmp_path / "b.pdf")))
    event = instance.get_latest_materialization_event(dg.AssetKey("page_completions"))
    metadata = event.asset_materialization.metadata
    assert metadata["error"].value.startswith("UnreadableDocument: b.pdf")


def test_the_text_of_a_document_is_no_markup_in_the_metadata(instance, make_workspace, tmp_path):
    """Previews hold texts as code, with a picture of the page beside them."""
    workspace = make_workspace()
    [key] = register(workspace, write_law(tmp_path / "lei-1.pdf"))
    run_documents(instance, workspace, [key])
    event = instance.get_latest_materialization_event(dg.AssetKey("page_images"))
    metadata = event.asset_materialization.metadata
    assert metadata["picture"].value.startswith("![page](data:image/jpeg;base64,")
    assert "`LEI Nº 100" in metadata["preview"].value
    chunks = instance.get_latest_materialization_event(CHUNKS).asset_materialization.metadata
    assert chunks["dagster/row_count"].value == 8
    assert chunks["dagster/column_schema"].value.columns[0].name == "chunk_id"


def test_keys_that_do_not_lie_together_share_no_range(instance, make_workspace, tmp_path):
    """A run of a and c never does the b that lies between."""
    workspace = make_workspace()
    keys = register(workspace, *(write_law(tmp_path / f"{name}.pdf") for name in "abc"))
    instance.add_dynamic_partitions(DOCUMENTS, keys)
    result = run_documents(instance, workspace, ["a", "c"])
    assert len(result.run_ids) == 2
    assert instance.get_materialized_partitions(CHUNKS) == {"a", "c"}


def test_running_again_changes_nothing_and_asks_nothing(instance, make_workspace, tmp_path):
    """The second run finds every answer kept, and the rows are the first run's."""
    path = write_law(tmp_path / "lei-1.pdf", pages=2)
    with FakeServer() as server:
        backend = {"kind": "openai", "base_url": server.base_url, "model": "scripted"}
        workspace = make_workspace(chain=["vllm"], backends={"vllm": backend})
        keys = register(workspace, path)
        run_documents(instance, workspace, keys)
        before = workspace.tables.read("documents", "lei-1")
        run_documents(instance, workspace, keys)
        assert workspace.tables.read("documents", "lei-1") == before
        assert server.stats()["requests"] == 2
        run_documents(instance, workspace, keys, force=True)
        assert server.stats()["requests"] == 4


def test_only_the_selected_pages_are_asked_about(instance, make_workspace, tmp_path):
    """What was left out is a failed page with its reason, and the run's config says what was."""
    workspace = make_workspace()
    keys = register(workspace, write_law(tmp_path / "lei-1.pdf", pages=3))
    result = run_documents(instance, workspace, keys, Selection(pages=frozenset({1, 2})))
    pages = workspace.tables.read("pages", "lei-1")
    assert [page["error_type"] for page in pages] == [None, None, "PageNotSelected"]
    run = instance.get_run_by_id(result.run_ids[0])
    assert run.run_config["ops"]["read_and_ask"]["config"]["pages"] == "1-2"


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [("nonsense", "nonsense"), ("pdf_extraction_tests.test_user_models:Entry", "`chain`")],
)
def test_wrong_settings_break_the_run_with_their_own_sentence(
    instance, make_workspace, tmp_path, profile, sentence
):
    """A profile that is not there, or that no backend can fill; no document is blamed for it."""
    workspace = make_workspace(profile=profile)
    result = run_documents(instance, workspace, register(workspace, write_law(tmp_path / "a.pdf")))
    assert result.documents == {}
    assert sentence in next(iter(result.broken.values()))


def test_a_partition_without_a_file_stops_no_other(instance, make_workspace, tmp_path):
    """A key that somebody added by hand is shown as such, and the next document is done."""
    workspace = make_workspace()
    [key] = register(workspace, write_law(tmp_path / "a.pdf"))
    result = run_documents(instance, workspace, [key, "by-hand"])
    assert list(result.documents) == [key]
    assert not result.checks["by-hand"][0].passed


def test_a_removed_file_keeps_its_rows_and_says_so(instance, make_workspace, tmp_path):
    """Running a document whose file is gone fails its check and leaves its devices."""
    workspace = make_workspace()
    path = write_law(tmp_path / "a.pdf")
    keys = register(workspace, path)
    run_documents(instance, workspace, keys)
    path.unlink()
    result = run_documents(instance, workspace, keys)
    assert result.documents["a"]["error_type"] == "DocumentNotFound"
    assert len(workspace.tables.read("devices", "a")) == 6
    assert not result.checks["a"][0].passed


def test_a_sidecar_that_cannot_be_used_fails_its_document(instance, make_workspace, tmp_path):
    """The document is not extracted under wrong metadata."""
    workspace = make_workspace()
    (tmp_path / "a.json").write_text("{")
    result = run_documents(instance, workspace, register(workspace, write_law(tmp_path / "a.pdf")))
    assert result.documents["a"]["error_type"] == "BadSidecar"


def test_a_file_that_changed_since_fails_the_hash_check(instance, make_workspace, tmp_path):
    """Other bytes behind the published rows are found, whatever their date says."""
    from pdf_extraction import judging
    from pdf_extraction.defs.interrupts import run

    workspace = make_workspace()
    path = write_law(tmp_path / "a.pdf")
    [key] = register(workspace, path)
    run_documents(instance, workspace, [key])
    entry = workspace.catalogue.entry(key)
    write_law(path, pages=2)
    found = run(judging.rehash(workspace, [entry]), lambda: None)
    assert "has changed since it was read" in found[key].missing


def test_a_run_checks_a_sample_of_what_it_has_read_and_a_later_one_all(
    instance, make_workspace, tmp_path
):
    """Eight pages are read a second time; where pages were kept from earlier, every page is."""
    workspace = make_workspace()
    [key] = register(workspace, write_law(tmp_path / "a.pdf", pages=12))
    for read_again, just_read in ((8, 4), (12, 0)):
        verdicts = run_documents(instance, workspace, [key]).checks[key]
        [verdict] = [found for found in verdicts if found.check == "canonical_hash"]
        assert verdict.passed
        assert verdict.figures["pages_read_again"] == read_again
        assert verdict.figures["pages_read_by_this_run"] == just_read


def test_a_sample_of_pages_has_the_first_and_the_last():
    """Pages are spread over the document; a short one is taken whole."""
    from pdf_extraction.judging import spread

    assert spread(range(1, 101), 8) == [1, 15, 29, 43, 57, 71, 85, 100]
    assert spread([3, 4], 8) == [3, 4]
    assert (spread([3, 4], 1), spread([3, 4], 0)) == ([3], [])


def test_short_documents_share_a_larger_run(instance, make_workspace, tmp_path, monkeypatch):
    """Long ones are sooner complete in the UI, a few at a time."""
    monkeypatch.setattr(launch, "DOCUMENTS_PER_RUN", 1)
    workspace = make_workspace()
    keys = register(workspace, *(write_law(tmp_path / f"{name}.pdf") for name in "ab"))
    assert len(run_documents(instance, workspace, keys).run_ids) == 1
    monkeypatch.setattr(launch, "_SHORT_BYTES", 0)
    assert len(run_documents(instance, workspace, keys).run_ids) == 2


def test_progress_is_told_page_by_page(instance, make_workspace, tmp_path):
    """The caller hears of each document and each page."""
    workspace = make_workspace()
    keys = register(workspace, write_law(tmp_path / "a.pdf", pages=3))
    heard = []
    run_documents(
        instance,
        workspace,
        keys,
        progress=Progress(
            on_open=lambda document, pages: heard.append((document.partition_key, pages)),
            on_page=lambda _document, page: heard.append(page.status),
        ),
    )
    assert heard == [("a", 3), "done", "done", "done"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_run_in_order_and_keeps_what_came(
    instance, make_workspace, tmp_path, number
):
    """The run is cancelled, not failed; the answers that had come are asked for no more."""
    handler = signal.getsignal(number)
    with FakeServer() as server:
        backend = {
            "kind": "openai",
            "base_url": server.base_url,
            "model": "scripted",
            "concurrency": 1,
        }
        workspace = make_workspace(chain=["vllm"], backends={"vllm": backend})
        keys = register(workspace, write_law(tmp_path / "a.pdf", pages=5))
        interrupt = Progress(on_page=lambda *_: os.kill(os.getpid(), number))
        result = run_documents(instance, workspace, keys, progress=interrupt)
        assert result.interrupted
        assert run_status(instance, result) == [dg.DagsterRunStatus.CANCELED]
        assert signal.getsignal(number) is handler
        run_documents(instance, workspace, keys)
        assert server.stats()["requests"] < 10
    assert workspace.tables.read("documents", "a")[0]["status"] == "done"
