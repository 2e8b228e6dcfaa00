"""Each question is asked once."""

import asyncio
from dataclasses import replace

import pytest

from pdf_extraction.backends.cache import Cached, answer_key
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.ledger import Recorded
from pdf_extraction.errors import Malformed, Unavailable
from pdf_extraction.model import Prompt
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    page,
    request,
)

ANSWER = '{"devices": []}'
SETTINGS = backend_settings()


@pytest.fixture
def store(tmp_path):
    return CallStore(tmp_path / "c.sqlite")


def cached(backend, settings, store, **options):
    """The cache around a ledger, which is what writes answers."""
    return Cached(Recorded(backend, settings, store), settings, store, **options)


def key(settings, name="s1"):
    return answer_key(name, settings, request())


def ask(policy, *requests):
    async def run():
        return await asyncio.gather(*map(policy.complete, requests), return_exceptions=True)

    return asyncio.run(run())


def test_the_second_time_nothing_is_asked(store):
    """A kept answer is the same answer, marked as cached."""
    backend = ScriptedBackend()
    (first,) = ask(cached(backend, SETTINGS, store), request())
    (second,) = ask(cached(backend, SETTINGS, store), request())
    assert len(backend.asked) == 1
    assert second == replace(first, cached=True)


def test_another_document_with_the_same_page_costs_nothing(store):
    """The key holds what the model sees, not whose page it is."""
    backend = ScriptedBackend()
    policy = cached(backend, SETTINGS, store)
    ask(policy, request())
    ask(policy, request(document_id="renamed", sha256="b" * 64))
    assert len(backend.asked) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"page": page(2)},
        {"page": replace(page(1), picture=None)},
        {"prompt": Prompt("Other.", "Page 1", {"type": "object"}, "page")},
        {"prompt": Prompt("Extract devices.", "Page 1", {"type": "array"}, "page")},
        {"neighbours": (page(2),)},
    ],
)
def test_whatever_reaches_the_model_is_in_the_key(changed):
    """Another picture, text, prompt, schema or neighbour is another question."""
    assert key(SETTINGS) != answer_key("s1", SETTINGS, request(**changed))


def test_neighbours_before_and_after_are_different_questions():
    """The same pictures around another primary page make another key."""
    before = answer_key("s1", SETTINGS, request(2, neighbours=(page(1),)))
    after = answer_key("s1", SETTINGS, request(1, neighbours=(page(2),)))
    assert before != after


@pytest.mark.parametrize(
    "field",
    [
        {"model": "other"},
        {"temperature": 0.5},
        {"seed": 3},
        {"response_format": "none"},
        {"extra_body": {"top_k": 1}},
    ],
)
def test_model_and_sampling_are_in_the_key(field):
    """Another model or other sampling is asked anew."""
    assert key(backend_settings(**field)) != key(SETTINGS)


@pytest.mark.parametrize(
    "field",
    [
        {"base_url": "http://127.0.0.1:1/v1"},
        {"concurrency": 3},
        {"max_tokens": 100},
        {"timeout_s": 1.0},
        {"max_attempts": 1},
        {"price_per_million_input_tokens": 3.0},
    ],
)
def test_what_does_not_change_an_answer_is_not_in_the_key(field):
    """Moving a server or tuning limits costs no call."""
    assert key(backend_settings(**field)) == key(SETTINGS)


def test_failures_are_never_kept(store):
    """An error is raised and the next run asks again."""
    policy = cached(ScriptedBackend(Unavailable("down"), ANSWER), SETTINGS, store)
    (failed,) = ask(policy, request())
    (answered,) = ask(policy, request())
    assert isinstance(failed, Unavailable)
    assert answered.text == ANSWER


def test_a_kept_answer_that_no_longer_parses_is_asked_again(store):
    """A profile that became stricter does not fail for ever on an old answer."""

    def stricter(text):
        if text != '{"new": 1}':
            raise Malformed("too old")

    ask(cached(ScriptedBackend(ANSWER), SETTINGS, store), request())
    newer = cached(ScriptedBackend('{"new": 1}'), SETTINGS, store)
    (answer,) = ask(newer, request(parse=stricter))
    assert answer.text == '{"new": 1}'
    assert not answer.cached


def test_force_asks_again_and_keeps_the_new_answer(store):
    """`force` reads nothing from the cache and writes to it."""
    ask(cached(ScriptedBackend(ANSWER), SETTINGS, store), request())
    again = '{"devices": [1]}'
    ask(cached(ScriptedBackend(again), SETTINGS, store, force=True), request())
    backend = ScriptedBackend()
    (kept,) = ask(cached(backend, SETTINGS, store), request())
    assert kept.text == again
    assert backend.asked == []


@pytest.mark.parametrize("force", [False, True])
def test_equal_questions_in_flight_are_one_call(store, force):
    """Pages with the same picture at the same time wait for the first one's answer."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    policy = cached(backend, SETTINGS, store, force=force)
    answers = ask(policy, *[request() for _ in range(10)])
    assert len(backend.asked) == 1
    assert [answer.cached for answer in answers] == [False] + [True] * 9


def test_the_failure_of_one_is_not_the_others(store):
    """If the first of equal questions fails, the next one asks for itself."""
    clock = LeapingClock()
    backend = ScriptedBackend(Unavailable("down"), ANSWER, clock=clock, latency_s=1.0)
    results = ask(cached(backend, SETTINGS, store), request(), request(), request())
    assert [type(result).__name__ for result in results] == [
        "Unavailable",
        "Completion",
        "Completion",
    ]
    assert len(backend.asked) == 2


def test_cancelling_one_of_equal_questions_leaves_the_others_alone(store):
    """A page that is given up does not take its twins with it."""
    clock = LeapingClock()
    backend = ScriptedBackend(clock=clock, latency_s=1.0)
    policy = cached(backend, SETTINGS, store)

    async def run():
        first, second = (asyncio.create_task(policy.complete(request())) for _ in range(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(run()).text == ANSWER


def test_two_backends_with_one_model_keep_their_own_answers(store):
    """A second link of the chain is there for a second opinion, not for the first one's answer."""
    first, second = ScriptedBackend(), ScriptedBackend(name="s2")
    ask(cached(first, SETTINGS, store), request())
    ask(cached(second, SETTINGS, store), request())
    assert len(second.asked) == 1
    assert key(SETTINGS, "s1") != key(SETTINGS, "s2")


def test_answers_to_an_earlier_wording_are_taken_where_the_settings_say_so(store):
    """After a harmless edit of the prompt nothing is asked; another schema or page is."""
    edited = replace(request().prompt, system="Extract the devices, please.")
    ask(cached(ScriptedBackend(), SETTINGS, store), request())
    backend = ScriptedBackend()
    (kept,) = ask(cached(backend, SETTINGS, store, any_wording=True), request(prompt=edited))
    assert (kept.cached, backend.asked) == (True, [])
    assert kept.prompt_hash == request().prompt.prompt_hash
    other_schema = replace(edited, schema={"type": "array"})
    lax = cached(backend, SETTINGS, store, any_wording=True)
    ask(lax, request(prompt=other_schema), request(2, prompt=edited))
    ask(cached(backend, SETTINGS, store), request(prompt=edited))
    assert len(backend.asked) == 3
