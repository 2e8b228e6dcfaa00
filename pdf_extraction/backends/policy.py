"""What all policies share: being a backend around a backend. No policy stands here."""

from __future__ import annotations

from typing import cast

from pdf_extraction.backends.base import Backend, Health
from pdf_extraction.model import Completion, Request


class Policy:
    """Passes everything on; a policy overrides ``complete``.

    Args:
        inner: The backend that it stands around.
    """

    def __init__(self, inner: Backend) -> None:
        self.inner = inner
        self.name = inner.name
        self.needs_picture = inner.needs_picture
        self.is_local = inner.is_local

    async def complete(self, request: Request) -> Completion:
        """Answer one request; see ``Backend.complete``."""
        return await self.inner.complete(request)

    async def prepare(self, request: Request) -> Request:
        """The request with what the backend can make of it before its turn comes."""
        return await prepared(self.inner, request)

    async def health(self) -> Health:
        """The inner backend's."""
        return await self.inner.health()

    async def aclose(self) -> None:
        """Close the inner backend."""
        await self.inner.aclose()


async def prepared(backend: Backend, request: Request) -> Request:
    """``request`` made ready by a backend that can; a plug-in need not."""
    prepare = getattr(backend, "prepare", None)
    return request if prepare is None else cast("Request", await prepare(request))
