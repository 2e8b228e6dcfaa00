"""Which pages are asked about in one question. Nothing is asked here.

A window is a run of pages of a document; its first page is the primary one, which bears the
question, its bill and its answer. The others are answered by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from pdf_extraction.errors import ChainExhausted, ExtractionError, Looping, Rejected, Truncated
from pdf_extraction.model import PageOutcome

Page = TypeVar("Page")


def planned(count: int, size: int) -> Iterator[range]:
    """Numbers of the pages of each window of a document, the same in every run."""
    for first in range(1, count + 1, size):
        yield range(first, min(first + size, count + 1))


def closed(taken: Collection[int], earlier: Mapping[int, PageOutcome]) -> set[int]:
    """``taken`` and all pages that had been answered together with one of them.

    An answer about four pages cannot be replaced for one of them.
    """
    primary = {number: page.answered_by or number for number, page in earlier.items()}
    again = {primary.get(number, number) for number in taken}
    return set(taken) | {number for number, first in primary.items() if first in again}


def halves(pages: Sequence[Page]) -> tuple[Sequence[Page], Sequence[Page]]:
    """A window as two smaller ones."""
    middle = (len(pages) + 1) // 2
    return pages[:middle], pages[middle:]


def is_too_much(error: ExtractionError | None) -> bool:
    """Whether fewer pages in one question may help: too long for the context or the answer.

    Servers say in many ways that a question is too long or has too many pictures; what they
    all do is refuse it.
    """
    return is_refused(error) or any(isinstance(one, Truncated | Looping) for one in _causes(error))


def is_refused(error: ExtractionError | None) -> bool:
    """Whether a server refused the question itself; a profile without rules is no server."""
    return any(isinstance(one, Rejected) and one.status is not None for one in _causes(error))


def _causes(error: ExtractionError | None) -> tuple[ExtractionError | None, ...]:
    return error.causes if isinstance(error, ChainExhausted) else (error,)
