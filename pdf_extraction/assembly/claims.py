"""What a page's answer claims, tied to the places where devices may begin.

A claim is evidence beside the page's own labels: it strengthens the candidate it stands on,
brings in a device whose label the page's text has lost, or keeps its row as ``absent``.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from pdf_extraction.assembly.candidates import Candidate
from pdf_extraction.assembly.labels import (
    DEVICE_TYPES,
    QUOTES,
    DeviceType,
    Label,
    Number,
    parse_identifier,
    read_label,
)
from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.assembly.owntext import letters_and_digits
from pdf_extraction.assembly.packedlines import LineIndex
from pdf_extraction.model import BBox, GroundedPage, GroundingMethod

#: How much a claim on its place speaks for a candidate; see ``sequence`` for the scale.
_SUPPORT = 1.0
#: A claim whose label the page's text does not show.
_UNLABELLED = 2.5
#: Characters that a fuzzily placed claim may begin away from its label.
_ASIDE = 60
#: Claims on each side of one that may be a neighbouring page's.
_REPEATED = 150


@dataclass(frozen=True)
class DeviceClaim:
    """One device of an answer.

    Attributes:
        device_type: As answered, one of the five types.
        identifier: As answered.
        text: As printed, label included or not.
        parent_identifier: As answered.
        bbox: The model's own box, fractions of the displayed page.
        confidence: The model's own figure.
    """

    device_type: DeviceType
    identifier: str
    text: str
    parent_identifier: str | None = None
    bbox: BBox | None = None
    confidence: float | None = None

    @cached_property
    def label(self) -> Label:
        """The label by its identifier, else as the text begins; number 0 where unreadable."""
        number = parse_identifier(self.device_type, self.identifier)
        if number is None:
            read = [r for r in read_label(self.text) if r.type == self.device_type]
            number = read[0].number if read else (0, "")
        return Label(self.device_type, number, 0, 0)


@dataclass(slots=True)
class PlacedClaim:
    """A claim with its page and place.

    Attributes:
        label: See ``DeviceClaim``.
        confidence: The model's own figure.
        page: Page number.
        method: How it was found on the page's text.
        stands: Whether it was.
        start: Canonical offset where it begins; of an absent one, where its neighbour does.
        answers: The claims of every page, and of which page and which of its claims this is.
    """

    label: Label
    confidence: float | None
    page: int
    method: GroundingMethod
    stands: bool
    start: int
    answers: tuple[Sequence[Sequence[DeviceClaim] | None], int, int]

    @property
    def claim(self) -> DeviceClaim:
        """What was answered; of a long document it is looked up, and mostly not asked for."""
        answers, place, index = self.answers
        claims = answers[place]
        assert claims is not None
        return claims[index]


def place_claims(
    numbers: Sequence[int],
    pages: Sequence[GroundedPage],
    answers: Sequence[Sequence[DeviceClaim] | None],
) -> tuple[list[PlacedClaim], list[int]]:
    """Claims of all pages in order, and the indices of pages without an answer.

    Args:
        numbers: Of the pages.
        pages: With their groundings.
        answers: Each page's claims; None for a page without an answer.
    """
    placed: list[PlacedClaim] = []
    unanswered: list[int] = []
    for place, (number, claims) in enumerate(zip(numbers, answers, strict=True)):
        if not claims:
            unanswered += [place] if claims is None else []
            continue
        last = offset = pages[place].canonical_start
        groundings = pages[place].groundings
        for index, (claim, grounding) in enumerate(zip(claims, groundings, strict=True)):
            stands = bool(grounding.spans)
            if stands:
                last = offset + grounding.spans[0].start
            found = number, grounding.method, stands, last, (answers, place, index)
            placed.append(PlacedClaim(claim.label, claim.confidence, *found))
    return placed, unanswered


def tie(
    placed: Sequence[PlacedClaim], candidates: list[Candidate], lines: Sequence[FlowLine]
) -> list[Candidate]:
    """Candidates with what the claims say; new ones where a claim stands on no label."""
    starts = [candidate.start for candidate in candidates]
    added: list[Candidate] = []
    index = LineIndex(lines) if lines else None
    taken = set(starts)
    standing = Standing(placed)
    for number, item in enumerate(placed):
        if not item.stands or index is None:
            continue
        found = _on_label(item, candidates, starts, lines)
        if found is not None:
            if found.claim < 0:
                found.claim = number
                # Of a misread label the claim may be the same misreading.
                plain = [reading for reading in found.readings if reading.doubt < 1]
                agrees = any(reading.number == item.label.number for reading in plain)
                found.strength += _SUPPORT if agrees else 0.0
            continue
        if _goes_on(item, candidates, starts, lines):
            continue
        new = _without_label(number, item, placed, standing, lines, index)
        if new is not None and new.start not in taken:
            taken.add(new.start)
            added.append(new)
    return sorted([*candidates, *added], key=lambda candidate: candidate.start)


def _goes_on(
    item: PlacedClaim,
    candidates: Sequence[Candidate],
    starts: Sequence[int],
    lines: Sequence[FlowLine],
) -> bool:
    """The last label printed before the claim is its own, on a page before: the lower half."""
    ours = item.label
    before = (candidates[n] for n in range(bisect_left(starts, item.start) - 1, -1, -1))
    last = next((candidate for candidate in before if not candidate.inline), None)
    return (
        last is not None
        and lines[last.line].page < item.page
        and any((r.type, r.number) == (ours.type, ours.number) for r in last.readings)
    )


def _on_label(
    item: PlacedClaim,
    candidates: Sequence[Candidate],
    starts: Sequence[int],
    lines: Sequence[FlowLine],
) -> Candidate | None:
    """The candidate whose label begins the claim, or stands right before it."""
    place = bisect_right(starts, item.start + 3) - 1
    if place >= 0:
        nearest = candidates[place]
        end = max(nearest.label_end(r, lines) for r in range(len(nearest.readings)))
        # A label alone on its line: the claim begins on the next, one line feed further.
        if abs(nearest.start - item.start) <= 3 or item.start - end <= 2:
            return nearest
    return _same_label_near(item, candidates, starts)


def _same_label_near(
    item: PlacedClaim, candidates: Sequence[Candidate], starts: Sequence[int]
) -> Candidate | None:
    """Noise at a claim's beginning moves it by a few words; its label tells where it belongs."""
    ours = item.label
    near = candidates[slice_sorted(starts, item.start - _ASIDE, item.start + _ASIDE // 2)]
    same = [
        candidate
        for candidate in near
        if any((r.type, r.number) == (ours.type, ours.number) for r in candidate.readings)
    ]
    return min(same, key=lambda candidate: abs(candidate.start - item.start), default=None)


def _without_label(
    number: int,
    item: PlacedClaim,
    placed: Sequence[PlacedClaim],
    standing: Standing,
    lines: Sequence[FlowLine],
    index: LineIndex,
) -> Candidate | None:
    if _continues(number, placed) or len(letters_and_digits(item.claim.text)) < 4:
        return None
    if standing.repeats(number):
        return None
    label = item.label
    if label.number[0] == 0:
        return None
    line_number = index.at(item.start)
    line = lines[line_number]
    if line.skip:
        return None
    offset = max(item.start - line.start, 0)
    lead = line.text[:offset]
    begins = len(lead) <= 14 and not re.search(r"[^\W\d_]{4}", lead)
    start = 0 if begins else offset
    reading = Label(label.type, label.number, start, _printed_label_end(line.text, start, offset))
    nearby = reversed(lines[max(line_number - 4, 0) : line_number])
    above = next((other for other in nearby if not other.skip), None)
    colon = above is not None and above.text.rstrip(QUOTES + " ").endswith(":")
    return Candidate(
        line_number,
        line.start + start,
        [reading],
        _UNLABELLED if begins else 1.0,
        colon,
        inline=not begins,
        claim=number,
    )


def _printed_label_end(text: str, start: int, offset: int) -> int:
    """End of a label that the grammar cannot read, such as ``Il -``: up to its separator."""
    if offset > start:
        return offset
    match = re.match(r"(?:Art\S*\s+)?\S{1,8}?\s*[-–—.)]\s+|[§$&]\s*\S{1,4}\s+", text[start:])
    return start + (match.end() if match else 0)


def _continues(number: int, placed: Sequence[PlacedClaim]) -> bool:
    """The claim repeats the device that the page before left open, without its label.

    Between the two may stand what each answer repeats of the other page, which has no place.
    """
    item = placed[number]
    above = placed[max(number - _REPEATED, 0) : number][::-1]
    standing = next((other for other in above if other.stands), None)
    ours = item.label
    return any(
        (ours.type, ours.number) == (before.label.type, before.label.number)
        for before in (*above[:1], standing)
        if before is not None and before.page != item.page
    )


def stands_unclaimed(item: PlacedClaim, unclaimed: set[tuple[int, str, str]]) -> bool:
    """An absent claim of a device that the page shows by its label, with no other claim.

    Of ``Art. 3º ........`` a model may give no text or the dots, which stand nowhere; or it
    gives the device another one's text. The row has what is printed, and no claim for it.
    """
    label = item.label
    return (item.page, label.type, label.identifier if label.number[0] else "") in unclaimed


class Standing:
    """Claims that have a place, as those without one are compared with them.

    Args:
        placed: All claims, in order.
    """

    def __init__(self, placed: Sequence[PlacedClaim]) -> None:
        self._placed = placed

    @cached_property
    def _by_page(self) -> dict[tuple[int, str], list[int]]:
        """Their indices by page and type."""
        found: dict[tuple[int, str], list[int]] = {}
        for index, item in enumerate(self._placed):
            if item.stands:
                found.setdefault((item.page, item.label.type), []).append(index)
        return found

    def repeats(self, number: int) -> bool:
        """Whether a neighbouring page's answer has a claim without a place or label, with a place.

        The model was shown that page, too, and transcribed some of it.

        Args:
            number: Index of the claim.
        """
        item = self._placed[number]
        ours, text = item.label, letters_and_digits(item.claim.text)
        return any(
            _says_it_again(ours.number, text, self._placed[index].claim)
            for page in (item.page - 2, item.page - 1, item.page + 1, item.page + 2)
            for index in self._by_page.get((page, ours.type), ())
            if number - _REPEATED <= index < number + _REPEATED
        )


def _says_it_again(number: Number, text: str, other: DeviceClaim) -> bool:
    said = letters_and_digits(other.text)
    return _alike(text, said) or (text == said != "" and other.label.number == number)


def _alike(left: str, right: str) -> bool:
    shorter, longer = sorted((left, right), key=len)
    return len(shorter) >= 8 and shorter[:40] in longer


@lru_cache(maxsize=256)
def known_type(value: str) -> DeviceType | None:
    """One of the five types, however a model writes it."""
    folded = value.strip().lower().replace("á", "a").replace("í", "i")
    return next((name for name in DEVICE_TYPES if folded.startswith(name[:5])), None)


def slice_sorted(starts: Sequence[int], first: int, last: int) -> slice:
    """Items whose sorted start lies in ``[first, last)``."""
    return slice(bisect_left(starts, first), bisect_left(starts, last))
