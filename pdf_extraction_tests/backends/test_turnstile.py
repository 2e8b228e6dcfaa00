"""Calls that start together reach the server one behind the other."""

import asyncio

from pdf_extraction.backends.turnstile import Turnstile

STEPS = 5


def test_the_first_is_on_its_way_before_the_last_one_begins():
    """Breadth first, all 40 would take their first step before one takes its second."""
    told = []

    async def one(turnstile, number):
        await turnstile.enter()
        told.append((number, "begins"))
        for _ in range(STEPS):
            await asyncio.sleep(0)
        told.append((number, "is sent"))

    async def work():
        turnstile = Turnstile()
        await asyncio.gather(*(one(turnstile, number) for number in range(40)))

    asyncio.run(work())
    assert told.index((0, "is sent")) < told.index((39, "begins"))
    assert [number for number, step in told if step == "begins"] == list(range(40))


def test_who_gives_up_waiting_holds_up_nobody():
    async def work():
        turnstile = Turnstile()
        tasks = [asyncio.create_task(turnstile.enter()) for _ in range(12)]
        await asyncio.sleep(0)
        for task in tasks[4:9]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return [isinstance(one, asyncio.CancelledError) for one in done]

    assert asyncio.run(work()) == [False] * 4 + [True] * 5 + [False] * 3


def test_it_can_be_used_in_the_next_event_loop_too():
    turnstile = Turnstile()

    async def work():
        await asyncio.gather(*(turnstile.enter() for _ in range(5)))
        stays = asyncio.create_task(turnstile.enter())
        await asyncio.sleep(0)
        return stays.cancel()

    async def all_pass():
        await asyncio.gather(*(turnstile.enter() for _ in range(5)))
        return True

    asyncio.run(work())
    assert asyncio.run(all_pass())
