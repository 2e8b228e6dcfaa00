"""The profile ``legal_ptbr``: its parts put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pdf_extraction.assembly.chunks import build_chunks
from pdf_extraction.assembly.devices import assemble_devices
from pdf_extraction.model import Document, GroundedPage, PageImage, Prompt, Row
from pdf_extraction.profiles.legal_ptbr.answers import PageAnswer, parse_answer
from pdf_extraction.profiles.legal_ptbr.evidence import with_confidence
from pdf_extraction.profiles.legal_ptbr.prompts import page_prompt
from pdf_extraction.profiles.legal_ptbr.reading import read_page


class LegalPtBr:
    """Devices and chunks of Brazilian legal acts; implements ``profiles.base.Profile``."""

    name = "legal_ptbr"
    tables: tuple[str, ...] = ("devices", "chunks")

    def prompt(self, page: PageImage, neighbours: Sequence[PageImage] = ()) -> Prompt:
        """Messages in Portuguese and the schema of the answer."""
        return page_prompt(page, neighbours)

    def read(self, page: PageImage) -> str:
        """Answer by rules on the page's own text."""
        return read_page(page)

    def parse(self, text: str, page_number: int) -> PageAnswer:
        """Repair and validate an answer.

        Raises:
            OutputError: The answer cannot be used.
        """
        return parse_answer(text, page_number)

    def claims(self, answer: PageAnswer | None) -> Sequence[str]:
        """Each device's text; a device of which only the label is printed gives that."""
        if answer is None:
            return ()
        return [claim.text or claim.identifier for claim in answer.devices]

    def assemble(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[str, list[Row]]:
        """Rows of ``devices`` and ``chunks`` from all pages, in page order."""
        answers = [page.answer.devices if page.answer else None for page in pages]
        devices = with_confidence(assemble_devices(document, canonical_text, pages, answers), pages)
        chunks = build_chunks(document, devices, canonical_text)
        return {"devices": devices, "chunks": chunks}
