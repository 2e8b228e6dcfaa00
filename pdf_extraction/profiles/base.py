"""The one interface of a profile. No profile calls a model, reads a file or writes a table."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from pdf_extraction.errors import ExtractionError, SchemaMismatch
from pdf_extraction.grounding import ground
from pdf_extraction.model import (
    Document,
    Doubt,
    GroundedPage,
    Grounding,
    PageImage,
    PageText,
    Prompt,
    Row,
)
from pdf_extraction.tablespec import TableSpec

_log = logging.getLogger(__name__)


class Profile(Protocol):
    """What to ask about a page, how to read the answer, and which rows come of it."""

    name: str
    #: Names of the tables that ``assemble`` fills, each present in every result.
    tables: tuple[str, ...]
    #: Those of them that storage does not know by itself.
    specs: tuple[TableSpec, ...]
    #: Whether an answer that was cut is of use: ``follow_up`` then asks for the rest.
    continues: bool
    #: Whether an answer stands although the question has changed since, until a run forces it.
    keeps_answers: bool
    #: Whether ``read`` answers, so that no model is needed.
    has_rules: bool

    def of_pages(self, count: int, schema_hash: str | None = None) -> Profile:
        """The profile for one document.

        Args:
            count: Its pages.
            schema_hash: Of the schema that an answer was asked for by; None for today's.
        """

    def prompt(self, page: PageImage, neighbours: Sequence[PageImage] = ()) -> Prompt:
        """Messages and schema for one page; the same for the same page always."""

    def read(self, page: PageImage) -> str:
        """Answer from the page's own text by rules, in the very format asked of a model.

        Raises:
            Rejected: The profile has no rules.
        """

    def parse(self, text: str, page_number: int) -> Any:
        """Repair and validate an answer.

        Raises:
            OutputError: The answer cannot be used.
        """

    def follow_up(self, page: PageImage, text: str) -> Prompt | None:
        """What to ask once more so that ``text`` becomes whole; None where nothing is missing.

        Args:
            page: The page.
            text: The answers about it so far, as ``model.joined`` joins them.

        Raises:
            OutputError: It is not whole, and asking on brings nothing.
        """

    def claims(self, answer: Any) -> Sequence[str]:
        """Texts of the answer that must stand on the page, in the answer's order."""

    def locate(self, answer: Any, page: PageText) -> list[Grounding]:
        """Where each of the answer's claims stands on its page, in the answer's order."""

    def assemble(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[str, Iterable[Row]]:
        """Rows of each of ``tables`` from all pages, in page order.

        Where they are many they may be made one after the other, anew for each look at them.
        """


def parsed(profile: Profile, text: str, page_number: int) -> Any:
    """What ``profile.parse`` makes of an answer; one that breaks it is refused like any other.

    Raises:
        OutputError: The answer cannot be used.
    """
    try:
        return profile.parse(text, page_number)
    except ExtractionError:
        raise
    except Exception as error:
        # Whatever a model writes, it must cost its page at most, never the document.
        _log.exception("an answer about page %d broke %s", page_number, profile.name)
        told = f"The answer about page {page_number} cannot be read ({type(error).__name__})."
        raise SchemaMismatch(f"{told} Answer again in the asked shape.") from error


class OfOnePage:
    """What most profiles are: known tables, pages by themselves, answers in one piece."""

    specs: tuple[TableSpec, ...] = ()
    continues = False
    keeps_answers = False
    has_rules = True

    def of_pages(self, count: int, schema_hash: str | None = None) -> Self:
        """The same for every document."""
        del count, schema_hash
        return self

    def follow_up(self, page: PageImage, text: str) -> Prompt | None:
        """Nothing more is asked."""
        del page, text
        return None

    def locate(self, answer: Any, page: PageText) -> list[Grounding]:
        """Each of ``claims(answer)`` on the page."""
        return ground(self.claims(answer), page)

    def claims(self, answer: Any) -> Sequence[str]:
        """Texts of the answer that must stand on the page, in the answer's order."""
        raise NotImplementedError


@runtime_checkable
class Merging(Protocol):
    """A profile that puts answers about the halves of a page together by its own rules."""

    def merge(self, upper: str, lower: str, page_number: int) -> str:
        """One answer's text of two; what stands in both halves' shared band counts once."""


@runtime_checkable
class Windowed(Protocol):
    """A profile of which one question may be about several pages; it ``keeps_answers``."""

    #: Whether its questions may, as it is set up.
    asks_together: bool

    def of_window(self, window: Sequence[PageImage], *, covers_all: bool) -> Profile:
        """The profile for one such question.

        Args:
            window: The pages that the answer is about, in page order.
            covers_all: The document has no others, but for blank ones.
        """


@runtime_checkable
class Doubting(Protocol):
    """A profile that sees from the whole document what a page's answer lacks."""

    def may_lack(self, answers: Iterable[Any]) -> bool:
        """Whether ``doubts`` is worth its work; ``answers`` in page order, None for no answer."""

    def doubts(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[int, Doubt]:
        """What is missing, by the number of each page that may have it; asked again once."""


@runtime_checkable
class Shelving(Protocol):
    """A profile that need not hold all that it makes of a long document."""

    def shelving(self, folder: Path) -> Profile:
        """The profile for long documents: what it makes of them lies in ``folder`` meanwhile."""


@runtime_checkable
class Growing(Protocol):
    """A profile that assembles a document sooner whose first pages it has assembled before."""

    def growing(self) -> Profile:
        """The profile for one document that is assembled each time when more pages have come.

        Its rows are those of the profile itself, and those of a document that grows no more.
        """
