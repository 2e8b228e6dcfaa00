"""A page too long for one answer gets more room, then two answers; a sideways one is turned.

How often the same picture is asked about is ``retry``'s business.
"""

from __future__ import annotations

from dataclasses import replace

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.cache import usable
from pdf_extraction.backends.calls import CallStore, Question
from pdf_extraction.backends.policy import Policy
from pdf_extraction.errors import Looping, Rejected, Sideways, Truncated
from pdf_extraction.logprobs import merged
from pdf_extraction.model import BBox, Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings

#: Upper and lower half, which share a tenth of the page: some line of one is whole in the other.
HALVES: tuple[BBox, BBox] = ((0.0, 0.0, 1.0, 0.55), (0.0, 0.45, 1.0, 1.0))


class Framed(Policy):
    """Turns a page that the model calls sideways, and asks in halves what is too long for it.

    Args:
        inner: What asks about one picture, and again.
        settings: Room for answers.
        calls: Where answers are kept, those about halves too.
        force: Ask again also about a half whose answer is kept.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        calls: CallStore,
        *,
        force: bool = False,
    ) -> None:
        super().__init__(inner)
        self._settings, self._calls, self._force = settings, calls, force
        self._most_room = settings.max_tokens_retry

    async def complete(self, request: Request) -> Completion:
        """Ask, showing the page as the model needs it."""
        if self._has_begun_halves(request):
            return await self._in_halves(request)
        while True:
            try:
                return await self.inner.complete(request)
            except Sideways as error:
                turn = (request.view.turn + error.turn) % 360
                view = request.view._replace(turn=turn)
                request = replace(request, view=view, turns=(*request.turns, turn))
            except (Truncated, Looping) as error:
                if not request.can_be_halved or self._settings.max_attempts == 1:
                    raise
                room = self._more_room(request)
                if isinstance(error, Looping) or room is None:
                    return await self._in_halves(request)
                request = replace(request, max_tokens=room)
            except Rejected:
                if request.max_tokens is None:
                    raise
                # The model's context is smaller than this; the same holds for all other pages.
                self._most_room = min(self._most_room, request.max_tokens - 1)
                return await self._in_halves(request)

    def _more_room(self, request: Request) -> int | None:
        """Tokens for another try; None where there are no more."""
        had = request.max_tokens or self._settings.max_tokens
        room = min(2 * had, self._most_room)
        return room if room > had else None

    async def _in_halves(self, request: Request) -> Completion:
        assert request.merge is not None
        upper, lower = [await self._half(request, part) for part in HALVES]
        text = request.merge(upper.text, lower.text)
        request.parse(text)
        whole = _sum(upper, lower, text)
        if request.answer_key:
            asked = Question(request.question, request.prompt)
            self._calls.put(request.answer_key, whole, asked)
        return whole

    def _has_begun_halves(self, request: Request) -> bool:
        """Whether a run that was killed had found the page too long, and paid for its upper half.

        A turned page's halves are named otherwise: how it was turned is not known any more.
        Where both halves are there and no whole, they did not go together.
        """
        if not request.can_be_halved or not self._kept(_half_of(request, HALVES[0])):
            return False
        return self._kept(_half_of(request, HALVES[1])) is None

    async def _half(self, request: Request, part: BBox) -> Completion:
        half = _half_of(request, part)
        return self._kept(half) or await self.inner.complete(half)

    def _kept(self, half: Request) -> Completion | None:
        """A half that was paid for before this process, or the one before it, was killed."""
        if self._force or not half.answer_key:
            return None
        return usable(self._calls.get(half.answer_key), half)


def _half_of(request: Request, part: BBox) -> Request:
    turn = f" turned {request.view.turn}" if request.view.turn else ""
    named = f"{part[1]:g}-{part[3]:g}{turn}"
    return replace(
        request.within(0),
        view=request.view._replace(part=part),
        rejected=(),
        max_tokens=None,
        answer_key=f"{request.answer_key}/{named}" if request.answer_key else "",
        question=f"{request.question}/{named}",
    )


def _sum(upper: Completion, lower: Completion, text: str) -> Completion:
    return replace(
        lower,
        text=text,
        input_tokens=upper.input_tokens + lower.input_tokens,
        output_tokens=upper.output_tokens + lower.output_tokens,
        cost_usd=upper.cost_usd + lower.cost_usd,
        latency_ms=upper.latency_ms + lower.latency_ms,
        usage_estimated=upper.usage_estimated or lower.usage_estimated,
        token_logprobs=merged(upper.token_logprobs, lower.token_logprobs),
        cached=False,
    )
