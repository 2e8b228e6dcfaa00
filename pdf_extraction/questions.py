"""The question about one page, as every backend takes it. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pdf_extraction.model import Document, PageImage, Request
from pdf_extraction.tools import Tools


def build_request(
    tools: Tools,
    document: Document,
    page: PageImage,
    neighbours: Sequence[PageImage],
    load_picture: Callable[[PageImage], Awaitable[bytes]],
    count: int,
) -> Request:
    """The question about one page of a document of ``count`` pages."""
    profile = tools.workspace.profile.of_pages(count)
    return Request(
        document_id=document.document_id,
        sha256=document.sha256,
        page=page,
        prompt=profile.prompt(page, neighbours),
        read=profile.read,
        parse=lambda text: profile.parse(text, page.page_number),
        load_picture=load_picture,
        neighbours=tuple(neighbours),
        partition_key=document.partition_key,
        takes_cut=profile.continues,
    )
