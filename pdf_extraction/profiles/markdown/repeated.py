"""Running heads and feet that only the whole document shows: the same line at the same place.

What one page shows of them by itself is left out when it is read; see ``furniture``. The first
page that has such a line keeps it, so that a document loses no words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pdf_extraction.model import GroundedPage, Grounding, Line, Span
from pdf_extraction.profiles.markdown.cells import blocks
from pdf_extraction.profiles.markdown.closer import claims_of
from pdf_extraction.profiles.markdown.furniture import PAGE_NUMBER

_MARGIN = 0.12
"""Share of the page's height at its top and foot where running heads stand."""
_LEAST_PAGES = 3
_STEP = 0.01
"""Share of the page's height by which places of one line may differ."""
_LONGEST = 300
_NUMBER_AT_END = re.compile(r"\A(\d{1,4})(?=\s)|(?<=\s)(\d{1,4})\Z|\A(\d{1,4})\Z")


class _Key(NamedTuple):
    """What makes lines of several pages one running line."""

    text: str
    place: int


def without_repeated(pages: Sequence[GroundedPage], markdowns: Sequence[str]) -> list[str]:
    """Each page's Markdown without running lines that an earlier page had.

    Args:
        pages: With the places of all claims of their Markdown.
        markdowns: Of the same pages.
    """
    counts = Counter(key for page in pages for key in {k for _, k in _marginal(page)})
    running = {key for key, count in counts.items() if count >= _LEAST_PAGES}
    met: set[_Key] = set()
    found = []
    for page, markdown in zip(pages, markdowns, strict=True):
        here = [(line, key) for line, key in _marginal(page) if key in running]
        again = [Span(line.start, line.end) for line, key in here if key in met]
        met |= {key for _, key in here}
        found.append(_without(markdown, page.groundings, again) if again else markdown)
    return found


def _marginal(page: GroundedPage) -> Iterator[tuple[Line, _Key]]:
    """Lines in the margins, each by its words and place, and by how its number counts on."""
    text = page.outcome.page.text
    lines = [line for line in text.lines if _in_margin(line) and len(line.text) <= _LONGEST]
    outer = {min((e.bbox[1] for e in text.lines), default=0.0)}
    outer.add(max((e.bbox[1] for e in text.lines), default=0.0))
    for line in lines:
        texts = [" ".join(line.text.split())]
        if number := _number(texts[0], is_outer=line.bbox[1] in outer):
            counted = int(number[0]) - page.outcome.page.page_number
            texts.append(f"{texts[0][: number.start()]}\0{counted}{texts[0][number.end() :]}")
        # Two grids, half a step apart: of places that differ by little one is the same in both.
        for words in texts:
            for shift in (0.0, 0.5):
                place = int(line.bbox[1] / _STEP + shift) * 2 + int(2 * shift)
                yield line, _Key(words, place)


def _number(text: str, *, is_outer: bool) -> re.Match[str] | None:
    """What may be the page's number: of a line that is nothing else, or at an outer line's end."""
    if PAGE_NUMBER.fullmatch(text):
        return re.search(r"\d+", text)
    return _NUMBER_AT_END.search(text) if is_outer else None


def _in_margin(line: Line) -> bool:
    return line.bbox[3] < _MARGIN or line.bbox[1] > 1 - _MARGIN


def _without(markdown: str, groundings: Sequence[Grounding], lines: Sequence[Span]) -> str:
    """The Markdown without paragraphs whose words all stand in these lines."""
    position = 0
    gone: list[Span] = []
    for block in blocks(markdown):
        count = len(claims_of(block))
        found = groundings[position : position + count]
        position += count
        spans = [span for grounding in found for span in grounding.spans]
        if spans and not block.cells and all(_inside(span, lines) for span in spans):
            gone.append(block.span)
    for start, end in reversed(gone):
        markdown = "\n\n".join(
            part for part in (markdown[:start].rstrip(), markdown[end:].lstrip("\n")) if part
        )
    return markdown


def _inside(span: Span, lines: Sequence[Span]) -> bool:
    """Whether a span is covered by lines, but for the line feeds between them."""
    at = span.start
    for line in sorted(lines):
        if line.start <= at + 1 and at < line.end:
            at = line.end
    return at >= span.end
