"""Claims to places: candidates for each claim, then the choice that fits them all.

No boxes and no confidence here. A claim found letter by letter is never aligned; the
others are aligned by edlib, infix, on the page's bare text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import edlib  # type: ignore[import-not-found]  # a compiled module without stubs

from pdf_extraction.grounding.fold import Folded, bare, fold, is_dropped, narrow, plain
from pdf_extraction.grounding.order import Place, choose, thinned
from pdf_extraction.model import Grounding, GroundingMethod, PageText, Span

MIN_SIMILARITY = 0.78
"""Text of another page never scored above 0.74 (338 paragraphs, 580 fields, 5 % noise)."""
MAX_PLACES = 2_000
FUZZY_PLACES = 4
FUZZY_MARGIN = 0.08
"""Places this much less alike than the best one still compete by order."""
_CUT_NUMBER = _CUT_WORD = 0.3
_SHORT = 8
# A wrong last character of the claim may have been paired with the next label's first.
_STRAY_END = re.compile(r"\s+\S{1,3}\Z")

ABSENT = Grounding("absent")


class _Target(NamedTuple):
    text: str
    folded: Folded
    symbols: bytes


def ground(claims: Sequence[str], page: PageText) -> list[Grounding]:
    """Find where each claim stands on its page.

    Exact, then normalised (case, blanks, hyphenation, ligatures, quotes, dashes,
    ordinals), then fuzzy from a similarity of ``MIN_SIMILARITY``, else absent. Copies of
    one passage are told apart by the order of the claims and by their neighbours.

    Args:
        claims: Texts in the order in which they should stand on the page.
        page: The page's own text.

    Returns:
        One grounding for each claim. ``similarity`` is 1 for exact and normalised; for
        fuzzy it counts every other difference, of accents too. Spans begin and end at
        word borders and index the page's text.
    """
    if not page.text:
        return [ABSENT] * len(claims)
    folded = fold(page.text)
    target = _Target(page.text, folded, narrow(folded.text))
    places = {claim: _places(claim, target) for claim in set(claims)}
    chosen = choose(thinned([places[claim] for claim in claims]))
    return [
        ABSENT if place is None else _judged(claim, place, page.text)
        for claim, place in zip(claims, chosen, strict=True)
    ]


def _judged(claim: str, place: Place, text: str) -> Grounding:
    span = Span(place.start, place.end)
    printed = text[span.start : span.end]
    if printed == claim.strip():
        return Grounding("exact", 1.0, (span,))
    if " ".join(printed.split()) == claim:  # by far the commonest, and cheap
        return Grounding("normalised", 1.0, (span,))
    similarity = alikeness(claim, printed)
    shorter = _STRAY_END.sub("", printed)
    if shorter != printed and (without := alikeness(claim, shorter)) >= similarity:
        similarity, span = without, Span(span.start, span.start + len(shorter))
    if similarity < MIN_SIMILARITY:
        return ABSENT
    method: GroundingMethod = "normalised" if similarity == 1.0 else "fuzzy"
    return Grounding(method, similarity, (span,))


def alikeness(claim: str, printed: str) -> float:
    """Similarity 0-1 of two texts apart from typesetting and case; 1 only where equal."""
    one, other = plain(claim), plain(printed)
    if one == other:
        return 1.0
    longest = max(len(one), len(other))
    distance: int = edlib.align(narrow(one), narrow(other))["editDistance"]
    return min(1.0 - distance / longest, 1.0 - 0.5 / longest)


def _places(claim: str, target: _Target) -> list[Place]:
    sought = bare(claim)
    if not sought:
        return []
    literal = list(_literal_places(claim, sought, target))
    return literal or _fuzzy_places(claim, sought, target)


def _literal_places(claim: str, sought: str, target: _Target) -> Iterator[Place]:
    text, (folded, origins) = target.text, target.folded
    at, found = folded.find(sought), 0
    while at >= 0 and found < MAX_PLACES:
        start, end = origins[at], origins[at + len(sought) - 1] + 1
        cut = _cuts_word(text, start) or _cuts_word(text, end)
        if not cut or len(sought) >= _SHORT:
            found += 1
            score = 1.0 - _CUT_WORD * cut - _CUT_NUMBER * _cuts_number(text, start, end)
            start, end = _with_marks(claim, text, _word_start(text, start), _word_end(text, end))
            yield Place(start, end, score + 0.02 * text.startswith(claim, start))
        at = folded.find(sought, at + 1)


def _fuzzy_places(claim: str, sought: str, target: _Target) -> list[Place]:
    """The best places for a claim that is nowhere letter by letter."""
    query, symbols, size = narrow(sought), target.symbols, len(sought)
    limit = int((1 - MIN_SIMILARITY) * size)
    places: list[Place] = []
    while limit > 0 and len(places) < FUZZY_PLACES:
        found = edlib.align(query, symbols, mode="HW", task="locations", k=limit)
        if found["editDistance"] < 0:
            break
        if not places:
            limit = min(limit, found["editDistance"] + max(2, int(FUZZY_MARGIN * size)))
        for first, last in _apart(found["locations"]):
            start, end = _snapped(target, first, last)
            start, end = _with_marks(claim, target.text, start, end)
            if start < end:
                places.append(Place(start, end, 1.0 - found["editDistance"] / size))
            symbols = symbols[:first] + b"\0" * (last + 1 - first) + symbols[last + 1 :]
    return places


def _apart(locations: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """One of each cluster of overlapping places, the longest."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(locations):
        if kept and first <= kept[-1][1]:
            if last - first > kept[-1][1] - kept[-1][0]:
                kept[-1] = (first, last)
        else:
            kept.append((first, last))
    return kept


def _cuts_word(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    # From U+2E80 on are the scripts that put no blanks between words.
    return before.isalnum() and after.isalnum() and max(before, after) < "\u2e80"


def _cuts_number(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start + 1], text[end - 1 : end + 2]
    return any(
        len(part) == 3 and part[1] in ".," and part[0].isdigit() and part[2].isdigit()
        for part in (before, after)
    )


def _word_start(text: str, at: int) -> int:
    while _cuts_word(text, at):
        at -= 1
    return at


def _word_end(text: str, at: int) -> int:
    while _cuts_word(text, at):
        at += 1
    return at


def _snapped(target: _Target, first: int, last: int) -> tuple[int, int]:
    """Borders moved to the nearer end of a word that they cut.

    Where a claim's last letter is wrong, edlib may pair it with the next word's first.
    """
    text, origins = target.text, target.folded.origins
    ends = []
    for at in (origins[first], origins[last] + 1):
        left, right = _word_start(text, at), _word_end(text, at)
        ends.append((left, right, left if at - left < right - at else right))
    start = ends[0][2] if ends[0][0] != ends[0][1] else origins[first]
    end = ends[1][2]
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _with_marks(claim: str, text: str, start: int, end: int) -> tuple[int, int]:
    """Borders moved over quotes, dashes and stops that the claim has at its own ends."""
    claim = claim.strip()
    before = _marks(claim)
    while before and start > 0 and text[start - 1] in before:
        start -= 1
    after = _marks(claim[::-1])
    while after and end < len(text) and text[end] in after:
        end += 1
    return start, end


def _marks(claim: str) -> str:
    """Characters other than letters, digits and blanks at the beginning of ``claim``."""
    count = 0
    while count < len(claim) and not claim[count].isalnum() and not claim[count].isspace():
        count += 1
    marks = claim[:count]
    if any(is_dropped(mark) for mark in marks):
        marks += "\"'“”‘’«»-–—"
    return marks
