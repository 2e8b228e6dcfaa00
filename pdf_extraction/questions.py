"""The question about one page, as every backend takes it. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pdf_extraction.model import Document, PageImage, Request, View
from pdf_extraction.parts import merged_answers
from pdf_extraction.profiles.base import Merging, parsed
from pdf_extraction.tools import Tools


def build_request(
    tools: Tools,
    document: Document,
    page: PageImage,
    neighbours: Sequence[PageImage],
    load_picture: Callable[[PageImage, View], Awaitable[bytes]],
    count: int,
) -> Request:
    """The question about one page of a document of ``count`` pages."""
    profile = tools.workspace.profile.of_pages(count)
    merge = profile.merge if isinstance(profile, Merging) else merged_answers
    return Request(
        document_id=document.document_id,
        sha256=document.sha256,
        page=page,
        prompt=profile.prompt(page, neighbours),
        read=profile.read,
        parse=lambda text: parsed(profile, text, page.page_number),
        load_picture=load_picture,
        merge=lambda upper, lower: merge(upper, lower, page.page_number),
        neighbours=tuple(neighbours),
        partition_key=document.partition_key,
        takes_cut=profile.continues,
    )
