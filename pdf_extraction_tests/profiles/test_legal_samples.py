"""Our own samples against their gold, through the pure rooms alone."""

import json
from pathlib import Path

import pymupdf
import pytest

from pdf_extraction.assembly.canonical import build_canonical
from pdf_extraction.evaluation import score
from pdf_extraction.grounding import ground
from pdf_extraction.model import Completion, Document, GroundedPage, PageOutcome
from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.tasks import PageOptions
from pdf_extraction.profiles.legal_ptbr import LegalPtBr
from pdf_extraction_tests.assembly.acts import check_invariants

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
PROFILE = LegalPtBr()

OWN = (
    "decreto-brejo-alto-112-2024",
    "decreto-estatuto-45-2022",
    "diario-oficial-brejo-alto-2024-03-18",
    "lei-complementar-77-2023",
)


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


@pytest.mark.parametrize("name", OWN)
def test_documents_of_our_own_with_gold(name):
    """The samples that ship with the product, which err like the real ones."""
    rows, gold = rows_of(SAMPLES / f"{name}.pdf"), gold_of(SAMPLES / "gold", name)
    result = score(gold, rows)
    assert result.f1 == 1, result.differences
    assert result.text_accuracy == 1, result.differences
