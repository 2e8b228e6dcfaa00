"""Precision, recall, F1 and text accuracy of device rows against gold rows; pure.

Gold rows are as ``GOLD.md`` describes them, found rows as in table ``devices``. Reading
files and printing tables is done elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import edlib  # type: ignore[import-not-found]  # a compiled module without stubs

Gold = Mapping[str, Any]
Found = Mapping[str, Any]
Identity = tuple[str, tuple[str, ...], int]
_ACT, _QUOTED = frozenset({"corpo", "anexo"}), frozenset({"alteracao"})


@dataclass(frozen=True)
class Difference:
    """One disagreement.

    Attributes:
        kind: ``missing``, ``extra`` or ``text``.
        identity: Context, path and occurrence.
        page_number: From 1, of the gold row where there is one.
        gold: Gold text; empty for an extra row.
        found: Found text; empty for a missing row.
        similarity: 0-1 by letters and digits.
    """

    kind: str
    identity: Identity
    page_number: int
    gold: str = ""
    found: str = ""
    similarity: float = 0.0


@dataclass(frozen=True)
class Score:
    """Figures of one document, or of several added up.

    Attributes:
        gold: Devices in gold.
        found: Devices found.
        matched: Devices in both, by identity.
        equal_texts: Matched devices whose letters and digits are equal.
        similarity: Sum over matched devices of how alike their texts are, 0-1 each.
        differences: Every disagreement.
    """

    gold: int
    found: int
    matched: int
    equal_texts: int
    similarity: float = 0.0
    differences: tuple[Difference, ...] = ()

    @property
    def precision(self) -> float:
        """Share of found devices that gold has; 1 where nothing was found and nothing is."""
        return self.matched / self.found if self.found else float(self.gold == 0)

    @property
    def recall(self) -> float:
        """Share of gold devices that were found; 1 where gold has none."""
        return self.matched / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean; 1 where gold and found are both empty."""
        total = self.gold + self.found
        return 2 * self.matched / total if total else 1.0

    @property
    def text_accuracy(self) -> float:
        """Share of matched devices with equal letters and digits."""
        return self.equal_texts / self.matched if self.matched else 1.0

    @property
    def text_similarity(self) -> float:
        """Mean likeness of matched texts by letters and digits."""
        return self.similarity / self.matched if self.matched else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.gold + other.gold,
            self.found + other.found,
            self.matched + other.matched,
            self.equal_texts + other.equal_texts,
            self.similarity + other.similarity,
            self.differences + other.differences,
        )


def score(
    gold: Sequence[Gold],
    found: Sequence[Found],
    *,
    contexts: frozenset[str] = _ACT,
    struck: bool | None = False,
) -> Score:
    """Compare by identity (context, path, occurrence in print order).

    Args:
        gold: Gold rows in order.
        found: Rows of ``devices`` in order.
        contexts: Which contexts count.
        struck: False leaves ``riscado`` devices out, True counts only them, None all.
    """
    wanted = _indexed(gold, contexts, struck)
    rows = _indexed(_renamed_acts(gold, found), contexts, struck)
    differences: list[Difference] = []
    matched = equal = 0
    alike = 0.0
    for identity, row in wanted.items():
        page = row.get("page_start", row.get("page_number", 0))
        other = rows.get(identity)
        if other is None:
            differences.append(Difference("missing", identity, page, row["text"]))
            continue
        matched += 1
        left, right = loose(row["text"]), loose(other["text"])
        similarity = 1.0 if left == right else _similarity(left, right)
        alike += similarity
        if left == right:
            equal += 1
        else:
            differences.append(
                Difference("text", identity, page, row["text"], other["text"], similarity)
            )
    for identity, row in rows.items():
        if identity not in wanted:
            differences.append(Difference("extra", identity, row["page_number"], found=row["text"]))
    return Score(len(wanted), len(rows), matched, equal, alike, tuple(differences))


def matched(
    gold: Sequence[Gold], found: Sequence[Found]
) -> list[tuple[Identity, Gold | None, Found | None]]:
    """Gold and found rows of every context, paired by identity; None where one side has none.

    Struck wordings are paired among themselves, and marked in the identity's context.
    """
    pairs: list[tuple[Identity, Gold | None, Found | None]] = []
    renamed = _renamed_acts(gold, found)
    for contexts in (_ACT, _QUOTED):
        for struck in (False, True):
            left = _indexed(gold, contexts, struck)
            right = _indexed(renamed, contexts, struck)
            for identity in (*left, *(other for other in right if other not in left)):
                marked = (f"{identity[0]}{' riscado' if struck else ''}", *identity[1:])
                pairs.append((marked, left.get(identity), right.get(identity)))
    return pairs


def is_right(gold: Gold | None, found: Found) -> bool:
    """Whether gold has the row's identity and its text is equal by letters and digits."""
    return gold is not None and loose(gold["text"]) == loose(found["text"])


def median_overlap(pairs: Iterable[tuple[Identity, Gold | None, Found | None]]) -> float | None:
    """Median of intersection over union of boxes; None where gold has none.

    Gold boxes are ``bbox`` on ``page_start``: fractions of the displayed page, origin top
    left. A device on another page overlaps by 0.
    """
    overlaps = [
        _overlap(gold["bbox"], found["bbox"]) if gold["page_start"] == found["page_number"] else 0.0
        for _, gold, found in pairs
        if gold is not None and found is not None and gold.get("bbox")
    ]
    return median(overlaps) if overlaps else None


def _overlap(one: Sequence[float], other: Sequence[float] | None) -> float:
    if not other:
        return 0.0
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    union = sum(areas) - shared
    return shared / union if union > 0 else 0.0


def calibration_error(values: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean gap of said and true share right, over equal bins.

    Args:
        values: Confidences, 0-1.
        right: Whether each was right.
        bins: Of equal width.
    """
    groups: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for value, outcome in zip(values, right, strict=True):
        groups[min(int(value * bins), bins - 1)].append((value, outcome))
    gaps = (abs(sum(value - outcome for value, outcome in group)) for group in groups.values())
    return sum(gaps) / len(values) if values else 0.0


def auroc(values: Sequence[float], right: Sequence[bool]) -> float | None:
    """Share of (right, wrong) pairs in which the right one is higher; ties count half.

    None where there is nothing to rank: all are right, or all wrong.
    """
    counts: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for value, outcome in zip(values, right, strict=True):
        counts[value][outcome] += 1
    wrong, good = (sum(count[side] for count in counts.values()) for side in (0, 1))
    if not wrong or not good:
        return None
    won = below = 0.0
    for value in sorted(counts):
        here_wrong, here_right = counts[value]
        won += here_right * (below + here_wrong / 2)
        below += here_wrong
    return won / (wrong * good)


def loose(text: str) -> str:
    """Letters and digits only, case and compatibility forms folded, raised ordinals dropped."""
    folded = unicodedata.normalize("NFKC", re.sub("[ºª°]", "", text)).casefold()
    return "".join(char for char in folded if char.isalnum())


def worst(differences: Iterable[Difference], count: int = 10) -> list[Difference]:
    """The differences that matter most: whole devices first, then the unlikest texts."""
    order = {"missing": 0, "extra": 1, "text": 2}
    return sorted(differences, key=lambda d: (order[d.kind], d.similarity))[:count]


def _indexed(
    rows: Sequence[Mapping[str, Any]], contexts: frozenset[str], struck: bool | None
) -> dict[Identity, Mapping[str, Any]]:
    counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
    indexed: dict[Identity, Mapping[str, Any]] = {}
    # What no page prints is no wording of a device that is printed: it is counted after them.
    for row in sorted(rows, key=lambda row: row.get("grounding") == "absent"):
        context = row["context"].partition(":")[0]
        if context not in contexts or (struck is not None and struck != _is_struck(row)):
            continue
        key = context, tuple(row["path"])
        counts[key] += 1
        indexed[*key, counts[key]] = row
    return indexed


def _is_struck(row: Mapping[str, Any]) -> bool:
    return bool(row["status"] == "riscado")


def _renamed_acts(gold: Sequence[Gold], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Found rows with each act's short name as gold has it.

    How a short name is written (``Portaria 16``, ``PORTARIA Nº 16/2019``) is nobody's error:
    acts are paired in order of appearance where their numbers agree.
    """
    names = _pairs(_prefixes(gold, _gold_act), _prefixes(found, _found_act))
    renamed = []
    for row in found:
        act = _found_act(row)
        path = list(row["path"])
        if act and act in names:
            path = [*names[act], *path[1:]]
        renamed.append({**row, "path": path})
    return renamed


_DEVICE_STARTS = ("Art. ", "§ ", "Parágrafo", "«", "ANEXO")


def _gold_act(row: Mapping[str, Any]) -> str:
    first = str(row["path"][0])
    return "" if first.startswith(_DEVICE_STARTS) or len(row["path"]) == 1 else first


_found_act = _gold_act


def _prefixes(
    rows: Iterable[Mapping[str, Any]], act: Callable[[Mapping[str, Any]], str]
) -> list[str]:
    seen: dict[str, None] = {}
    for row in rows:
        if name := act(row):
            seen.setdefault(name)
    return list(seen)


def _pairs(gold: Sequence[str], found: Sequence[str]) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    by_digits: dict[str, list[str]] = defaultdict(list)
    for name in gold:
        by_digits[_digits(name)].append(name)
    for name in found:
        same = by_digits.get(_digits(name))
        if same:
            pairs[name] = [same.pop(0)]
    return pairs


def _digits(name: str) -> str:
    digits = [part for part in name.replace(".", "").replace("/", " ").split() if part.isdigit()]
    return digits[0] if digits else name


def _similarity(left: str, right: str) -> float:
    """1 less the share of letters and digits that were changed, added or lost."""
    longest = max(len(left), len(right))
    if not longest:
        return 1.0
    pair = (text.encode("latin-1", errors="replace") for text in (left, right))
    distance: int = edlib.align(*pair)["editDistance"]
    return 1.0 - distance / longest
