"""Answers are read as they are made, and cut where nothing of use can follow."""

import asyncio
import json

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.fake_server.faults import ANSWER_KINDS
from pdf_extraction.backends.openai_chat import OpenAIChatBackend
from pdf_extraction.backends.stream import CUT_LOOPING, Gathered
from pdf_extraction.errors import Looping, OutputError, TimedOut, Unavailable
from pdf_extraction_tests.backends.helpers import backend_settings, request

DEVICES = '{"page_number": 1, "devices": [{"text": "Art. 1º"}]}'
#: So much room that a model that does not stop is never done.
ENDLESS = 1_000_000_000


def ask(server, **fields):
    async def run():
        settings = backend_settings(server.base_url, **{"stream": "always", **fields})
        backend = OpenAIChatBackend("s1", settings, {})
        try:
            return await backend.complete(request())
        finally:
            await backend.aclose()

    return asyncio.run(run())


def outcome(server, **fields):
    try:
        return ask(server, **fields).text
    except OutputError as error:
        return error.kind


def fed(*events, size=None):
    gathered = Gathered()
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in events)
    for start in range(0, len(data), size or len(data)):
        gathered.feed(data[start : start + (size or len(data))])
    return gathered


def delta(**fields):
    return {"choices": [{"index": 0, "delta": fields}]}


@pytest.mark.parametrize("kind", ANSWER_KINDS)
def test_a_stream_says_what_the_whole_answer_says(kind):
    """Each kind of answer is the same text, or the same error, streamed or not."""
    with FakeServer(faults=f"{kind}=1", answers=lambda _: DEVICES) as server:
        streamed, whole = outcome(server), outcome(server, stream="never")
    assert streamed.rstrip() == whole.rstrip()


def test_a_stream_brings_usage_and_model():
    """Usage stands in the last piece and is no estimate."""
    with FakeServer() as server:
        streamed, whole = ask(server), ask(server, stream="never")
    assert streamed.output_tokens == whole.output_tokens
    assert (streamed.model, streamed.usage_estimated) == ("scripted", False)


@pytest.mark.parametrize("kind", ["token_loop", "whitespace_loop"])
def test_a_looping_answer_is_cut_at_once_and_the_server_stops(kind):
    """The client leaves a model that would never stop; its tokens are estimated and marked."""
    with FakeServer(faults=f"{kind}=1", answers=lambda _: DEVICES) as server:
        with pytest.raises(Looping) as caught:
            ask(server, max_tokens=ENDLESS, timeout_s=60.0)
        server.wait_until(lambda stats: stats["left_by_client"] == 1)
        made = server.stats()["output_tokens"]
        assert server.stats()["in_flight"] == 0
    completion = caught.value.completion
    assert completion.finish_reason == CUT_LOOPING
    assert completion.usage_estimated
    assert 0 < completion.output_tokens < 2 * made


def test_a_whole_answer_followed_by_blanks_without_end_is_taken():
    """vllm#38696: the object is complete, the model writes blanks; the answer is good."""
    with FakeServer(faults="whitespace_tail=1", answers=lambda _: DEVICES) as server:
        completion = ask(server, max_tokens=ENDLESS, timeout_s=60.0)
        server.wait_until(lambda stats: stats["left_by_client"] == 1)
    assert completion.text.strip() == DEVICES
    assert completion.finish_reason == "stop"


def test_a_stream_that_stands_still_times_out():
    """A server that begins and then says nothing is left after `stall_timeout_s`."""
    with FakeServer(faults="stall=1") as server:
        with pytest.raises(TimedOut, match=r"stood still for 0\.2 s"):
            ask(server, stall_timeout_s=0.2, timeout_s=60.0)
        server.wait_until(lambda stats: stats["left_by_client"] == 1)


def test_a_stream_that_breaks_off_is_the_servers_failure():
    """Half an answer that was not said to be cut is no answer."""
    with FakeServer(faults="stream_cut=1") as server, pytest.raises(Unavailable):
        ask(server)


def test_only_long_answers_are_streamed_by_default():
    """`auto` streams where a loop would cost much."""
    seen = []
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, stream="auto", max_tokens=8192)
        ask(server, stream="auto", max_tokens=512)
    assert [asked.body.get("stream", False) for asked in seen] == [True, False]


def test_events_may_be_cut_anywhere():
    """Bytes are put together however they come; comments are passed over."""
    events = [delta(content=part) for part in ('{"a": ', '"§ 1º"', "}")]
    for size in (1, 2, 7, None):
        gathered = fed(*events, size=size)
        gathered.feed(b": PROCESSING\n\ndata: [DONE]\n\n")
        assert gathered.is_whole
        message = gathered.payload()["choices"][0]["message"]
        assert message["content"] == '{"a": "§ 1º"}'


@pytest.mark.parametrize(
    "end", [b"", b"data: [DONE]\n\n", b"data: <html>\n\n", b'data: {"choi\n\ndata: [DONE]\n\n']
)
def test_a_stream_with_a_piece_missing_is_no_answer(end):
    """Neither an end without a reason in the middle of the JSON nor a broken piece passes."""
    gathered = fed(delta(content='{"devices": [{"text": "Art.'))
    gathered.feed(end)
    assert not gathered.is_whole


def test_a_model_that_repeats_itself_while_thinking_is_cut():
    """Thoughts are no answer, but a loop in them costs as much."""
    gathered = fed(*[delta(reasoning_content="wait, let me look again. ") for _ in range(60)])
    assert gathered.is_enough
    assert gathered.payload()["choices"][0]["finish_reason"] == CUT_LOOPING


def test_an_error_inside_a_stream_is_the_answer():
    """OpenRouter tells its provider's failure in a piece of the stream."""
    gathered = fed(delta(content="{"), {"error": {"code": 502, "message": "provider is gone"}})
    assert gathered.payload()["error"]["message"] == "provider is gone"
    assert gathered.is_whole


def test_an_error_in_a_stream_counts_and_a_null_one_does_not():
    """OpenRouter sends an empty choice beside its error; others send ``null`` in every piece."""
    error = {"code": 502, "message": "provider died"}
    broken = fed(delta(content="{"), {"error": error, **delta(content="")})
    assert broken.payload() == {"error": error}
    fine = fed({"error": None, **delta(content=DEVICES)})
    assert fine.payload()["choices"][0]["message"]["content"] == DEVICES
