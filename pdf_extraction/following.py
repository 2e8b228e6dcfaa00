"""A long document followed by a process of its own while it is asked about.

Finishing a thousand pages took five seconds after the last answer, while half a core had had
nothing to do for a quarter of a minute. What is found out early here is what ``steps`` would find
out late, and nothing is kept on a disk: without this module a run only takes longer.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pebble import ProcessPool

from pdf_extraction.asking import Progress
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.extraction import Draft, assemble_document, draft_of
from pdf_extraction.model import Document, DocumentOutcome, Grounding, PageOutcome, Row
from pdf_extraction.pdf.tasks import start
from pdf_extraction.pdf.workers import worker_context
from pdf_extraction.placed import ground_document
from pdf_extraction.profiles import get_profile
from pdf_extraction.profiles.base import Growing, Profile
from pdf_extraction.storage.prepared import TableSoFar

_log = logging.getLogger(__name__)
Result = TypeVar("Result")

#: Pages from which on a document is worth a process of its own.
LEAST_PAGES = 256
#: Pages handed over together.
_BLOCK = 8
#: Share of a document's pages that must have come until it is assembled again, and of those that
#: were left the last time; evenly, for the cores are full where much of it falls together.
_NEXT_DRAFT, _NEXT_OF_LEFT = 0.2, 0.5
#: Pages before the last at which it is assembled once more, so that little is left for the last
#: time, and early enough to be through with it by then: a second of many servers.
_LAST_PAGES = 64


class Followers:
    """The near side of a run: starts a follower of each long document.

    Args:
        profile: Of the run; where it gains nothing by it, no document is followed.
        most_pages: Of a document that is followed.
    """

    def __init__(self, profile: Profile, most_pages: int) -> None:
        self._profile = profile
        self._most_pages = most_pages if isinstance(profile, Growing) else 0
        self._started: dict[str, Follower] = {}
        self._all: list[Follower] = []

    def watching(self, progress: Progress) -> Progress:
        """A run's progress that tells the followers too."""

        def on_open(document: Document, count: int) -> None:
            progress.on_open(document, count)
            self._open(document, count)

        def on_page(document: Document, page: PageOutcome) -> None:
            progress.on_page(document, page)
            on_second(document, page)

        def on_second(document: Document, page: PageOutcome) -> None:
            if (follower := self._started.get(document.partition_key)) is not None:
                follower.add(page)

        return Progress(on_open, on_page, on_second)

    def _open(self, document: Document, count: int) -> None:
        if (before := self.of(document)) is not None:
            before.stop()  # the file was replaced, and is read from its beginning
        if LEAST_PAGES <= count <= self._most_pages:
            follower = Follower(document, count, self._profile.name)
            self._started[document.partition_key] = follower
            self._all.append(follower)

    def of(self, document: Document) -> Follower | None:
        """A document's follower, which the caller stops."""
        return self._started.pop(document.partition_key, None)

    def close(self) -> None:
        """End them all, and wait until they have."""
        for follower in self._all:
            follower.stop()
        for follower in self._all:
            follower.join()


class Follower:
    """Hands a document's pages to the process that follows it.

    Args:
        document: Whose pages they are.
        count: How many there are.
        profile: Name of the profile.
    """

    def __init__(self, document: Document, count: int, profile: str) -> None:
        self._about = About(document, count, profile)
        self._block: list[PageOutcome] = []
        self._handed = 0
        self._last: Future[None] | None = None
        self._pool = ProcessPool(1, initializer=start, initargs=(0,), context=worker_context())

    def add(self, page: PageOutcome) -> None:
        """Take a page that has ended, or ended another time."""
        self._block.append(page)
        self._handed += 1
        if len(self._block) >= _BLOCK or self._handed >= self._about.count:
            block, self._block = self._block, []
            self._last = self._pool.schedule(_follow, args=(self._about, block))
            self._last.add_done_callback(self._assemble)

    def _assemble(self, block: Future[None]) -> None:
        """Have what has come assembled, where nothing waits behind it; called in any thread."""
        if block is self._last and not block.cancelled() and block.exception() is None:
            with suppress(RuntimeError):  # it has been stopped meanwhile
                self._pool.schedule(_assemble)

    def run(self, task: Callable[..., Result], *args: Any) -> Future[Result]:
        """Run a task where the pages are; ``followed`` tells it what is known of them."""
        return self._pool.schedule(task, args=args)

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self._pool.stop()

    def join(self) -> None:
        """Wait until it has ended."""
        self._pool.join()


@dataclass(frozen=True)
class About:
    """What is followed.

    Attributes:
        document: Whose pages they are.
        count: How many there are.
        profile: Name of the profile.
    """

    document: Document
    count: int
    profile: str


@dataclass
class Followed:
    """The far side: what is known of a document's pages so far.

    Attributes:
        about: Which document.
        profile: Its profile, which remembers what it has assembled.
        published: The document as it was published, its rows and their mark; None before.
    """

    about: About
    profile: Profile
    published: tuple[DocumentOutcome, Mapping[str, Sequence[Row]], str | None] | None = None
    _pages: dict[int, PageOutcome] = field(default_factory=dict)
    _groundings: dict[int, list[Grounding]] = field(default_factory=dict)
    _first: int = 0
    _drafted: int = 0
    _draft: Draft | None = None
    _tables: dict[str, TableSoFar] = field(default_factory=dict)

    def take(self, pages: Sequence[PageOutcome]) -> None:
        """Find the claims of some pages."""
        for page in pages:
            number = page.page.page_number
            known = self._pages.get(number)
            if known is not None and known.page == page.page:
                # Its text stays the very object that is known by what was made of it.
                page = replace(page, page=known.page)  # noqa: PLW2901
            one = DocumentOutcome(self.about.document, self.about.profile, (page,))
            self._pages[number] = page
            (self._groundings[number],) = ground_document(self.profile, one)
            self._draft = None

    def assemble(self) -> None:
        """Assemble what there is, where it is worth it."""
        while self._first + 1 in self._pages:
            self._first += 1
        count = self.about.count
        if self._draft is not None or self._first < self._due:
            return
        self._drafted = self._first
        numbers = range(1, self._first + 1)
        outcome = self._outcome(self.about.document, numbers)
        draft = draft_of(self.profile, outcome, [self._groundings[n] for n in numbers])
        made = {
            name: self._tables.setdefault(name, TableSoFar(name)).prepared(
                _held(rows), whole=self._first == count
            )
            for name, rows in draft.records.items()
        }
        self._draft = replace(draft, records=made)

    @property
    def _due(self) -> int:
        """How many of the first pages must have come until they are assembled."""
        count, last = self.about.count, self.about.count - _LAST_PAGES
        if self._drafted >= last:
            return count
        pages = min(count * _NEXT_DRAFT, (count - self._drafted) * _NEXT_OF_LEFT)
        return min(self._drafted + round(pages), last)

    def _outcome(self, document: Document, numbers: Sequence[int]) -> DocumentOutcome:
        pages = tuple(self._pages[number] for number in numbers)
        return DocumentOutcome(document, self.about.profile, pages)

    def whole(self, document: Document) -> tuple[DocumentOutcome, list[list[Grounding]]] | None:
        """The document with where its claims stand; None where a page has not come."""
        numbers = range(1, self.about.count + 1)
        if self.about.document.sha256 != document.sha256 or not set(numbers) <= self._pages.keys():
            return None
        seen = self.about.document
        now = replace(document, sha256=seen.sha256, byte_size=seen.byte_size)
        return self._outcome(now, numbers), [self._groundings[number] for number in numbers]

    def rows(
        self,
        profile: Profile,
        outcome: DocumentOutcome,
        groundings: Sequence[Sequence[Grounding]],
        calls: CallStore,
    ) -> dict[str, Iterable[Row]]:
        """See ``extraction.assemble_document``."""
        del profile
        self.assemble()
        drafted = self._draft
        if drafted is not None and not drafted.is_of(outcome, groundings):
            drafted = None
        return assemble_document(self.profile, outcome, groundings, calls, drafted)


def _held(rows: Iterable[Row]) -> Sequence[Row]:
    return rows if isinstance(rows, Sequence) else list(rows)


_followed: Followed | None = None


def followed() -> Followed | None:
    """What this process knows of the document that it follows."""
    return _followed


def _follow(about: About, pages: Sequence[PageOutcome]) -> None:
    global _followed  # noqa: PLW0603  a process follows one document
    if _followed is None:
        # What is made here is kept until the process ends, and looking for cycles in it over
        # and over took a fifth of its time.
        gc.disable()
        profile = get_profile(about.profile)
        _followed = Followed(about, profile.growing() if isinstance(profile, Growing) else profile)
    _followed.take(pages)


def _assemble() -> None:
    if _followed is not None:
        try:
            _followed.assemble()
        except Exception:  # noqa: BLE001 - the step itself will say what is wrong, in its place
            key = _followed.about.document.partition_key
            _log.debug("%s: not assembled early", key, exc_info=True)
