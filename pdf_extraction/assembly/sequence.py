"""Which candidates are devices: the cheapest reading of the whole document's numbering.

A beam search over candidates in order. A state is where the numbering stands: the open
article, paragraph, inciso, alinea and item of the act (``outer``) and, inside a quoted
amendment, of the quoted act (``inner``). Taking a candidate costs what its number breaks;
leaving it costs its ``strength``. Costs are relative: 1 is a small oddity, 3 a clear break
of the numbering, 6 a label that could not be plainer.

No text and no geometry here; those were turned into ``strength`` before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pdf_extraction.assembly.candidates import Candidate, Event
from pdf_extraction.assembly.labels import CITED, RANK, SOLE, Label, Number

_BEAM = 8
#: Candidates after each of which a reading can be taken up again.
_KEPT_EVERY = 64
#: Headings after which articles may be numbered from 1 again.
_NUMBERS_ANEW = frozenset({"annex", "act", "part"})
#: Letters that many acts leave out of their alineas: k, w, y.
_LEFT_OUT = frozenset({11, 23, 25})


class Level(NamedTuple):
    """The last number of one list, and the highest it has reached."""

    base: int
    suffix: str
    highest: int


Levels = tuple[Level | None, Level | None, Level | None, Level | None, Level | None]
_EMPTY: Levels = (None, None, None, None, None)


class Taken(NamedTuple):
    """A candidate taken for a device.

    Attributes:
        candidate: Its index.
        reading: Index of the label's reading.
        quoted: It belongs to a quoted amendment.
        opens: It opens a quoted block (its parent is the act's device before it).
        restarts: The numbering starts anew here: another act or annex.
        event: The annex, act or closing line that the new numbering follows; -1 for none.
        cost: What it broke.
    """

    candidate: int
    reading: int
    quoted: bool
    opens: bool
    restarts: bool
    event: int
    cost: float


class _State(NamedTuple):
    """Where the numbering stands; of two ways to the same state the cheaper one is kept."""

    outer: Levels
    inner: Levels | None
    scope: int
    passed: int
    closes: int
    struck: bool
    bare: bool


class _Way(NamedTuple):
    """What a state cost, and the candidate taken last on the way to it: which reading and how."""

    cost: float
    candidate: int = -1
    reading: int = -1
    how: _How | None = None
    before: _Way | None = None


_Beam = list[tuple[_State, _Way]]
_BEGINNING: _Beam = [
    (_State(_EMPTY, None, -1, -1, 0, struck=False, bare=False), _Way(0.0)),
]


class Beams:
    """How far readings of a numbering had come, for the same beginning read again.

    Attributes:
        shared: How many of the first candidates can be read as they could be the time before.
    """

    def __init__(self) -> None:
        self.shared = 0
        self._seen: list[tuple[Any, ...]] = []
        self._beams: list[_Beam] = []

    def resume(self, seen: list[tuple[Any, ...]]) -> tuple[int, _Beam]:
        """How many candidates need not be read again, and where the numbering then stands.

        Args:
            seen: Of each candidate all that the reading looks at.
        """
        both = zip(seen, self._seen, strict=False)
        shared = min(len(seen), len(self._seen))
        same = next((at for at, (now, before) in enumerate(both) if now != before), shared)
        del self._beams[same // _KEPT_EVERY :]
        self._seen, self.shared = seen, same
        if not self._beams:
            return 0, _BEGINNING
        return len(self._beams) * _KEPT_EVERY, self._beams[-1]

    def keep(self, count: int, beam: _Beam) -> None:
        """Keep, now and then, where the numbering stands after ``count`` candidates."""
        if count % _KEPT_EVERY == 0:
            self._beams.append(beam)


def read_sequence(
    candidates: Sequence[Candidate], events: Sequence[Event], beams: Beams | None = None
) -> list[Taken]:
    """The devices among ``candidates``, in order.

    Args:
        candidates: In order.
        events: Annex, act and closing lines between them.
        beams: Of a reading of the first of them; gets what this one passes through.
    """
    first, beam = 0, _BEGINNING
    if beams is not None:
        first, beam = beams.resume(list(_looked_at(candidates, events)))
    for number in range(first, len(candidates)):
        candidate = candidates[number]
        best: dict[_State, _Way] = {}
        for state, way in beam:
            for following, cost, reading, how in _steps(state, candidate, events):
                total = way.cost + cost
                known = best.get(following)
                if known is None or total < known.cost:
                    taken = (number, reading, how, way) if how is not None else way[1:]
                    best[following] = _Way(total, *taken)
        beam = sorted(best.items(), key=lambda item: item[1].cost)[:_BEAM]
        if beams is not None:
            beams.keep(number + 1, beam)
    return _unwound(beam[0][1], candidates)


def _looked_at(
    candidates: Sequence[Candidate], events: Sequence[Event]
) -> Iterator[tuple[Any, ...]]:
    """Of each candidate all that decides how the numbering goes on, lines before it included."""
    before = -1
    for c in candidates:
        passed = tuple(event.heading.kind for event in events[before + 1 : c.event + 1])
        flags = (c.colon, c.inline, c.amends, c.noted, c.struck, c.led)
        yield c.strength, c.against, c.event, passed, c.closes, flags, c.readings
        before = c.event


def _unwound(way: _Way | None, candidates: Sequence[Candidate]) -> list[Taken]:
    taken: list[Taken] = []
    while way is not None and (how := way.how) is not None:
        candidate = candidates[way.candidate]
        cost = how.cost + candidate.readings[way.reading].doubt + candidate.against
        rest = (how.quoted, how.opens, how.restarts, how.event, cost)
        taken.append(Taken(way.candidate, way.reading, *rest))
        way = way.before
    return taken[::-1]


def _steps(
    state: _State, candidate: Candidate, events: Sequence[Event]
) -> Iterator[tuple[_State, float, int, _How | None]]:
    """What may follow: the state, what it costs, by which reading and how; None to leave it."""
    yield state, candidate.strength, -1, None
    for reading, label in enumerate(candidate.readings):
        for step in (
            _continue_outer(state, candidate, label, events),
            _restart(state, candidate, label, events),
            _open_quote(state, candidate, label),
            _continue_inner(state, candidate, label),
        ):
            if step is not None:
                following, how = step
                yield following, how.cost + label.doubt + candidate.against, reading, how


class _How(NamedTuple):
    cost: float
    quoted: bool = False
    opens: bool = False
    restarts: bool = False
    event: int = -1


_Step = tuple[_State, _How] | None


def _continue_outer(
    state: _State, candidate: Candidate, label: Label, events: Sequence[Event]
) -> _Step:
    cost, levels = _fit(state.outer, label, candidate, state.struck)
    if state.outer[0] is None and label.type != "artigo":
        return _without_article(state, candidate, levels)
    if state.inner is not None and candidate.closes == state.closes and not state.bare:
        # No closing quote was printed; an exact successor may still end the block.
        cost += 1.2
    if state.inner is not None and state.bare and label.type != "artigo":
        cost += 0.5
    if label.quoted or candidate.led:
        cost += 2.5
    passed = state.passed
    if candidate.event > max(passed, state.scope):
        cost += _barrier(state, candidate, label, events, cost)
        if label.type == "artigo":
            passed = candidate.event
    if candidate.inline and cost > 0.3:
        cost += 3.0
    closes, struck = candidate.closes, candidate.struck
    return _State(levels, None, state.scope, passed, closes, struck, state.bare), _How(cost)


def _without_article(state: _State, candidate: Candidate, levels: Levels) -> _Step:
    """A device before any article: of an excerpt, or none at all.

    It costs nearly what leaving it costs. Less, and the lists below an annex would be worth
    giving up the act's articles for; as much as an oddity, and a citation above a long list
    would pay for itself as the article of that list.
    """
    following = _State(levels, *state[1:4], candidate.closes, candidate.struck, state.bare)
    return following, _How(0.9 * candidate.strength)


def _barrier(
    state: _State, candidate: Candidate, label: Label, events: Sequence[Event], cost: float
) -> float:
    """What it costs to go on past an annex, an act's title or its closing lines.

    Below them stand tables, forms and signatures, whose numbered lines are no devices; an
    exact successor may still mean that the line was taken for a heading by mistake.
    """
    if label.type == "artigo":
        return 0.5
    first = max(state.passed, state.scope) + 1
    kinds = {events[number].heading.kind for number in range(first, candidate.event + 1)}
    if cost < 0.3 and state.outer[RANK[label.type]] is not None:
        return 3.5 if kinds & _NUMBERS_ANEW else 2.0
    # So much that a list cannot pay for its beginning by its length.
    return 40.0 if kinds & _NUMBERS_ANEW else 20.0


def _restart(state: _State, candidate: Candidate, label: Label, events: Sequence[Event]) -> _Step:
    if label.type != "artigo" or label.quoted or candidate.inline or state.outer[0] is None:
        return None
    base, suffix = label.number
    event = next(
        (
            number
            for number in range(candidate.event, state.scope, -1)
            if events[number].heading.kind in _NUMBERS_ANEW
        ),
        -1,
    )
    cost = 4.0 if event < 0 else 0.0 if event > state.passed else 1.5
    if base != 1 or suffix:
        cost += 2.5 if event > state.passed else 5.0
    if state.inner is not None and candidate.closes == state.closes:
        cost += 1.0
    levels: Levels = (Level(base, suffix, base), None, None, None, None)
    scope, passed = max(event, candidate.event), candidate.event
    closes, struck = candidate.closes, candidate.struck
    following = _State(levels, None, scope, passed, closes, struck, state.bare)
    return following, _How(cost, restarts=True, event=event)


def _open_quote(state: _State, candidate: Candidate, label: Label) -> _Step:
    if state.outer[0] is None or candidate.inline:
        return None
    if not (label.quoted or candidate.led or (candidate.amends and candidate.colon)):
        return None
    quoted = label.quoted or candidate.led
    cost = 0.0 if quoted else 2.0
    if state.inner is None and not candidate.amends:
        cost += 1.5
    if state.inner is not None and not quoted:
        cost += 1.0
    if not quoted and _fit(state.outer, label, candidate, state.struck)[0] < 0.5:
        cost += 3.0
    rank = RANK[label.type]
    base, suffix = label.number
    level = Level(base, suffix, base)
    levels: Levels = (*_EMPTY[:rank], level, *_EMPTY[rank + 1 :])  # type: ignore[assignment]
    return _inside(state, levels, candidate, bare=not quoted), _How(cost, quoted=True, opens=True)


def _continue_inner(state: _State, candidate: Candidate, label: Label) -> _Step:
    if state.inner is None:
        return None
    cost, levels = _fit(state.inner, label, candidate, state.struck)
    # Omissis lines stand for what is left out, so gaps prove nothing in a quoted block.
    # Without quotes around it, though, only its numbering tells a block from the act.
    if not state.bare:
        cost = min(cost, 0.4) if label.type != "artigo" else min(cost + 0.5, 1.5)
    if candidate.closes > state.closes:
        # Without quotes it was an "(NR)", which ends one wording of several.
        cost += 1.0 if state.bare else 3.0
    if candidate.inline:
        cost += 1.0
    if label.quoted:
        cost += 0.5
    return _inside(state, levels, candidate, bare=state.bare), _How(cost, quoted=True)


def _inside(state: _State, inner: Levels, candidate: Candidate, *, bare: bool) -> _State:
    outer, _, scope, passed, *_ = state
    return _State(outer, inner, scope, passed, candidate.closes, candidate.struck, bare)


def _fit(levels: Levels, label: Label, candidate: Candidate, struck: bool) -> tuple[float, Levels]:
    """What it costs that ``label`` comes next, and where the numbering then stands."""
    rank = RANK[label.type]
    current = levels[rank]
    revised = (candidate.noted or candidate.struck or struck) and candidate.strength >= 3.0
    if current is None:
        cost = _first(
            rank, label.number, candidate, cited=label.doubt >= CITED and label.number[0] != 1
        )
        highest = label.number[0]
    else:
        cost = _next(current, label, revised)
        highest = max(current.highest, label.number[0])
        if cost >= _RESTART and label.number[0] == 1:
            highest = 1
    cost += _misplaced(levels, rank)
    level = Level(label.number[0], label.number[1], highest)
    return cost, (*levels[:rank], level, *_EMPTY[rank + 1 :])  # type: ignore[return-value]


_RESTART = 3.0
#: No act begins with an article that reads as a citation.
_NEVER = 100.0


def _misplaced(levels: Levels, rank: int) -> float:
    if rank == RANK["item"] and levels[3] is None:
        return 1.5 if levels[2] is not None else 2.5
    return 0.0


def _first(rank: int, number: Number, candidate: Candidate, *, cited: bool) -> float:
    base, suffix = number
    if rank == 0 and (cited or candidate.against):
        return _NEVER
    if base == 1 and suffix in {"", SOLE}:
        if rank <= 1 or candidate.colon:
            return 0.0
        return 0.6 if rank < 4 else 1.5
    if rank == 0:
        return 1.5
    # The part of the list that came before lies outside an excerpt, or was missed.
    return 2.5 + (1.0 if rank == 4 else 0.0) + 0.1 * min(base, 20)


def _next(current: Level, label: Label, revised: bool) -> float:
    base, suffix = label.number
    if base == current.base:
        return _same(current.suffix, suffix, revised)
    if current.suffix == SOLE:
        return 2.5
    step = base - current.base
    if label.type == "alinea" and step == 2 and current.base + 1 in _LEFT_OUT:
        step = 1
    if step == 1:
        return 0.0 if not suffix else 1.0
    if base > current.highest:
        ahead = base - current.highest
        return 0.2 if ahead == 1 else 2.0 + 0.5 * math.log2(ahead)
    if base == 1:
        return 1.0 if revised else _RESTART
    return 0.4 if revised else 2.5


def _same(before: str, after: str, revised: bool) -> float:
    if before == after:
        return 0.1 if revised else 1.0
    if SOLE in (before, after):
        return 0.5 if revised else 1.5
    if _ordinal(after) == _ordinal(before) + 1:
        return 0.0
    return 0.3 if revised else 1.0


def _ordinal(suffix: str) -> int:
    value = 0
    for char in suffix:
        value = value * 26 + ord(char) - ord("A") + 1
    return value
