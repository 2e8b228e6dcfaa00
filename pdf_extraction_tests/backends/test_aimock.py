"""The chain against the chaos of `aimock`, a server that none of us wrote."""

import asyncio
import json
import os
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.errors import ChainExhausted
from pdf_extraction.settings import parse_settings
from pdf_extraction_tests.backends.helpers import LeapingClock, parse, request

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "node_modules/.bin"])
AIMOCK = shutil.which("aimock", path=_PLACES)

pytestmark = pytest.mark.skipif(
    AIMOCK is None or shutil.which("node") is None,
    reason="aimock is not installed (Node, then npm install @copilotkit/aimock)",
)


@contextmanager
def aimock(folder, **chaos):
    """The server's address while it runs, on a free port."""
    (folder / "fixtures.json").write_text(
        json.dumps({"fixtures": [{"match": {}, "response": {"content": '{"devices": []}'}}]})
    )
    llm = {"fixtures": str(folder / "fixtures.json"), "chaos": chaos}
    (folder / "aimock.json").write_text(json.dumps({"port": 0, "llm": llm}))
    process = subprocess.Popen(
        [AIMOCK, "--config", str(folder / "aimock.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = ""
        while "listening on" not in address:
            address = process.stdout.readline()
            assert address, "aimock did not start"
        yield address.split()[-1]
    finally:
        process.terminate()
        process.communicate()


def ask(address, calls, pages=(1,), **fields):
    table = {"kind": "openai", "base_url": f"{address}/v1", "model": "gpt-4o", **fields}
    settings = parse_settings({"chain": ["mock"], "backends": {"mock": table}}, "test")

    async def run():
        chain = build_chain(settings, calls, clock=LeapingClock())
        try:
            return await asyncio.gather(*(chain.complete(request(n)) for n in pages))
        finally:
            await chain.aclose()

    return asyncio.run(run())


def journal(address):
    with urllib.request.urlopen(f"{address}/__aimock/journal", timeout=10) as answer:
        return json.load(answer)


@pytest.mark.parametrize("stream", ["always", "never"])
def test_every_page_is_answered_through_chaos_and_every_call_is_in_the_ledger(tmp_path, stream):
    """429, 500, malformed bodies and cut connections on four calls in ten: forty pages, answered.

    The ledger has as many rows as the server saw calls.
    """
    calls = CallStore(tmp_path / "calls.sqlite")
    chaos = {"rateLimitRate": 0.2, "dropRate": 0.1, "malformedRate": 0.1, "disconnectRate": 0.1}
    with aimock(tmp_path, **chaos) as address:
        answers = ask(address, calls, range(1, 41), stream=stream, max_attempts=15, concurrency=4)
        seen = len(journal(address))
    assert [parse(answer.text) for answer in answers] == [[]] * 40
    rows = calls.attempts("lei-1", "a" * 64)
    assert len(rows) == seen > 40
    assert {row.error_type for row in rows} == {None, "RateLimited", "Unavailable"}


@pytest.mark.parametrize(
    ("rate", "kind", "status", "retry_after_s"),
    [
        ("rateLimitRate", "RateLimited", 429, 1.0),
        ("dropRate", "Unavailable", 500, None),
        ("malformedRate", "Unavailable", None, None),
        ("disconnectRate", "Unavailable", None, None),
    ],
)
def test_each_kind_of_chaos_has_its_class(tmp_path, rate, kind, status, retry_after_s):
    """A page that meets nothing else fails by that name, with the wait that the server asked."""
    calls = CallStore(tmp_path / "calls.sqlite")
    with aimock(tmp_path, **{rate: 1.0}) as address, pytest.raises(ChainExhausted):
        ask(address, calls, max_attempts=2, patience_s=1.0)
    row = calls.attempts("lei-1", "a" * 64)[0]
    assert (row.error_type, row.http_status, row.retry_after_s) == (kind, status, retry_after_s)
