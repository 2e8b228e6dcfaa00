"""Servers that refuse a part of the request are asked without it, once learned, for all the run."""

import asyncio
import logging

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.form import Form, named_part
from pdf_extraction.errors import ChainExhausted, Unavailable
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    backend_settings,
    chain_settings,
    parse,
    request,
)


class Asking:
    """Pages asked through the real chain, and what the ledger and the server saw of it."""

    def __init__(self, folder, spec, **fields):
        self.bodies = []
        self.calls = CallStore(folder / "calls.sqlite")
        self._spec, self._fields = spec, fields

    def pages(self, *together):
        """Ask each group of pages at once, one group after the other, in one run."""

        async def run(server):
            settings = chain_settings(server, **self._fields)
            chain = build_chain(settings, self.calls, clock=LeapingClock())
            try:
                return [
                    await asyncio.gather(*(chain.complete(request(n)) for n in numbers))
                    for numbers in together
                ]
            finally:
                await chain.aclose()

        def seen(asked):
            self.bodies.append(asked.body)

        with FakeServer(self._spec, answers=seen) as server:
            try:
                answers = asyncio.run(run(server))
            finally:
                self.stats = server.stats()
        return [answer for group in answers for answer in group]

    @property
    def refused(self):
        rows = self.calls.attempts("lei-1", "a" * 64)
        return [row for row in rows if row.error_type == "Unsupported"]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_refused_schema_is_stepped_down_and_that_is_remembered(tmp_path, caplog, status):
    """json_schema, then json_object, then the prompt alone; later pages pay nothing for it."""
    asking = Asking(tmp_path, f"refuses=json_schema+json_object,refuse_status={status}")
    with caplog.at_level(logging.WARNING):
        answers = asking.pages([1], range(2, 12))
    assert all(parse(answer.text) for answer in answers)
    assert all("response_format" not in body for body in asking.bodies)
    assert all("JSON schema" in body["messages"][0]["content"] for body in asking.bodies)
    assert [row.http_status for row in asking.refused] == [status] * 2
    assert asking.stats["requests"] == 11 + (2 if status < 500 else 4)
    changes = [record for record in caplog.records if "refuses response_format" in record.message]
    assert len(changes) == 2
    assert 'response_format = "none"' in changes[-1].message
    (facts,) = asking.calls.backends()
    assert 'response_format = "none"' in facts.refused


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("temperature", {}),
        ("seed", {"seed": 7}),
        ("logprobs", {"logprobs": True}),
        ("stream_options", {"stream": "always"}),
        ("max_tokens", {}),
        ("max_completion_tokens", {"max_tokens_name": "max_completion_tokens"}),
    ],
)
def test_a_refused_parameter_is_left_out(tmp_path, part, fields):
    """One refused call in the ledger; then the page and the run go without the parameter."""
    asking = Asking(tmp_path, f"refuses={part}", **fields)
    assert len(asking.pages([1], [2, 3])) == 3
    assert all(part not in body for body in asking.bodies)
    assert all({"max_tokens", "max_completion_tokens"} & set(body) for body in asking.bodies)
    assert (asking.stats["requests"], len(asking.refused)) == (4, 1)


def test_the_ledger_says_which_temperature_was_really_sent(tmp_path):
    """The refused call's row has it, the rows of calls without it do not."""
    asking = Asking(tmp_path, "refuses=temperature", temperature=0.3)
    asking.pages([1], [2])
    rows = asking.calls.attempts("lei-1", "a" * 64)
    assert [(row.page_number, row.temperature) for row in rows] == [(1, 0.3), (1, None), (2, None)]


def test_after_a_refusal_one_page_tries_the_new_form_for_all(tmp_path):
    """Twenty pages at once, three parts refused: each is refused to those under way or to one."""
    asking = Asking(
        tmp_path, "refuses=json_schema+json_object+seed", seed=7, concurrency=4, logprobs=True
    )
    assert len(asking.pages(range(1, 21))) == 20
    assert len(asking.refused) <= 4 + 2
    assert asking.stats["requests"] == 20 + len(asking.refused)
    assert all(body["logprobs"] for body in asking.bodies)


def test_a_server_that_takes_neither_name_is_not_asked_forever(tmp_path):
    """Each form is refused once; then the page fails with the server's words."""
    asking = Asking(tmp_path, "refuses=max_tokens+max_completion_tokens")
    with pytest.raises(ChainExhausted, match="max_completion_tokens"):
        asking.pages([1])
    assert asking.stats["requests"] == 2


def test_an_error_that_names_the_schema_now_and_then_is_chance():
    """A server that served a schema before is asked for it again after a 500 (llama.cpp)."""
    settings = backend_settings()
    form = Form("s1", settings)
    failed = Unavailable("HTTP 500, Unexpected empty grammar stack", status=500)
    failed.refuses = "response_format"
    assert form.judged(failed, settings) is failed
    form.answered()
    assert [form.judged(failed, settings) for _ in range(5)] == [failed] * 5
    assert form.now is settings


@pytest.mark.parametrize(
    ("words", "param", "part"),
    [
        ("Invalid parameter: 'response_format' of type 'json_schema' is not supported", "", 1),
        ("Failed to parse grammar", "", 1),
        ("This response_format type is unavailable now", "", 1),
        ("Invalid schema for response_format 'page'", "response_format", 1),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", 2),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", "max_tokens", 3),
        ("max_tokens is too large: 9000. The model's limit is 4096.", "max_tokens", 0),
        ("'max_tokens' or 'max_completion_tokens' is too large: 9000. Not more than 4096", "", 0),
        ("body.seed: Extra inputs are not permitted", "", 4),
        ("The server had an error while processing your request", "", 0),
    ],
)
def test_the_part_is_known_from_the_words_of_many_servers(words, param, part):
    """What OpenAI, vLLM, llama.cpp, DeepSeek and FastAPI say; a number too large is no refusal."""
    parts = ["", "response_format", "temperature", "max_tokens", "seed"]
    assert named_part(words, param) == parts[part]
