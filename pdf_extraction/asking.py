"""Every page of a run's documents is read and asked about; how each ended is kept at once.

What is read stands in ``readings``, what is asked a profile says, who answers is a backend's.
Nothing of an answer is looked into here.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pdf_extraction import windows
from pdf_extraction.catalogue import password
from pdf_extraction.closer import look_closer
from pdf_extraction.doubts import Doubtful, ask_again
from pdf_extraction.earlier import Earlier, is_kept, same_question
from pdf_extraction.errors import (
    BudgetExceeded,
    DocumentChanged,
    DocumentError,
    DocumentNotFound,
    ExtractionError,
    PageNotSelected,
    ProfileFault,
    SettingsError,
    StorageError,
)
from pdf_extraction.model import (
    Completion,
    Document,
    DocumentOutcome,
    Doubt,
    PageImage,
    PageOutcome,
    Request,
    joined,
)
from pdf_extraction.pdf.memory import give_back_spare
from pdf_extraction.profiles.base import Profile
from pdf_extraction.questions import Window, asked_profile, build_follow_up, build_request
from pdf_extraction.readings import Readings
from pdf_extraction.storage import outcomes
from pdf_extraction.storage.ended import EndedPages
from pdf_extraction.tools import Tools

_log = logging.getLogger(__name__)

#: Documents whose pages may be in flight together, or as many as pages may: of documents of one
#: page fewer would leave the server's slots empty.
DOCUMENTS_AT_ONCE = 64
#: Longer documents whose pages are taken up in turn; a document of so few pages waits for none.
LANES = 2
SHORT = 16

Told = TypeVar("Told")
#: How often a document is read that is replaced meanwhile.
_VERSIONS_TRIED = 3


@dataclass(frozen=True)
class Selection:
    """Which pages of a document are asked about; the others keep what they had.

    Attributes:
        pages: Page numbers from 1; None for all.
        only_failed: Only pages without a good answer so far.
        ask: False reads the pages and asks nothing.
        unattended: With ``only_failed``: pages that ``--pages`` or the budget kept out stay out.
    """

    pages: frozenset[int] | None = None
    only_failed: bool = False
    ask: bool = True
    unattended: bool = False

    def takes(self, number: int, earlier: PageOutcome | None) -> bool:
        """Whether a page is done now, given how it ended before."""
        if self.pages is not None and number not in self.pages:
            return False
        if not self.only_failed or earlier is None:
            return True
        kept_out = isinstance(earlier.error, PageNotSelected | BudgetExceeded)
        return earlier.status == "failed" and not (self.unattended and kept_out)


@dataclass
class Progress:
    """Where a run reports to; each callback is called in the event loop's thread.

    Attributes:
        on_open: A document's pages are known to be so many.
        on_page: A page has ended; its document may yet be asked about again.
        on_second: A page that had ended was asked about again.
    """

    on_open: Callable[[Document, int], None] = field(default=lambda _document, _pages: None)
    on_page: Callable[[Document, PageOutcome], None] = field(default=lambda _document, _page: None)
    on_second: Callable[[Document, PageOutcome], None] = field(
        default=lambda _document, _page: None
    )


def _whole(outcome: DocumentOutcome) -> DocumentOutcome:
    return outcome


async def read_and_ask(
    tools: Tools,
    documents: Sequence[Document],
    selection: Selection | None = None,
    progress: Progress | None = None,
    told: Callable[[DocumentOutcome], Told] = _whole,  # type: ignore[assignment]
) -> list[Told]:
    """Read every page and get its answer; pages of all documents share one window.

    A document's outcome is kept in the stages as soon as its last page ended, and then let
    go: what the caller needs of it, ``told`` makes. Failures of documents and pages are
    outcomes, not exceptions.

    Raises:
        SettingsError: Something is missing that no page could do without.
    """
    run = _Run(tools, selection or Selection(), progress or Progress())

    async def one(document: Document) -> Told:
        async with run.open_documents:
            return told(await run.document(document))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(document)) for document in documents]
    return [task.result() for task in tasks]


class _Run:
    def __init__(self, tools: Tools, selection: Selection, progress: Progress) -> None:
        self.tools = tools
        self.selection = selection
        self.progress = progress
        self.open_documents = asyncio.Semaphore(max(DOCUMENTS_AT_ONCE, tools.window))
        # Two long documents at a time put pages into the window, in turn, and any short ones:
        # one page is not stuck behind a thousand, and documents end one after another, so that
        # the first are finished while the last are asked about.
        self.lanes = asyncio.Semaphore(LANES)
        self.window = asyncio.Semaphore(tools.window)
        #: Pages that one question was found to take at most.
        self.most_together = tools.pages_per_question

    async def document(self, document: Document) -> DocumentOutcome:
        catalogue, profile = self.tools.workspace.catalogue, self.tools.workspace.profile.name
        for _ in range(_VERSIONS_TRIED):
            outcome, mixed = await self._version(document)
            # A file that was replaced while it was read has pages of either version.
            if not catalogue.is_as_registered(document):
                document = await asyncio.to_thread(catalogue.now, document)
            if document.sha256 == outcome.document.sha256:
                break
        else:
            told = f"{document.path.name} was replaced {_VERSIONS_TRIED} times while it was read"
            error = DocumentChanged(f"{told}: run it again when nobody writes to it any more")
            outcome, mixed = DocumentOutcome(document, profile, error=error), False
        self._keep(outcome, mixed=mixed)
        return outcome

    async def _version(self, document: Document) -> tuple[DocumentOutcome, bool]:
        """How a document ends if its file stays, and whether its pages were read in two ways."""
        profile = self.tools.workspace.profile.name
        earlier = Earlier.of(self.tools, document)
        try:
            readings = await self._opened(document, earlier)
        except DocumentError as error:
            return DocumentOutcome(document, profile, error=error), False
        self.progress.on_open(document, readings.count)
        pages = EndedPages(self.tools.workspace.stages.root, readings.count)
        chosen = self._chosen(readings.count, earlier)
        if (gone := await self._end(document, pages, chosen, readings, earlier)) is not None:
            return DocumentOutcome(document, profile, error=gone), False
        kept = any(number not in chosen for number in earlier.outcomes)
        outcome = DocumentOutcome(document, profile, pages, read_now=not kept and not earlier.known)
        return outcome, kept and not earlier.read_alike

    async def _opened(self, document: Document, earlier: Earlier) -> Readings:
        # Of a document of which nothing is kept every page is read, asked about or not.
        at_most = 0 if earlier.pages else SHORT
        facts = await self.tools.reader.open(
            document.path, password(document, os.environ), first_up_to=at_most
        )
        return Readings(self.tools, document, facts, earlier.known)

    def _keep(self, outcome: DocumentOutcome, *, mixed: bool) -> None:
        stages = self.tools.workspace.stages
        # Pages that were kept from a reading of another kind must not pass for this kind.
        fingerprint = "" if mixed else self.tools.reader.options.fingerprint
        outcomes.save_readings(stages, outcome, fingerprint)
        if self.selection.ask:
            outcomes.save_answers(stages, outcome, self.tools.chain_identity)

    def _chosen(self, count: int, earlier: Earlier) -> set[int]:
        """Pages that are done now; the others keep how they ended before."""
        takes = self.selection.takes
        chosen = {n for n in range(1, count + 1) if takes(n, earlier.outcomes.get(n))}
        return windows.closed(chosen, earlier.outcomes)

    async def _end(
        self,
        document: Document,
        pages: EndedPages,
        taken: Collection[int],
        readings: Readings,
        earlier: Earlier,
    ) -> DocumentNotFound | None:
        """Bring every page of a document to its end; why none counts, where its file is gone."""
        gone: DocumentNotFound | None = None
        lane = self.lanes if len(pages) > SHORT else nullcontext()

        async def window(numbers: Sequence[int]) -> None:
            nonlocal gone
            for page in await self._window(document, numbers, taken, readings, earlier):
                pages.put(page)
                give_back_spare()  # what its picture leaves between what stays
                gone = page.error if isinstance(page.error, DocumentNotFound) else gone

        async with asyncio.TaskGroup() as group, lane:
            for numbers in windows.planned(len(pages), self.tools.pages_per_question):
                await self.window.acquire()
                task = group.create_task(window(numbers))
                task.add_done_callback(lambda _task: self.window.release())
        may_ask = taken if self.selection.ask else set()
        workspace = self.tools.workspace
        profile = workspace.profile_for(workspace.settings.profile, len(pages))
        doubtful = Doubtful(profile, document, may_ask)
        settled = await doubtful.settled(
            pages, lambda page, doubt: self._again(document, page, doubt, readings, earlier)
        )
        for page in settled:
            pages.put(page)
            self.progress.on_second(document, page)
        return gone

    async def _window(
        self,
        document: Document,
        numbers: Sequence[int],
        taken: Collection[int],
        readings: Readings,
        earlier: Earlier,
    ) -> list[PageOutcome]:
        """How the pages of a window ended: in one question those that need an answer."""
        asked = [n for n in numbers if n in taken and not earlier.stands(n)]
        together = len(asked) > 1 and self.selection.ask
        found = await self._together(document, asked, readings) if together else []
        ended = {outcome.page.page_number: outcome for outcome in found}
        for number in numbers:
            if number not in ended:
                is_taken = number in taken
                ended[number] = await self._page(document, number, is_taken, readings, earlier)
            self.progress.on_page(document, ended[number])
        return [ended[number] for number in numbers]

    async def _together(
        self, document: Document, numbers: Sequence[int], readings: Readings
    ) -> list[PageOutcome]:
        """How pages ended that are asked about in one question, or in as few as can be."""
        pages = await asyncio.gather(*map(readings.page, numbers))
        rest = [
            PageOutcome(_without_data(page), error=page.error)
            for page in pages
            if page.error is not None or page.is_blank
        ]
        shown = tuple(page for page in pages if page.error is None and not page.is_blank)
        is_whole = len(pages) == readings.count and all(page.error is None for page in pages)
        window = Window(shown, covers_all=is_whole)
        return rest + (await self._answered(document, window, readings) if shown else [])

    async def _answered(
        self, document: Document, window: Window, readings: Readings
    ) -> list[PageOutcome]:
        """A window's pages with its answer; of two smaller ones where it is too much for one."""
        primary, *others = window.pages
        if len(window.pages) <= self.most_together:
            first = await self._question(document, window, readings, None)
            if not others or not windows.is_too_much(first.error):
                by = primary.page_number if first.error is None else None
                shared = replace(first, completion=None, answered_by=by)
                return [first, *(replace(shared, page=_without_data(page)) for page in others)]
            key, error = document.partition_key, first.error
            _log.info("%s: %d pages are too many: %s", key, len(window.pages), error)
            if windows.is_refused(error):  # of no window it will take so many
                self.most_together = min(self.most_together, len(window.pages) - 1)
        parts = [Window(tuple(half), covers_all=False) for half in windows.halves(window.pages)]
        return [
            outcome for part in parts for outcome in await self._answered(document, part, readings)
        ]

    async def _again(
        self,
        document: Document,
        page: PageOutcome,
        doubt: Doubt,
        readings: Readings,
        earlier: Earlier,
    ) -> PageOutcome:
        """A page's second answer, with what was doubted; the first where there is none."""
        before = earlier.outcomes.get(page.page.page_number)
        known = (
            before is not None and earlier.asked_alike and same_question(self.tools, before, page)
        )
        if before is not None and known and before.doubted == doubt.sentence:
            return replace(before, page=page.page)
        async with self.window:
            return await ask_again(self.tools, document, page, doubt, readings)

    async def _page(
        self,
        document: Document,
        number: int,
        is_taken: bool,
        readings: Readings,
        earlier: Earlier,
    ) -> PageOutcome:
        before = earlier.outcomes.get(number)
        if is_taken:
            stands = before if earlier.asked_alike else None
            return await self._ask(document, number, readings, stands)
        return before or _left_out(await readings.page(number))

    async def _ask(
        self, document: Document, number: int, readings: Readings, before: PageOutcome | None
    ) -> PageOutcome:
        page = await readings.page(number)
        if page.error is not None or page.is_blank or not self.selection.ask:
            return PageOutcome(_without_data(page), error=page.error)
        return await self._question(document, Window((page,), covers_all=False), readings, before)

    async def _question(
        self, document: Document, window: Window, readings: Readings, before: PageOutcome | None
    ) -> PageOutcome:
        """How the primary page ended, asked about by itself or with the rest of its window."""
        page, *others = window.pages
        number, count = page.page_number, readings.count
        asked = PageOutcome(_without_data(page))
        try:
            beside = others or await readings.neighbours(number)
            together = window if others else None
            request = build_request(
                self.tools, document, page, beside, readings.picture, count, together
            )
            asked = replace(
                asked,
                prompt_hash=request.prompt.prompt_hash,
                schema_hash=request.prompt.schema_hash,
            )
            if before is not None and is_kept(self.tools, before, asked):
                return replace(before, page=asked.page)
            profile = asked_profile(self.tools, count, together)
            return asked.answered(await self._whole(request, profile), request.prompt)
        except (SettingsError, StorageError):
            raise
        except ExtractionError as error:
            return replace(asked, error=error)
        except Exception as error:  # noqa: BLE001  a bug that one page brings to light costs it
            _log.exception("%s: page %d broke", document.partition_key, number)
            told = f"page {number} broke with {type(error).__name__}; the run's log has more"
            return replace(asked, error=ProfileFault(told))

    async def _whole(self, request: Request, profile: Profile) -> Completion:
        """An answer with all that its profile asks for after it; every part is cached alone."""
        whole = await self.tools.chain.complete(request)
        while (prompt := profile.follow_up(request.page, whole.text)) is not None:
            asked = build_follow_up(profile, request, whole.text, prompt)
            if prompt.part is None:
                more = await self.tools.chain.complete(asked)
            elif whole.model:
                more = await look_closer(self.tools, asked, whole)
            else:  # rules see no more in a part than in the page
                break
            whole = joined(whole, more)
        return whole


def _without_data(page: PageImage) -> PageImage:
    picture = replace(page.picture, data=None) if page.picture else None
    return replace(page, picture=picture)


def _left_out(page: PageImage) -> PageOutcome:
    sentence = f"page {page.page_number} was left out of this run; `retry` asks for it"
    return PageOutcome(_without_data(page), error=page.error or PageNotSelected(sentence))
