"""Two processes that want the same answer pay once."""

import asyncio
import subprocess
import sys

import pytest

from pdf_extraction.backends.cache import Cached, answer_key
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.ledger import Recorded
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    ScriptedBackend,
    backend_settings,
    request,
)

SETTINGS = backend_settings()
OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.clock import SystemClock
from pdf_extraction.backends.leases import Leases
from pdf_extraction.model import Completion

path, key = Path(sys.argv[1]), sys.argv[2]

async def hold():
    async with Leases(path, SystemClock()).held(key, lambda: None):
        print("held", flush=True)
        if sys.stdin.readline() == "answer\\n":
            CallStore(path).put(key, Completion('{"devices": [1]}', "other"))

asyncio.run(hold())
"""


@pytest.fixture
def other(tmp_path):
    """Another process that asks about the test's page now."""
    key = answer_key("s1", SETTINGS, request())
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(tmp_path / "c.sqlite"), key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def ask_beside(other, path, backend, end):
    """Ask while the other process does, and end that one when this one waits for it."""
    clock = LeapingClock()
    store = CallStore(path)
    policy = Cached(Recorded(backend, SETTINGS, store), SETTINGS, store, clock=clock)

    async def run():
        task = asyncio.create_task(policy.complete(request()))
        for _ in range(10):
            await asyncio.sleep(0)
        assert clock.slept
        assert backend.asked == []
        end()
        return await task

    return asyncio.run(run())


def test_an_answer_that_another_process_waits_for_is_taken(other, tmp_path):
    """The second run of a document waits for the first one's call in place of paying."""
    backend = ScriptedBackend()

    def answer():
        other.communicate("answer\n")

    completion = ask_beside(other, tmp_path / "c.sqlite", backend, answer)
    assert (completion.text, completion.cached) == ('{"devices": [1]}', True)
    assert backend.asked == []


def test_a_killed_process_leaves_no_lease(other, tmp_path):
    """Whoever waited asks for itself as soon as the other one is gone."""
    backend = ScriptedBackend()

    def kill():
        other.kill()
        other.wait()

    completion = ask_beside(other, tmp_path / "c.sqlite", backend, kill)
    assert not completion.cached
    assert len(backend.asked) == 1
