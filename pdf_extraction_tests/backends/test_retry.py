"""One loop asks again, as the error's class says."""

import asyncio
import random

import pytest

from pdf_extraction.backends.retry import LONGEST_WAIT_S, Retrying
from pdf_extraction.errors import (
    BudgetExceeded,
    Malformed,
    RateLimited,
    Refused,
    Rejected,
    TimedOut,
    Truncated,
    Unauthorized,
    Unavailable,
)
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)

ANSWER = '{"devices": []}'


def refused(kind, text):
    error = kind("not usable")
    error.completion = Completion(text, "s1")
    return error


def ask(backend, clock=None, **fields):
    policy = Retrying(
        backend, backend_settings(**fields), clock or LeapingClock(), random.Random(1)
    )
    return asyncio.run(policy.complete(request()))


@pytest.mark.parametrize("error", [Unavailable("down"), TimedOut("slow")])
def test_a_server_in_trouble_is_waited_for(error):
    """Failures of the server are tried again after a wait."""
    clock, backend = LeapingClock(), ScriptedBackend(error, error, ANSWER)
    assert ask(backend, clock).text == ANSWER
    assert len(backend.asked) == 3
    assert len(clock.slept) == 2
    assert all(0 <= wait <= 1.0 for wait in clock.slept)


def test_a_retry_after_of_nothing_again_and_again_is_none():
    """A gateway that says 0 each time is asked ever more rarely, not for ten minutes on end."""
    backend = ScriptedBackend(RateLimited("busy", retry_after=0.0))
    with pytest.raises(RateLimited):
        ask(backend, patience_s=600)
    assert len(backend.asked) < 80


def test_the_last_error_is_raised_after_max_attempts():
    """`max_attempts` counts calls, not repetitions."""
    backend = ScriptedBackend(Unavailable("down"))
    with pytest.raises(Unavailable):
        ask(backend, max_attempts=4)
    assert len(backend.asked) == 4


def test_waits_grow_and_stay_below_their_limit():
    """Exponential with full jitter, capped."""
    clock, backend = LeapingClock(), ScriptedBackend(Unavailable("down"))
    with pytest.raises(Unavailable):
        ask(backend, clock, max_attempts=40)
    assert max(clock.slept) <= LONGEST_WAIT_S
    assert sum(clock.slept[-10:]) > sum(clock.slept[:5])


@pytest.mark.parametrize(
    "error", [Rejected("400"), Unauthorized("401"), BudgetExceeded("cap")], ids=lambda e: e.kind
)
def test_what_would_fail_again_is_not_asked_again(error):
    """Errors whose class says so go straight up."""
    backend = ScriptedBackend(error)
    with pytest.raises(type(error)):
        ask(backend)
    assert len(backend.asked) == 1


def test_a_malformed_answer_is_asked_again_with_the_error_and_other_sampling():
    """The next request shows the answer and its error, one step up the ladder."""
    backend = ScriptedBackend(refused(Malformed, "[1"), refused(Malformed, "[2"), ANSWER)
    ask(backend, retry_temperatures=(0.2, 0.6))
    asked = [request for _, request in backend.asked]
    assert [r.temperature for r in asked] == [None, 0.2, 0.6]
    assert asked[1].rejected == (("[1", "not usable"),)
    assert asked[2].rejected == (("[2", "not usable"),), "the last alone: each is paid for"


def test_a_refusal_has_one_more_chance():
    """Other sampling once; what the model declines twice is another backend's."""
    backend = ScriptedBackend(refused(Refused, ""), ANSWER)
    assert ask(backend).text == ANSWER
    declining = ScriptedBackend(refused(Refused, ""))
    with pytest.raises(Refused):
        ask(declining, max_attempts=5)
    assert [r.temperature for _, r in declining.asked] == [None, 0.2]


def test_a_cut_answer_changes_sampling_but_is_not_shown():
    """A truncated or looping answer would only lead the model on."""
    backend = ScriptedBackend(refused(Truncated, "x" * 9000), ANSWER)
    ask(backend)
    assert backend.asked[1][1].temperature == 0.2
    assert backend.asked[1][1].rejected == ()


def test_the_ladder_of_temperatures_stays_on_its_last_step():
    """More attempts than steps repeat the last temperature."""
    backend = ScriptedBackend(refused(Malformed, "["))
    with pytest.raises(Malformed):
        ask(backend, max_attempts=5, retry_temperatures=(0.1, 0.9))
    assert [r.temperature for _, r in backend.asked] == [None, 0.1, 0.9, 0.9, 0.9]


def test_retry_after_comes_first_and_takes_no_attempt():
    """A page that is told to wait waits that long, and has all its attempts left."""
    clock = LeapingClock()
    wait = RateLimited("429", retry_after=7.0)
    backend = ScriptedBackend(*[wait] * 6, Unavailable("down"), ANSWER)
    ask(backend, clock, max_attempts=2)
    assert all(7.0 <= slept <= 7.5 for slept in clock.slept[:6])
    assert len(backend.asked) == 8


def test_a_server_that_only_says_429_is_left_after_a_while():
    """Waiting for a rate limit ends when patience does, in seconds."""
    clock = LeapingClock()
    with pytest.raises(RateLimited):
        ask(ScriptedBackend(RateLimited("429")), clock)
    assert sum(clock.slept) <= 600.0


def test_a_wait_of_hours_is_not_begun():
    """A Retry-After beyond patience fails over at once."""
    clock = LeapingClock()
    with pytest.raises(RateLimited):
        ask(ScriptedBackend(RateLimited("429", retry_after=9000.0)), clock)
    assert clock.slept == []
