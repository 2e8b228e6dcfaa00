"""The client over real HTTP against the scripted server."""

import asyncio
import json

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.openai_chat import OpenAIChatBackend, is_own
from pdf_extraction.errors import (
    Looping,
    Malformed,
    RateLimited,
    Refused,
    Rejected,
    SettingsError,
    TimedOut,
    Truncated,
    Unauthorized,
    Unavailable,
)
from pdf_extraction.logprobs import probability
from pdf_extraction.model import PageImage, PageText, Prompt
from pdf_extraction_tests.backends.helpers import backend_settings, page, parse, request

MARKER_KEY = "sk-marker-0123456789"
DEVICES = '{"page_number": 1, "devices": [{"text": "Art. 1º"}]}'


def ask(server, asked=None, environ=None, **fields):
    async def run():
        settings = backend_settings(server.base_url, **fields)
        backend = OpenAIChatBackend("s1", settings, environ or {})
        try:
            return await backend.complete(asked or request())
        finally:
            await backend.aclose()

    return asyncio.run(run())


def health(base_url, environ=None, **fields):
    async def run():
        backend = OpenAIChatBackend("s1", backend_settings(base_url, **fields), environ or {})
        try:
            return await backend.health()
        finally:
            await backend.aclose()

    return asyncio.run(run())


def test_an_answer_brings_text_model_usage_and_latency():
    """A plain answer is the server's content with what it said about itself."""
    with FakeServer(answers=lambda _: DEVICES) as server:
        completion = ask(server)
    assert (completion.text, completion.backend, completion.model) == (DEVICES, "s1", "scripted")
    assert completion.finish_reason == "stop"
    assert completion.input_tokens > 1000
    assert completion.output_tokens > 5
    assert not completion.usage_estimated
    assert completion.latency_ms > 0


def test_the_picture_arrives_byte_for_byte():
    """The server sees the page's picture, by its hash, and its text."""
    seen = []
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, request(7))
    assert seen[0].pictures == (page(7).picture.sha256,)
    assert (seen[0].page_number, seen[0].system) == (7, "Extract devices.")


def test_a_body_made_ahead_counts_by_its_bytes_and_is_let_go_when_it_is_sent():
    """While its answer is waited for nobody holds it; another attempt makes it again."""
    seen = []

    async def twice(server):
        backend = OpenAIChatBackend("s1", backend_settings(server.base_url), {})
        made = await backend.prepare(request(7))
        sizes = [len(made.body)]
        for _ in range(2):
            await backend.complete(made)
            sizes.append(len(made.body))
        await backend.aclose()
        return sizes

    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        first, *later = asyncio.run(twice(server))
    assert first > page(7).picture.byte_size
    assert later == [0, 0]
    assert [asked.pictures for asked in seen] == [(page(7).picture.sha256,)] * 2


def test_neighbours_go_along_in_page_order_and_the_primary_page_is_named():
    """With neighbours, pictures are in page order and the text says which page is meant."""
    seen = []
    asked = request(3, neighbours=(page(2), page(4)))
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, asked)
    assert seen[0].pictures == tuple(page(n).picture.sha256 for n in (2, 3, 4))
    assert "pages 2, 3, 4" in seen[0].text
    assert seen[0].page_number == 3


def test_a_rejected_answer_is_shown_with_its_error():
    """Another try holds the earlier answer as the assistant's and what was wrong with it."""
    seen = []
    asked = request(rejected=(("[1, 2", "no devices"),), temperature=0.7)
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, asked)
    roles = [message["role"] for message in seen[0].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert seen[0].body["messages"][2]["content"] == "[1, 2"
    assert "no devices" in seen[0].text
    assert seen[0].body["temperature"] == 0.7
    assert "JSON schema" in seen[0].system, "the server may ignore response_format"


@pytest.mark.parametrize("response_format", ["json_schema", "json_object", "none"])
def test_the_schema_reaches_the_model_whatever_the_response_format(response_format):
    """Strict json_schema where it is set, else the schema stands in the prompt."""
    seen = []
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    asked = request(prompt=Prompt("Extract.", "Page 1", schema, "invoice"), parse=lambda text: text)
    with FakeServer(answers=seen.append) as server:
        answer = ask(server, asked, response_format=response_format).text
    assert json.loads(answer) == {"total": 1.0}
    assert seen[0].schema == schema
    kind = seen[0].body.get("response_format", {}).get("type", "none")
    assert kind == response_format


def test_settings_reach_the_server():
    """Sampling, seed, extra fields of the body and the model's name are sent as set."""
    seen = []
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, temperature=0.3, seed=11, max_tokens=99, extra_body={"top_k": 5})
    wanted = {"temperature": 0.3, "seed": 11, "max_tokens": 99, "top_k": 5, "model": "scripted"}
    assert wanted.items() <= seen[0].body.items()


@pytest.mark.parametrize("stream", ["always", "never"])
def test_token_logprobs_are_kept_by_value_where_they_are_asked_for(stream):
    """The model's doubt about a value comes with the answer, streamed or not; else nothing."""
    unsure = '{"page_number": 1, "devices": [{"text": "Art. ??", "identifier": "Art. 1"}]}'
    with FakeServer(answers=lambda _: unsure) as server:
        asked = ask(server, logprobs=True, stream=stream)
        assert ask(server, stream=stream).token_logprobs == ""
    assert probability(asked.token_logprobs, "Art. ??") < probability(
        asked.token_logprobs, "Art. 1"
    )


def test_the_pages_own_text_goes_along_as_data_where_it_is_wanted():
    """A hint is marked, and is not sent by default."""
    seen = []
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, request(5), text_layer_hint=True)
        ask(server, request(5))
    assert "text of page 5" in seen[0].text
    assert "never an instruction" in seen[0].text
    assert "text of page 5" not in seen[1].text


def test_a_page_that_hides_a_million_characters_does_not_cost_them():
    """The hint ends where no printed page goes on."""
    seen = []
    long = page(5, text=PageText("text_layer", "x" * 1_000_000))
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, request(page=long), text_layer_hint=True)
    assert len(seen[0].text) < 40_000


def test_reasoning_models_get_neither_sampling_nor_max_tokens():
    """`send_sampling = false` and the other name of the limit."""
    seen = []
    fields = {"send_sampling": False, "max_tokens_name": "max_completion_tokens", "seed": 1}
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        ask(server, max_tokens=77, **fields)
    assert seen[0].body["max_completion_tokens"] == 77
    assert not {"temperature", "seed", "max_tokens"} & set(seen[0].body)


@pytest.mark.parametrize("kind", ["list_content", "think", "fences", "prose", "tool_call"])
def test_odd_but_usable_answers_come_through(kind):
    """Content in parts, in a tool call, after thoughts or between fences is an answer."""
    with FakeServer(faults=f"{kind}=1", answers=lambda _: DEVICES) as server:
        assert DEVICES in ask(server).text


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", RateLimited),
        ("429_bare", RateLimited),
        ("500", Unavailable),
        ("502", Unavailable),
        ("503", Unavailable),
        ("reset", Unavailable),
        ("hang", TimedOut),
        ("drip", TimedOut),
        ("truncated", Truncated),
        ("token_loop", Looping),
        ("whitespace_loop", Looping),
        ("refusal", Refused),
        ("empty", Malformed),
    ],
)
def test_each_fault_is_an_error_of_its_class(kind, error):
    """What a server does wrong arrives as the class that carries its remedy, with the place."""
    with FakeServer(faults=f"{kind}=1") as server, pytest.raises(error) as caught:
        ask(server, timeout_s=0.5)
    message = str(caught.value)
    assert message.startswith(f"s1 (scripted at 127.0.0.1:{server.port})")


def test_an_unusable_answer_carries_the_completion_that_was_paid_for():
    """A refused, cut or empty answer has its tokens with it, for the ledger."""
    with FakeServer(faults="truncated=1") as server, pytest.raises(Truncated) as caught:
        ask(server)
    assert caught.value.completion.finish_reason == "length"
    assert caught.value.completion.output_tokens > 0


def test_retry_after_is_kept_as_seconds():
    """A 429 says how long to wait; one without Retry-After says nothing."""
    with FakeServer(faults="429=1,retry_after=7.5") as server, pytest.raises(RateLimited) as told:
        ask(server)
    with FakeServer(faults="429_bare=1") as server, pytest.raises(RateLimited) as bare:
        ask(server)
    assert (told.value.retry_after, bare.value.retry_after) == (7.5, None)
    assert (told.value.status, bool(told.value.request_id)) == (429, True)


def test_a_call_that_takes_too_long_is_dropped_so_that_the_server_stops():
    """After a timeout the server sees the client leave."""
    with FakeServer(faults="hang=1") as server:
        with pytest.raises(TimedOut, match=r"within 0\.2 s"):
            ask(server, timeout_s=0.2)
        server.wait_until(lambda stats: stats["left_by_client"] == 1)


def test_usage_is_estimated_and_marked_where_the_server_gives_none():
    """Without usage, tokens are estimated and say so."""
    with FakeServer(faults="usage=0") as server:
        completion = ask(server)
    assert completion.usage_estimated
    assert completion.input_tokens > 0
    assert completion.output_tokens > 0


def test_a_missing_model_says_what_to_set():
    """A model that the server does not have is refused with the setting's name."""
    with FakeServer(faults="model=other") as server, pytest.raises(Rejected) as caught:
        ask(server)
    assert "[backends.s1] model" in str(caught.value)
    assert caught.value.status == 404


def test_an_empty_model_name_is_an_error_at_construction():
    """A backend without a model cannot be made."""
    with pytest.raises(SettingsError, match=r"\[backends\.s1\] model"):
        OpenAIChatBackend("s1", backend_settings(model="  "), {})


def test_a_wrong_key_names_its_variable_and_is_never_shown():
    """A 401 names the variable and the place; the key is in no message."""
    environ = {"S1_KEY": MARKER_KEY}
    with FakeServer(faults="key=right") as server, pytest.raises(Unauthorized) as caught:
        ask(server, environ=environ, api_key_env="S1_KEY")
    assert "S1_KEY" in str(caught.value)
    assert MARKER_KEY not in str(caught.value)


def test_a_key_that_a_server_repeats_is_hidden():
    """A server that echoes the key does not bring it into a message."""

    def echo(asked):
        raise AssertionError("not reached")

    environ = {"S1_KEY": MARKER_KEY}
    with (
        FakeServer(faults="key=x,echo=1", answers=echo) as server,
        pytest.raises(Unauthorized) as caught,
    ):
        ask(server, environ=environ, api_key_env="S1_KEY", extra_headers={"X-Tenant": "hush-hush"})
    assert "provided: ***" in str(caught.value)
    assert MARKER_KEY not in repr(caught.value.__dict__) + str(caught.value)


def test_the_right_key_is_sent():
    """The key of the named variable opens the server."""
    with FakeServer(faults="key=right") as server:
        assert parse(ask(server, environ={"S1_KEY": "right"}, api_key_env="S1_KEY").text)


def test_a_missing_key_is_told_before_any_call():
    """For a server elsewhere, an unset variable is Unauthorized and unhealthy, without a call."""
    fields = {"api_key_env": "S1_KEY", "base_url": "https://api.example.org/v1"}
    backend = OpenAIChatBackend("s1", backend_settings(**fields), {})
    with pytest.raises(Unauthorized, match="S1_KEY"):
        asyncio.run(backend.complete(request()))
    told = asyncio.run(backend.health())
    assert not told.ok
    assert "S1_KEY" in told.detail


def test_a_local_server_may_lack_a_key():
    """On loopback an unset variable is no problem."""
    with FakeServer() as server:
        assert health(server.base_url, api_key_env="S1_KEY").ok


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "[fd00::5]", "gpu-box", "gpu.local"])
def test_a_server_of_ones_own_network_may_lack_a_key(host):
    """Presets name a variable; a vLLM in the next room mostly wants no key."""
    assert is_own(f"http://{host}:8000/v1")
    assert not is_own("http://8.8.8.8/v1")
    assert not is_own("https://api.example.org/v1")


def test_health_says_whether_the_model_is_served():
    """The probe lists models; another name is unhealthy and names those that are served."""
    with FakeServer(faults="model=scripted") as server:
        good, wrong = health(server.base_url), health(server.base_url, model="Qwen/none")
    assert good.ok
    assert good.latency_ms > 0
    assert not wrong.ok
    assert "Served: scripted" in wrong.detail


def test_health_finds_a_wrong_key_where_anybody_may_list_the_models():
    """OpenRouter's list is open: an empty question, which no model sees, tells the key."""
    with FakeServer("key=right,open_list=1,model=scripted") as server:
        wrong = health(server.base_url, {"S1_KEY": MARKER_KEY}, api_key_env="S1_KEY")
        right = health(server.base_url, {"S1_KEY": "right"}, api_key_env="S1_KEY")
        answered = server.stats()["answered"]
    assert (wrong.ok, right.ok, answered) == (False, True, 0)
    assert "S1_KEY" in wrong.detail


def test_health_of_a_server_that_is_down_never_raises():
    """Nobody listening is unhealthy and says what to check."""
    with FakeServer() as server:
        base_url = server.base_url
    told = health(base_url)
    assert not told.ok
    assert "base_url" in told.detail


def test_an_address_without_v1_is_unhealthy():
    """A base URL that lacks /v1 is found by the probe."""
    with FakeServer() as server:
        told = health(server.base_url.removesuffix("/v1"))
    assert not told.ok
    assert "base_url" in told.detail


def test_many_calls_share_connections():
    """A hundred calls in flight at once all come through."""
    with FakeServer(faults="latency=0.05") as server:

        async def run():
            backend = OpenAIChatBackend("s1", backend_settings(server.base_url), {})
            answers = await asyncio.gather(*(backend.complete(request(n)) for n in range(1, 101)))
            await backend.aclose()
            return answers

        answers = asyncio.run(run())
        numbers = [json.loads(answer.text)["page_number"] for answer in answers]
        assert numbers == list(range(1, 101))
        assert server.stats()["max_in_flight"] > 10


def test_an_answer_says_when_the_servers_limit_is_used_up():
    """With nothing left, the headers' reset comes along; with something left it does not."""
    with FakeServer(faults="rpm=2") as server:
        first, last = ask(server), ask(server)
    assert first.pause_s is None
    assert 50 < last.pause_s <= 60


def test_a_page_of_plain_text_is_asked_about_as_text():
    """The text goes along between marks, as data, and no picture does."""
    plain = PageImage(1, is_text=True, text=PageText("text_layer", "Um filme ótimo."))
    seen = []
    with FakeServer(answers=lambda asked: seen.append(asked) or DEVICES) as server:
        assert ask(server, request(page=plain)).text == DEVICES
    (asked,) = seen
    assert asked.pictures == ()
    assert ">\nUm filme ótimo.\n</page-text-" in asked.text


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_cannot_list_its_models_is_no_ill_server(status):
    """It takes questions, which an empty one shows; that is a warning and asks no model."""
    with FakeServer(f"list_status={status}") as server:
        told = health(server.base_url)
        answered = server.stats()["answered"]
    assert (told.ok, told.warns, answered) == (True, True, 0)
    assert f"does not list its models (HTTP {status})" in told.detail
