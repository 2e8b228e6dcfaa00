"""The profile ``legal_ptbr``: its parts put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pdf_extraction.assembly.chunks import KnownChunks, build_chunks
from pdf_extraction.assembly.claims import DeviceClaim
from pdf_extraction.assembly.devices import Assembled, assemble_devices, rows_of
from pdf_extraction.assembly.known import Known
from pdf_extraction.model import Document, Doubt, GroundedPage, PageImage, Prompt, Row
from pdf_extraction.profiles.base import OfOnePage
from pdf_extraction.profiles.legal_ptbr.answers import PageAnswer, parse_answer
from pdf_extraction.profiles.legal_ptbr.doubts import claims_leave_gaps, gap_doubts
from pdf_extraction.profiles.legal_ptbr.evidence import with_confidence
from pdf_extraction.profiles.legal_ptbr.halves import merge_halves
from pdf_extraction.profiles.legal_ptbr.prompts import page_prompt
from pdf_extraction.profiles.legal_ptbr.reading import read_page
from pdf_extraction.remade import Shelf, remade

#: Pages of a long document whose claims are at hand: one is compared with those of the pages
#: around it.
_HELD_ANSWERS = 16


@dataclass(frozen=True)
class _Work:
    """What assembling a document's first pages has left for assembling more; None to keep none."""

    devices: Known | None = None
    chunks: KnownChunks | None = None
    answers: dict[int, tuple[str, PageAnswer]] | None = None


class LegalPtBr(OfOnePage):
    """Devices and chunks of Brazilian legal acts; implements ``profiles.base.Profile``.

    Args:
        work: Of the one document that is assembled again and again, where it is for one.
        folder: Where rows of documents lie that are too long for them to be held.
    """

    name = "legal_ptbr"
    tables: tuple[str, ...] = ("devices", "chunks")

    def __init__(self, work: _Work | None = None, folder: Path | None = None) -> None:
        self._work = work or _Work()
        self._folder = folder

    def growing(self) -> LegalPtBr:
        """The profile for one document of which more and more pages are assembled."""
        return LegalPtBr(_Work(Known(), KnownChunks(), {}))

    def shelving(self, folder: Path) -> LegalPtBr:
        """The profile for long documents."""
        return LegalPtBr(folder=folder)

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
        known = self._work.answers
        if known is None:
            return parse_answer(text, page_number)
        if page_number not in known or known[page_number][0] != text:
            known[page_number] = text, parse_answer(text, page_number)
        return known[page_number][1]

    def merge(self, upper: str, lower: str, page_number: int) -> str:
        """One answer of those about a page's halves."""
        return merge_halves(upper, lower, page_number)

    def claims(self, answer: PageAnswer | None) -> Sequence[str]:
        """Each device's text; a device of which only the label is printed gives that."""
        if answer is None:
            return ()
        return [claim.text or claim.identifier for claim in answer.devices]

    def assemble(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[str, Iterable[Row]]:
        """Rows of ``devices`` and ``chunks`` from all pages, in page order."""
        work = self._work
        found = self._devices(document, canonical_text, pages)
        devices = with_confidence(found, pages)
        chunks = build_chunks(document, devices, canonical_text, work.chunks)
        return {"devices": devices, "chunks": chunks}

    def may_lack(self, answers: Iterable[PageAnswer | None]) -> bool:
        """Whether the answers' identifiers skip a number."""
        return claims_leave_gaps(answer.devices for answer in answers if answer is not None)

    def doubts(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> Mapping[int, Doubt]:
        """Pages on which a number must stand that the document's devices leave out."""
        textless, failed = set(), set()
        for page in pages:
            image = page.outcome.page
            if not image.text.text:
                textless.add(image.page_number)
            if page.answer is None and not image.is_blank:
                failed.add(image.page_number)
        rows = rows_of(self._devices(document, canonical_text, pages))
        return gap_doubts(rows, frozenset(textless), frozenset(failed))

    def _devices(
        self, document: Document, canonical_text: str, pages: Sequence[GroundedPage]
    ) -> list[Assembled]:
        @lru_cache(_HELD_ANSWERS)
        def claims(place: int) -> Sequence[DeviceClaim] | None:
            answer = pages[place].answer
            return answer.devices if answer else None

        answers = remade(len(pages), claims)
        shelf = Shelf(self._folder) if self._folder is not None else None
        known = self._work.devices
        return assemble_devices(document, canonical_text, pages, answers, known, shelf)
