"""Which of its places each claim takes, so that all together keep the order of the page.

A dynamic programme over the claims: each place's own score, less what the step from the
place before costs. No text here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_BACKWARDS = 0.25
_OVERLAP = 0.25
_GAP = 0.02
_GAP_UNIT = 20.0
"""Characters: about a label, which stands between one claim and the next."""

MAX_OPTIONS = 48
"""Places of one claim that compete; each step costs their square."""

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


def thinned(places: Sequence[Sequence[Place]]) -> list[Sequence[Place]]:
    """At most ``MAX_OPTIONS`` places a claim: those nearest to where its turn comes.

    A page of figures has hundreds of cells that read ``0``. Claims with a single place,
    as far as they keep the page's order, say where the others' turn comes.
    """
    if all(len(options) <= MAX_OPTIONS for options in places):
        return list(places)
    singles = [(i, options[0].start) for i, options in enumerate(places) if len(options) == 1]
    kept = _rising([start for _, start in singles])
    last = max(place.end for options in places for place in options)
    turns = np.interp(
        np.arange(len(places)),
        [-1, *(singles[k][0] for k in kept), len(places)],
        [0, *(singles[k][1] for k in kept), last],
    )
    return [
        options if len(options) <= MAX_OPTIONS else _nearest(options, turn)
        for options, turn in zip(places, turns.tolist(), strict=True)
    ]


def _nearest(options: Sequence[Place], turn: float) -> list[Place]:
    middle = bisect_left(options, turn, key=lambda place: place.start)
    first = max(0, min(middle - MAX_OPTIONS // 2, len(options) - MAX_OPTIONS))
    return list(options[first : first + MAX_OPTIONS])


def _rising(starts: Sequence[int]) -> list[int]:
    """Indices of the longest rising run of ``starts``, others left out between them."""
    ends: list[int] = []  # ends[n]: index of the smallest end of a run of n + 1
    before = [-1] * len(starts)
    for index, start in enumerate(starts):
        length = bisect_left(ends, start, key=starts.__getitem__)
        before[index] = ends[length - 1] if length else -1
        ends[length : length + 1] = [index]
    run: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        run.append(index)
        index = before[index]
    return run[::-1]


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
