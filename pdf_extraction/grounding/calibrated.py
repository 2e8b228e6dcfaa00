"""What each kind of evidence was worth on the public gold: figures, and where they come from.

Measured by ``python -m benchmarks.calibration``. No text is compared here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

Line = Sequence[tuple[float, float]]
"""(evidence, share right), straight between, level beyond the ends."""

PAGE_ERRS: Mapping[str, float] = {"text_layer": 0.002, "ocr": 0.06, "rapidocr": 0.015}
"""Share of records that a page's own text has wrong: none of 4,671 from text layers, where
one in 500 is allowed for what the gold does not have; 12 of 281 by Tesseract (15 before a
scan's dark edge was left out), 3 by RapidOCR."""
LEAST_ERRS = 0.02
"""Share of its records that an answer is taken to have wrong at the least."""
USUALLY_ERRS = 0.1
"""The same where nothing is known about the answer's other records."""

AGREED: Mapping[str, float] = {"text_layer": 0.99, "ocr": 0.99}
"""Two readings that agree: 15,132 of 15,132 on all kinds of pages."""
NEAR_AT_MOST = 0.985
DIGITS_AT_MOST: Mapping[str, float] = {"text_layer": 0.93, "ocr": 0.41}
"""Numbers differ, and the page's text is shown. The gold has no text layer with a wrong
number, so the first is set, not measured: below all that agrees. Of numbers that a second
reading of an image did not have, 41 % were right."""
WORDS_AT_MOST: Mapping[str, float] = {"text_layer": 0.93, "ocr": 0.41, "rapidocr": 0.8}
"""Negations or whole words differ: the first set as above; 31 of 37 by RapidOCR."""
WORDS_BY_OCR: Line = ((0.3, 0.02), (0.8, 0.75), (1.0, 0.85))
"""The same by Tesseract's least confidence in the words that the answer has not: none of 19
right up to 0.3, 23 of 23 from 0.8 on."""
UNCLAIMED: Mapping[str, float] = {"text_layer": 0.93, "ocr": 0.92, "rapidocr": 0.88}
"""The answer passed over the record: 42 of 43 by Tesseract, 39 of 45 by RapidOCR, all on text
layers (set as above)."""
MISSPELT = 0.08
"""On OCR: a word's spelling speaks against it, and no answer speaks for it: none of 55, which
the spellings were chosen by."""
ACCENTS_LOST: Mapping[str, float] = {"ocr": 0.4, "rapidocr": 0.95}
"""On OCR, where the answer has a word with its accents and the page without, and its spelling
says nothing: 4 of 4, too few to go by, and 54 of 54."""
LITTLE_ALIKE: Line = ((0.78, 0.9), (0.9, 1.0))
"""Factor by similarity: where hardly anything agrees, the record may end elsewhere."""
CLAIM_ALIKE: Line = ((0.78, 0.1), (1.0, 1.0))
"""The same where the record shows the answer's own text."""

COPIED: Mapping[str, float] = {"text_layer": 0.985, "ocr": 0.94, "rapidocr": 0.975}
OCR_WORDS: Line = ((0.4, 0.1), (0.55, 0.6), (0.8, 0.93), (0.9, 0.975), (1.0, 0.99))
"""By Tesseract's confidence in the words (half mean, half least), where their spelling is not
doubted: 270 records, 4 scans."""
NUMBERING_BREAKS = 0.95
"""Factor where a label breaks the numbering: 94 to 100 % of those were right."""
ABSENT = 0.02
"""Of records that stand nowhere on their page none of 608 was right."""

LETTER_INK = 4e-5
"""Share of a page that one printed digit of 11 points covers."""
LETTERS_AN_INK, LETTERS_FREE = 8, 50
"""A page of small print in two columns has 2.5 letters where there is ink for one; from 8, and
50 more, prose was not read from that page."""


def interpolated(line: Line, at: float) -> float:
    """The height of a line at ``at``."""
    position = bisect_right(line, (at, 1.0))
    if position == 0:
        return line[0][1]
    if position == len(line):
        return line[-1][1]
    (x0, y0), (x1, y1) = line[position - 1 : position + 1]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)


def page_is_right(page_errs: float, disagreement: float | None) -> float:
    """Probability that the page's text is right where an answer differs from it.

    A reader that differs everywhere tells little by differing here; one that differs nowhere
    else has probably seen what the page's text has wrong.

    Args:
        page_errs: Probability that the page's text has the record wrong, before the answer
            is heard.
        disagreement: Share of the answer's records that differ from the page's text; None
            where unknown.
    """
    if disagreement is None:
        answer_errs = USUALLY_ERRS
    else:
        answer_errs = max(LEAST_ERRS, (disagreement - page_errs) / (1.0 - page_errs))
    answer_wrong = (1.0 - page_errs) * answer_errs
    return answer_wrong / (answer_wrong + page_errs)
