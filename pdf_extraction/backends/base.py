"""The one protocol of a backend. Nothing here knows a server or a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pdf_extraction.model import Completion, Request


@dataclass(frozen=True)
class Health:
    """What ``doctor`` shows about a backend.

    Attributes:
        backend: Name in the settings.
        ok: Whether it can answer now.
        detail: What was found, and what to do where not ok.
        latency_ms: Of the probe; None where none was sent.
        warns: Something of it could not be found out.
    """

    backend: str
    ok: bool
    detail: str
    latency_ms: float | None = None
    warns: bool = False


class Backend(Protocol):
    """Something that answers a request about a page."""

    name: str
    #: Whether it looks at the page's picture; where no backend does, none is rendered.
    needs_picture: bool
    #: Whether it answers from the page itself, with no call: nothing to limit, bill or cache.
    is_local: bool

    async def complete(self, request: Request) -> Completion:
        """Answer one request.

        Raises:
            BackendError: No answer came.
            OutputError: An answer came that cannot be used.
            BudgetExceeded: The cap is reached; nothing was asked.
            ChainExhausted: From a chain only: every backend failed.
        """

    async def health(self) -> Health:
        """Probe without asking a model; never raises for a backend that is down."""

    async def aclose(self) -> None:
        """Release connections."""
