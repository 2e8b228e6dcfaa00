"""The real documents, all in one Dagster run: the design's invariants and the gold."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from pdf_extraction import gold
from pdf_extraction.assembly.canonical import normalise
from pdf_extraction.defs.instance import open_instance
from pdf_extraction.defs.launch import run_documents
from pdf_extraction.evaluation import score
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.corpus import CORPUS, calibrated_on_tesseract, needs_corpus

pytestmark = [needs_corpus, pytest.mark.slow]

README = Path(__file__).resolve().parents[1] / "README.md"
LEGAL = CORPUS / "legal_br"
PDFS = sorted(LEGAL.glob("*.pdf"))
GOLD = sorted(LEGAL.glob("*.devices.jsonl"))
MIN_F1 = {"simscan": 0.95, "": 0.99}
MIN_TEXT = {"simscan": 0.90, "portaria_sda": 0.0, "": 0.98}
#: (articles of the body, devices at least) of documents without gold, counted by hand.
UNSEEN = {
    "lei_14133_2021_planalto": (194, 1400),
    "estatuto_lhc_2019": (52, 200),
    "in_mapa_28_2017": (37, 220),
    "lei_organica_curitiba": (214, 740),
}
NOTICES = ("edital_ifsp_88_2024", "chamada_publica_2026_001")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The legal corpus extracted once, in one run, with what Dagster says of it."""
    data = tmp_path_factory.mktemp("corpus")
    workspace = Workspace(data, parse_settings({}, "test"))
    keys = [workspace.catalogue.register(path, LEGAL).document.partition_key for path in PDFS]
    with open_instance(data) as instance:
        result = run_documents(instance, workspace, keys)
    return workspace, result


def rows(corpus, table, name):
    return corpus[0].tables.read(table, name)


def floor(floors, name):
    return next(value for start, value in floors.items() if name.startswith(start))


def test_one_run_takes_them_all(corpus):
    """All files end in one run, each with a row, none broken."""
    _, result = corpus
    assert len(result.run_ids) == 1
    assert dict(result.broken) == {}
    assert {row["status"] for row in result.documents.values()} == {"done"}
    assert len(result.documents) == len(PDFS)


def test_no_check_of_the_text_or_the_pages_fails(corpus):
    """Hashes recomputed from the source agree, pages are complete, texts stand on them."""
    _, result = corpus
    wrong = [
        (key, verdict.check, verdict.sentence)
        for key, verdicts in result.checks.items()
        for verdict in verdicts
        if verdict.check in {"canonical_hash", "pages_complete", "grounding"} and not verdict.passed
    ]
    assert wrong == []


@pytest.mark.parametrize("name", [path.stem for path in PDFS])
def test_every_page_has_exactly_one_row_that_cites_the_canonical_text(corpus, name):
    """Pages are numbered from one without gaps and their ranges are their texts."""
    document = rows(corpus, "documents", name)[0]
    pages = rows(corpus, "pages", name)
    assert [page["page_number"] for page in pages] == list(range(1, document["page_count"] + 1))
    text = document["canonical_text"]
    assert all(text[p["canonical_start"] : p["canonical_end"]] == p["text"] for p in pages)


@pytest.mark.parametrize("name", [path.stem for path in PDFS])
def test_the_hash_is_that_of_a_text_which_is_normal_already(corpus, name):
    """Normalising the canonical text again changes nothing, and its hash is in the row."""
    document = rows(corpus, "documents", name)[0]
    text = document["canonical_text"]
    assert normalise(text) == text
    assert hashlib.sha256(text.encode()).hexdigest() == document["canonical_hash"]


@pytest.mark.parametrize("name", [path.stem for path in PDFS])
def test_every_device_is_its_spans_of_the_canonical_text(corpus, name):
    """`source_text` is what the spans cut out, and every box lies on its page."""
    text = rows(corpus, "documents", name)[0]["canonical_text"]
    for device in rows(corpus, "devices", name):
        spans = device["canonical_spans"]
        assert device["source_text"] == "".join(text[s["start"] : s["end"]] for s in spans)
        assert all(0 <= low < high <= 1 for low, high in edges(device["bbox_spans"]))


def edges(spans):
    for span in spans:
        x0, y0, x1, y1 = span["bbox"]
        yield x0, x1
        yield y0, y1


@pytest.mark.parametrize("name", [path.stem for path in PDFS])
def test_ids_are_unique_parents_exist_and_positions_have_no_gap(corpus, name):
    """The hierarchy of every document is whole."""
    devices = rows(corpus, "devices", name)
    ids = [device["device_id"] for device in devices]
    assert len(set(ids)) == len(ids)
    assert {device["parent_id"] for device in devices} - {None} <= set(ids)
    assert [device["position"] for device in devices] == list(range(len(devices)))
    chunks = rows(corpus, "chunks", name)
    assert len({chunk["chunk_id"] for chunk in chunks}) == len(chunks)
    nodes = {chunk["node_id"] for chunk in chunks}
    assert {chunk["parent_node_id"] for chunk in chunks} - {None} <= nodes


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.name.split(".")[0])
def test_devices_are_those_of_the_gold(corpus, path):
    """Devices and their texts agree with the gold up to the stated floor."""
    name = path.name.removesuffix(".devices.jsonl")
    gold = [json.loads(line) for line in path.read_text().splitlines()]
    devices = rows(corpus, "devices", name)
    found = score(gold, devices)
    assert found.f1 >= floor(MIN_F1, name), found.differences[:5]
    assert found.text_accuracy >= floor(MIN_TEXT, name), found.differences[:5]
    assert score(gold, devices, struck=True).f1 >= 0.97
    assert score(gold, devices, contexts=frozenset({"alteracao"}), struck=None).f1 >= 0.97


@pytest.mark.parametrize("name", UNSEEN)
def test_numbering_of_documents_without_gold_has_no_gap(corpus, name):
    """The articles of the body are numbered from 1 without a gap, and the rest is there."""
    devices = rows(corpus, "devices", name)
    last, least = UNSEEN[name]
    articles = {row["identifier"] for row in devices if len(row["path"]) == 1}
    assert {f"Art. {n}º" if n < 10 else f"Art. {n}" for n in range(1, last + 1)} <= articles
    assert len(devices) >= least


@pytest.mark.parametrize("name", NOTICES)
def test_notices_without_articles_give_no_device(corpus, name):
    """Decimal numbering and lettered lists are no devices."""
    assert rows(corpus, "devices", name) == []


def test_the_figures_of_all_gold_together_hold_their_floors(corpus):
    """Devices, those struck through and those quoted; texts; and confidence means what it says."""
    figures = [
        gold.measure(corpus[0], file.name, gold.read_gold(file.path))
        for file in gold.find_gold(LEGAL)
    ]
    everything = gold.added(figures)
    for kind, found in everything.scores.items():
        assert found.f1 >= 0.99, kind
        assert found.text_accuracy >= 0.98, kind
        assert found.text_similarity >= 0.99, kind
    scans = gold.added(figures[i] for i, path in enumerate(GOLD) if path.name.startswith("simscan"))
    assert scans.scores["devices"].text_similarity >= 0.97
    assert everything.without_confidence == 0
    assert everything.calibration_error <= 0.05


@calibrated_on_tesseract
def test_the_readme_tells_the_figures_of_the_gold(corpus):
    """What `evaluate` finds now is no worse than the README says."""
    table = re.search(r"legal_br\n( +gold.*?)```", README.read_text(), re.DOTALL)
    assert table is not None
    told = [re.split(r"\s{2,}", line.strip()) for line in table[1].splitlines()[1:]]
    everything = gold.added(
        gold.measure(corpus[0], file.name, gold.read_gold(file.path))
        for file in gold.find_gold(LEGAL)
    )
    assert len(told) == len(everything.scores) == 3
    for (_, wanted, _, _, _, f1, texts, error), found in zip(
        told, everything.scores.values(), strict=True
    ):
        assert found.gold == int(wanted)
        assert found.f1 >= float(f1) - 0.0005
        assert found.text_accuracy >= float(texts) - 0.0005
        assert error == "-" or everything.calibration_error <= float(error) + 0.0005


@calibrated_on_tesseract
def test_confidence_of_scans_means_what_it_says(corpus):
    """Over the simulated scans the calibration error is 0.05 at most."""
    scans = gold.added(
        gold.measure(corpus[0], file.name, gold.read_gold(file.path))
        for file in gold.find_gold(LEGAL)
        if file.name.startswith("simscan")
    )
    assert scans.calibration_error <= 0.05


def test_running_again_changes_no_row(corpus):
    """A second run of some documents leaves every file of the tables as it was."""
    workspace, _ = corpus
    keys = ["lc_rn_257_2003", "lc_rn_745_2023"]
    tables = ("documents", "devices")
    files = [workspace.tables.file(table, key) for key in keys for table in tables]
    before = [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files]
    with open_instance(workspace.data) as instance:
        run_documents(instance, workspace, keys)
    assert [(file.stat().st_ino, file.stat().st_mtime_ns) for file in files] == before


def test_the_warehouse_holds_what_the_tables_hold(corpus):
    """SQL users see every document's rows."""
    workspace, _ = corpus
    counted = workspace.warehouse.query(
        "SELECT document_id, count(*) AS n FROM devices GROUP BY ALL"
    ).to_pylist()
    expected = {path.stem: len(rows(corpus, "devices", path.stem)) for path in PDFS}
    assert {row["document_id"]: row["n"] for row in counted} == {
        name: count for name, count in expected.items() if count
    }
