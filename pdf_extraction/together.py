"""Pages that one question is about, as one text: what an answer claims may stand on any of them.

Nothing is looked for here, and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pdf_extraction.model import Grounding, PageOutcome, PageText, Span, Word


def asked_together(pages: Sequence[PageOutcome]) -> dict[int, list[PageOutcome]]:
    """Pages that each answer is about, in page order, by the number of the page that has it."""
    groups: dict[int, list[PageOutcome]] = {}
    for page in pages:
        groups.setdefault(page.answered_by or page.page.page_number, []).append(page)
    return groups


def one_text(pages: Sequence[PageText]) -> PageText:
    """Texts of several pages as that of one long page, a line feed between them."""
    if len(pages) == 1:
        return pages[0]
    words: list[Word] = []
    for start, page in zip(_starts(pages), pages, strict=True):
        lines = words[-1].line + 1 if words else 0
        words += [
            word._replace(start=word.start + start, end=word.end + start, line=word.line + lines)
            for word in page.words
        ]
    first = next((page for page in pages if page.text), pages[0])
    return replace(first, text="\n".join(page.text for page in pages), words=words)


def on_its_page(pages: Sequence[PageText], found: Grounding) -> tuple[int, Grounding]:
    """The page, from 0, where a place in ``one_text`` begins, and the place on that page.

    Args:
        pages: As given to ``one_text``.
        found: Its spans index the one text; what goes on on the next page is left out.
    """
    if len(pages) == 1 or not found.spans:
        return 0, found
    starts = _starts(pages)
    index = max(n for n, start in enumerate(starts) if start <= found.spans[0].start)
    start, length = starts[index], len(pages[index].text)
    spans = [
        Span(span.start - start, min(span.end - start, length))
        for span in found.spans
        if span.start - start < length
    ]
    return index, replace(found, spans=tuple(spans))


def _starts(pages: Sequence[PageText]) -> list[int]:
    starts = [0]
    for page in pages[:-1]:
        starts.append(starts[-1] + len(page.text) + 1)
    return starts
