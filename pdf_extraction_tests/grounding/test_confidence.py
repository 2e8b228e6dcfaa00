import pytest

from pdf_extraction.grounding import compare, confidence, confidence_of_print, ground
from pdf_extraction.grounding.agreement import Agreement
from pdf_extraction.model import Grounding, PageText
from pdf_extraction_tests.grounding.pages import page_of

LINES = ["Art. 9º O prazo de 30 (trinta) dias", "não se aplica ao recurso de que trata a Lei."]
WHOLE = " ".join(LINES)
PAGE = page_of(LINES)
SCAN = page_of(LINES, source="ocr", engine="rapidocr")


def judged(claim, page=PAGE, **keywords):
    """Of a record that shows the answer's text."""
    (grounding,) = ground([claim], page)
    return confidence(claim, grounding, page, **{"copied": False, **keywords})


def shown(claim, page=PAGE, **keywords):
    """Of a record that shows the page's text, here the whole of it."""
    found = None if claim is None else compare(claim, page.text, "Art. 9º")
    (grounding,) = ground([page.text], page)
    return confidence_of_print(found, grounding, page, **{"copied": False, **keywords})


def test_agreement_of_two_readings_is_strong_and_never_certain():
    """An answer that the page has too is near one, with the numbers compared."""
    assert judged("O prazo de 30 (trinta) dias") == (0.99, "agreement+digits")
    assert judged("não se aplica ao recurso") == (0.99, "agreement")
    assert shown(WHOLE) == shown(WHOLE.removeprefix("Art. 9º ")) == (0.99, "agreement+digits")


def test_a_difference_from_a_text_layer_is_the_answer_s_error():
    """The record with the answer's text is then wrong, that with the page's text right."""
    wrong = "não se aplica ao recurzo de que trata a Lei."
    assert judged(wrong)[0] < 0.1
    assert shown(WHOLE.replace("recurso", "recurzo"), disagreement=0.3)[0] > 0.95


@pytest.mark.parametrize(
    ("claim", "signal"),
    [
        (WHOLE.replace("30", "80"), "digits_differ"),
        (WHOLE.replace("30 ", ""), "digits_differ"),
        (WHOLE.replace("não ", ""), "negation_differs"),
        (WHOLE.replace("de que trata ", ""), "words_differ"),
        (WHOLE.removesuffix(" de que trata a Lei."), "words_differ"),
        (f"{WHOLE} Parágrafo único.", "words_differ"),
    ],
)
def test_what_changes_a_meaning_ranks_below_a_misread_letter(claim, signal):
    """Other numbers, a negation or words lost are named, and weigh more than noise."""
    value, method = shown(claim, disagreement=0.5)
    assert signal in method.split("+")
    assert value < shown(WHOLE.replace("recurso", "recurzo"), disagreement=0.5)[0]
    assert shown(claim, SCAN)[0] <= (0.41 if signal == "digits_differ" else 0.8)


@pytest.mark.parametrize(("sure", "least", "most"), [(0.2, 0.0, 0.1), (0.95, 0.7, 0.9)])
def test_words_that_only_the_ocr_has_are_as_likely_as_it_is_sure_of_them(sure, least, most):
    """Junk read from a stamp is doubtful, a word that the model dropped is not."""
    page = page_of(LINES, source="ocr", engine="tesserocr", confidence={"recurso": sure})
    value, method = shown(WHOLE.replace("recurso ", ""), page, disagreement=0.5)
    assert least < value < most
    assert method.endswith(f"words_differ+words:{sure:.2f}")


def test_a_doubted_spelling_speaks_against_what_only_the_ocr_has():
    """Tesseract is sure of a word without its accent; where the answer has it too, it is right."""
    page = page_of(LINES, source="ocr", engine="tesserocr", confidence={"recurso": 0.96})
    assert shown(WHOLE, page, copied=True)[0] > 0.9
    value, method = shown(WHOLE, page, copied=True, doubted=["recurso"])
    assert (value, method) == (0.08, "ocr+words:0.95+misspelt")
    assert shown(WHOLE.replace("recurso", "recúrso"), page, doubted=["recurso"])[0] < 0.1
    assert shown(WHOLE.replace("prazo", "praso"), page, doubted=["recurso"])[0] > 0.5
    assert shown(WHOLE, page, doubted=["recurso"]) == (0.99, "agreement+digits")


def test_who_differs_everywhere_tells_little_by_differing():
    """On a scan, a difference counts against the page's text as far as the answer is good."""
    noisy = WHOLE.replace("recurso", "recurzo")
    page = page_of(LINES, source="ocr", engine="tesserocr")
    good, bad = (shown(noisy, page, disagreement=share)[0] for share in (0.08, 0.9))
    assert good < 0.6
    assert bad > 0.9
    assert shown(noisy, SCAN, disagreement=0.08)[0] > good


def test_an_accent_that_the_answer_has_and_a_scan_has_not_was_lost_by_the_ocr():
    """OCR loses accents and gains none; on a text layer the print decides."""
    claim = WHOLE.replace("prazo", "prázo")
    page = page_of(LINES, source="ocr", engine="tesserocr")
    value, method = shown(claim, page, disagreement=0.9)
    assert (value, method) == (0.4, "agreement:0.984+digits+accents_differ")
    assert shown(claim, SCAN, disagreement=0.9)[0] > 0.9
    assert shown(claim, disagreement=0.9)[0] > 0.9
    assert "accents" not in shown(WHOLE.replace("não", "nao"), SCAN)[1]


def test_what_the_answer_passes_over_is_less_sure():
    """A device that only the page's label brings in is told from one that was read twice."""
    assert shown(None) == (0.93, "text_layer+unclaimed")


def test_what_is_not_on_the_page_is_next_to_nothing():
    """Invented text is 0.02 by the method ``absent``."""
    assert judged("Fica aprovado o regimento interno.") == (0.02, "absent")


def test_nothing_to_compare_with_is_null():
    """Without a text of the page there is no evidence, and no number."""
    assert judged("O prazo", page=PageText("none")) == (None, "none")


def test_copied_text_is_not_verified_against_itself():
    """The embedded backend's exact grounding gives no number by itself."""
    assert judged("O prazo de 30 (trinta) dias", copied=True) == (None, "text_layer")
    assert shown(WHOLE, copied=True) == (None, "text_layer")


@pytest.mark.parametrize(
    ("numbering", "proof"),
    [(True, (0.985, "text_layer+numbering")), (False, (0.936, "text_layer+numbering_breaks"))],
)
def test_the_label_s_place_in_the_numbering_speaks_for_copied_text(numbering, proof):
    """Structure is evidence that copying does not make."""
    assert judged("O prazo", copied=True, numbering=numbering) == proof
    assert shown(WHOLE, copied=True, numbering=numbering) == proof


def test_ocr_confidences_speak_for_text_copied_from_ocr():
    """The least sure word weighs as much as all together."""
    page = page_of(LINES, source="ocr", engine="tesseract", confidence={"30": 0.3})
    sure, _ = judged("não se aplica ao recurso", page, copied=True)
    doubtful, method = judged("O prazo de 30 (trinta) dias", page, copied=True)
    assert method.startswith("ocr+words:0.5")
    assert doubtful < 0.65 < sure


def test_confidences_of_an_engine_that_tell_nothing_are_not_used():
    """rapidocr's figures do not separate right words from wrong ones."""
    assert judged("O prazo", SCAN, copied=True) == (None, "ocr")


def test_a_break_in_the_numbering_weakens_other_evidence():
    """Art. 7 after Art. 5 may be right, but less likely so."""
    value, method = judged("não se aplica ao recurso", numbering=False)
    assert value < 0.95
    assert method == "agreement+numbering_breaks"


def test_token_probability_only_lowers():
    """The minimum of it and the agreement counts; alone it is the evidence."""
    assert judged("não se aplica ao recurso", token_probability=0.5)[0] == 0.5
    assert judged("não se aplica ao recurso", token_probability=0.999)[0] == 0.99
    assert judged("O prazo", PageText("none"), token_probability=0.9) == (0.9, "none+tokens:0.9")


@pytest.mark.parametrize("page", [PAGE, SCAN])
def test_numbers_rank_by_similarity(page):
    """More alike is never less confident, whichever text is shown."""
    likes = [Agreement(0.78 + 0.001 * step) for step in range(220)]
    place = Grounding("exact", 1.0, ((0, 20),))
    values = [confidence_of_print(found, place, page, copied=False)[0] for found in likes]
    assert values == sorted(values)
    assert all(0.0 < value < 0.99 for value in values)


@pytest.mark.parametrize(
    ("claim", "printed", "expected"),
    [
        ("a lei", "A  LEI", Agreement(1.0)),
        ("a lei n. 9", "a lei n. 8", Agreement(0.857, digits=False)),
        ("nao se aplica ao caso", "não se aplica ao caso", Agreement(0.941)),
    ],
)
def test_comparing_overlooks_typesetting_only(claim, printed, expected):
    """Case and blanks are nothing, an accent is a letter, a digit is a number."""
    found = compare(claim, printed)
    assert found.similarity == pytest.approx(expected.similarity, abs=0.001)
    assert (found.digits, found.words) == (expected.digits, expected.words)
