"""A page's words as bytes and as columns."""

from pdf_extraction.model import Word
from pdf_extraction.words import packed, together

WORDS = (
    Word(0, 4, (0.1, 0.2, 0.30000000000000004, 0.4), 0, 9.5, bold=True, struck=True),
    Word(5, 7, (0.4, 0.2, 0.5, 0.4), 0, 9.0),
    Word(8, 9, (0.1, 0.5, 0.3, 0.6), 1, confidence=0.91),
)


def test_columns_say_of_each_word_what_the_word_says():
    """Offsets, line, box, size and flags, not one bit of them other."""
    columns = packed(WORDS).columns
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == [
        (w.start, w.end, w.line, list(w.bbox), w.size, w.bold, w.struck) for w in WORDS
    ]
    assert columns.line_starts.tolist() == [0, 2]


def test_a_text_without_words_has_empty_columns():
    """A blank page between two others adds nothing to the columns of all three."""
    nothing = packed(()).columns
    assert nothing.line_starts.tolist() == []
    assert together([packed(WORDS).columns, nothing]).starts.tolist() == [0, 5, 8]


def test_one_word_read_by_ocr_gives_a_text_confidences():
    """Those of a text layer have none, and nobody looks for them word by word."""
    assert packed(WORDS).has_confidences
    assert not packed(WORDS[:2]).has_confidences
