"""Lines that belong to the page and not to the act: heads, feet, page numbers, stamps, notes.

What repeats at the same place over pages with its digits masked is furniture, and so is
what nothing but furniture looks like. Nothing here knows devices.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pdf_extraction.assembly.labels import read_label
from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.assembly.packedlines import Masks, by_page, masks_of

#: Share of the page's height, from either edge, in which heads and feet stand.
_ZONE = 0.13
#: Lines of two pages stand at the same place within this share of the height.
_STEP = 0.008
#: Lines above an entry of a table of contents that it may wrap.
_WRAPPED = 3

_STAMP = re.compile(
    r"""^(?:
        (?:https?://|www\.)\S+(?:[\s-]+\d+(?:/\d+)?)?
      | \d{1,2}/\d{1,2}/\d{2,4},?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s.*)?
      | (?:p[áa]g(?:ina|\.)?\s*:?\s*)?\d{1,4}(?:\s*(?:/|de|-)\s*\d{1,4})?
      | [-–—•·|]\s*\d{1,4}\s*[-–—•·|]?
      | \d{1,4}\s*[-–—•·|]
      | p[áa]gina\s+\d+\s+(?:de|/)\s+\d+.*
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_CONTENTS = re.compile(r"(?:\.{4,}|(?:\s\.){4,}|…{2,}|_{4,})\s*(?:p[áa]g\.?\s*)?\d{1,4}$")
_GAZETTE = re.compile(
    r"^(?:di[áa]rio\s+oficial\b.{0,80}|(?:.{0,40}\b)?ano\s+[IVXLC\d]+\b.{0,60}"
    r"|(?:.{0,60}\b)?edi[çc][ãa]o\s+(?:n[.ºo°]+\s*)?[\d.]+.{0,40}"
    r"|.{0,60}\bp[áa]gina:?\s+\d{1,4})$",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"[^\W\d_,-]$|[\w,-]$")
#: Stamps of electronic signatures and gazettes, wherever they stand.
_SIGNED = re.compile(
    r"^(?:autenticar documento em http|documento assinado digitalmente|assinado digitalmente por"
    r"|assinado eletronicamente|este documento pode ser verificado|com o identificador \d"
    r"|a autenticidade deste documento)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Marked:
    """What a page's own lines, and what they share with other pages, have left out of it.

    Attributes:
        lines: The page's.
        before: Why each was out of the flow already.
        repeated: Indices of those that stand on other pages too.
        skips: Why each is out of the flow then.
    """

    lines: Sequence[FlowLine]
    before: Sequence[str]
    repeated: Sequence[int]
    skips: Sequence[str]


def mark_furniture(
    lines: Sequence[FlowLine], known: MutableMapping[int, Marked] | None = None
) -> None:
    """Set ``skip`` on every line that is no part of the running text.

    Args:
        lines: Of all pages.
        known: By page number, from marking the lines of fewer pages; gets those of all.
    """
    pages = by_page(lines)
    repeated = _repeated(lines, pages, again=known is not None) if len(pages) > 1 else {}
    _mark_interrupting(_marked(lines, pages, repeated, known))


def _marked(
    lines: Sequence[FlowLine],
    pages: Mapping[int, Sequence[FlowLine]],
    repeated: Mapping[int, Sequence[int]],
    known: MutableMapping[int, Marked] | None,
) -> Iterator[Sequence[FlowLine]]:
    """The pages, each when it and those after it that say something of it are marked."""
    waiting: deque[Sequence[FlowLine]] = deque()
    first, entry = 0, -99
    for number, page in pages.items():
        here = repeated.get(number, [])
        _mark_page(page, here) if known is None else _mark_again(page, here, number, known)
        entry = _mark_contents(lines, range(first, first + len(page)), entry)
        first += len(page)
        waiting.append(page)
        if len(waiting) > _WRAPPED:
            yield waiting.popleft()
    yield from waiting


def _mark_again(
    page: Sequence[FlowLine],
    repeated: Sequence[int],
    number: int,
    known: MutableMapping[int, Marked],
) -> None:
    before = [line.skip for line in page]
    marked = known.get(number)
    if marked and (marked.lines, marked.before, marked.repeated) == (page, before, repeated):
        for line, skip in zip(page, marked.skips, strict=True):
            line.skip = skip
    else:
        _mark_page(page, repeated)
        known[number] = Marked(page, before, repeated, [line.skip for line in page])


def _mark_page(page: Sequence[FlowLine], repeated: Sequence[int]) -> None:
    _mark_turned(page)
    among = frozenset(repeated)
    for index, line in enumerate(page):
        line.skip = line.skip or _reason(line, is_repeated=index in among)
    _mark_notes(page)


def _reason(line: FlowLine, *, is_repeated: bool) -> str:
    if _in_zone(line) and _STAMP.match(line.text):
        return "stamp"
    if is_repeated and not _is_device(line.text):
        return "repeated"
    if _in_head_or_foot(line) and _GAZETTE.match(line.text) and len(line.text) < 140:
        return "stamp"
    if (_in_zone(line) or line.bbox[1] > 0.8) and _SIGNED.match(line.text):
        return "stamp"
    return ""


def _mark_turned(page: Sequence[FlowLine]) -> None:
    """Stamps along the margin and watermarks across the page: they run in another direction."""
    long = [line for line in page if len(line.text) > 4]
    turned = [line for line in long if _is_turned(line)]
    if len(turned) * 2 < len(long):
        for line in turned:
            line.skip = line.skip or "turned"


def _is_turned(line: FlowLine) -> bool:
    """Far higher than the page's lines, and nearly as high as wide or more.

    A page is higher than it is wide, which makes such boxes look flatter in fractions of both.
    """
    width, height = line.bbox[2] - line.bbox[0], line.bbox[3] - line.bbox[1]
    return height > 2.0 * line.height and height > 0.5 * width


def _is_device(text: str) -> bool:
    """A label alone on its line repeats at the head of pages with only its number changed."""
    found = read_label(text)
    return bool(found) and found[0].type != "item"


def _in_head_or_foot(line: FlowLine) -> bool:
    return line.bbox[3] < 0.09 or line.bbox[1] > 0.92


def _in_zone(line: FlowLine) -> bool:
    x0, y0, x1, y1 = line.bbox
    return y1 < _ZONE or y0 > 1 - _ZONE or x1 < 0.06 or x0 > 0.94


class _Place(NamedTuple):
    """A line whose masked text others have too: where, and whether it stands apart.

    Attributes:
        page: Number of its page.
        line: Its index on that page.
        step: Of its height.
        apart: None outside the zone of heads and feet.
    """

    page: int
    line: int
    step: int
    apart: bool | None


def _repeated(
    lines: Sequence[FlowLine], pages: Mapping[int, Sequence[FlowLine]], *, again: bool
) -> dict[int, list[int]]:
    """By page number the indices of lines whose masked text stands at its place on enough pages."""
    found: dict[int, list[int]] = defaultdict(list)
    for length, places in _alike(masks_of(lines, again=again), pages):
        steps = _repeated_steps(places, len(pages), length)
        for place in places:
            if not steps.isdisjoint(_near(place.step)):
                found[place.page].append(place.line)
    return {number: sorted(indices) for number, indices in found.items()}


def _alike(
    masks: Masks, pages: Mapping[int, Sequence[FlowLine]]
) -> Iterator[tuple[int, list[_Place]]]:
    """Of each masked text that several lines have its length, and these lines."""
    values, counts = np.unique(masks.hashes, return_counts=True)
    several = {value: list[_Place]() for value in values[counts > 1].tolist() if value}
    lengths: dict[int, int] = {}
    first = 0
    for number, page in pages.items():
        here = range(first, first + len(page))
        first += len(page)
        for index, at in enumerate(here):
            value = masks.hashes[at]
            if (places := several.get(value)) is not None:
                line, lengths[value] = page[index], masks.lengths[at]
                apart = _stands_apart(page, index) if _in_zone(line) else None
                places.append(_Place(number, index, _step(line), apart))
    return ((lengths[value], places) for value, places in several.items())


def _step(line: FlowLine) -> int:
    return int(line.bbox[1] / _STEP)


def _near(step: int) -> range:
    return range(step - 1, step + 2)


def _repeated_steps(places: Sequence[_Place], total: int, length: int) -> set[int]:
    """Heights at which one masked text stands on enough pages.

    In the zone of heads and feet, and apart from the text, three neighbouring pages are
    enough (two where there are no more than three, since first pages have other heads), and
    a third of all pages anywhere else (stamps in the margin). In a constitution
    "Constitucional nº 45, de 2004)" ends three pages at the same height.
    """
    pages: dict[int, list[int]] = defaultdict(list)
    apart: Counter[int] = Counter()
    zone: set[int] = set()
    for place in places:
        if place.page not in pages[place.step][-1:]:
            pages[place.step].append(place.page)
        if place.apart is not None:
            zone.add(place.step)
            apart[place.step] += place.apart
    found = set()
    for step in pages:
        here = sorted({number for near in _near(step) for number in pages.get(near, ())})
        if step in zone:
            often = _neighbours(here) >= (3 if total > 3 else 2)
            lone = sum(apart[near] for near in _near(step)) * 2 >= len(here)
            enough = often and (lone or len(here) * 3 >= total > 5)
        else:
            enough = len(here) >= max(3, total // 3) and length > 2
        if enough:
            found.add(step)
    return found


def _neighbours(pages: Sequence[int]) -> int:
    """Length of the longest run of page numbers no more than two apart."""
    longest = run = 1
    for before, after in pairwise(pages):
        run = run + 1 if after - before <= 2 else 1
        longest = max(longest, run)
    return longest


def _stands_apart(page: Sequence[FlowLine], index: int) -> bool:
    """No line of text runs on right above and below, or another size is used."""
    line = page[index]
    body = page[index].height
    y0, y1 = line.bbox[1], line.bbox[3]
    if y0 < 0.5:
        gaps = [other.bbox[1] - y1 for other in page if other.bbox[1] > y1 - 0.3 * body]
    else:
        gaps = [y0 - other.bbox[3] for other in page if other.bbox[3] < y0 + 0.3 * body]
    return not gaps or min(gaps) > 0.6 * body


def _mark_notes(page: Sequence[FlowLine]) -> None:
    """Footnotes: a run of smaller lines at the foot of the page, begun by a number or star."""
    body = _body_size(page)
    flow = [line for line in page if not line.skip]
    if not body or len(flow) < 4:
        return
    tail: list[FlowLine] = []
    for line in sorted(flow, key=lambda line: -line.bbox[1]):
        if not 0 < line.size < 0.88 * body or line.bbox[1] < 0.35:
            break
        tail.append(line)
    if not tail:
        return
    first = min(tail, key=lambda line: line.bbox[1])
    if re.match(r"[\d*¹²³⁴-⁹\[(]", first.text):
        for line in tail:
            line.skip = "note"


def _body_size(page: Iterable[FlowLine]) -> float:
    sizes: Counter[float] = Counter()
    for line in page:
        if not line.skip:
            sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _mark_interrupting(pages: Iterable[Sequence[FlowLine]]) -> None:
    """Heads and feet printed once: lines apart from the text that cut a sentence in two."""
    for before, after in pairwise(pages):
        ending = [line for line in before if not line.skip]
        coming = [line for line in after if not line.skip]
        foot = _apart_run(before, ending[::-1][:4], lowest=True)
        head = _apart_run(after, coming[:4], lowest=False)
        if len(ending) <= len(foot) or len(coming) <= len(head):
            continue
        last, first = ending[-1 - len(foot)], coming[len(head)]
        if _UNFINISHED.search(last.text) and first.text[:1].islower():
            for line in (*foot, *head):
                line.skip = "interrupts"


def _apart_run(
    page: Sequence[FlowLine], edge: Sequence[FlowLine], *, lowest: bool
) -> list[FlowLine]:
    """Lines at the page's edge, in order inwards, up to the last that stands apart."""
    zone = [line for line in edge if (line.bbox[1] > 0.87 if lowest else line.bbox[3] < 0.13)]
    last = 0
    for number, line in enumerate(zone, start=1):
        if _stands_apart(page, page.index(line)):
            last = number
    run = zone[:last]
    return [] if any(_is_device(line.text) for line in run) else run


def _mark_contents(lines: Sequence[FlowLine], here: range, previous: int) -> int:
    """A table of contents: lines that end in leaders and a page number, and what they wrap.

    Args:
        lines: The flow.
        here: Indices of a page's lines.
        previous: Index of the last entry on the pages before.

    Returns:
        That of the last entry so far.
    """
    entries = [
        index
        for index, line in zip(here, lines[here.start : here.stop], strict=True)
        if not line.skip and line.text[-1:].isdecimal() and _CONTENTS.search(line.text)
    ]
    for before, index in zip([previous, *entries], entries, strict=False):
        lines[index].skip = "contents"
        if 0 < index - before <= _WRAPPED + 1:
            for line in lines[before + 1 : index]:
                line.skip = line.skip or "contents"
    return entries[-1] if entries else previous
