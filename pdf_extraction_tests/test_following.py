"""What is known of a document's pages before the last of them has come."""

from dataclasses import replace
from pathlib import Path

import pytest

from pdf_extraction import following
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.extraction import assemble_document, ground_document
from pdf_extraction.model import Completion, Document, DocumentOutcome, PageOutcome
from pdf_extraction.profiles.legal_ptbr import LegalPtBr
from pdf_extraction_tests.assembly.acts import page

DOCUMENT = Document("lei-1", "lei-1", Path("lei-1.pdf"), "0" * 64, 1)
#: Enough for the document to be assembled before its last pages come.
PAGES = 80


def answered(number, *lines):
    image = replace(page(*lines), page_number=number)
    return PageOutcome(image, completion=Completion(LegalPtBr().read(image), "b", model="m"))


def law():
    return [
        answered(
            n,
            f"<<Lei nº 1, folha {n}",
            f"Art. {2 * n - 1}. Fica criado o Conselho Municipal de Águas, com sede no Centro.",
            "I - ordinário; e",
            f"Art. {2 * n}. O Conselho reúne-se a cada mês, como diz o art. {n} desta Lei.",
        )
        for n in range(1, PAGES + 1)
    ]


def followed(*blocks):
    known = following.Followed(
        following.About(DOCUMENT, PAGES, "legal_ptbr"), LegalPtBr().growing()
    )
    for block in blocks:
        known.take(block)
        known.assemble()
    return known


def rows_late(pages, calls):
    outcome = DocumentOutcome(DOCUMENT, "legal_ptbr", tuple(pages))
    return assemble_document(LegalPtBr(), outcome, ground_document(LegalPtBr(), outcome), calls)


def rows_early(known, calls):
    return known.rows(LegalPtBr(), *known.whole(DOCUMENT), calls)


@pytest.fixture
def calls(tmp_path):
    return CallStore(tmp_path / "calls.sqlite")


def test_pages_that_come_in_any_order_make_the_rows_of_the_whole_document(calls):
    """The first may be the last to end, and nothing is assembled out of its place."""
    pages = law()
    known = followed(pages[8:30], pages[:8], pages[60:], pages[30:60])
    assert rows_early(known, calls) == rows_late(pages, calls)


def test_a_page_that_is_answered_once_more_counts_with_its_last_answer(calls):
    """Doubts come when all has been assembled already."""
    pages = law()
    again = replace(
        pages[20],
        completion=Completion(LegalPtBr().read(pages[21].page), "b", model="m"),
        doubted="?",
    )
    known = followed(pages, [again])
    assert rows_early(known, calls) == rows_late([*pages[:20], again, *pages[21:]], calls)
    assert rows_early(known, calls) != rows_late(pages, calls)


def test_what_is_known_of_another_version_or_of_some_pages_is_not_taken(calls):
    """The document is then finished from what is kept of it."""
    pages = law()
    assert followed(pages[:-1]).whole(DOCUMENT) is None
    assert followed(pages).whole(replace(DOCUMENT, sha256="1" * 64)) is None
    assert followed(pages).whole(DOCUMENT) is not None
