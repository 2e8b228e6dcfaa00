"""Where a Portuguese word may be broken: a small rule of syllables, no dictionary.

Breaks between two vowels are never proposed (`ato-a` and true hiatus look alike),
so some lawful breaks are missed; no false one was seen in the sample texts.
"""

from __future__ import annotations

import re

VOWELS = "aeiouáâãàéêíóôõúü"
# Two letters that open a syllable together and are never parted.
CLUSTER = "[bcdfgptv][lr]|[cln]h|[qg]u"
ONSET = re.compile(rf"(?:{CLUSTER}|[b-df-hj-np-tv-zç])[{VOWELS}]")
BREAKABLE = re.compile(r"^[(“]?([a-zà-úA-ZÀ-Ú][a-zà-ú]{5,})[,;:.)”]*$")
MIN_HEAD = 3
MIN_TAIL = 3


def syllable_breaks(word: str) -> list[int]:
    """Offsets at which `word` may be cut with a hyphen, leftmost first."""
    match = BREAKABLE.match(word)
    if match is None:
        return []
    start, end = match.span(1)
    core = word[start:end].lower()
    cuts = range(MIN_HEAD, len(core) - MIN_TAIL + 1)
    return [start + cut for cut in cuts if _opens_syllable(core, cut)]


def hard_breaks(word: str) -> list[int]:
    """Offsets just after a hyphen that the word has of its own."""
    return [m.end() for m in re.finditer(r"(?<=\w\w)-(?=\w\w)", word)]


def _opens_syllable(core: str, cut: int) -> bool:
    if ONSET.match(core, cut) is None or re.fullmatch(CLUSTER, core[cut - 1 : cut + 1]):
        return False
    return any(letter in VOWELS for letter in core[:cut])
