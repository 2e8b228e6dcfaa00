"""Pages and outcomes as JSON."""

from pdf_extraction import codec
from pdf_extraction.errors import PageCrashed, TimedOut
from pdf_extraction.model import (
    Completion,
    Grounding,
    PageImage,
    PageOutcome,
    PageText,
    Picture,
    Region,
    Span,
    TableCell,
    Word,
)

WORDS = (
    Word(0, 4, (0.1, 0.2, 0.30000000000000004, 0.4), 0, 9.5, bold=True, struck=True),
    Word(5, 7, (0.1, 0.5, 0.3, 0.6), 1, confidence=0.91),
)
PAGE = PageImage(
    page_number=3,
    width_pt=595.0,
    height_pt=842.0,
    rotation=90,
    text=PageText("ocr", "Art.\n5º", WORDS, "tesseract"),
    picture=Picture(100, 200, 7, "ab", "image/jpeg", b"picture"),
    text_verdict="image over text",
    regions=(
        Region("table", (0.1, 0.2, 0.3, 0.4), (TableCell(0, 0, 1, 2, "a b", True),)),
        Region("figure", (0.0, 0.5, 1.0, 0.75)),
    ),
)


def test_a_page_comes_back_as_it_was_but_for_the_bytes_of_its_picture():
    """What a page was found to be is kept to the last digit; pictures are rendered again."""
    copy = codec.load_page(codec.dump_page(PAGE), codec.dump_words(PAGE))
    assert copy == PAGE
    assert tuple(copy.text.words) == WORDS
    assert copy.picture.data is None


def test_a_page_that_could_not_be_read_comes_back_with_its_reason():
    """A failed page keeps the class and the sentence of its failure."""
    page = PageImage(7, error=PageCrashed("page 7 killed its reader"))
    copy = codec.load_page(codec.dump_page(page), codec.dump_words(page))
    assert (copy.page_number, type(copy.error), str(copy.error)) == (
        7,
        PageCrashed,
        "page 7 killed its reader",
    )


def test_an_outcome_comes_back_with_its_raw_answer():
    """Everything after the model's answer can be made again from what was kept."""
    completion = Completion('{"devices": []}', "vllm", "qwen", input_tokens=3, is_fallback=True)
    outcome = PageOutcome(PAGE, completion, prompt_hash="p", schema_hash="s")
    assert codec.load_outcome(codec.dump_outcome(outcome), PAGE) == outcome


def test_a_failed_outcome_comes_back_failed():
    """A failure never turns into an empty success on the way."""
    copy = codec.load_outcome(codec.dump_outcome(PageOutcome(PAGE, error=TimedOut("late"))), PAGE)
    assert (copy.status, type(copy.error), str(copy.error)) == ("failed", TimedOut, "late")


def test_groundings_come_back_with_their_spans():
    """Where a text was found is kept exactly."""
    found = [Grounding("fuzzy", 0.91, (Span(0, 4), Span(5, 7))), Grounding("absent")]
    assert codec.load_groundings(codec.dump_groundings(found)) == found
