"""A page too long for one answer gets more room, then two answers; a sideways one is turned."""

import asyncio
import hashlib
import json

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.framing import HALVES
from pdf_extraction.errors import ChainExhausted
from pdf_extraction.model import View
from pdf_extraction.parts import merged_answers
from pdf_extraction_tests.backends.helpers import chain_settings, load_picture, page, request

WHOLE = '{"page_number": 1, "devices": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}'


@pytest.fixture
def calls(tmp_path):
    return CallStore(tmp_path / "calls.sqlite")


def ask(calls, server, **fields):
    async def run():
        settings = chain_settings(server, price_per_million_output_tokens=1.0, **fields)
        chain = build_chain(settings, calls)
        try:
            return await chain.complete(
                request(merge=lambda upper, lower: merged_answers(upper, lower, 1))
            )
        finally:
            await chain.aclose()

    return asyncio.run(run())


def sha_of(view):
    return hashlib.sha256(asyncio.run(load_picture(page(1), view))).hexdigest()


def seen_as(answers, otherwise):
    """Answers by what of the page is shown."""
    known = {sha_of(view): text for view, text in answers.items()}
    return lambda asked: known.get(asked.pictures[0], otherwise)


def attempts(calls):
    return calls.attempts("lei-1", "a" * 64)


HALF_ANSWERS = {
    View(0, HALVES[0]): '{"page_number": 1, "devices": [{"text": "a"}, {"text": "b"}]}',
    View(0, HALVES[1]): '{"page_number": 1, "devices": [{"text": "b"}, {"text": "c"}]}',
}


def test_a_cut_answer_gets_twice_the_room(calls):
    """The same question once more, with room for twice as many tokens and the same sampling."""
    seen = []
    with (
        FakeServer(faults="truncated=1", answers=lambda a: seen.append(a) or WHOLE) as server,
        pytest.raises(ChainExhausted),
    ):
        ask(calls, server, max_tokens=100, max_tokens_retry=400, max_attempts=2)
    assert [asked.room for asked in seen[:4]] == [100, 200, 400, 100]
    assert [asked.body["temperature"] for asked in seen[:4]] == [0.0, 0.0, 0.0, 0.0]
    assert seen[3].pictures == (sha_of(View(0, HALVES[0])),)


def test_an_answer_too_long_for_any_room_is_made_of_two(calls):
    """Halves of the picture, merged without what both show, and kept as the page's answer."""
    answers = seen_as(HALF_ANSWERS, WHOLE)
    with FakeServer(faults="cut_above=16", answers=answers) as server:
        completion = ask(calls, server, max_tokens=100, max_tokens_retry=100)
        again = ask(calls, server, max_tokens=100, max_tokens_retry=100)
        assert server.stats()["requests"] == 3
    assert json.loads(completion.text) == json.loads(WHOLE)
    assert [a.error_type for a in attempts(calls)] == ["Truncated", None, None]
    assert [a.part for a in attempts(calls)] == [None, "0 0 1 0.55", "0 0.45 1 1"]
    assert completion.cost_usd == pytest.approx(sum(a.cost_usd for a in attempts(calls)[1:]))
    assert (again.text, again.cached) == (completion.text, True)


def test_a_server_that_refuses_the_room_is_asked_in_halves(calls):
    """A 400 about `max_tokens` is no reason to give the page up, and is met only once."""
    answers = seen_as(HALF_ANSWERS, WHOLE)
    with FakeServer(faults="cut_above=16,most_tokens=150", answers=answers) as server:
        completion = ask(calls, server, max_tokens=100, max_tokens_retry=400)
    assert json.loads(completion.text) == json.loads(WHOLE)
    assert [a.error_type for a in attempts(calls)] == ["Truncated", "Rejected", None, None]


def test_a_page_that_loops_twice_is_asked_in_halves(calls):
    """Other sampling first; what loops again is shown in halves."""
    answers = seen_as(HALF_ANSWERS, WHOLE[:30] + " da Lei nº 9.784," * 200)
    with FakeServer(answers=answers) as server:
        completion = ask(calls, server, max_attempts=3)
    assert json.loads(completion.text) == json.loads(WHOLE)
    assert [a.error_type for a in attempts(calls)] == ["Looping", "Looping", None, None]


def test_a_half_that_was_paid_is_not_paid_again(calls):
    """Killed between two halves, or failed at the second, the first is kept.

    Nor is it found out once more that the page is too long for one answer.
    """
    first = {View(0, HALVES[0]): HALF_ANSWERS[View(0, HALVES[0])]}
    with FakeServer(faults="cut_above=16", answers=seen_as(first, WHOLE)) as server:
        fields = {"max_tokens": 100, "max_tokens_retry": 0, "max_attempts": 2}
        with pytest.raises(ChainExhausted):
            ask(calls, server, **fields)
        before = server.stats()["by_picture"][sha_of(View(0, HALVES[0]))]
        with pytest.raises(ChainExhausted):
            ask(calls, server, **fields)
        assert before == server.stats()["by_picture"][sha_of(View(0, HALVES[0]))] == 1
        assert server.stats()["by_picture"][sha_of(View())] == 1


def test_one_attempt_is_one_call(calls):
    """`max_attempts = 1` hands the page on at once."""
    with FakeServer(faults="truncated=1") as server:
        with pytest.raises(ChainExhausted, match="cut at"):
            ask(calls, server, max_attempts=1)
        assert server.stats()["requests"] == 1


def test_a_page_that_the_model_calls_sideways_is_turned(calls):
    """It is asked again turned; the attempt says so and boxes are the displayed page's."""
    turned = '{"page_number": 1, "devices": [{"text": "a", "bbox": [0.1, 0.2, 0.3, 0.4]}]}'
    sideways = '{"page_number": 1, "rotation_correction": 90, "devices": []}'
    with FakeServer(answers=seen_as({View(90): turned}, sideways)) as server:
        completion = ask(calls, server)
    (device,) = json.loads(completion.text)["devices"]
    assert device["bbox"] == [0.2, 0.7, 0.4, 0.9]
    assert [(a.rotation, a.error_type) for a in attempts(calls)] == [(0, "Sideways"), (90, None)]


def test_a_turn_in_the_wrong_direction_is_mended(calls):
    """A page set upside down by the first turn is turned on."""
    answers = {
        View(): '{"rotation_correction": 90, "devices": []}',
        View(90): '{"rotation_correction": 180, "devices": []}',
        View(270): WHOLE,
    }
    with FakeServer(answers=seen_as(answers, "")) as server:
        assert ask(calls, server).text == WHOLE
    assert [a.rotation for a in attempts(calls)] == [0, 90, 270]


def test_a_page_is_not_turned_in_circles(calls):
    """A model that is never content is taken at its word after two turns."""
    with FakeServer(faults="sideways=1", answers=lambda _: WHOLE) as server:
        assert "rotation_correction" in ask(calls, server).text
        assert server.stats()["requests"] == 3
