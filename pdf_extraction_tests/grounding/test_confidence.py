import pytest

from pdf_extraction.grounding import confidence, ground
from pdf_extraction.model import Grounding, PageText
from pdf_extraction_tests.grounding.pages import page_of

LINES = ["Art. 9º O prazo de 30 (trinta) dias", "não se aplica ao recurso de que trata a Lei."]
PAGE = page_of(LINES)


def judged(claim, page=PAGE, **keywords):
    (grounding,) = ground([claim], page)
    return confidence(claim, grounding, page, **{"copied": False, **keywords})


def test_agreement_of_two_readings_is_strong_and_never_certain():
    """A model's text that the page has too is 0.96, with the numbers checked."""
    assert judged("O prazo de 30 (trinta) dias") == (0.96, "agreement+digits")
    assert judged("não se aplica ao recurso") == (0.96, "agreement")


def test_near_agreement_is_far_weaker():
    """A single wrong letter halves the confidence, and more of them lower it further."""
    one, _ = judged("não se aplica ao recurzo de que trata a Lei.")
    more, _ = judged("não ce aplixa ao recurzo de qoe trata a Lei.")
    assert more < one < 0.55


def test_other_digits_cap_the_confidence():
    """A swapped digit in a long text is no small difference."""
    claim = "O prazo de 80 (trinta) dias não se aplica ao recurso de que trata a Lei."
    value, method = judged(claim)
    assert value <= 0.41
    assert method == "agreement+digits"


def test_dropping_a_number_is_a_difference_of_digits():
    """The page's numbers must be in the claim as well."""
    value, _ = judged("O prazo de (trinta) dias não se aplica ao recurso de que trata a Lei.")
    assert value <= 0.41


def test_what_is_not_on_the_page_is_next_to_nothing():
    """Invented text is 0.02 by the method ``absent``."""
    assert judged("Fica aprovado o regimento interno.") == (0.02, "absent")


def test_nothing_to_compare_with_is_null():
    """Without a text of the page there is no evidence, and no number."""
    assert judged("O prazo", page=PageText("none")) == (None, "none")


def test_copied_text_is_not_verified_against_itself():
    """The embedded backend's exact grounding gives no number by itself."""
    assert judged("O prazo de 30 (trinta) dias", copied=True) == (None, "text_layer")


@pytest.mark.parametrize(("numbering", "value"), [(True, 0.97), (False, 0.6)])
def test_the_label_s_place_in_the_numbering_speaks_for_copied_text(numbering, value):
    """Structure is evidence that copying does not make."""
    assert judged("O prazo", copied=True, numbering=numbering) == (value, "text_layer+numbering")


def test_ocr_confidences_speak_for_text_copied_from_ocr():
    """The least sure word weighs as much as all together."""
    page = page_of(LINES, source="ocr", engine="tesseract", confidence={"30": 0.35})
    sure, _ = judged("não se aplica ao recurso", page, copied=True)
    doubtful, method = judged("O prazo de 30 (trinta) dias", page, copied=True)
    assert method == "ocr+words"
    assert doubtful < 0.65 < sure == 0.95


def test_confidences_of_an_engine_that_tell_nothing_are_not_used():
    """rapidocr's figures do not separate right words from wrong ones."""
    page = page_of(LINES, source="ocr", engine="rapidocr", confidence={})
    assert judged("O prazo", page, copied=True) == (None, "ocr")


def test_a_break_in_the_numbering_weakens_other_evidence():
    """Art. 7 after Art. 5 may be right, but less likely so."""
    value, method = judged("não se aplica ao recurso", numbering=False)
    assert value == pytest.approx(0.672)
    assert method == "agreement+numbering"


def test_token_probability_only_lowers():
    """The minimum of it and the agreement counts; alone it is the evidence."""
    assert judged("não se aplica ao recurso", token_probability=0.5) == (0.5, "agreement+tokens")
    assert judged("não se aplica ao recurso", token_probability=0.99)[0] == 0.96
    assert judged("O prazo", PageText("none"), token_probability=0.9) == (0.9, "none+tokens")


def test_numbers_rank_by_similarity():
    """More alike is never less confident."""
    values = [
        confidence("a", Grounding("fuzzy", 0.78 + 0.001 * step), PAGE, copied=False)[0]
        for step in range(220)
    ]
    assert values == sorted(values)
    assert all(0.0 < value < 0.6 for value in values)
