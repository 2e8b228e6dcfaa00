"""The question about one page, as every backend takes it. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pdf_extraction.errors import Rejected
from pdf_extraction.model import Document, PageImage, Prompt, Request, View, joined_text
from pdf_extraction.parts import merged_answers
from pdf_extraction.profiles.base import Merging, Profile, Windowed, parsed
from pdf_extraction.tools import Tools


@dataclass(frozen=True)
class Window:
    """Pages that one question is about, the primary one first.

    Attributes:
        pages: Two or more, in page order.
        covers_all: The document has no others, but for blank ones.
    """

    pages: tuple[PageImage, ...]
    covers_all: bool


def build_request(
    tools: Tools,
    document: Document,
    page: PageImage,
    neighbours: Sequence[PageImage],
    load_picture: Callable[[PageImage, View], Awaitable[bytes]],
    count: int,
    window: Window | None = None,
) -> Request:
    """The question about one page of a document of ``count`` pages, or about a window of them.

    Args:
        tools: The run's.
        document: Whose page it is.
        page: The primary page.
        neighbours: The pages that go along.
        load_picture: Brings a page's picture.
        count: Pages of the document.
        window: All pages that the answer is about; None for ``page`` alone.
    """
    profile = asked_profile(tools, count, window)
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
        together=window is not None,
        worded=lambda near: profile.prompt(page, near),
    )


def build_follow_up(profile: Profile, request: Request, before: str, prompt: Prompt) -> Request:
    """The question after an answer about the same page, or about a part of it shown alone.

    Args:
        profile: As it asked first.
        request: What was asked first.
        before: The answers so far, as ``model.joined`` joins them.
        prompt: From ``profile.follow_up``.
    """

    def parse(text: str) -> Any:
        return parsed(profile, joined_text(before, text), request.page.page_number)

    asked = replace(request, prompt=prompt, parse=parse, worded=None)
    if prompt.part is None:
        return asked
    return replace(asked, view=View(part=prompt.part), neighbours=(), merge=None, read=_no_rules)


def _no_rules(page: PageImage) -> str:
    raise Rejected(f"page {page.page_number}: only a model is shown parts of a page")


def asked_profile(tools: Tools, count: int, window: Window | None = None) -> Profile:
    """The profile as it asks about a document of ``count`` pages, or a window of them."""
    profile = tools.workspace.profile.of_pages(count)
    if window is None:
        return profile
    assert isinstance(profile, Windowed)
    return profile.of_window(window.pages, covers_all=window.covers_all)
