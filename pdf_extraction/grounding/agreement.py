"""How an answer differs from what is printed: letters, numbers, negations, whole words.

Two texts in, what differs out. Nothing is located here and no number for trust is made.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import edlib  # type: ignore[import-not-found]  # a compiled module without stubs

from pdf_extraction.grounding.fold import bare, narrow, plain

_NUMBER = re.compile(r"\d+(?:[.,/:]?\d+)*")
# Words that turn a rule into its contrary.
_NEGATION = re.compile(
    r"\b(?:n[ãa]o|nem|sem|nunca|jamais|vedad[oa]s?|proibid[oa]s?|exceto|salvo|ressalvad[oa]s?"
    r"|not?|never|without|except|unless)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"(\d+)([=XID])")
_WORD_LOST = 3
"""Letters lost or gained in one place that make a word, not a misreading: ``não`` has three."""
_TOO_LONG = 20_000
"""Characters of both texts above which the letters are counted and no run is looked for."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an answer and the print have in common.

    Attributes:
        similarity: 0-1 apart from typesetting and case; 1 only where equal.
        digits: Whether both have the same numbers; None where neither has any.
        words: Whether neither has whole words that the other lacks.
        negations: Whether both have the same negations.
        accents: Whether the print has each word's accents that the answer has.
        only_printed: Words of the print, plain, that the answer has not or less often.
    """

    similarity: float
    digits: bool | None = None
    words: bool = True
    negations: bool = True
    accents: bool = True
    only_printed: frozenset[str] = frozenset()

    @property
    def is_equal(self) -> bool:
        """Nothing differs but typesetting."""
        return self.similarity == 1.0 and self.digits is not False

    @property
    def is_near(self) -> bool:
        """Letters differ, and nothing that changes a meaning by itself."""
        return self.digits is not False and self.words and self.negations


def compare(claim: str, printed: str, label: str = "") -> Agreement:
    """Compare an answer with what is printed at its place.

    Args:
        claim: As answered.
        printed: What the page has.
        label: A label at the beginning of ``printed`` that an answer may leave out.
    """
    versions = [printed]
    if label and printed.startswith(label):
        versions.append(printed[len(label) :])
    return max((_compare(claim, version) for version in versions), key=lambda a: a.similarity)


def _compare(claim: str, printed: str) -> Agreement:
    one, other = plain(claim), plain(printed)
    digits = digits_agree(claim, printed)
    if one == other:
        return Agreement(1.0, digits)
    longest = max(len(one), len(other))
    distance, words = _differences(one, other)
    similarity = max(0.0, min(1.0 - distance / longest, 1.0 - 0.5 / longest))
    # A misread letter of "não" is a misreading; a negation went only where a word went.
    negations = words or _negations(claim) == _negations(printed)
    lost = _accents_lost(claim, printed)
    return Agreement(similarity, digits, words, negations, not lost, _only(printed, claim))


def _differences(one: str, other: str) -> tuple[int, bool]:
    """Letters that differ, and whether they differ without a whole word lost or gained."""
    task = "path" if len(one) + len(other) < _TOO_LONG else "distance"
    found = edlib.align(narrow(one), narrow(other), task=task)
    runs = _RUN.findall(found["cigar"] or "")
    words = all(int(count) < _WORD_LOST for count, kind in runs if kind in "ID")
    return found["editDistance"], words


def digits_agree(claim: str, printed: str) -> bool | None:
    """Whether both texts have the same numbers; None where neither has any."""
    claimed, there = Counter(_NUMBER.findall(claim)), Counter(_NUMBER.findall(printed))
    return claimed == there if claimed or there else None


def _accents_lost(claim: str, printed: str) -> bool:
    """Whether the print has a word of the answer, but without its accents."""
    there = set(_WORD.findall(printed.casefold()))
    claimed = set(_WORD.findall(claim.casefold())) - there
    plainer = {word for word in there if word.isascii()}
    return any(not word.isascii() and bare(word) in plainer for word in claimed)


def _only(printed: str, claim: str) -> frozenset[str]:
    there, claimed = (Counter(map(token, text.split())) for text in (printed, claim))
    return frozenset(there - claimed)


def token(word: str) -> str:
    """A word without typesetting's differences and the punctuation around it."""
    return plain(word).strip(".,;:()[]")


def _negations(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _NEGATION.findall(text))
