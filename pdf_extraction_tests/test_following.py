"""What is known of a document's pages before the last of them has come."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from pdf_extraction import following
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.errors import Malformed
from pdf_extraction.extraction import assemble_document, ground_document
from pdf_extraction.model import Completion, Document, DocumentOutcome, PageOutcome
from pdf_extraction.placed import grounded_pages
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
    rows = assemble_document(LegalPtBr(), outcome, ground_document(LegalPtBr(), outcome), calls)
    return {name: list(those) for name, those in rows.items()}


def rows_early(known, calls):
    rows = known.rows(LegalPtBr(), *known.whole(DOCUMENT), calls)
    return {name: list(those) for name, those in rows.items()}


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


def any_page(rng, number):
    """A page of an act as they come: with lists, annexes, quoted acts, old wordings, hyphens."""
    article = rng.choice([number, number, number, rng.randint(1, PAGES)])
    lines = [f"<<Lei nº 1, folha {number}", f"Art. {article}. Fica criado o Conselho, a saber:"]
    lines += rng.choices(
        [
            "I - dos membros eleitos pelo Conselho Munici-",
            "pal de Águas, com sede no Centro, como diz o art. 3º desta Lei.",
            "II - os demais;",
            "§ 1º O Conselho reúne-se a cada mês.",
            "Parágrafo único. Revogado.",
            "a) as taxas;",
            "CAPÍTULO II",
            "ANEXO I",
            "“Art. 5º A Lei nº 9, de 3 de maio de 2001, vale. (NR)”",
            "~Art. 7º O Conselho não se reúne.~",
            "O que aqui se diz não tem número e é de todos os que o leem sem o entender.",
        ],
        k=9,
    )
    return spoilt(rng, answered(number, *lines))


def spoilt(rng, page):
    """The page as a model may have answered: right, wrong, with what stands nowhere, or not."""
    if rng.random() < 0.05:
        return replace(page, completion=None, error=Malformed("no answer"))
    answer = json.loads(page.completion.text)
    for device in answer["devices"]:
        kind = rng.random()
        if kind < 0.1:
            device["text"] = device["text"].replace("e", "o")
        elif kind < 0.2:
            device["text"] = f"inventado e sem lugar na folha, {rng.random()}"
            device["identifier"] = rng.choice([device["identifier"], "Art. 60", "II"])
    answer["devices"] = [device for device in answer["devices"] if rng.random() > 0.1]
    return replace(page, completion=Completion(json.dumps(answer), "b", model="m"))


def assembled(profile, pages):
    outcome = DocumentOutcome(DOCUMENT, "legal_ptbr", tuple(pages))
    canonical, grounded = grounded_pages(profile, outcome.pages, ground_document(profile, outcome))
    return profile.assemble(DOCUMENT, canonical.text, grounded)


@pytest.mark.parametrize("seed", range(6))
def test_a_document_that_grows_has_the_rows_of_one_that_is_assembled_once(seed):
    """Wherever it is cut, whatever its pages print, and though some are answered once more."""
    rng = random.Random(seed)
    pages = [any_page(rng, number) for number in range(1, PAGES + 1)]
    growing = LegalPtBr().growing()
    for count in sorted({*rng.sample(range(20, PAGES), 4), PAGES}):
        again = rng.randrange(PAGES)
        if rng.random() < 0.5:
            pages[again] = spoilt(rng, answered(again + 1, "Art. 9º Outro texto, pois."))
        grown, once = assembled(growing, pages[:count]), assembled(LegalPtBr(), pages[:count])
        assert {name: list(rows) for name, rows in grown.items()} == {
            name: list(rows) for name, rows in once.items()
        }


def test_rows_of_articles_that_are_as_they_were_are_the_same_objects():
    """What was made of them, chunks and Arrow, is told by that."""
    growing, pages = LegalPtBr().growing(), law()
    first = assembled(growing, pages[:70])["devices"]
    again = assembled(growing, pages)["devices"]
    same = [row is before for row, before in zip(again, first, strict=False)]
    # Two hundred lines are looked ahead of, of four on a page.
    assert all(same[: 3 * 15])
    assert not any(same[3 * 60 :])
