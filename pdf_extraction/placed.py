"""A document's answers, parsed and found on their pages. Nothing is asked and no row is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pdf_extraction.assembly.canonical import Canonical, build_canonical
from pdf_extraction.errors import ExtractionError, OutputError
from pdf_extraction.model import (
    DocumentOutcome,
    GroundedPage,
    Grounding,
    PageOutcome,
    PageText,
    RemadePage,
)
from pdf_extraction.profiles.base import Profile, parsed
from pdf_extraction.remade import HELD, remade
from pdf_extraction.together import one_text


def ground_document(profile: Profile, outcome: DocumentOutcome) -> list[list[Grounding]]:
    """Find each claim of each page's answer on that page, or on those asked about with it."""
    return list(grounded_by_page(profile, outcome))


def grounded_by_page(profile: Profile, outcome: DocumentOutcome) -> Iterator[list[Grounding]]:
    """The same, a page after the other."""
    pages = outcome.pages
    beside: dict[int, list[int]] = defaultdict(list)
    for place, page in enumerate(pages):
        if page.answered_by is not None:
            beside[page.answered_by].append(place)

    def text(page: PageOutcome) -> PageText:
        others = beside.get(page.page.page_number, ())
        return one_text([page.page.text, *(pages[place].page.text for place in others)])

    for page, answer in parsed_answers(profile, pages):
        yield profile.locate(answer, text(page)) if answer is not None else []


def grounded_pages(
    profile: Profile, outcomes: Sequence[PageOutcome], groundings: Sequence[Sequence[Grounding]]
) -> tuple[Canonical, Sequence[GroundedPage]]:
    """The document's text, and its pages with what ``ground_document`` found."""
    is_long = len(outcomes) > HELD
    texts: list[str] = []
    answers: list[Any] = []
    errors: list[ExtractionError | None] = []
    for page, answer in parsed_answers(profile, outcomes):
        texts.append(page.page.text.text)
        errors.append(page.error)
        if not is_long:
            answers.append(answer)
    canonical = build_canonical(texts)

    def outcome(place: int) -> PageOutcome:
        page, error = outcomes[place], errors[place]
        return _refused(page, error) if error is not None else page

    def answer_of(place: int, page: PageOutcome) -> Any:
        return _parsed(profile, page, len(outcomes)) if is_long else answers[place]

    def grounded(place: int) -> GroundedPage:
        makes = partial(outcome, place), partial(answer_of, place)
        found = partial(groundings.__getitem__, place)
        return RemadePage(*makes, found, canonical.page_starts[place])

    if len(groundings) != len(outcomes):
        raise ValueError(f"{len(groundings)} pages with groundings, of {len(outcomes)}")
    return canonical, remade(len(outcomes), grounded)


def parsed_answers(
    profile: Profile, pages: Sequence[PageOutcome]
) -> Iterator[tuple[PageOutcome, Any]]:
    """Pages with their answers, parsed again.

    Answers were accepted by ``parse`` before they were kept; one that a newer version of the
    profile refuses makes a failed page, never a page without records. So are those pages that
    it had answered, which all come after it.
    """
    refused: dict[int | None, ExtractionError] = {}
    for page in pages:
        answer, error = None, refused.get(page.answered_by)
        if page.completion is not None:
            try:
                answer = _parsed(profile, page, len(pages))
            except OutputError as problem:
                error = problem
        ended = _refused(page, error) if error is not None else page
        if ended.error is not None:
            refused[page.page.page_number] = ended.error
        yield ended, answer


def _parsed(profile: Profile, page: PageOutcome, count: int) -> Any:
    """A page's answer; None where it has none of its own."""
    if page.completion is None:
        return None
    asked = profile.of_pages(count, page.schema_hash)
    return parsed(asked, page.completion.text, page.page.page_number)


def _refused(page: PageOutcome, error: ExtractionError) -> PageOutcome:
    return replace(page, completion=None, answered_by=None, error=error)
