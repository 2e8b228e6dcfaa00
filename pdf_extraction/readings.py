"""A document's pages, each read once in a run however many questions show it. Nothing asks here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace

from pdf_extraction.catalogue import password
from pdf_extraction.errors import DocumentError
from pdf_extraction.model import WHOLE_PAGE, Document, PageImage, View
from pdf_extraction.pdf.tasks import DocumentFacts
from pdf_extraction.tools import Tools


class Readings:
    """Reads a page when it is first needed, as itself or as a neighbour."""

    def __init__(
        self,
        tools: Tools,
        document: Document,
        facts: DocumentFacts,
        known: Mapping[int, PageImage],
    ) -> None:
        self.tools, self.document, self.known = tools, document, known
        self.count, self._first = facts.page_count, facts.first_page
        self.password = password(document, os.environ)
        self.tasks: dict[int, asyncio.Task[PageImage]] = {}

    async def page(self, number: int) -> PageImage:
        """A page by its number from 1; what is wrong with it stands in its ``error``."""
        for past in [n for n in self.tasks if n < number - 2 * self.tools.context_window - 1]:
            # A picture is kept only as long as a neighbour may ask for it.
            if self.tasks[past].done():
                del self.tasks[past]
        if number not in self.tasks:
            self.tasks[number] = asyncio.create_task(self._read(number))
        return await asyncio.shield(self.tasks[number])

    async def neighbours(self, number: int) -> tuple[PageImage, ...]:
        """The pages that go along with a page, in page order."""
        reach = self.tools.context_window
        around = range(max(1, number - reach), min(self.count, number + reach) + 1)
        return tuple([await self.page(n) for n in around if n != number])

    async def picture(self, page: PageImage, view: View = WHOLE_PAGE) -> bytes:
        """Encoded bytes of a page's picture, rendered now where its reading does not bring it.

        Raises:
            DocumentError: It cannot be rendered.
        """
        if view == WHOLE_PAGE and page.picture is not None and page.picture.data is not None:
            return page.picture.data
        picture = await self.tools.reader.picture(
            self.document.path, page.page_number, self.password, view
        )
        assert picture.data is not None
        return picture.data

    async def _read(self, number: int) -> PageImage:
        if number == 1 and self._first is not None:
            first, self._first = self._first, None  # its picture goes when it has been shown
            return first
        known = self.known.get(number)
        known_text = known.text if known is not None and known.error is None else None
        if known is not None and known_text is not None and self._has_all(known):
            return known
        try:
            page = await self.tools.reader.read(
                self.document.path, number, known_text, self.password
            )
        except DocumentError as error:
            return PageImage(number, error=error)
        if known is not None and known_text is not None:
            return replace(known, picture=page.picture, error=page.error)
        return page

    def _has_all(self, known: PageImage) -> bool:
        needs_none = known.is_blank or known.is_text or not self.tools.chain.needs_picture
        return needs_none or known.picture is not None
