"""Every call is a row, and the rows are the bill."""

import asyncio

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.ledger import Recorded, price
from pdf_extraction.errors import (
    Malformed,
    RateLimited,
    TimedOut,
    Truncated,
    Unauthorized,
    Unavailable,
)
from pdf_extraction.model import Completion
from pdf_extraction_tests.backends.helpers import ScriptedBackend, backend_settings, request

SETTINGS = backend_settings(
    price_per_million_input_tokens=1000.0, price_per_million_output_tokens=10_000.0
)


@pytest.fixture
def calls(tmp_path):
    return CallStore(tmp_path / "c.sqlite")


def row_of(calls, backend, asked=None):
    """The ledger's row for one call, and what the call came to."""
    policy = Recorded(backend, SETTINGS, calls)
    asked = asked or request()
    (result,) = asyncio.run(gathered(policy, asked))
    (row,) = calls.attempts(asked.document_id, asked.sha256)
    return row, result


async def gathered(policy, asked):
    return await asyncio.gather(policy.complete(asked), return_exceptions=True)


def test_an_answer_is_recorded_with_its_price(calls):
    """Tokens, money, status and sampling of a good call."""
    row, completion = row_of(calls, ScriptedBackend(), request(4, temperature=0.5))
    assert (row.page_number, row.backend, row.model) == (4, "s1", "scripted")
    assert (row.http_status, row.error_type, row.temperature) == (200, None, 0.5)
    assert (row.input_tokens, row.output_tokens) == (100, 10)
    assert row.cost_usd == completion.cost_usd == price(SETTINGS, 100, 10) == pytest.approx(0.2)


def test_a_call_without_an_answer_is_recorded_with_its_error(calls):
    """A failed call has its status and reason, and no tokens."""
    error = RateLimited("slow down", retry_after=4.0, backend="s1", status=429)
    row, _ = row_of(calls, ScriptedBackend(error))
    assert (row.http_status, row.error_type, row.error) == (429, "RateLimited", "slow down")
    assert (row.retry_after_s, row.input_tokens, row.cost_usd) == (4.0, 0, 0.0)
    assert row.model == "scripted"


def test_a_missing_key_is_no_call(calls):
    """Nothing was sent, so the ledger has no row; a key that the server refused is one."""
    policy, asked = Recorded(ScriptedBackend(Unauthorized("no key")), SETTINGS, calls), request()
    (error,) = asyncio.run(gathered(policy, asked))
    assert isinstance(error, Unauthorized)
    assert calls.attempts(asked.document_id, asked.sha256) == []
    row, _ = row_of(calls, ScriptedBackend(Unauthorized("wrong key", status=401)))
    assert (row.http_status, row.error_type) == (401, "Unauthorized")


def test_a_dropped_connection_has_no_status(calls):
    """Where no HTTP answer came, the status is empty."""
    row, _ = row_of(calls, ScriptedBackend(Unavailable("reset")))
    assert (row.http_status, row.error_type) == (None, "Unavailable")


def test_an_answer_that_does_not_parse_was_paid_for(calls):
    """A malformed answer has its tokens, its money and its error; the error has the answer."""
    row, error = row_of(calls, ScriptedBackend("prose"))
    assert (row.http_status, row.error_type) == (200, "Malformed")
    assert row.cost_usd == pytest.approx(0.2)
    assert isinstance(error, Malformed)
    assert (error.completion.text, error.completion.cost_usd) == ("prose", row.cost_usd)


def test_an_answer_that_the_backend_refused_was_paid_for(calls):
    """A truncated answer counts its tokens although no completion was returned."""
    error = Truncated("cut")
    error.completion = Completion("{", "s1", "m", "length", 50, 20)
    row, _ = row_of(calls, ScriptedBackend(error))
    assert (row.finish_reason, row.input_tokens, row.output_tokens) == ("length", 50, 20)
    assert row.cost_usd == pytest.approx(price(SETTINGS, 50, 20))


def test_a_cancelled_call_is_no_row(calls):
    """A run that is stopped leaves what a killed one would leave."""
    policy = Recorded(ScriptedBackend(), SETTINGS, calls)

    async def run():
        task = asyncio.create_task(policy.complete(request()))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert calls.spent().calls == 0


def test_a_call_that_was_cut_after_the_server_had_it_is_priced_by_its_input(calls):
    """A timeout costs its estimated input, and says that it is an estimate."""
    row, error = row_of(calls, ScriptedBackend(TimedOut("slow")))
    assert row.usage_estimated
    assert (row.http_status, row.error_type, row.output_tokens) == (None, "TimedOut", 0)
    assert row.input_tokens > 0
    assert row.cost_usd == error.cost_usd == pytest.approx(price(SETTINGS, row.input_tokens, 0))
