"""The last slow pages may be asked about twice."""

import asyncio

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.ledger import Recorded
from pdf_extraction.backends.limits import Limited
from pdf_extraction.backends.stragglers import Raced
from pdf_extraction.backends.usage import Estimator
from pdf_extraction.errors import Unavailable
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)


class SlowAtFirst(ScriptedBackend):
    """Takes 1 s a call, but for the first call of page 99, which takes 600 s."""

    def __init__(self, clock, then=None):
        super().__init__(clock=clock)
        self.then = then
        self.left = []

    async def complete(self, request):
        number = request.page.page_number
        again = any(asked.page.page_number == number for _, asked in self.asked)
        self.asked.append((self.clock.now(), request))
        try:
            await self.clock.sleep(600.0 if number == 99 and not again else 1.0)
        except asyncio.CancelledError:
            self.left.append(number)
            raise
        if number == 99 and again and self.then:
            raise self.then
        return Completion('{"devices": []}', "s1", "m", latency_ms=1000.0)


def run(tmp_path, then=None, warm=12, **fields):
    clock, calls = LeapingClock(), CallStore(tmp_path / "c.sqlite")
    settings = backend_settings(**fields)
    backend = SlowAtFirst(clock, then)
    recorded = Recorded(backend, settings, calls)
    policy = Raced(Limited(recorded, settings, Estimator(100), clock), clock)

    async def all_pages():
        await asyncio.gather(*(policy.complete(request(number)) for number in range(warm)))
        started = clock.now()
        await policy.complete(request(99))
        return clock.now() - started

    return asyncio.run(all_pages()), backend, calls


def test_a_straggler_is_overtaken_by_a_second_call(tmp_path):
    """The page is done in seconds, the slow call is closed, and both are in the ledger."""
    took_s, backend, calls = run(tmp_path, price_per_million_input_tokens=1.0)
    assert took_s < 5
    assert backend.left == [99]
    rows = [row for row in calls.attempts("lei-1", "a" * 64) if row.page_number == 99]
    assert {row.error_type for row in rows} == {None, "LostRace"}
    assert all(row.cost_usd > 0 or row.error_type is None for row in rows)


def test_a_second_call_that_fails_leaves_the_first_to_answer(tmp_path):
    """Luck runs both ways: the slow answer is taken when the race brings none."""
    took_s, backend, _ = run(tmp_path, then=Unavailable("down"))
    assert took_s == pytest.approx(600, abs=1)
    assert backend.left == []


def test_where_nothing_is_known_of_the_others_nothing_is_raced(tmp_path):
    """Before ten answers nobody can say what slow is."""
    _, backend, _ = run(tmp_path, warm=5)
    assert len(backend.asked) == 6


def test_where_places_are_busy_nothing_is_raced(tmp_path):
    """With one place there is never an idle one."""
    _, backend, _ = run(tmp_path, concurrency=1)
    assert len(backend.asked) == 13
