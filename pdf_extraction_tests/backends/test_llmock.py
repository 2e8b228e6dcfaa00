"""The chain against `llmock`, a server that none of us wrote, and its verdict about our client."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.errors import ChainExhausted
from pdf_extraction.model import Prompt
from pdf_extraction.settings import parse_settings
from pdf_extraction_tests.backends.helpers import parse, request

# Beside the interpreter: aimock's package brings another command of this name.
LLMOCK = shutil.which("llmock", path=str(Path(sys.executable).parent))

pytestmark = pytest.mark.skipif(
    LLMOCK is None, reason="llmock is not installed (pip install llmock)"
)

SCHEMA = {
    "type": "object",
    "required": ["devices"],
    "properties": {"devices": {"type": "array", "items": {"type": "string"}}},
}


class Llmock:
    """The server in a process of its own; behaviours are queued over its own API."""

    def __init__(self, port):
        self.address = f"http://127.0.0.1:{port}"

    def queue(self, *behaviors):
        body = json.dumps({"behaviors": behaviors}).encode()
        self._ask("/_llmock/scenario", body)

    def verdict(self):
        """Exit status and words of the strict report."""
        done = subprocess.run(
            [LLMOCK, "report", "--strict", "--url", self.address],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def is_up(self):
        try:
            self._ask("/_llmock/requests")
        except OSError:
            return False
        return True

    def reset(self):
        self._ask("/_llmock/reset", b"")

    def _ask(self, path, body=None):
        with urllib.request.urlopen(self.address + path, body, timeout=10) as answer:
            return answer.read()


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # With pauses between pieces the server sees a client leave in the middle.
    pace = ["--stream-chunk-delay-ms", "20"]
    process = subprocess.Popen(
        [LLMOCK, "serve", "--port", str(port), "--log-level", "warning", *pace],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    running = Llmock(port)
    try:
        while not running.is_up():
            assert process.poll() is None, "llmock did not start"
            time.sleep(0.05)
        yield running
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(autouse=True)
def _clean(server):
    server.reset()


def ask(server, folder, pages=(1,), **fields):
    table = {
        "kind": "openai",
        "base_url": f"{server.address}/v1",
        "model": "gpt-4o-mini",
        "stall_timeout_s": 0.3,
        "retry_temperatures": [],
        **fields,
    }
    settings = parse_settings({"chain": ["mock"], "backends": {"mock": table}}, "test")
    prompt = Prompt("Extract devices.", "The page", SCHEMA, "page")

    async def run():
        chain = build_chain(settings, CallStore(folder / "calls.sqlite"))
        try:
            asked = [request(number, prompt=prompt) for number in pages]
            return await asyncio.gather(*map(chain.complete, asked))
        finally:
            await chain.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("stream", ["always", "never"])
def test_the_schema_is_obeyed_and_the_client_is_judged_well(server, tmp_path, stream):
    """A plain page is answered in the asked shape, streamed or not."""
    (completion,) = ask(server, tmp_path, stream=stream)
    assert parse(completion.text)
    assert completion.output_tokens > 0
    assert server.verdict()[0] == 0, server.verdict()[1]


def test_retry_after_is_obeyed_by_everyone(server, tmp_path):
    """Two 429s with Retry-After among twenty pages: nobody comes before the time."""
    server.queue({"type": "fail", "status": 429, "retry_after": 0.5, "times": 2})
    assert len(ask(server, tmp_path, range(1, 21))) == 20
    assert server.verdict()[0] == 0, server.verdict()[1]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_is_asked_again(server, tmp_path, status):
    """A failure of the server costs a wait, not the page."""
    server.queue({"type": "fail", "status": status})
    assert ask(server, tmp_path)
    assert server.verdict()[0] == 0, server.verdict()[1]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_what_cannot_succeed_is_not_asked_again(server, tmp_path, status):
    """One call, and the page's failure says so."""
    server.queue({"type": "fail", "status": status, "times": 1})
    with pytest.raises(ChainExhausted):
        ask(server, tmp_path)
    assert "retried_non_retryable" not in server.verdict()[1]


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed", "stall"])
def test_a_broken_stream_is_never_taken_for_an_answer(server, tmp_path, kind):
    """The page is asked again, and answered."""
    server.queue({"type": "stream_fault", "kind": kind, "after_chunks": 2, "stall_seconds": 5.0})
    (completion,) = ask(server, tmp_path, stream="always")
    assert parse(completion.text)
    assert server.verdict()[0] == 0, server.verdict()[1]
