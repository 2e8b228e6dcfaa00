"""From a server's token log-probabilities to how sure a model was of each value; pure.

Only tokens inside the quotes of a value count: braces, keys and commas follow from the schema
and are always sure. Nothing is calibrated here.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import accumulate
from math import exp
from statistics import fmean
from typing import Any

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?', re.DOTALL)


def pack(text: str, tokens: Iterable[Mapping[str, Any]]) -> str:
    """What is kept of an answer's log-probabilities: JSON, some 30 bytes a value.

    Args:
        text: The answer as it came.
        tokens: ``logprobs.content`` of a chat completion.

    Returns:
        Least and mean log-probability by a short hash of the value; empty where the tokens do
        not spell the answer. Of a value that stands twice the less sure one counts.
    """
    known = [(_bytes(token), token.get("logprob")) for token in tokens if isinstance(token, dict)]
    pieces = [(piece, float(value)) for piece, value in known if isinstance(value, int | float)]
    whole = b"".join(piece for piece, _ in pieces)
    if not pieces or len(pieces) < len(known) or whole.decode("utf-8", "replace") != text:
        return ""
    starts = [0, *accumulate(len(piece) for piece, _ in pieces)]
    found: dict[str, tuple[float, float]] = {}
    for match in _STRING.finditer(text):
        if match[2] is None and match[1]:
            begin = len(text[: match.start(1)].encode())
            end = begin + len(match[1].encode())
            inside = pieces[bisect_right(starts, begin) - 1 : bisect_left(starts, end)]
            values = [value for _, value in inside]
            summary = (round(min(values), 3), round(fmean(values), 3))
            key = _key(_decoded(match[0].rstrip(": \t\n\r")))
            found[key] = min(found.get(key, summary), summary)
    return json.dumps(found, separators=(",", ":")) if found else ""


def probability(packed: str, value: str) -> float | None:
    """How sure the model was of a value's tokens, 0-1: their geometric mean; None if unknown."""
    if not packed:
        return None
    summary = json.loads(packed).get(_key(value))
    return min(1.0, exp(summary[1])) if summary else None


def merged(*packed: str) -> str:
    """What is kept of several answers made into one."""
    found: dict[str, list[float]] = {}
    for part in filter(None, packed):
        for key, summary in json.loads(part).items():
            found[key] = min(found.get(key, summary), summary)
    return json.dumps(found, separators=(",", ":")) if found else ""


def _bytes(token: Mapping[str, Any]) -> bytes:
    """A token may be a part of a character, which its text cannot hold."""
    raw = token.get("bytes")
    if isinstance(raw, list):
        return bytes(raw)
    return str(token.get("token", "")).encode()


def _decoded(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal.strip('"')


def _key(value: str) -> str:
    return hashlib.sha256(value.strip().encode("utf-8", "replace")).hexdigest()[:10]
