"""The scripted server does as its script says and counts what it was asked."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import openai
import pytest

from pdf_extraction.backends.fake_server import FakeServer, Faults
from pdf_extraction.backends.fake_server.faults import KINDS, WIRE_KINDS, Latency
from pdf_extraction.errors import SettingsError

MESSAGES = [{"role": "user", "content": "Página 4"}]


def call(server, **body):
    """One plain HTTP call: status, headers and JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        payload = json.dumps({"model": "m", "messages": MESSAGES, **body})
        connection.request("POST", "/v1/chat/completions", payload)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())
    finally:
        connection.close()


def get(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def stream(server, **body):
    """Pieces that the official client reads from a stream."""

    async def run():
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key="k") as client:
            pieces = await client.chat.completions.create(
                model="m",
                messages=MESSAGES,
                stream=True,
                stream_options={"include_usage": True},
                **body,
            )
            return [piece async for piece in pieces]

    return asyncio.run(run())


def test_the_answer_is_about_the_page_that_the_text_names():
    """A made-up answer is a legal page, the same for the same question."""
    with FakeServer() as server:
        first, second = call(server), call(server)
    content = json.loads(first[2]["choices"][0]["message"]["content"])
    assert content["page_number"] == 4
    assert content["devices"][0]["identifier"] == "Art. 4º"
    assert first[2]["choices"] == second[2]["choices"]


@pytest.mark.parametrize(
    "text",
    [
        "Page 12",
        "Analise a página 12 do documento.",
        "page_number: 12",
        "Páginas ao redor: 11, 13. A página principal é a 12.",
        "The pictures show pages 11, 12, 13. The primary page is page 12: answer about it.",
    ],
)
def test_the_page_is_found_in_the_text_in_both_languages(text):
    """However the profile names the page, the server answers about it."""
    with FakeServer() as server:
        _, _, answer = call(server, messages=[{"role": "user", "content": text}])
    assert json.loads(answer["choices"][0]["message"]["content"])["page_number"] == 12


def test_a_schema_of_ones_own_gets_an_answer_of_its_shape():
    """Nested objects, lists, references, enums, dates and alternatives are filled in."""
    schema = {
        "type": "object",
        "properties": {
            "issued": {"type": "string", "format": "date"},
            "kind": {"enum": ["invoice", "receipt"]},
            "total": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
        },
        "$defs": {"Item": {"type": "object", "properties": {"amount": {"type": "integer"}}}},
    }
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with FakeServer() as server:
        _, _, answer = call(server, response_format=asked)
    assert json.loads(answer["choices"][0]["message"]["content"]) == {
        "issued": "2024-01-31",
        "kind": "invoice",
        "total": 1.0,
        "items": [{"amount": 1}],
    }


def test_streams_bring_the_same_answer_in_pieces_with_usage_at_the_end():
    """The official client reads a stream, its finish reason and its usage."""
    with FakeServer() as server:
        whole = call(server)[2]["choices"][0]["message"]["content"]
        pieces = stream(server)
    said = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
    assert len(said) > 3
    assert "".join(said) == whole
    assert pieces[-1].usage.completion_tokens > 0


def test_logprobs_come_where_they_are_asked_for():
    """With `logprobs` each token has one, else there are none."""
    with FakeServer() as server:
        without, given = call(server)[2], call(server, logprobs=True)[2]
    assert "logprobs" not in without["choices"][0]
    assert given["choices"][0]["logprobs"]["content"][0]["logprob"] < 0


def test_health_models_stats_and_unknown_paths():
    """The routes beside completions."""
    with FakeServer(faults="model=qwen") as server:
        assert get(server, "/health") == (200, {"status": "ok"})
        assert get(server, "/v1/models")[1]["data"][0]["id"] == "qwen"
        assert get(server, "/stats")[1]["requests"] == 0
        assert get(server, "/v1/nothing")[0] == 404
        assert call(server)[0] == 404


def test_what_is_no_request_is_refused():
    """A body without messages, a picture that is no data URL, and no HTTP at all."""
    remote = [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]
    with FakeServer() as server:
        assert call(server, messages="hello")[0] == 400
        assert call(server, messages=[{"role": "user", "content": remote}])[0] == 400
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            assert raw.recv(1000).startswith(b"HTTP/1.1 400")


def test_calls_beyond_the_slots_wait():
    """With two slots never more than two calls are worked on, and all are answered."""
    with FakeServer(faults="slots=2,latency=0.02") as server:

        async def run():
            async with openai.AsyncOpenAI(base_url=server.base_url, api_key="k") as client:
                make = client.chat.completions.create
                await asyncio.gather(*(make(model="m", messages=MESSAGES) for _ in range(8)))

        asyncio.run(run())
        stats = server.stats()
    assert (stats["max_in_flight"], stats["answered"], stats["in_flight"]) == (2, 8, 0)


def test_a_limit_is_exact_and_says_when_to_come_back():
    """Calls above the limit get 429 with Retry-After and x-ratelimit headers."""
    with FakeServer(faults="rpm=2") as server:
        first, second, third = call(server), call(server), call(server)
        assert [status for status, _, _ in (first, second, third)] == [200, 200, 429]
        assert first[1]["x-ratelimit-remaining-requests"] == "1"
        assert third[1]["x-ratelimit-remaining-requests"] == "0"
        assert 55 <= int(third[1]["retry-after"]) <= 60
        call(server)
        assert server.stats()["retry_after_ignored"] == 1


def test_tokens_have_limits_too():
    """Input tokens of the window decide as well."""
    with FakeServer(faults="itpm=3") as server:
        assert [call(server)[0] for _ in range(2)] == [200, 429]


def test_a_short_window_opens_again():
    """After the window, calls are let through once more."""
    with FakeServer(faults="rpm=1,window=0.05") as server:
        assert call(server)[0] == 200
        assert any(call(server)[0] == 200 for _ in range(10_000))


def test_faults_are_the_same_for_the_same_seed_whatever_the_order():
    """What a call meets depends on the question and how often it was asked."""

    def statuses(server, order):
        met = {}
        for number in order:
            messages = [{"role": "user", "content": f"page {number}"}]
            met[number] = [call(server, messages=messages)[0] for _ in range(2)]
        return met

    spec = "500=0.5,seed=3"
    with FakeServer(spec) as one, FakeServer(spec) as two, FakeServer("500=0.5,seed=4") as three:
        forwards, backwards = statuses(one, range(20)), statuses(two, reversed(range(20)))
        other = statuses(three, range(20))
    assert forwards == backwards != other
    assert 5 < sum(status == 500 for pair in forwards.values() for status in pair) < 35


def test_shares_are_kept():
    """A fault with a share of 20 % meets about that many calls."""
    faults = Faults.parse("malformed=0.2,hang=0.1,seed=1")
    drawn = [faults.draw(faults.dice(number)) for number in range(5000)]
    assert drawn.count("malformed") / 5000 == pytest.approx(0.2, abs=0.02)
    assert drawn.count("hang") / 5000 == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(WIRE_KINDS)))
def test_every_kind_of_fault_is_an_http_answer_and_is_counted(kind):
    """Statuses come as such, broken answers with status 200."""
    with FakeServer(faults=f"{kind}=1") as server:
        status, _, answer = call(server)
        assert server.stats()["faults"] == {kind: 1}
    assert status == (int(kind[:3]) if kind[:3].isdigit() else 200)
    assert ("error" in answer) == (status != 200)


def test_pictures_are_counted_by_their_hash():
    """`by_picture` proves how often each picture was paid for."""
    url = "data:image/png;base64,aGVsbG8="
    content = [{"type": "image_url", "image_url": {"url": url}}]
    with FakeServer() as server:
        call(server, messages=[{"role": "user", "content": content}])
        (sha,) = server.stats()["by_picture"]
    assert sha == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("malfromed=0.1", "malformed"),
        ("429=lots", "no number"),
        ("500=1.5", "0 to 1"),
        ("500=0.6,502=0.6", "more than 1"),
        ("latency=fast", "no number"),
        ("nonsense", "unknown"),
    ],
)
def test_a_wrong_spec_names_the_word(spec, message):
    """Mistakes in a script are settings errors with a hint."""
    with pytest.raises(SettingsError, match=message):
        Faults.parse(spec)


@pytest.mark.parametrize(
    ("text", "latency"),
    [("1.5", Latency(1.5)), ("0.5-2", Latency(0.5, 2.0)), ("1~0.4", Latency(1.0, sigma=0.4))],
)
def test_latency_is_fixed_a_range_or_log_normal(text, latency):
    """Three ways to write how slow the server is."""
    assert Faults.parse(f"latency={text}").latency == latency
    assert latency.draw(Faults().dice("x")) > 0


def test_serving_in_the_foreground_ends_in_order():
    """`serve` announces its address and, after SIGTERM, gives the counts and exits with 0."""
    program = (
        "from pdf_extraction.backends.fake_server import serve;"
        "print(serve(0, 'latency=0', lambda url: print(url, flush=True))['requests'])"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        url = process.stdout.readline().strip()
        connection = http.client.HTTPConnection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout.read().strip() == "0"
    assert process.returncode == 0


def test_a_taken_port_is_told():
    """Starting on a port in use raises instead of waiting."""
    with FakeServer() as server, pytest.raises(OSError, match="in use"):
        FakeServer(port=server.port).__enter__()
