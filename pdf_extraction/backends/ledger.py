"""The innermost policy: prices each call, checks its answer and writes it down.

Failed calls and refused answers too. Nothing is retried or limited here.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Any

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.calls import CallStore, Entry, Question
from pdf_extraction.backends.chat_body import temperature_of
from pdf_extraction.backends.desk import Desk
from pdf_extraction.backends.policy import Policy
from pdf_extraction.backends.usage import Estimator, input_tokens
from pdf_extraction.errors import (
    BackendError,
    OutputError,
    RateLimited,
    Sideways,
    Unauthorized,
)
from pdf_extraction.model import Attempt, Completion, Request, Sent
from pdf_extraction.parts import on_page, turn_asked
from pdf_extraction.settings import OpenAIBackendSettings

#: With what a call is cancelled that another one for the same page was faster than.
LOST_RACE = "a second call for this page was answered first"


def price(settings: OpenAIBackendSettings, input_tokens: int, output_tokens: int) -> float:
    """USD for so many tokens."""
    return (
        input_tokens * settings.price_per_million_input_tokens
        + output_tokens * settings.price_per_million_output_tokens
    ) / 1_000_000


#: Turns after which an answer is taken as it comes: a model may be wrong twice about a page.
MOST_TURNS = 2


def _expect_upright(request: Request, completion: Completion) -> None:
    """Refuse an answer whose model wants the page turned, as long as that leads anywhere."""
    turn = turn_asked(completion.text)
    stands = (request.view.turn + turn) % 360
    may_turn = request.page.picture is not None and request.view.is_whole
    if turn and may_turn and len(request.turns) < MOST_TURNS and stands not in {0, *request.turns}:
        raise Sideways(
            f"the model says that the page must be turned by {turn} degrees clockwise; it is "
            "turned and asked again",
            turn=turn,
        )


@dataclass
class _Call:
    """A call and what came of it; ``started_at`` in s since the epoch, ``began`` of the clock."""

    request: Request
    sent: Sent
    started_at: float
    began: float
    took_ms: float = 0.0
    completion: Completion | None = None
    problem: BackendError | OutputError | None = None


class Recorded(Policy):
    """Every call is a row of the ledger the moment it ends, its answer kept with it.

    A call that was cancelled is none, unless it lost a race: nobody knows what it cost, and a
    killed process could not have written it either.

    Args:
        inner: What makes the calls.
        settings: Prices and sampling.
        calls: The ledger.
        estimator: Prices the input of a call that the server read and never answered.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        calls: CallStore,
        estimator: Estimator | None = None,
    ) -> None:
        super().__init__(inner)
        self._settings = settings
        self._calls, self._desk = calls, Desk(calls)
        self._estimator = estimator or Estimator(settings.max_tokens)

    async def complete(self, request: Request) -> Completion:
        """Ask, check that the answer parses, and record what came of it.

        Returns when that is written.
        """
        sent = Sent(temperature_of(self._settings, request))
        call = _Call(request, sent, time.time(), time.perf_counter())
        try:
            call.completion = await self.inner.complete(replace(request, sent=sent))
        except (BackendError, OutputError) as error:
            if isinstance(error, Unauthorized) and error.status is None:
                raise  # without a key nothing was sent
            call.problem = error
        except asyncio.CancelledError as stop:
            if stop.args == (LOST_RACE,):
                self._calls.write(self._lost(call))
            raise
        finally:
            call.took_ms = (time.perf_counter() - call.began) * 1000
        await self._desk.enter(lambda: self._looked_into(call))
        if call.problem is not None:
            raise call.problem
        assert call.completion is not None
        return call.completion

    def _looked_into(self, call: _Call) -> Entry:
        """What is written of a call, once its answer is checked."""
        if call.problem is None:
            try:
                self._check(call)
            except (BackendError, OutputError) as error:
                call.problem = error
        if call.problem is not None:
            return self._failed(call, call.problem)
        assert call.completion is not None
        row = self._row(call, call.completion, call.completion.latency_ms)
        asked = self._question(call.request, call.completion)
        return Entry(row, call.request.answer_key, call.completion, asked)

    def _check(self, call: _Call) -> None:
        assert call.completion is not None
        call.completion = self._priced(call.completion)
        _expect_upright(call.request, call.completion)
        text = on_page(call.completion.text, call.request.view)
        if text != call.completion.text:
            call.completion = replace(call.completion, text=text)
        call.request.parse(text)

    def _failed(self, call: _Call, error: BackendError | OutputError) -> Entry:
        completion: Completion | None = None
        if isinstance(error, OutputError):
            refused = call.completion or error.completion
            error.completion = completion = self._priced(refused) if refused else None
        elif error.may_be_billed:
            completion = self._unanswered(call.request)
            error.cost_usd = completion.cost_usd
        return Entry(self._row(call, completion, call.took_ms))

    def _lost(self, call: _Call) -> Entry:
        took_ms = (time.perf_counter() - call.began) * 1000
        row = self._row(call, self._unanswered(call.request), took_ms)
        told: dict[str, Any] = {"error_type": "LostRace", "error": LOST_RACE, "http_status": None}
        return Entry(replace(row, latency_ms=took_ms, **told))

    def _question(self, request: Request, completion: Completion) -> Question:
        ratio = completion.input_tokens / max(1, input_tokens(request))
        known = None if completion.usage_estimated else ratio
        return Question(request.question, request.prompt, known)

    def _unanswered(self, request: Request) -> Completion:
        """What the server had of a call that was cut, in place of an answer."""
        tokens = self._estimator.expect(request).input
        unknown = Completion("", self.name, self._settings.model, "", tokens, usage_estimated=True)
        return self._priced(unknown)

    def _priced(self, completion: Completion) -> Completion:
        cost = price(self._settings, completion.input_tokens, completion.output_tokens)
        return completion if cost == completion.cost_usd else replace(completion, cost_usd=cost)

    def _row(
        self,
        call: _Call,
        completion: Completion | None,
        latency_ms: float,
    ) -> Attempt:
        request, problem = call.request, call.problem
        answered = not isinstance(problem, BackendError)
        return Attempt(
            document_id=request.document_id,
            sha256=request.sha256,
            page_number=request.page.page_number,
            backend=self.name,
            model=completion.model if completion else self._settings.model,
            started_at=call.started_at,
            latency_ms=completion.latency_ms if completion and answered else latency_ms,
            http_status=200 if answered else getattr(problem, "status", None),
            error_type=problem.kind if problem else None,
            error=str(problem) if problem else None,
            retry_after_s=problem.retry_after if isinstance(problem, RateLimited) else None,
            temperature=call.sent.temperature,
            rotation=request.view.turn,
            input_tokens=completion.input_tokens if completion else 0,
            output_tokens=completion.output_tokens if completion else 0,
            cost_usd=completion.cost_usd if completion else 0.0,
            finish_reason=completion.finish_reason or None if completion else None,
            usage_estimated=completion.usage_estimated if completion else False,
            partition_key=request.partition_key,
            part=None if request.view.is_whole else " ".join(f"{x:g}" for x in request.view.part),
        )
