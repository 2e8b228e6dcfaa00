"""A document's answers, parsed and found on their pages. Nothing is asked and no row is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pdf_extraction.assembly.canonical import Canonical, build_canonical
from pdf_extraction.errors import OutputError
from pdf_extraction.model import (
    DocumentOutcome,
    GroundedPage,
    Grounding,
    PageOutcome,
    PageText,
)
from pdf_extraction.profiles.base import Profile, parsed
from pdf_extraction.together import asked_together, one_text


def ground_document(profile: Profile, outcome: DocumentOutcome) -> list[list[Grounding]]:
    """Find each claim of each page's answer on that page, or on those asked about with it."""
    groups = asked_together(outcome.pages)
    return [
        profile.locate(answer, _text(groups[page.page.page_number])) if answer is not None else []
        for page, answer in parsed_answers(profile, outcome.pages)
    ]


def _text(pages: Sequence[PageOutcome]) -> PageText:
    return one_text([page.page.text for page in pages])


def grounded_pages(
    profile: Profile, outcomes: Sequence[PageOutcome], groundings: Sequence[Sequence[Grounding]]
) -> tuple[Canonical, list[GroundedPage]]:
    """The document's text, and its pages with what ``ground_document`` found."""
    canonical = build_canonical([page.page.text.text for page in outcomes])
    pages = [
        GroundedPage(page, answer, found, start)
        for (page, answer), found, start in zip(
            parsed_answers(profile, outcomes), groundings, canonical.page_starts, strict=True
        )
    ]
    return canonical, pages


def parsed_answers(profile: Profile, pages: Sequence[PageOutcome]) -> list[tuple[PageOutcome, Any]]:
    """Pages with their answers, parsed again.

    Answers were accepted by ``parse`` before they were kept; one that a newer version of the
    profile refuses makes a failed page, never a page without records.
    """
    found: list[tuple[PageOutcome, Any]] = []
    for page in pages:
        if page.completion is None:
            found.append((page, None))
            continue
        try:
            asked = profile.of_pages(len(pages), page.schema_hash)
            found.append((page, parsed(asked, page.completion.text, page.page.page_number)))
        except OutputError as error:
            found.append((replace(page, completion=None, error=error), None))
    refused = {page.page.page_number: page.error for page, _ in found if page.error}
    return [
        (replace(page, answered_by=None, error=refused[page.answered_by]), None)
        if page.answered_by in refused
        else (page, answer)
        for page, answer in found
    ]
