"""A page asked once more, where the whole document shows that its answer lacks something.

What is missing a profile says; which of two answers is the better one is decided here, by
what it says then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pdf_extraction.errors import BudgetExceeded, ExtractionError, SettingsError, StorageError
from pdf_extraction.model import Document, DocumentOutcome, Doubt, PageOutcome
from pdf_extraction.pdf.apart import run_apart
from pdf_extraction.placed import ground_document, grounded_pages, parsed_answers
from pdf_extraction.profiles.base import Doubting, Profile
from pdf_extraction.questions import build_request
from pdf_extraction.readings import Readings
from pdf_extraction.remade import HELD, remade
from pdf_extraction.tools import Tools

_log = logging.getLogger(__name__)

#: Pages whose answers are looked into while nothing else is done.
_FEW = 2

Pages = Sequence[PageOutcome]
Result = TypeVar("Result")


class Doubtful:
    """The pages of one document that a model answered in this run.

    Args:
        profile: What says what is missing.
        document: Whose pages they are.
        taken: Numbers of the pages that this run may ask about.
    """

    def __init__(self, profile: Profile, document: Document, taken: Collection[int]) -> None:
        self._profile, self._document, self._taken = profile, document, taken

    async def settled(
        self, pages: Pages, ask: Callable[[PageOutcome, Doubt], Awaitable[PageOutcome]]
    ) -> Pages:
        """The pages in doubt, each with the better of two answers.

        Args:
            pages: All pages of the document, in order.
            ask: Brings a page's second answer; the first again where there is none.
        """
        if not any(map(self._may_ask, pages)):
            return ()
        # To go to a thread and back takes longer than to look into an answer or two.
        is_short = len(pages) <= _FEW
        doubts = self._doubts(pages) if is_short else await asyncio.to_thread(self._doubts, pages)
        asked = [page for page in pages if page.page.page_number in doubts and self._may_ask(page)]
        if not asked:
            return ()
        found = await asyncio.gather(*(ask(page, doubts[page.page.page_number]) for page in asked))
        second = {page.page.page_number: page for page in found}
        return await asyncio.to_thread(self._better, pages, asked, second, doubts)

    def _may_ask(self, page: PageOutcome) -> bool:
        """A model answered it, and only once: a page is not asked a third time by a later run."""
        by_model = page.completion is not None and page.completion.model != ""
        return by_model and page.doubted is None and page.page.page_number in self._taken

    def _doubts(
        self, pages: Pages, second: Mapping[int, PageOutcome] | None = None
    ) -> Mapping[int, Doubt]:
        """What is doubted of the pages, or of those with some second answers."""
        profile, second = self._profile, second or {}
        if not isinstance(profile, Doubting):
            return {}
        ended = _with(pages, second)
        if not profile.may_lack(answer for _, answer in parsed_answers(self._profile, ended)):
            return {}
        # A long document is put together where it takes its memory along: half of what it had
        # taken stayed with the run's process, which then waits for another to do the same.
        found = run_apart if len(pages) > HELD else _run_here
        return found(_found, profile, self._document, pages, second)

    def _better(
        self,
        pages: Pages,
        asked: Pages,
        second: Mapping[int, PageOutcome],
        doubts: Mapping[int, Doubt],
    ) -> Pages:
        """Second answers where they say more and leave less in doubt, else the first ones."""
        left = self._doubts(pages, second)
        kept = []
        for page in asked:
            number = page.page.page_number
            about = left[number].about if number in left else frozenset()
            better = about < doubts[number].about and self._says(second[number]) > self._says(page)
            kept.append(second[number] if better else replace(page, doubted=second[number].doubted))
        return kept

    def _says(self, page: PageOutcome) -> int:
        ((_, answer),) = parsed_answers(self._profile, [page])
        return len(self._profile.claims(answer)) if answer is not None else 0


def _run_here(function: Callable[..., Result], *args: object) -> Result:
    return function(*args)


def _found(
    profile: Any, document: Document, pages: Pages, second: Mapping[int, PageOutcome]
) -> dict[int, Doubt]:
    pages = _with(pages, second)
    groundings = ground_document(profile, DocumentOutcome(document, profile.name, pages))
    canonical, grounded = grounded_pages(profile, pages, groundings)
    return dict(profile.doubts(document, canonical.text, grounded))


def _with(pages: Pages, others: Mapping[int, PageOutcome]) -> Pages:
    def page(place: int) -> PageOutcome:
        first = pages[place]
        return others.get(first.page.page_number, first)

    return remade(len(pages), page)


async def ask_again(
    tools: Tools, document: Document, page: PageOutcome, doubt: Doubt, readings: Readings
) -> PageOutcome:
    """Ask about a page a second time, its first answer and the doubt shown.

    A second answer that does not come costs the page nothing: it keeps its first. It is not
    asked for again, unless only the budget stood in its way.
    """
    assert page.completion is not None
    settled = replace(page, doubted=doubt.sentence)
    try:
        shown = await readings.page(page.page.page_number)
        neighbours = await readings.neighbours(page.page.page_number)
        request = build_request(
            tools, document, shown, neighbours, readings.picture, readings.count
        )
        refused = ((page.completion.text, doubt.sentence),)
        completion = await tools.chain.complete(replace(request, rejected=refused))
    except (SettingsError, StorageError):
        raise
    except BudgetExceeded:
        return page
    except ExtractionError as error:
        key, number = document.partition_key, page.page.page_number
        _log.info("%s: page %d keeps its first answer: %s", key, number, error)
        return settled
    return settled.answered(completion, request.prompt)
