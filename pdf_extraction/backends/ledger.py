"""The innermost policy: prices each call, checks its answer and writes it down.

Failed calls and refused answers too. Nothing is retried or limited here.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.calls import CallStore, Question
from pdf_extraction.backends.chat_body import temperature_of
from pdf_extraction.backends.policy import Policy
from pdf_extraction.backends.usage import Estimator, input_tokens
from pdf_extraction.errors import (
    BackendError,
    ExtractionError,
    OutputError,
    RateLimited,
    Sideways,
)
from pdf_extraction.model import Attempt, Completion, Request
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
        self._calls = calls
        self._estimator = estimator or Estimator(settings.max_tokens)

    async def complete(self, request: Request) -> Completion:
        """Ask, check that the answer parses, and record what came of it."""
        started_at, started = time.time(), time.perf_counter()
        completion: Completion | None = None
        try:
            completion = self._priced(await self.inner.complete(request))
            _expect_upright(request, completion)
            completion = replace(completion, text=on_page(completion.text, request.view))
            request.parse(completion.text)
        except (BackendError, OutputError) as error:
            latency_ms = (time.perf_counter() - started) * 1000
            if isinstance(error, OutputError):
                refused = completion or error.completion
                error.completion = completion = self._priced(refused) if refused else None
            elif error.may_be_billed:
                completion = self._unanswered(request)
                error.cost_usd = completion.cost_usd
            self._calls.record(self._row(request, completion, error, started_at, latency_ms))
            raise
        except asyncio.CancelledError as stop:
            if stop.args == (LOST_RACE,):
                latency_ms = (time.perf_counter() - started) * 1000
                lost = self._row(request, self._unanswered(request), None, started_at, latency_ms)
                told: dict[str, Any] = {
                    "error_type": "LostRace",
                    "error": LOST_RACE,
                    "http_status": None,
                }
                self._calls.record(replace(lost, latency_ms=latency_ms, **told))
            raise
        row = self._row(request, completion, None, started_at, completion.latency_ms)
        asked = self._question(request, completion)
        self._calls.record(row, request.answer_key, completion, asked)
        return completion

    def _question(self, request: Request, completion: Completion) -> Question:
        ratio = completion.input_tokens / max(1, input_tokens(request))
        known = None if completion.usage_estimated else ratio
        return Question(request.question, request.prompt.schema_hash, known)

    def _unanswered(self, request: Request) -> Completion:
        """What the server had of a call that was cut, in place of an answer."""
        tokens = self._estimator.expect(request).input
        unknown = Completion("", self.name, self._settings.model, "", tokens, usage_estimated=True)
        return self._priced(unknown)

    def _priced(self, completion: Completion) -> Completion:
        cost = price(self._settings, completion.input_tokens, completion.output_tokens)
        return replace(completion, cost_usd=cost)

    def _row(
        self,
        request: Request,
        completion: Completion | None,
        problem: ExtractionError | None,
        started_at: float,
        latency_ms: float,
    ) -> Attempt:
        answered = not isinstance(problem, BackendError)
        return Attempt(
            document_id=request.document_id,
            sha256=request.sha256,
            page_number=request.page.page_number,
            backend=self.name,
            model=completion.model if completion else self._settings.model,
            started_at=started_at,
            latency_ms=completion.latency_ms if completion and answered else latency_ms,
            http_status=200 if answered else getattr(problem, "status", None),
            error_type=problem.kind if problem else None,
            error=str(problem) if problem else None,
            retry_after_s=problem.retry_after if isinstance(problem, RateLimited) else None,
            temperature=temperature_of(self._settings, request)
            if self._settings.send_sampling
            else None,
            rotation=request.view.turn,
            input_tokens=completion.input_tokens if completion else 0,
            output_tokens=completion.output_tokens if completion else 0,
            cost_usd=completion.cost_usd if completion else 0.0,
            finish_reason=completion.finish_reason or None if completion else None,
            usage_estimated=completion.usage_estimated if completion else False,
            partition_key=request.partition_key,
            part=None if request.view.is_whole else " ".join(f"{x:g}" for x in request.view.part),
        )
