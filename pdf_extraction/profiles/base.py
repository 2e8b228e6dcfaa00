"""The one interface of a profile. No profile calls a model, reads a file or writes a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from pdf_extraction.model import Document, Doubt, GroundedPage, PageImage, Prompt, Row


class Profile(Protocol):
    """What to ask about a page, how to read the answer, and which rows come of it."""

    name: str
    #: Names of the tables that ``assemble`` fills, each present in every result.
    tables: tuple[str, ...]

    def prompt(self, page: PageImage, neighbours: Sequence[PageImage] = ()) -> Prompt:
        """Messages and schema for one page; the same for the same page always."""

    def read(self, page: PageImage) -> str:
        """Answer from the page's own text by rules, in the very format asked of a model."""

    def parse(self, text: str, page_number: int) -> Any:
        """Repair and validate an answer.

        Raises:
            OutputError: The answer cannot be used.
        """

    def claims(self, answer: Any) -> Sequence[str]:
        """Texts of the answer that must stand on the page, in the answer's order."""

    def assemble(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[str, list[Row]]:
        """Rows of each of ``tables`` from all pages, in page order."""


@runtime_checkable
class Doubting(Protocol):
    """A profile that sees from the whole document what a page's answer lacks."""

    def may_lack(self, answers: Sequence[Any]) -> bool:
        """Whether ``doubts`` is worth its work; ``answers`` in page order, None for no answer."""

    def doubts(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[int, Doubt]:
        """What is missing, by the number of each page that may have it; asked again once."""
