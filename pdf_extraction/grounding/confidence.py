"""One number a record from what proves it, and the name of what proved it.

No text is located here, and no threshold is applied: what is done about a low number is
the checks' and the user's business. ``docs/confidence.md`` says the same for users.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from statistics import fmean

from pdf_extraction.grounding.boxes import words_in
from pdf_extraction.model import Grounding, PageText

AGREED = 0.96
"""A text on which two independent readings agreed was right in 96 %."""
PARTLY_AGREED = ((0.78, 0.04), (0.95, 0.2), (0.965, 0.26), (0.99, 0.46), (1.0, 0.54))
"""(similarity, share right), linear between: 26 % right from 0.95 to 0.98, 46 % from 0.98
to 1, at those bins' middles; the ends are extrapolated."""
DIGITS_DIFFER = 0.41
"""Of values whose digits the other reading did not have, 41 % were right (else 316 of 316)."""
ABSENT = 0.02
# Not measured yet; kept apart from the measured ones until the gold settles them.
NUMBERED = {"text_layer": (0.97, 0.6), "ocr": (0.85, 0.5)}
"""Copied text whose label (continues, breaks) the numbering."""
NUMBERING_BREAKS = 0.7
"""Factor on other evidence where the label breaks the numbering."""

_SILENT_ENGINES = frozenset({"rapidocr"})
_NUMBER = re.compile(r"\d+(?:[.,/:]?\d+)*")


def confidence(
    claim: str,
    grounding: Grounding,
    page: PageText,
    *,
    copied: bool,
    numbering: bool | None = None,
    token_probability: float | None = None,
) -> tuple[float | None, str]:
    """How likely a record is right, from evidence alone.

    Text that was read from the picture is compared with the page's own text: equal, 0.96;
    nearly equal, far less; with other digits, at most 0.41; nowhere, 0.02. Text that was
    copied from the page's own text proves nothing by standing there, so its agreement is
    not counted: from a text layer there is no number unless the label's place in the
    numbering speaks, from OCR the engine's word confidences speak where they are known to
    tell something. Without any evidence the number is None, never 1.

    Args:
        claim: The record's text as it was answered.
        grounding: Where it stands on the page.
        page: The page's own text.
        copied: The answer was made from this very text.
        numbering: Whether the record's label continues the numbering of its siblings; None
            where it has no label or nothing to continue.
        token_probability: Calibrated probability of the answer's tokens, where a backend
            gives it; the minimum of it and the agreement counts.

    Returns:
        The number, 0-1 with three decimals, and the signals that took part joined by
        ``+``: ``agreement`` or ``absent`` (compared), ``text_layer`` or ``ocr`` (copied),
        ``none`` (no text to compare with), then ``digits``, ``words``, ``tokens``,
        ``numbering``.
    """
    if copied:
        value, signals = _copied(grounding, page, numbering)
    else:
        value, signals = _compared(claim, grounding, page)
        if token_probability is not None:
            value = min(token_probability, 1.0 if value is None else value)
            signals.append("tokens")
    if numbering is not None and value is not None and "numbering" not in signals:
        value *= 1.0 if numbering else NUMBERING_BREAKS
        signals.append("numbering")
    return (None if value is None else round(value, 3)), "+".join(signals)


def _copied(
    grounding: Grounding, page: PageText, numbering: bool | None
) -> tuple[float | None, list[str]]:
    words = word_confidence(grounding, page)
    if words is not None:
        return words, [page.source, "words"]
    if numbering is not None and page.source in NUMBERED:
        continues, breaks = NUMBERED[page.source]
        return (continues if numbering else breaks), [page.source, "numbering"]
    return None, [page.source]


def _compared(claim: str, grounding: Grounding, page: PageText) -> tuple[float | None, list[str]]:
    if page.source == "none":
        return None, ["none"]
    if grounding.method == "absent":
        return ABSENT, ["absent"]
    value = AGREED if grounding.similarity == 1.0 else _interpolated(grounding.similarity)
    agree = digits_agree(claim, grounding, page)
    if agree is None:
        return value, ["agreement"]
    return (value if agree else min(value, DIGITS_DIFFER)), ["agreement", "digits"]


def _interpolated(similarity: float) -> float:
    position = bisect_right(PARTLY_AGREED, (similarity, 1.0))
    if position == 0:
        return PARTLY_AGREED[0][1]
    if position == len(PARTLY_AGREED):
        return PARTLY_AGREED[-1][1]
    (x0, y0), (x1, y1) = PARTLY_AGREED[position - 1 : position + 1]
    return y0 + (y1 - y0) * (similarity - x0) / (x1 - x0)


def digits_agree(claim: str, grounding: Grounding, page: PageText) -> bool | None:
    """Whether claim and page have the same numbers there; None where neither has any."""
    claimed = Counter(_NUMBER.findall(claim))
    printed = Counter(
        number for start, end in grounding.spans for number in _NUMBER.findall(page.text[start:end])
    )
    return claimed == printed if claimed or printed else None


def word_confidence(grounding: Grounding, page: PageText) -> float | None:
    """OCR confidence over the spans, 0-1: half their mean, half the least sure word.

    The mean alone hides the one misread number of a long text. None for a text layer and
    for engines whose confidences told nothing (rapidocr).
    """
    if page.engine in _SILENT_ENGINES:
        return None
    known = [
        word.confidence for word in words_in(page, grounding.spans) if word.confidence is not None
    ]
    return 0.5 * fmean(known) + 0.5 * min(known) if known else None
