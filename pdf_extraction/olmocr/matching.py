"""Where a text stands in another, allowing some differences; pure, and knows no test.

The definition is olmOCR-bench's (``olmocr/bench/tests.py``, read in November 2026): texts are
compared after ``normalised``, and ``max_diffs`` letters may be changed, added or lost.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
from numpy.typing import NDArray

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("–—‑‒−", "-"),
        "＿": "_",
        "\u00b5": "\u03bc",
    }
)
_TAGS = re.compile(r"</?[bi]>")
_BREAK = re.compile(r"<br/?>")
_MARKS = (
    re.compile(r"\*\*(.*?)\*\*"),
    re.compile(r"__(.*?)__"),
    re.compile(r"\*(.*?)\*"),
    re.compile(r"_(.*?)_"),
)


def normalised(text: str) -> str:
    """Text without bold, italics and runs of blanks, in NFC, with plain quotes and hyphens."""
    text = _TAGS.sub("", _BREAK.sub(" ", text))
    for mark in _MARKS:
        text = mark.sub(r"\1", text)
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).translate(_PLAIN)


def starts(pattern: str, text: str, max_diffs: int = 0) -> list[int]:
    """Where ``pattern`` begins in ``text`` with at most ``max_diffs`` differences, ascending."""
    if not max_diffs:
        return [match.start() for match in re.finditer(f"(?={re.escape(pattern)})", text)]
    distances = _infix_distances(pattern[::-1], text[::-1])
    found = np.flatnonzero(distances <= max_diffs)
    return sorted(len(text) - int(end) for end in found)


def fewest_differences(pattern: str, text: str) -> int:
    """Letters to change, add or take away until ``pattern`` stands in ``text``."""
    return int(_infix_distances(pattern, text).min())


def _infix_distances(pattern: str, text: str) -> NDArray[np.int64]:
    """Edit distance of ``pattern`` to the best stretch that ends at each place of ``text``.

    Sellers' dynamic programme, one row a letter of the pattern; insertions along a row are a
    running minimum.
    """
    letters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    places = np.arange(len(letters) + 1)
    row = np.zeros(len(letters) + 1, dtype=np.int64)
    for number, letter in enumerate(pattern, start=1):
        below = np.empty_like(row)
        below[0] = number
        below[1:] = np.minimum(row[:-1] + (letters != ord(letter)), row[1:] + 1)
        row = np.minimum.accumulate(below - places) + places
    return row


def alikeness(one: str, other: str) -> float:
    """Share of letters that two texts have in common in order, 0-1; 1 for equal ones."""
    if one == other:
        return 1.0
    common = [0] * (len(other) + 1)
    for letter in one:
        diagonal = 0
        for place, letter_there in enumerate(other, start=1):
            above = common[place]
            common[place] = (
                diagonal + 1 if letter == letter_there else max(above, common[place - 1])
            )
            diagonal = above
    return 2 * common[-1] / (len(one) + len(other))
