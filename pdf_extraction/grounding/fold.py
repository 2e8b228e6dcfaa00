"""Text without the differences that typesetting makes, with the way back to code points.

No place is chosen here. Two depths: *plain* drops blanks, quotes, hyphens of broken and
compound words, case, ligatures and the forms of ordinals, so that two plain texts are
equal when a reader would call them the same print; *bare* drops accents too and is only
searched in, because ``e`` and ``é`` are different words.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import compress
from typing import NamedTuple

_DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES = "\"'`´¨\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033«»‹›"
# A dash before a digit is a sign or a range ("-5", "2024-2025") and counts; the others
# join or break words, or part a label from its text, in ways that vary with who typed.
_LOOSE_DASH = re.compile(rf"[{_DASHES}](?!\n?\d)")
_ORDINALS = {"º": "o", "°": "o", "ª": "a", "˚": "o"}


class _Folding(dict[str, str]):
    """Folded form of one character, worked out once."""

    def __init__(self, *, keep_accents: bool) -> None:
        super().__init__()
        self.keep_accents = keep_accents

    def __missing__(self, character: str) -> str:
        folded = self[character] = self._fold(character)
        return folded

    def _fold(self, character: str) -> str:
        if character in _DASHES:
            return "-"
        if character in _QUOTES:
            return ""
        if character in _ORDINALS:
            return _ORDINALS[character]
        parts = unicodedata.normalize("NFKD", character).casefold()
        kept = "".join(
            part
            for part in parts
            if not part.isspace() and unicodedata.category(part) not in {"Mn", "Cc", "Cf"}
        )
        if self.keep_accents and kept and kept != parts:
            return unicodedata.normalize("NFC", parts).strip()
        return kept


_PLAIN = _Folding(keep_accents=True)
_BARE = _Folding(keep_accents=False)


class Folded(NamedTuple):
    """A bare text and where each of its characters comes from.

    Attributes:
        text: The bare text.
        origins: For each of its characters, the offset in the unfolded text.
    """

    text: str
    origins: list[int]


def fold(text: str) -> Folded:
    """Bare text with its way back."""
    parts = list(map(_BARE.__getitem__, _LOOSE_DASH.sub(" ", text)))
    folded = "".join(parts)
    origins = list(compress(range(len(parts)), parts))
    if len(origins) != len(folded):  # ligatures stand for several characters
        origins = [i for i, part in enumerate(parts) for _ in part]
    return Folded(folded, origins)


def bare(text: str) -> str:
    """Bare text alone."""
    return "".join(map(_BARE.__getitem__, _LOOSE_DASH.sub(" ", text)))


def plain(text: str) -> str:
    """Text without typesetting's differences, accents kept."""
    return "".join(map(_PLAIN.__getitem__, _LOOSE_DASH.sub(" ", text)))


def is_dropped(character: str) -> bool:
    """Whether a character may leave no trace in a bare text."""
    return character in _DASHES or not _BARE[character]


class _Narrow(dict[int, int]):
    def __missing__(self, code: int) -> int:
        self[code] = code if code < 256 else 128 + code % 127
        return self[code]


_NARROW = _Narrow()


def narrow(text: str) -> bytes:
    """One byte a character for edlib, which takes at most 256 symbols.

    Characters past Latin-1 share bytes with others: wrong in one of some hundred places,
    where a place is found by many characters.
    """
    return text.translate(_NARROW).encode("latin-1")
