"""The cap on a run's money."""

import asyncio

import pytest

from pdf_extraction.backends.budget import Budget, Purse
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.ledger import Recorded
from pdf_extraction.backends.limits import Limited
from pdf_extraction.backends.usage import Estimator
from pdf_extraction.errors import BudgetExceeded
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)

#: 100 input tokens at 1,000 USD and 10 output tokens at 10,000 USD a million: 0.2 USD a call.
PRICED = {"price_per_million_input_tokens": 1000.0, "price_per_million_output_tokens": 10_000.0}


def run_all(tmp_path, backend, count, cap, **fields):
    settings = backend_settings(**{**PRICED, "max_tokens": 50, **fields})
    calls, purse = CallStore(tmp_path / "c.sqlite"), Purse(cap)
    policy = Budget(
        Recorded(backend, settings, calls), settings, Estimator(settings.max_tokens), purse
    )

    async def run():
        asked = (policy.complete(request(number)) for number in range(1, count + 1))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(run()), calls, purse


def test_the_cap_is_never_passed_and_nothing_answered_is_lost(tmp_path):
    """Forty pages with money for about ten: the bill stays below the cap, the rest is refused."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    results, calls, purse = run_all(tmp_path, backend, 40, cap=2.5)
    refused = [result for result in results if isinstance(result, BudgetExceeded)]
    assert (
        calls.spent().cost_usd
        == pytest.approx(purse.spent)
        == pytest.approx(0.2 * (40 - len(refused)))
    )
    assert 1.0 <= purse.spent <= 2.5
    assert refused


def test_calls_in_flight_are_waited_for_before_a_page_is_refused(tmp_path):
    """What calls in flight give back is spent: a first estimate that is too high stops nothing."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    # Each first call may cost 1.5 USD by its estimate and costs 0.2.
    results, _, _ = run_all(tmp_path, backend, 6, cap=3.0)
    assert not [result for result in results if isinstance(result, Exception)]


def test_the_cap_is_used_up_once_answers_have_taught_what_a_call_costs(tmp_path):
    """Calls that waited at a first estimate of 1.5 USD are not refused for want of that much."""
    clock = LeapingClock()
    settings = backend_settings(**{**PRICED, "max_tokens": 50})
    calls, estimator = CallStore(tmp_path / "c.sqlite"), Estimator(50)
    recorded = Recorded(ScriptedBackend(clock=clock, latency_s=1.0), settings, calls)
    budget = Budget(recorded, settings, estimator, Purse(8.05))
    policy = Limited(budget, settings, estimator, clock)

    async def run():
        return await asyncio.gather(*(policy.complete(request(n)) for n in range(1, 41)))

    assert len(asyncio.run(run())) == 40
    assert calls.spent().cost_usd == pytest.approx(8.0)


def test_the_refusal_says_what_to_do(tmp_path):
    """The message has the cap, the money spent and the setting."""
    (result,), _, _ = run_all(tmp_path, ScriptedBackend(), 1, cap=0.01)
    assert isinstance(result, BudgetExceeded)
    assert "[budget] max_cost_usd" in str(result)


def test_free_calls_need_no_budget(tmp_path):
    """A cap of nothing lets a local server's calls through."""
    free = dict.fromkeys(PRICED, 0.0)
    results, _, _ = run_all(tmp_path, ScriptedBackend(), 5, cap=0.0, **free)
    assert not [result for result in results if isinstance(result, Exception)]
