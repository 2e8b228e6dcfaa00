"""A server that keeps failing is left alone, and found again when it is well."""

import asyncio

import pytest

from pdf_extraction.backends.breaker import FIRST_PAUSE_S, Breaker
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.fallback import Fallback
from pdf_extraction.backends.retry import Retrying
from pdf_extraction.errors import LeftAlone, Malformed, RateLimited, TimedOut, Unavailable
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)

ANSWER = '{"devices": []}'
DOWN = Unavailable("connection refused", backend="s1")


@pytest.fixture
def calls(tmp_path):
    return CallStore(tmp_path / "c.sqlite")


def breaker(backend, calls, clock, *, is_last=True, **fields):
    settings = backend_settings(**{"breaker_failures": 3, **fields})
    return Breaker(backend, settings, clock, calls, is_last=is_last)


def in_turn(policy, count):
    async def run():
        results = []
        for number in range(1, count + 1):
            results += await asyncio.gather(
                policy.complete(request(number)), return_exceptions=True
            )
        return results

    return asyncio.run(run())


def test_after_failures_in_a_row_pages_go_to_the_next_link_at_once(calls):
    """The fourth page does not ask a server that failed three; the other link answers it."""
    clock = LeapingClock()
    backend = ScriptedBackend(DOWN)
    chain = Fallback([breaker(backend, calls, clock, is_last=False), ScriptedBackend(name="s2")])
    results = in_turn(chain, 10)
    assert [result.backend for result in results] == ["s2"] * 10
    assert len(backend.asked) == 3
    assert clock.slept == []


def test_one_page_tries_again_and_its_answer_lets_the_others_in(calls):
    """After the pause a single call goes ahead while the others still pass by."""
    clock = LeapingClock()
    backend = ScriptedBackend(DOWN, DOWN, DOWN, ANSWER, clock=clock, latency_s=1.0)
    policy = breaker(backend, calls, clock, is_last=False)

    async def run():
        for number in range(3):
            with pytest.raises(Unavailable):
                await policy.complete(request(number))
        await clock.sleep(FIRST_PAUSE_S)
        asked = (policy.complete(request(number)) for number in range(5))
        half_open = await asyncio.gather(*asked, return_exceptions=True)
        return half_open, await policy.complete(request(9))

    half_open, later = asyncio.run(run())
    assert [type(result) for result in half_open] == [Completion] + [LeftAlone] * 4
    assert later.text == ANSWER
    assert "connection refused" in str(half_open[1])


def test_pages_of_the_only_server_wait_for_it_and_lose_no_attempt(calls):
    """A server that answered and then fell ill for a while costs no page."""
    clock = LeapingClock()
    backend = ScriptedBackend(ANSWER, *[DOWN] * 7, ANSWER, clock=clock, latency_s=0.1)
    settings = backend_settings(breaker_failures=3, max_attempts=3)
    policy = Retrying(breaker(backend, calls, clock), settings, clock)

    async def run():
        first = await policy.complete(request(1))
        asked = (policy.complete(request(number)) for number in range(2, 4))
        return [first, *await asyncio.gather(*asked)]

    assert [result.text for result in asyncio.run(run())] == [ANSWER] * 3
    pauses = [slept for slept in clock.slept if slept >= FIRST_PAUSE_S - 0.5]
    assert max(pauses) > 2 * min(pauses)


def test_pages_of_the_only_server_do_not_wait_for_ever(calls):
    """After `patience_s` the pages fail and say why."""
    clock = LeapingClock()
    backend = ScriptedBackend(ANSWER, DOWN, clock=clock, latency_s=0.1)
    results = in_turn(breaker(backend, calls, clock, patience_s=100.0), 6)
    assert isinstance(results[0], Completion)
    assert not [result for result in results[1:] if isinstance(result, Completion)]
    assert clock.time - 1000.0 < 400


def test_a_server_that_never_answered_is_not_waited_for(calls):
    """A wrong port is said at once, not after ten minutes."""
    clock = LeapingClock()
    results = in_turn(breaker(ScriptedBackend(DOWN), calls, clock), 8)
    assert [type(result) for result in results] == [Unavailable] * 3 + [LeftAlone] * 5
    assert clock.slept == []


def test_answers_that_cannot_be_used_and_429s_are_no_illness(calls):
    """Only what the server fails to do counts, and only in a row."""
    slow_down, slow = RateLimited("429", backend="s1"), TimedOut("slow", backend="s1")
    script = [slow, slow, Malformed("prose"), slow, slow, slow_down, ANSWER, slow, slow, ANSWER]
    backend = ScriptedBackend(*script)
    results = in_turn(breaker(backend, calls, LeapingClock()), 10)
    assert len(backend.asked) == 10
    assert not [result for result in results if isinstance(result, LeftAlone)]


def test_how_it_is_stays_to_be_read_by_another_process(calls):
    """The state is in the store when a server is left alone and when it answers again."""
    clock = LeapingClock()
    backend = ScriptedBackend(DOWN, DOWN, DOWN, ANSWER)
    policy = breaker(backend, calls, clock, is_last=False)
    in_turn(policy, 3)
    left = CallStore(calls.path).left()["s1"]
    assert (left.failures, left.last_error) == (3, "connection refused")
    assert left.until > 0
    clock.time += FIRST_PAUSE_S
    in_turn(policy, 1)
    assert calls.left()["s1"].until == 0


def test_quick_failures_among_many_slow_answers_are_no_illness(calls):
    """Sixty calls at once, of which ten fail at once: the others' answers are yet to come."""
    clock = LeapingClock()

    class Mixed(ScriptedBackend):
        async def complete(self, request):
            if request.page.page_number % 6 == 0:
                raise DOWN
            await clock.sleep(1.0)
            return await super().complete(request)

    policy = breaker(Mixed(), calls, clock, is_last=False)

    async def run():
        asked = (policy.complete(request(number)) for number in range(60))
        return await asyncio.gather(*asked, return_exceptions=True)

    kinds = [type(result) for result in asyncio.run(run())]
    assert (kinds.count(Unavailable), kinds.count(Completion)) == (10, 50)
    assert calls.left() == {}
