"""Which of its places each claim takes, so that all together keep the order of the page.

A dynamic programme over the claims: each place's own score, less what the step from the
place before costs. No text here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_BACKWARDS = 0.25
_OVERLAP = 0.25
_GAP = 0.02
_GAP_UNIT = 20.0
"""Characters: about a label, which stands between one claim and the next."""

_Floats = npt.NDArray[np.float64]


class Place(NamedTuple):
    """Somewhere a claim may stand.

    Attributes:
        start: First code point in the page's text.
        end: One past the last.
        score: How well the claim fits there, 1 for letter by letter.
    """

    start: int
    end: int
    score: float


def choose(places: Sequence[Sequence[Place]]) -> list[Place | None]:
    """One place for each claim; None for a claim that has none.

    Places that run backwards or overlap are taken only where nothing else is left.
    """
    layers = [index for index, options in enumerate(places) if options]
    chosen: list[Place | None] = [None] * len(places)
    if not layers:
        return chosen
    scores, backs = _forward([places[index] for index in layers])
    pick = int(np.argmax(scores))
    for position in range(len(layers) - 1, -1, -1):
        chosen[layers[position]] = places[layers[position]][pick]
        pick = int(backs[position][pick])
    return chosen


def _forward(layers: Sequence[Sequence[Place]]) -> tuple[_Floats, list[npt.NDArray[np.intp]]]:
    one_way = np.zeros(1, dtype=np.intp)
    scores, backs = np.zeros(1), []
    before: Sequence[Place] = (Place(0, 0, 0.0),)
    for options in layers:
        if len(options) == 1 == len(before):  # nothing to choose, whatever it scores
            scores, back = np.zeros(1), one_way
        else:
            steps = scores[:, None] - _cost(before, options)
            back = np.argmax(steps, axis=0)
            scores = np.take_along_axis(steps, back[None, :], axis=0)[0]
            scores = scores + np.array([option.score for option in options])
        backs.append(back)
        before = options
    return scores, backs


def _cost(before: Sequence[Place], after: Sequence[Place]) -> _Floats:
    """What each step costs, ``(len(before), len(after))``."""
    from_start, from_end, _ = np.array(before, dtype=float).T[:, :, None]
    to_start, to_end, _ = np.array(after, dtype=float).T[:, None, :]
    gap = to_start - from_end
    ahead = _GAP * np.log1p(np.maximum(gap, 0.0) / _GAP_UNIT)
    shared = np.minimum(from_end, to_end) - np.maximum(from_start, to_start)
    shorter = np.maximum(1.0, np.minimum(from_end - from_start, to_end - to_start))
    backwards = _BACKWARDS + _OVERLAP * np.clip(shared / shorter, 0.0, 1.0)
    cost: _Floats = np.where(to_start >= from_end, ahead, backwards)
    return cost
