"""One number a record from what proves it, and the name of what proved it.

No text is located here, and no threshold is applied: what is done about a low number is
the checks' and the user's business. ``docs/confidence.md`` says the same for users; the
figures are in ``calibrated``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import fmean

from pdf_extraction.grounding import calibrated
from pdf_extraction.grounding.agreement import Agreement, compare, token
from pdf_extraction.grounding.boxes import words_in
from pdf_extraction.grounding.calibrated import interpolated, page_is_right
from pdf_extraction.model import Grounding, PageText
from pdf_extraction.words import PackedWords

_SILENT_ENGINES = frozenset({"rapidocr"})
Proof = tuple[float | None, str]


def confidence(
    claim: str,
    grounding: Grounding,
    page: PageText,
    *,
    copied: bool,
    numbering: bool | None = None,
    token_probability: float | None = None,
    disagreement: float | None = None,
) -> Proof:
    """How likely a record that shows the answer's own text is right, from evidence alone.

    An answer read from the picture is a second reading, compared with the page's own text.
    An answer copied from the page's own text proves nothing by standing there, so its
    agreement is not counted. Without any evidence the number is None, never 1.

    Args:
        claim: The record's text as it was answered.
        grounding: Where it stands on the page.
        page: The page's own text.
        copied: The answer was made from this very text.
        numbering: Whether the record's label continues the numbering of its siblings; None
            where it has no label or nothing to continue.
        token_probability: Calibrated probability of the answer's tokens, where a backend
            gives it; the minimum of it and the agreement counts.
        disagreement: Share of the answer's records that differ from their pages; None where
            unknown.

    Returns:
        The number, 0-1 with three decimals, and the signals that took part joined by
        ``+``; ``docs/confidence.md`` lists them.
    """
    if copied:
        return _finished(*_copied(grounding, page, numbering), numbering)
    value: float | None
    if page.source == "none":
        value, signals = None, ["none"]
    elif grounding.method == "absent":
        value, signals = calibrated.ABSENT, ["absent"]
    else:
        printed = " ".join(page.text[start:end] for start, end in grounding.spans)
        found = compare(claim, printed)
        value = _claim_is_right(found, grounding, page, disagreement)
        signals = _signals(found)
    return _finished(*_with_tokens(value, signals, token_probability), numbering)


def confidence_of_print(
    found: Agreement | None,
    grounding: Grounding,
    page: PageText,
    *,
    copied: bool,
    numbering: bool | None = None,
    token_probability: float | None = None,
    disagreement: float | None = None,
    doubted: Collection[str] = (),
) -> Proof:
    """How likely a record that shows the page's own text is right, whatever was answered.

    Where an answer differs, one of two readings is wrong, and the record is right where the
    page's is not the one.

    Args:
        found: How the answer agrees with what the record shows; None where it passes over
            it.
        grounding: Where the record stands on the page.
        page: The page's own text.
        copied: The answer was made from this very text.
        numbering: As for ``confidence``.
        token_probability: As for ``confidence``.
        disagreement: As for ``confidence``.
        doubted: Words of what the record shows that its spelling speaks against.
    """
    if copied:
        return _finished(*_spelt(*_copied(grounding, page, numbering), doubted), numbering)
    if found is None:
        value = min(_of(calibrated.UNCLAIMED, page), 1.0 - _page_errs(grounding, page))
        return _finished(*_spelt(value, [page.source, "unclaimed"], doubted), numbering)
    proven = _spelt(
        *_print_is_right(found, grounding, page, disagreement),
        [word for word in doubted if word in found.only_printed],
    )
    return _finished(*_with_tokens(*proven, token_probability), numbering)


def confidence_by_ink(letters: int, ink: float | None) -> Proof:
    """What can be said of an answer about a page without any text of its own.

    Args:
        letters: Letters and digits of the whole answer about the page.
        ink: Share of the page that is ink, 0-1; None where unknown.
    """
    if ink is None:
        return None, "none"
    most = calibrated.LETTERS_FREE + calibrated.LETTERS_AN_INK * ink / calibrated.LETTER_INK
    return (calibrated.ABSENT, "too_little_ink") if letters > most else (None, "none")


def _finished(value: float | None, signals: list[str], numbering: bool | None) -> Proof:
    if value is not None and numbering is not None:
        value *= 1.0 if numbering else calibrated.NUMBERING_BREAKS
        signals = [*signals, "numbering" if numbering else "numbering_breaks"]
    return (None if value is None else round(value, 3)), "+".join(signals)


def _with_tokens(
    value: float | None, signals: list[str], probability: float | None
) -> tuple[float | None, list[str]]:
    if probability is None:
        return value, signals
    lower = probability if value is None else min(value, probability)
    return lower, [*signals, f"tokens:{probability:.3g}"]


def _copied(
    grounding: Grounding, page: PageText, numbering: bool | None
) -> tuple[float | None, list[str]]:
    words = word_confidence(grounding, page)
    if words is not None:
        return interpolated(calibrated.OCR_WORDS, words), [page.source, f"words:{words:.2f}"]
    known = _of(calibrated.COPIED, page) if numbering is not None else None
    return known, [page.source]


def _of(figures: Mapping[str, float], page: PageText) -> float:
    """The figure of an engine, where it has one of its own, else of a kind of text."""
    return figures.get(page.engine, figures.get(page.source, 0.0))


def _spelt(
    value: float | None, signals: list[str], doubted: Collection[str]
) -> tuple[float | None, list[str]]:
    if not doubted:
        return value, signals
    least = calibrated.MISSPELT
    return least if value is None else min(value, least), [*signals, "misspelt"]


def _least_sure(found: Agreement, grounding: Grounding, page: PageText) -> float | None:
    """Least OCR confidence of the words that the answer has not."""
    if _is_silent(page):
        return None
    known = [
        word.confidence
        for word in words_in(page, grounding.spans)
        if word.confidence is not None
        and token(page.text[word.start : word.end]) in found.only_printed
    ]
    return min(known, default=None)


def _is_silent(page: PageText) -> bool:
    """Whether the page's words say nothing of how sure whoever read them was."""
    words = page.words
    # A text layer's words need not be made for that: it takes 0.5 ms a page.
    bare = isinstance(words, PackedWords) and not words.has_confidences
    return bare or page.engine in _SILENT_ENGINES


def _page_errs(grounding: Grounding, page: PageText) -> float:
    """Probability that the page's own text is wrong there, before an answer is heard."""
    words = word_confidence(grounding, page)
    if words is None:
        return _of(calibrated.PAGE_ERRS, page)
    return 1.0 - interpolated(calibrated.OCR_WORDS, words)


def _print_is_right(
    found: Agreement, grounding: Grounding, page: PageText, disagreement: float | None
) -> tuple[float, list[str]]:
    signals = _signals(found)
    if found.is_equal:
        return _of(calibrated.AGREED, page), signals
    value = page_is_right(_page_errs(grounding, page), disagreement)
    value *= interpolated(calibrated.LITTLE_ALIKE, found.similarity)
    limits = [calibrated.NEAR_AT_MOST]
    if page.source == "ocr" and not found.accents:
        limits.append(_of(calibrated.ACCENTS_LOST, page))
    if found.digits is False:
        limits.append(_of(calibrated.DIGITS_AT_MOST, page))
    least = _least_sure(found, grounding, page)
    if not (found.words and found.negations):
        by_ocr = None if least is None else interpolated(calibrated.WORDS_BY_OCR, least)
        limits.append(_of(calibrated.WORDS_AT_MOST, page) if by_ocr is None else by_ocr)
    told = [] if least is None else [f"words:{least:.2f}"]
    return min(value, *limits), [*signals, *told]


def _claim_is_right(
    found: Agreement, grounding: Grounding, page: PageText, disagreement: float | None
) -> float:
    if found.is_equal:
        return _of(calibrated.AGREED, page)
    value = 1.0 - page_is_right(_page_errs(grounding, page), disagreement)
    return value * interpolated(calibrated.CLAIM_ALIKE, found.similarity)


def _signals(found: Agreement) -> list[str]:
    signals = ["agreement" if found.similarity == 1.0 else f"agreement:{found.similarity:.3f}"]
    if found.digits is not None:
        signals.append("digits" if found.digits else "digits_differ")
    if not found.words:
        signals.append("words_differ")
    if not found.negations:
        signals.append("negation_differs")
    if not found.accents:
        signals.append("accents_differ")
    return signals


def word_confidence(grounding: Grounding, page: PageText) -> float | None:
    """OCR confidence over the spans, 0-1: half their mean, half the least sure word.

    The mean alone hides the one misread number of a long text. None for a text layer and
    for engines whose confidences told nothing (rapidocr).
    """
    if _is_silent(page):
        return None
    known = [
        word.confidence for word in words_in(page, grounding.spans) if word.confidence is not None
    ]
    return 0.5 * fmean(known) + 0.5 * min(known) if known else None
