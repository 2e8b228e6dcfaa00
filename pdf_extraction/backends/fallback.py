"""The chain: the next backend where one fails. Which errors were retried is decided inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pdf_extraction.backends.base import Backend, Health
from pdf_extraction.backends.cache import Cached
from pdf_extraction.backends.turnstile import Turnstile
from pdf_extraction.errors import (
    BackendError,
    ChainExhausted,
    ExtractionError,
    OutputError,
    Remedy,
)
from pdf_extraction.model import Completion, Request


class Fallback:
    """Asks each backend in order until one answers.

    ``BudgetExceeded`` passes through: a cap is no reason to take a worse answer silently.

    Args:
        backends: The chain, at least one.
    """

    def __init__(self, backends: Sequence[Backend]) -> None:
        self.backends = tuple(backends)
        self._turnstile = Turnstile()
        self.name = " > ".join(backend.name for backend in self.backends)
        self.needs_picture = any(backend.needs_picture for backend in self.backends)
        self.is_local = all(backend.is_local for backend in self.backends)
        #: Backends left alone for the rest of the run, with the reason.
        self.stopped: dict[str, ExtractionError] = {}

    async def complete(self, request: Request) -> Completion:
        """Answer by the first backend that can.

        Raises:
            ChainExhausted: None could.
            BudgetExceeded: The cap is reached.
        """
        await self._turnstile.enter()
        causes: dict[Backend, ExtractionError] = {}
        for backend in self._order(request):
            if (reason := self.stopped.get(backend.name)) is not None:
                causes[backend] = reason
                continue
            try:
                completion = await backend.complete(request)
            except (BackendError, OutputError) as error:
                causes[backend] = error
                if error.remedy is Remedy.STOP_BACKEND:
                    self.stopped[backend.name] = error
                continue
            for failed, cause in causes.items():
                if isinstance(failed, Cached) and isinstance(cause, OutputError):
                    failed.give_up(request)
            is_fallback = backend is not self.backends[0]
            if completion.is_fallback == is_fallback:
                return completion
            return replace(completion, is_fallback=is_fallback)
        raise ChainExhausted(tuple(causes[backend] for backend in self.backends))

    def _order(self, request: Request) -> Sequence[Backend]:
        """The chain, but for those that gave this question up before: they come last."""
        if len(self.backends) == 1:
            return self.backends
        return sorted(
            self.backends, key=lambda one: isinstance(one, Cached) and one.gave_up(request)
        )

    async def health(self) -> Health:
        """Of the chain as a whole: well if one backend is; ``healths`` has each."""
        healths = await self.healths()
        detail = "; ".join(health.detail for health in healths)
        return Health(self.name, any(health.ok for health in healths), detail)

    async def healths(self) -> list[Health]:
        """Of each backend, in the chain's order."""
        return [await backend.health() for backend in self.backends]

    async def aclose(self) -> None:
        """Close all backends."""
        for backend in self.backends:
            await backend.aclose()
