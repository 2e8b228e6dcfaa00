"""Open a document, and tell what of it is damaged.

Nothing here reads a page's content; every other module of this package is handed a page.
What the library's own errors are here stands in ``faults``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pymupdf

from pdf_extraction.errors import EncryptedDocument, PageError, UnreadableDocument
from pdf_extraction.model import PageImage
from pdf_extraction.pdf.faults import translating
from pdf_extraction.pdf.kinds import kind_of, opened
from pdf_extraction.pdf.tasks import DocumentFacts

#: Warnings of MuPDF that tell of contents lost, not of untidiness.
_DAMAGE = (
    "page may not be correct",
    "premature end",
    "Failed to decode",
    "read error; treating as end of file",
    "cannot load object",
    "non-page object in page tree",
    "cannot find object",
)


def open_document(path: Path, password: str | None = None) -> pymupdf.Document:
    """Open a document of any kind that is read.

    Args:
        path: The file.
        password: For a document that asks for one to be read.

    Raises:
        DocumentNotFound: There is no such file.
        EncryptedDocument: It asks for a password, and none or a wrong one was given.
        UnreadableDocument: It is of no kind that is read, is damaged beyond repair, or has no page.
    """
    silence()
    with translating(path):
        # PyMuPDF opens HTML, images and plain text under a .pdf name as documents of their kind,
        # whatever ``filetype`` says.
        document = opened(path, kind_of(path))
        try:
            _expect_pages(document, path, password)
        except BaseException:
            document.close()
            raise
    return document


def facts_of(document: pymupdf.Document) -> DocumentFacts:
    """Facts of an open document."""
    return DocumentFacts(document.page_count, bool(document.is_repaired), warnings_so_far())


def damage_shown(page: PageImage, name: str) -> PageImage:
    """The page, no longer passing for whole where the library met damage while reading it.

    A page whose contents cannot be decoded looks blank to the library, which only warns.

    Args:
        page: As read just now.
        name: Of the file.
    """
    warnings = warnings_so_far()
    damage = next((mark for mark in _DAMAGE if mark in warnings), None)
    if damage is None or page.error is not None:
        return page
    if not page.is_blank:
        return replace(page, text_verdict=f"{page.text_verdict}+damaged")
    return replace(
        page,
        is_blank=False,
        error=PageError(
            f"page {page.page_number} of {name} is damaged ({damage}) and nothing of it shows: "
            "get the file again from its source"
        ),
    )


def silence() -> None:
    """Keep the PDF library from writing to the terminal; its warnings are collected."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)


def warnings_so_far() -> str:
    """What the PDF library complained about since it was last asked."""
    return str(pymupdf.TOOLS.mupdf_warnings())


def _expect_pages(document: pymupdf.Document, path: Path, password: str | None) -> None:
    if document.needs_pass and not (password and document.authenticate(password)):
        asked = "the password given does not open it" if password else "it asks for a password"
        raise EncryptedDocument(
            f"{path.name} is encrypted and {asked}: put the password into an environment variable "
            f'and name that in {path.stem}.json as {{"password_env": "NAME"}}, or give an '
            "unlocked copy"
        )
    if document.page_count < 1:
        raise UnreadableDocument(
            f"{path.name} has no page that could be found: get it again from its source"
        )
