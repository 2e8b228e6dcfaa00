"""Answers about a part of a page, or about a turned one, as answers about the page; pure.

Texts of answers go in and come out: what the values mean is the profiles' business.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from pdf_extraction.model import WHOLE_PAGE, BBox, View
from pdf_extraction.repair import parse_object

#: Words on each side of a seam that are compared; two halves share a tenth of the page.
SEAM_WORDS = 400
#: Words in a row that are the same words and not chance.
_SAME_WORDS = 4
#: Words beyond the shared ones that the cut may have spoiled.
_SPOILED = 80
#: Share of a text's words that stand in another, from which it is the same text.
_CONTAINED = 0.8
_BOX = re.compile(r'("bbox"\s*:\s*)(\[[^\[\]{}"]*\])')
_TURN = re.compile(r'"rotation_correction"\s*:\s*"?(\d+)')
_WORD = re.compile(r"\S+")


def on_page(text: str, view: View) -> str:
    """An answer's text with its boxes in the page's frame; what else it says stays untouched.

    Boxes that are no fractions become null: what they are a fraction of is not known.
    """
    if view == WHOLE_PAGE:
        return text
    return _BOX.sub(lambda found: found[1] + _mapped(found[2], view), text)


def turn_asked(text: str) -> int:
    """Clockwise degrees by which an answer says that the picture must be turned; 0 for none."""
    found = _TURN.search(text)
    degrees = int(found[1]) if found else 0
    return degrees if degrees in {90, 180, 270} else 0


def merged_answers(upper: str, lower: str, page_number: int) -> str:
    """One answer of two about the halves of a page, for a profile that says nothing of its own.

    Lists are joined without what stands in both, of other values the upper half's count where
    it says something.

    Args:
        upper: The answer about the upper half, as it came.
        lower: The answer about the lower half.
        page_number: From 1.
    """
    both = (parse_object(upper, page_number), parse_object(lower, page_number))
    return json.dumps(merged_values(*both), ensure_ascii=False)


def merged_values(upper: Any, lower: Any) -> Any:
    """JSON values of two halves as one."""
    if isinstance(upper, dict) and isinstance(lower, dict):
        keys = [*upper, *(key for key in lower if key not in upper)]
        return {key: merged_values(upper.get(key), lower.get(key)) for key in keys}
    if isinstance(upper, list) and isinstance(lower, list):
        return joined_lists(upper, lower)
    return lower if upper in (None, "", [], {}) else upper


def joined_lists(upper: Sequence[Any], lower: Sequence[Any]) -> list[Any]:
    """Two lists as one; items that begin the second and end the first count once."""
    for count in range(min(len(upper), len(lower)), 0, -1):
        pairs = zip(upper[-count:], lower[:count], strict=True)
        if all(_folded(_dumped(a)) == _folded(_dumped(b)) for a, b in pairs):
            return [*upper, *lower[count:]]
    return [*upper, *lower]


def joined_text(upper: str, lower: str, between: str = "\n") -> str:
    """Two texts as one; what ends the first and begins the second counts once.

    The line that the cut goes through is read wrongly on both sides, so the longest row of
    equal words decides, and what the halves have beyond it is dropped.

    Args:
        upper: Text of the upper half.
        lower: Text of the lower half.
        between: What stands between them where they share nothing.
    """
    seam = _seam(upper, lower)
    if seam is None:
        return between.join(part for part in (upper.rstrip(), lower.lstrip()) if part)
    return upper[: seam[0]] + lower[seam[1] :]


def says_the_same(one: str, other: str) -> bool:
    """Whether the shorter of two texts stands in the longer, but for a few words."""
    a, b = (_folded(text).split() for text in (one, other))
    if not a or not b:
        return False
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    shared = sum(block.size for block in matcher.get_matching_blocks())
    return shared >= _CONTAINED * min(len(a), len(b))


def touches(upper: str, lower: str) -> bool:
    """Whether the end of a text is the beginning of another."""
    return _seam(upper, lower) is not None


def _seam(upper: str, lower: str) -> tuple[int, int] | None:
    """Offsets in both texts where one may go on as the other; None where they share nothing."""
    ends = list(_WORD.finditer(upper))[-SEAM_WORDS:]
    starts = list(_WORD.finditer(lower))[:SEAM_WORDS]
    a, b = ([_folded(word[0]) for word in words] for words in (ends, starts))
    best = SequenceMatcher(None, a, b, autojunk=False).find_longest_match()
    spoiled = max(len(a) - best.a - best.size, best.b)
    if best.size < _SAME_WORDS or spoiled > _SPOILED:
        return None
    return ends[best.a + best.size - 1].end(), starts[best.b + best.size - 1].end()


def _mapped(box: str, view: View) -> str:
    try:
        values = json.loads(box)
        x0, y0, x1, y1 = (float(value) for value in values)
    except (ValueError, TypeError):
        return "null"
    if not (0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1):
        return "null"
    found: BBox = view.on_page((x0, y0, x1, y1))
    return json.dumps([round(value, 4) for value in found])


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def _dumped(value: Any) -> str:
    """A value without its boxes and confidences, which never agree."""
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if k not in {"bbox", "confidence"}}
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
