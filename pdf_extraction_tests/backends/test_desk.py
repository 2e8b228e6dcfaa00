"""Answers are looked into and written a few at a time, and none is lost on the way."""

import asyncio

import pytest

from pdf_extraction.backends.calls import CallStore, Entry
from pdf_extraction.backends.desk import Desk
from pdf_extraction.errors import Malformed
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.test_calls import attempt


@pytest.fixture
def calls(tmp_path):
    store = CallStore(tmp_path / "calls.sqlite")
    yield store
    store.close()


def entry(number, **fields):
    key = f"k{number}"
    return Entry(attempt(number, **fields), key, Completion("{}", "s1"))


def test_who_waits_goes_on_when_the_answer_is_written(calls):
    """Whatever comes after an answer can rely on its being kept."""
    kept = []

    async def one(desk, number):
        await desk.enter(lambda: entry(number))
        kept.append(calls.get(f"k{number}") is not None)

    async def run():
        desk = Desk(calls)
        await asyncio.gather(*(one(desk, number) for number in range(30)))

    asyncio.run(run())
    assert kept == [True] * 30
    assert calls.spent().calls == 30


def test_the_first_answers_go_on_before_the_last_are_looked_into(calls):
    """Of many answers that come together the first free their places at once."""
    looked, seen_by_first = [], []

    async def one(desk, number):
        await desk.enter(lambda: looked.append(number) or entry(number))
        if number == 0:
            seen_by_first.extend(looked)

    async def run():
        desk = Desk(calls)
        await asyncio.gather(*(one(desk, number) for number in range(200)))

    asyncio.run(run())
    assert looked == list(range(200))
    assert len(seen_by_first) < 50


def test_an_answer_whose_asker_is_cancelled_is_written_first(calls):
    """It came and was paid for: a stopped run loses none that it has."""

    async def run():
        desk = Desk(calls)
        tasks = [
            asyncio.create_task(desk.enter(lambda number=number: entry(number)))
            for number in range(30)
        ]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [task.cancelled() for task in tasks]

    assert all(asyncio.run(run()))
    assert calls.spent().calls == 30
    assert all(calls.get(f"k{number}") for number in range(30))


def test_what_cannot_be_written_is_one_callers_error(calls):
    """A number too large for SQLite fails its own call; the others of the transaction are kept."""

    async def run():
        desk = Desk(calls)
        entries = [entry(number, input_tokens=2**70 if number == 3 else 1) for number in range(6)]
        return await asyncio.gather(
            *(desk.enter(lambda one=one: one) for one in entries), return_exceptions=True
        )

    results = asyncio.run(run())
    assert [type(result) for result in results if result is not None] == [OverflowError]
    assert calls.spent().calls == 5


def test_what_the_look_raises_reaches_who_asked(calls):
    """A bug in one page's reading stops neither the others nor the desk."""

    async def run():
        desk = Desk(calls)

        def broken():
            raise Malformed("no")

        return await asyncio.gather(
            desk.enter(broken), desk.enter(lambda: entry(1)), return_exceptions=True
        )

    first, second = asyncio.run(run())
    assert isinstance(first, Malformed)
    assert second is None
    assert calls.spent().calls == 1
