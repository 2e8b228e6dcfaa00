"""Limits hold in any minute, as the server sees it."""

import asyncio
import itertools

import pytest

from pdf_extraction.backends.calls import CallStore, Question
from pdf_extraction.backends.limits import CAUTION, WINDOW_S, Limited, Window
from pdf_extraction.backends.usage import Estimator, input_tokens
from pdf_extraction.errors import RateLimited, TimedOut, Unauthorized, Unavailable
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)

ANSWER = '{"devices": []}'
OPEN = {"calls_per_minute": 0, "input_tokens_per_minute": 0, "output_tokens_per_minute": 0}


def limited(backend, clock, **fields):
    settings = backend_settings(**{**OPEN, **fields})
    return Limited(backend, settings, Estimator(settings.max_tokens), clock)


def run_all(policy, count):
    async def run():
        asked = (policy.complete(request(number)) for number in range(1, count + 1))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(run())


def most_in_a_minute(events):
    """The most that `(moment, amount)` events sum up to in any 60 s."""
    return max(
        sum(amount for moment, amount in events if start <= moment < start + 60)
        for start, _ in events
    )


def calls_a_minute(backend, start):
    """Mean over the first eight minutes or so, in whole windows."""
    end = start + 8 * WINDOW_S
    return sum(moment < end for moment, _ in backend.asked) / (end - start) * 60


def test_calls_in_flight_never_pass_the_concurrency():
    """With 3 places, the fourth call waits for the first to end."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    run_all(limited(backend, clock, concurrency=3), 10)
    assert backend.most_in_flight == 3
    assert len(backend.asked) == 10


def test_a_refused_key_is_not_tried_by_those_that_waited():
    """Ninety pages used to queue for a place when the first 401 came, and each earned its own."""
    clock = LeapingClock()
    wrong = Unauthorized("the key is wrong; set S1_KEY", backend="s1", status=401)
    backend = ScriptedBackend(wrong, clock=clock, latency_s=1.0)
    ended = run_all(limited(backend, clock, concurrency=3), 90)
    assert len(backend.asked) == 3
    assert {(type(error), str(error)) for error in ended} == {(Unauthorized, str(wrong))}


def test_calls_a_minute_hold_in_any_window_and_are_used():
    """1,000 calls at 100 a minute: never more than 100 in 60 s, and at least 95 % of that."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=0.5)
    start = clock.now()
    run_all(limited(backend, clock, calls_per_minute=100), 1000)
    assert most_in_a_minute([(moment, 1) for moment, _ in backend.asked]) <= 100
    assert calls_a_minute(backend, start) >= 95


def test_input_tokens_a_minute_hold_in_any_window_and_are_used():
    """Where input tokens bind, they are never passed and at least 95 % used."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=0.5, usage=(700, 10))
    policy = limited(backend, clock, input_tokens_per_minute=70_000, concurrency=8)
    start = clock.now()
    run_all(policy, 1000)
    assert most_in_a_minute([(moment, 700) for moment, _ in backend.asked]) <= 70_000
    assert calls_a_minute(backend, start) * 700 >= 0.95 * 70_000


def test_output_tokens_are_reserved_before_and_counted_after():
    """Output tokens, which nobody knows before, hold as well."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=2.0, usage=(10, 500))
    policy = limited(backend, clock, output_tokens_per_minute=20_000)
    run_all(policy, 200)
    ended = [(moment + 2.0, 500) for moment, _ in backend.asked]
    assert most_in_a_minute(ended) <= 20_000


@pytest.mark.parametrize("limit", ["input_tokens_per_minute", "output_tokens_per_minute"])
def test_what_the_first_answers_teach_holds_for_those_who_wait_already(limit):
    """Calls that wait as ``max_tokens`` each go once an answer says how little it takes."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    start = clock.now()
    run_all(limited(backend, clock, **{limit: 20_000}), 40)
    assert max(moment for moment, _ in backend.asked) <= start + 2.0


def test_a_call_larger_than_the_whole_limit_goes_alone():
    """A page that takes more than a minute's tokens is not stuck for ever."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, usage=(5000, 10))
    run_all(limited(backend, clock, input_tokens_per_minute=1000), 3)
    moments = [moment for moment, _ in backend.asked]
    assert len(moments) == 3
    assert moments[2] - moments[1] >= 60


def test_a_retry_after_keeps_everyone_at_that_backend_away():
    """After a 429 that asks for 20 s, no call of any page goes out before."""
    clock = LeapingClock()
    slow_down = RateLimited("slow down", retry_after=20.0, backend="s1", status=429)
    backend = ScriptedBackend(slow_down, ANSWER, clock=clock, latency_s=1.0)
    results = run_all(limited(backend, clock, concurrency=2), 6)
    moments = [moment for moment, _ in backend.asked]
    told = moments[0] + 1.0
    assert sum(isinstance(result, RateLimited) for result in results) == 1
    assert not [moment for moment in moments if told < moment < told + 20.0]
    assert len(moments) == 6


def test_a_pause_longer_than_patience_hands_pages_to_the_next_backend():
    """A quota that resets in hours makes calls fail at once instead of waiting."""
    clock = LeapingClock()
    exhausted = RateLimited("tomorrow", retry_after=36_000.0, backend="s1", status=429)
    backend = ScriptedBackend(exhausted, ANSWER, clock=clock, latency_s=1.0)
    results = run_all(limited(backend, clock, concurrency=1), 3)
    assert [type(result) for result in results] == [RateLimited] * 3
    assert len(backend.asked) == 1


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (RateLimited("429", backend="s1"), 0),
        (Unavailable("reset", backend="s1"), 1000),
        (TimedOut("slow", backend="s1"), 1000),
    ],
)
def test_tokens_of_a_failed_call_are_kept_if_the_server_read_it(error, kept):
    """A refused call gives its input tokens back, one that failed later does not."""
    clock = LeapingClock()
    backend = ScriptedBackend(error, ANSWER, clock=clock)
    estimator = Estimator(100)
    settings = backend_settings(**{**OPEN, "input_tokens_per_minute": 1_000_000})
    policy = Limited(backend, settings, estimator, clock)
    run_all(policy, 1)
    expected = estimator.expect(request(1), unknown=CAUTION).input
    free = policy._input.wait(1_000_000 - (expected if kept else 0))
    assert free == 0
    if kept:
        assert policy._input.wait(1_000_000 - expected + 1) > 0


def test_a_window_forgets_exactly_after_its_time():
    """What was counted blocks until it has left the window, and not longer."""
    clock = LeapingClock()
    window = Window(10, clock)
    window.count(10)
    assert window.wait(1) == pytest.approx(61.0, abs=0.01)
    clock.time += 61.0
    assert window.wait(10) == 0


def test_what_is_held_is_waited_for():
    """Room that depends on calls in flight has no known time."""
    window = Window(10, LeapingClock())
    window.hold(10)
    assert window.wait(1) is None
    window.release(10)
    assert window.wait(10) == 0


def test_single_pages_are_served_in_the_order_they_came():
    """First come, first served, also where a limit makes them wait."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=0.1)
    run_all(limited(backend, clock, calls_per_minute=5, concurrency=2), 20)
    assert [asked.page.page_number for _, asked in backend.asked] == list(range(1, 21))


def test_a_second_run_reserves_what_the_first_learned(tmp_path):
    """Output is not reserved at max_tokens again, nor input at a stranger's guess."""
    calls = CallStore(tmp_path / "c.sqlite")
    asked = request()
    about = Question("q", asked.prompt, 1.25)
    calls.put("k", Completion("{}", "s1", output_tokens=300), about)
    fresh = Estimator(8192)
    taught = Estimator(8192, lambda group: calls.usage("s1", group, 50))
    assert fresh.expect(asked).output == 8192
    assert taught.expect(asked).output == 300
    assert taught.expect(asked).input == round(input_tokens(asked) * 1.25)


def test_429s_that_say_nothing_slow_everyone_by_moments_that_grow():
    """Each bare 429 of a row doubles the pause; an answer brings it back."""
    clock = LeapingClock()
    bare = RateLimited("429", backend="s1", status=429)
    backend = ScriptedBackend(bare, bare, bare, ANSWER, bare, ANSWER, clock=clock)
    run_all(limited(backend, clock, concurrency=1), 7)
    moments = [moment for moment, _ in backend.asked]
    waits = [after - before for before, after in itertools.pairwise(moments)]
    assert waits == pytest.approx([0.25, 0.5, 1.0, 0, 0.25, 0], abs=0.01)


def test_a_limit_that_is_used_up_by_the_servers_own_count_is_waited_for():
    """`x-ratelimit-remaining-requests: 0` with an answer keeps the next call away until reset."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, pause_s=7.0)
    run_all(limited(backend, clock, concurrency=1), 3)
    moments = [moment for moment, _ in backend.asked]
    assert moments[1] - moments[0] == pytest.approx(7.0, abs=0.01)


class Gateway(ScriptedBackend):
    """Refuses every seventh call with a 429 of a second, and lets the others in for 1 s."""

    async def complete(self, request):
        self.asked.append((self.clock.now(), request))
        await self.clock.sleep(0.01)
        if len(self.asked) % 7 == 0:
            raise RateLimited("busy", retry_after=1.0, backend="s1", status=429)
        await self.clock.sleep(1.0)
        return Completion(ANSWER, "s1", "m")


def test_a_429_that_let_later_calls_in_is_its_pages_alone():
    """Where the next calls were not refused, the others go on before its Retry-After ends."""
    clock = LeapingClock()
    backend = Gateway(clock=clock)
    start = clock.now()
    run_all(limited(backend, clock, concurrency=20), 400)
    assert len(backend.asked) == 400
    # 20 places of a second; at a stop of a second after each refusal it would be some 57 s more.
    assert clock.now() - start < 30
