import json
import random

import pytest

from pdf_extraction.grounding import MIN_SIMILARITY, ground
from pdf_extraction.model import PageText
from pdf_extraction_tests.corpus import CORPUS, needs_corpus
from pdf_extraction_tests.grounding.pages import page_of

PAGE = page_of(
    [
        "Art. 5º O órgão competente decidirá o pro-",
        "cesso no prazo de 30 (trinta) dias, ouvida a",
        "Procuradoria-Geral do Município.",
        "§ 1º Da decisão cabe recurso, sem efeito suspensivo.",
        "§ 2º O “recurso” será dirigido à autoridade superior – nos termos da Lei nº 14.133.",
    ]
)


def texts(groundings, page):
    return ["".join(page.text[s:e] for s, e in g.spans) for g in groundings]


def test_a_claim_as_printed_is_exact():
    """Equal code for code, the claim is exact with similarity 1."""
    (found,) = ground(["Da decisão cabe recurso, sem efeito suspensivo."], PAGE)
    assert (found.method, found.similarity) == ("exact", 1.0)
    assert texts([found], PAGE) == ["Da decisão cabe recurso, sem efeito suspensivo."]


@pytest.mark.parametrize(
    "claim",
    [
        "decidirá o processo no prazo de 30 (trinta) dias, ouvida a Procuradoria-Geral do",
        "DA DECISÃO CABE RECURSO, SEM EFEITO SUSPENSIVO.",
        '§ 2o O "recurso" será dirigido à autoridade superior - nos termos da Lei n° 14.133.',
        "Art. 5° O órgão competente",
        "  sem efeito\tsuspensivo. ",
        "ouvida a Procuradoria\u2011Geral do Município.",
    ],
)
def test_differences_of_typesetting_are_normalised(claim):
    """Case, blanks, hyphenation, quotes, dashes and ordinals leave similarity 1."""
    (found,) = ground([claim], PAGE)
    assert (found.method, found.similarity) == ("normalised", 1.0)


def test_ligatures_are_letters():
    """A page typeset with ligatures holds the claim spelt in letters, and the other way."""
    page = page_of(["A ﬁxação do coeﬃciente"])
    assert ground(["A fixação do coeficiente"], page)[0].method == "fuzzy"
    assert ground(["A fixação do coefficiente"], page)[0].method == "normalised"
    assert ground(["A ﬁxação"], page_of(["A fixação do"]))[0].method == "normalised"


def test_missing_accents_are_a_difference():
    """A claim without its accents is found, but not as the same text."""
    (found,) = ground(["O orgao competente decidira o processo"], PAGE)
    assert found.method == "fuzzy"
    assert MIN_SIMILARITY < found.similarity < 1.0


def test_noise_is_fuzzy_and_the_span_is_the_page_s_own_words():
    """A claim with wrong letters gets the page's words from border to border."""
    (found,) = ground(["0 recurso sera diriqido á autoridade superi0r"], PAGE)
    assert found.method == "fuzzy"
    assert texts([found], PAGE) == ["O “recurso” será dirigido à autoridade superior"]


@pytest.mark.parametrize(
    "claim",
    [
        "",
        " \n",
        "—",
        "Fica aprovado o Regimento Interno da Câmara de Vereadores.",
        "ção",
        "99 dias",
    ],
)
def test_what_is_not_on_the_page_is_absent(claim):
    """Emptiness, other text and parts of words are absent: no span, similarity 0."""
    (found,) = ground([claim], PAGE)
    assert (found.method, found.similarity, found.spans) == ("absent", 0.0, ())


def test_a_wrong_last_character_takes_nothing_from_what_follows():
    """The next line's label is no part of a claim that ends in noise."""
    page = page_of(["São responsáveis pela contribuição:", "I - o órgão;"])
    (found,) = ground(["São responsaveis pela contribuição:s"], page)
    assert texts([found], page) == ["São responsáveis pela contribuição:"]


def test_a_page_without_text_grounds_nothing():
    """Prose about a blank page is absent."""
    found = ground(["Página em branco", "x"], PageText("none"))
    assert [g.method for g in found] == ["absent", "absent"]


def test_no_claims_give_no_groundings():
    """The answer without devices."""
    assert ground([], PAGE) == []


def test_a_number_is_not_found_inside_a_longer_one():
    """``133`` is not taken out of ``14.133`` where it stands alone elsewhere."""
    page = page_of(["Lei 14.133 e Decreto 133 de 1.133,50"])
    (found,) = ground(["133"], page)
    assert found.spans[0].start == page.text.index("133 de")


def test_copies_are_told_apart_by_order():
    """Claims that read alike take the copies of the passage in the order of the page."""
    page = page_of(["I - (revogado);", "II - o prazo;", "III - (revogado);", "IV - (revogado)."])
    found = ground(["(revogado);", "o prazo;", "(revogado);", "(revogado)."], page)
    assert [g.spans[0].start for g in found] == [4, 21, 36, 53]


def test_copies_are_told_apart_by_neighbours():
    """Where the model left copies out, those next to its other claims are taken."""
    page = page_of(
        ["a) vetado", "b) multa", "c) vetado", "d) advertência", "e) vetado", "f) suspensão"]
    )
    found = ground(["advertência", "vetado", "suspensão"], page)
    assert texts(found, page) == ["advertência", "vetado", "suspensão"]
    assert found[1].spans[0].start == page.text.index("vetado\nf)")


def test_noisy_copies_are_told_apart_by_order():
    """The same holds where no copy is found letter by letter."""
    lines = [f"{n}) será punido com multa diária até a data da regularização" for n in range(6)]
    page = page_of(lines)
    found = ground(["sera punldo com multa diaria ate a dala da regularizaçao"] * 6, page)
    assert [g.spans[0].start for g in found] == [page.text.index(line) + 3 for line in lines]


def test_hundreds_of_equal_cells_take_each_their_own_place():
    """A page of figures: every cell is found in its row, though most of them read ``0``."""
    rng = random.Random(3)
    rows = [
        [f"Item {n}", *("0" if rng.random() < 0.8 else str(n) for _ in "abcde")] for n in range(150)
    ]
    page = page_of([" ".join(row) for row in rows])
    claims = [cell for row in rows for cell in row]
    starts = [grounding.spans[0].start for grounding in ground(claims, page)]
    assert len(set(starts)) == len(claims) == 900
    assert starts == sorted(starts)


def test_claims_against_the_page_s_order_are_found_all_the_same():
    """Fields of a form may come in any order."""
    found = ground(["sem efeito suspensivo.", "ouvida a Procuradoria-Geral", "Art. 5º"], PAGE)
    assert [g.method for g in found] == ["exact", "normalised", "exact"] or all(
        g.spans for g in found
    )


def test_a_claim_over_a_column_break_is_one_span_in_reading_order():
    """Reading order, not geometry, decides what follows."""
    page = page_of(["O prazo começa", "na data da"], ["publicação do", "ato."])
    (found,) = ground(["na data da publicação do ato."], page)
    assert len(found.spans) == 1
    assert texts([found], page) == ["na data da\npublicação do\nato."]


def test_scripts_of_many_symbols_are_aligned_too():
    """Text with more than 256 different characters does not overwhelm the aligner."""
    rng = random.Random(2)
    text = "".join(chr(0x4E00 + rng.randrange(2000)) for _ in range(1500))
    claim = text[300:500].replace(text[350], "x").replace(text[420], "y")
    (found,) = ground([claim], PageText("text_layer", text))
    assert found.method == "fuzzy"
    assert (found.spans[0].start, found.spans[0].end) == (300, 500)


@needs_corpus
@pytest.mark.parametrize("name", ["portaria_mapa_776_2025", "lc_rn_745_2023"])
def test_gold_texts_are_found_on_their_real_pages(name):
    """Every gold text of a born-digital act stands on its page, letter by letter or nearly."""
    pymupdf = pytest.importorskip("pymupdf")
    folder = CORPUS / "legal_br"
    gold = [
        json.loads(line)
        for line in (folder / f"{name}.devices.jsonl").read_text("utf-8").splitlines()
    ]
    with pymupdf.open(folder / f"{name}.pdf") as document:
        pages = [PageText("text_layer", page.get_text().strip()) for page in document]
    found = [
        grounding
        for number, page in enumerate(pages, 1)
        for grounding in ground(
            [g["text"] for g in gold if g["page_start"] == number == g["page_end"] and g["text"]],
            page,
        )
    ]
    assert len(found) > 10
    assert sum(g.method in {"exact", "normalised"} for g in found) >= 0.98 * len(found)
    assert all(g.spans for g in found)
