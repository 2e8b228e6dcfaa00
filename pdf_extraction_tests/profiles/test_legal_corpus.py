"""The real documents: floors of accuracy, and what holds for every document."""

import json
from pathlib import Path

import pymupdf
import pytest

from pdf_extraction.assembly.canonical import build_canonical
from pdf_extraction.evaluation import score
from pdf_extraction.grounding import ground
from pdf_extraction.model import Completion, Document, GroundedPage, PageOutcome
from pdf_extraction.pdf.page import PageOptions, read_page
from pdf_extraction.profiles.legal_ptbr import LegalPtBr
from pdf_extraction_tests.assembly.acts import check_invariants
from pdf_extraction_tests.corpus import CORPUS, needs_corpus

LEGAL = CORPUS / "legal_br"
SAMPLES = Path(__file__).parents[2] / "data" / "samples"
PROFILE = LegalPtBr()

#: Every page by OCR takes a second; these are read in the full run alone.
SCANS = {
    "simscan_lc_rn_257_2003": 0.95,
    "simscan_portaria_mapa_776_2025": 0.95,
    "portaria_sda_1503_2025_sem_camada_texto": 0.95,
    "scan_real_portaria_etec_2020": 1.0,
}
BORN_DIGITAL = (
    "cf88_camara_ec105",
    "decreto_rn_17456_2004",
    "dodf_2019-01-29_portaria_iprev_16_p003-008",
    "lc_rn_257_2003",
    "lc_rn_745_2023",
    "lei_13709_lgpd_planalto_2025",
    "portaria_mapa_776_2025",
)
OWN = (
    "decreto-brejo-alto-112-2024",
    "decreto-estatuto-45-2022",
    "diario-oficial-brejo-alto-2024-03-18",
    "lei-complementar-77-2023",
)
#: (articles of the body, devices at least) of documents without gold, counted by hand.
UNSEEN = {
    "lei_14133_2021_planalto": (194, 1400),
    "estatuto_lhc_2019": (52, 200),
    "in_mapa_28_2017": (37, 220),
    "lei_organica_curitiba": (215, 740),
}


def rows_of(path):
    with pymupdf.open(path) as opened:
        if opened.needs_pass:
            opened.authenticate("")
        pages = [read_page(opened[number], PageOptions()) for number in range(len(opened))]
    canonical = build_canonical([page.text.text for page in pages])
    grounded = []
    for page, start in zip(pages, canonical.page_starts, strict=True):
        text = PROFILE.read(page)
        answer = PROFILE.parse(text, page.page_number)
        groundings = ground(PROFILE.claims(answer), page.text)
        outcome = PageOutcome(page, completion=Completion(text, "embedded"))
        grounded.append(GroundedPage(outcome, answer, groundings, start))
    document = Document(path.stem, path.stem, path, "0" * 64, 0)
    rows = PROFILE.assemble(document, canonical.text, grounded)["devices"]
    check_invariants(rows, canonical.text)
    return rows


def gold_of(folder, name):
    with (folder / f"{name}.devices.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("name", BORN_DIGITAL)
def test_born_digital_documents_with_gold(name):
    """F1 at least 0.99 and texts equal in at least 98 %, on every document."""
    rows, gold = rows_of(LEGAL / f"{name}.pdf"), gold_of(LEGAL, name)
    result = score(gold, rows)
    assert result.f1 >= 0.99, result.differences[:5]
    assert result.text_accuracy >= 0.98, result.differences[:5]
    assert score(gold, rows, struck=True).f1 >= 0.97
    assert score(gold, rows, contexts=frozenset({"alteracao"}), struck=None).f1 >= 0.97


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("name", SCANS)
def test_scans_with_gold(name):
    """OCR text gives the same devices."""
    result = score(gold_of(LEGAL, name), rows_of(LEGAL / f"{name}.pdf"))
    assert result.f1 >= SCANS[name], result.differences[:5]


@pytest.mark.parametrize("name", OWN)
def test_documents_of_our_own_with_gold(name):
    """The samples that ship with the product, which err like the real ones."""
    rows, gold = rows_of(SAMPLES / f"{name}.pdf"), gold_of(SAMPLES / "gold", name)
    result = score(gold, rows)
    assert result.f1 == 1, result.differences
    assert result.text_accuracy == 1, result.differences


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("name", UNSEEN)
def test_numbering_of_documents_without_gold_has_no_gap(name):
    """The articles of the body are numbered from 1 without a gap, and the rest is there."""
    rows = rows_of(LEGAL / f"{name}.pdf")
    last, least = UNSEEN[name]
    articles = {row["identifier"] for row in rows if len(row["path"]) == 1}
    expected = {f"Art. {n}º" if n < 10 else f"Art. {n}" for n in range(1, min(last, 214) + 1)}
    assert expected <= articles
    assert len(rows) >= least


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("name", ["edital_ifsp_88_2024", "chamada_publica_2026_001"])
def test_notices_without_articles_give_no_device(name):
    """Decimal numbering and lettered lists are no devices."""
    assert rows_of(LEGAL / f"{name}.pdf") == []
