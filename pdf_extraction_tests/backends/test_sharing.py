"""Processes of one machine keep a server's limits together."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.places import Places
from pdf_extraction.backends.sharing import SLOT_S, Shared, runtime_folder
from pdf_extraction.backends.usage import Tokens
from pdf_extraction_tests.backends.helpers import LeapingClock, backend_settings

OPEN = {"calls_per_minute": 0, "input_tokens_per_minute": 0, "output_tokens_per_minute": 0}
CALL = Tokens(100, 10)


@pytest.fixture
def clock():
    return LeapingClock()


@pytest.fixture
def join(tmp_path, clock):
    """Makes another member at the same server, as another process would be."""
    members = []

    def make(**fields):
        settings = backend_settings(**{**OPEN, **fields})
        places = Places(settings.concurrency)
        shared = Shared(tmp_path, settings, places, clock)
        shared.sync()
        members.append(shared)
        return shared, places

    yield make
    for member in members:
        member.close()


def calls_let_go(member, most=1000, call=CALL):
    """How many calls a member may make now, made at once."""
    count = 0
    while count < most and member.lease(call):
        member.take(call)
        count += 1
    return count


def test_a_minutes_calls_are_one_sum_over_all_members(join, clock):
    """What one has used the other cannot, until it has left the window."""
    (one, _), (other, _) = join(calls_per_minute=100), join(calls_per_minute=100)
    assert calls_let_go(one, 60) == 60
    assert calls_let_go(other) == 40
    clock.time += 30
    assert calls_let_go(one) == calls_let_go(other) == 0
    clock.time += 31 + SLOT_S
    assert calls_let_go(one) + calls_let_go(other) == 100


def test_tokens_are_set_right_when_the_answer_came(join):
    """A call that took less than expected leaves the rest to the others."""
    (one, _), (other, _) = (join(input_tokens_per_minute=1000) for _ in range(2))
    slots = []
    for _ in range(5):
        assert one.lease(CALL)
        slots.append(one.take(CALL))
    for slot in slots:
        one.settle(slot, CALL, Tokens(20, 10))
    one.sync()
    assert calls_let_go(other) == 9


def test_output_is_held_for_as_long_as_a_call_takes(join, clock):
    """Output tokens of a call that lasts longer than a minute are not free meanwhile."""
    (one, _), (other, _) = (join(output_tokens_per_minute=100) for _ in range(2))
    assert calls_let_go(one, 8) == 8
    clock.time += 90
    one.sync()
    assert calls_let_go(other) == 2


def test_what_was_leased_and_not_used_is_given_back(join, clock):
    """Room that one took ahead is the other's in the next slot."""
    (one, places), (other, _) = (join(calls_per_minute=100) for _ in range(2))
    places.in_use = 50
    assert calls_let_go(one, 20) == 20
    clock.time += SLOT_S
    one.sync()
    places.in_use = 0
    assert calls_let_go(other) == 80


def test_places_are_shared_fairly_and_never_more_than_there_are(join):
    """A second process gets its half as the first one's calls end; alone again, all."""

    async def run():
        one, mine = join(concurrency=8)
        for _ in range(8):
            await mine.acquire()
        one.sync()
        other, theirs = join(concurrency=8)
        waiting = [asyncio.create_task(theirs.acquire()) for _ in range(20)]
        await asyncio.sleep(0)
        other.sync()
        sizes = [(mine.size, theirs.size)]
        for ended in (0, 3, 1):
            for _ in range(ended):
                mine.release()
            one.sync()
            other.sync()
            sizes.append((mine.size, theirs.in_use))
        for task in waiting:
            task.cancel()
        other.close()
        one.sync()
        return [*sizes, mine.size]

    assert asyncio.run(run()) == [(8, 0), (4, 0), (4, 3), (4, 4), 8]


def test_a_pause_is_everyones(join, clock):
    """What one is told by a 429 keeps the others away too."""
    (one, _), (other, _) = join(), join()
    one.pause(clock.now() + 20)
    other.sync()
    assert other.paused_until == clock.now() + 20


def test_another_model_or_key_has_limits_of_its_own(join):
    """What a server counts apart is counted apart."""
    (one, _), (other, _) = join(calls_per_minute=5), join(calls_per_minute=5, model="other")
    assert calls_let_go(one) == calls_let_go(other) == 5


def test_a_folder_that_cannot_be_used_stops_nobody(tmp_path, clock, caplog):
    """The process goes by its own count, and says so."""
    (tmp_path / "file").write_text("in the way")
    settings = backend_settings(calls_per_minute=5)
    member = Shared(tmp_path / "file", settings, Places(3), clock)
    member.sync()
    assert member.lease(CALL)
    assert "not shared" in caplog.text
    member.close()


def test_the_folder_is_the_users_and_not_the_datas(monkeypatch, tmp_path):
    """Two data folders share a server; a variable names another meeting place."""
    monkeypatch.setenv("PDF_EXTRACTION_RUNTIME", str(tmp_path))
    assert runtime_folder() == tmp_path
    monkeypatch.delenv("PDF_EXTRACTION_RUNTIME")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert runtime_folder() == Path("/run/user/7/pdf-extraction")


CHILD = """
import asyncio, json, sys
from pathlib import Path
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.backends.clock import SystemClock
from pdf_extraction_tests.backends.helpers import chain_settings
from pdf_extraction_tests.backends.test_chain import pages

class Server:
    base_url = sys.argv[1]

async def run(folder, data, first, last, seconds, fields):
    settings = chain_settings(Server, **json.loads(fields))
    chain = build_chain(settings, CallStore(Path(data)), share=Path(folder))
    asked = pages(*range(int(first), int(last)))
    tasks = [asyncio.create_task(chain.complete(one)) for one in asked]
    done, rest = await asyncio.wait(tasks, timeout=float(seconds))
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await chain.aclose()
    print(sum(task.exception() is None for task in done))

asyncio.run(run(*sys.argv[2:]))
"""


def child(server, tmp_path, first, last, seconds=60.0, **fields):
    data = tmp_path / f"{first}.sqlite"
    words = [server.base_url, tmp_path / "meeting", data, first, last, seconds, json.dumps(fields)]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, words)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_make_no_more_calls_a_minute_than_one_may(tmp_path):
    """Sixty pages at 30 calls a minute: both get some, and the server never says 429."""
    with FakeServer(faults="rpm=30,latency=0.05") as server:
        children = [
            child(server, tmp_path, first, first + 30, 4.0, calls_per_minute=30, concurrency=4)
            for first in (1, 101)
        ]
        answered = [int(each.communicate()[0]) for each in children]
        stats = server.stats()
    assert stats["statuses"].keys() == {200}
    assert sum(answered) == stats["peak_calls"] <= 30


def test_a_killed_process_leaves_no_place_taken(tmp_path):
    """Two processes share eight places; after kill -9 of one the other has them all."""
    with FakeServer(faults="latency=0.1") as server:
        killed = child(server, tmp_path, 1, 1000, concurrency=8)
        server.wait_for_requests(20)
        other = child(server, tmp_path, 1001, 1200, concurrency=8)
        server.wait_for_requests(120)
        killed.kill()
        killed.communicate()
        assert int(other.communicate()[0]) == 199
        assert server.stats()["max_in_flight"] <= 8
