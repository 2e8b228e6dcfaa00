"""The transport's errors and a server's statuses become ours."""

import inspect
import time

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from pdf_extraction.backends.errors_table import (
    CLASSES,
    Place,
    from_connection,
    from_payload,
    from_status,
    retry_after,
)
from pdf_extraction.backends.transport import ConnectionFailed
from pdf_extraction.errors import (
    BackendError,
    Malformed,
    OutputError,
    RateLimited,
    Rejected,
    TimedOut,
    Unauthorized,
    Unavailable,
)

PLACE = Place("s1", "api.example.org", "m", "S1_KEY", ("hidden-secret",))


@pytest.mark.parametrize(
    "foreign",
    [
        value
        for value in vars(aiohttp).values()
        if inspect.isclass(value) and issubclass(value, aiohttp.ClientError)
    ],
)
def test_every_error_of_the_transport_has_a_row(foreign):
    """No error of aiohttp gets past the seam, and no base class shadows a later row."""
    rows = [theirs for theirs, _ in CLASSES if issubclass(foreign, theirs)]
    assert rows
    own = [theirs for theirs, _ in CLASSES if theirs is foreign]
    assert not own or rows[0] is foreign


@pytest.mark.parametrize("status", [*range(300, 309), *range(400, 452), *range(500, 530), 529])
def test_every_status_has_a_class(status):
    """Whatever status a server gives becomes a BackendError that keeps it."""
    error = from_status(PLACE, status, None, {})
    assert isinstance(error, BackendError)
    assert error.status == status
    assert str(error).startswith(f"s1 (m at api.example.org): HTTP {status}")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (402, Unauthorized),
        (403, Unauthorized),
        (404, Rejected),
        (408, TimedOut),
        (409, Unavailable),
        (413, Rejected),
        (422, Rejected),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
        (504, TimedOut),
        (529, Unavailable),
    ],
)
def test_statuses_carry_their_remedy(status, kind):
    """The status decides the class, the class the remedy."""
    assert type(from_status(PLACE, status, None, {})) is kind


def test_a_503_that_says_when_to_come_back_is_a_request_to_slow_down():
    """Retry-After on a 503 counts like a 429's."""
    error = from_status(PLACE, 503, None, {"retry-after": "3"})
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3


def test_a_quota_that_is_used_up_stops_the_backend():
    """A 429 that no waiting cures is Unauthorized."""
    body = {"error": {"code": "insufficient_quota", "message": "You exceeded your quota"}}
    assert isinstance(from_status(PLACE, 429, body, {}), Unauthorized)


def failed(cause):
    error = ConnectionFailed(cause)
    error.__cause__ = cause
    return from_connection(PLACE, error)


def test_a_dropped_connection_and_a_timeout_differ():
    """Who never answers and who hangs up are different things."""
    assert type(failed(aiohttp.ServerTimeoutError())) is TimedOut
    assert type(failed(aiohttp.ServerDisconnectedError())) is Unavailable
    assert type(failed(ConnectionResetError())) is Unavailable


def test_a_refused_connection_is_told_without_the_librarys_tls_settings():
    """`ssl:default` behind the address of plain HTTP, or an object's address, helps nobody."""
    key = ConnectionKey("127.0.0.1", 8000, False, True, None, None, None)
    said = str(failed(aiohttp.ClientConnectorError(key, OSError(111, "refused"))))
    assert "127.0.0.1:8000 [refused]" in said
    assert "ssl" not in said


def test_a_call_that_never_left_is_not_billed():
    """Only where the server may have had the request, it may send a bill."""
    assert failed(aiohttp.ServerDisconnectedError()).may_be_billed
    assert failed(aiohttp.ServerTimeoutError()).may_be_billed
    assert not failed(aiohttp.ConnectionTimeoutError()).may_be_billed
    assert not from_status(PLACE, 503, None, {}).may_be_billed


@pytest.mark.parametrize(
    "body",
    [
        "Incorrect API key provided: hidden-secret",
        {"error": {"message": "Incorrect API key provided: sk-abcdef1234"}},
        {"detail": "Bearer abcdefghijk is wrong"},
        {"error": "hidden-secret"},
    ],
)
def test_no_message_holds_a_key(body):
    """Neither our key nor anything that looks like one survives in a message."""
    message = str(from_status(PLACE, 401, body, {}))
    assert "***" in message
    assert not any(part in message for part in ("hidden", "sk-abc", "abcdefgh"))


def test_control_characters_of_a_server_do_not_reach_a_terminal():
    """A server's text is quoted with its control characters escaped."""
    assert "\x1b" not in str(from_status(PLACE, 500, "\x1b[2Jgone", {}))


def test_an_error_inside_a_200_has_its_own_status():
    """OpenRouter sends a provider's 429 as a 200 with an error in it."""
    error = from_payload(PLACE, {"error": {"code": 429, "message": "slow down"}})
    assert isinstance(error, RateLimited)
    assert isinstance(from_payload(PLACE, {"error": {"message": "?"}}), Unavailable)


def test_errors_inside_a_200_are_told_in_words_too():
    """A plain sentence, or a code in words, is the server's error and no odd answer."""
    assert isinstance(from_payload(PLACE, {"error": "model overloaded"}), Unavailable)
    worded = {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}
    assert isinstance(from_payload(PLACE, worded), RateLimited)
    assert isinstance(from_payload(PLACE, {"error": {"code": "429"}}), RateLimited)


def test_a_wait_that_stands_in_the_body_is_obeyed():
    """OpenRouter repeats its headers in the error's metadata; in a 200 they stand only there."""
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int((time.time() + 40) * 1000))}
    error = from_payload(PLACE, {"error": {"code": 429, "metadata": {"headers": reset}}})
    assert isinstance(error, RateLimited)
    assert 35 < error.retry_after <= 40


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, {"message": "flagged", "metadata": {"reasons": ["violence"], "flagged_input": "x"}}),
        (403, {"code": "content_policy_violation"}),
        (400, {"code": "content_filter"}),
    ],
)
def test_a_page_that_a_filter_declines_stops_no_backend(status, error):
    """One page in a thousand is flagged; the key is good for all others."""
    told = from_status(PLACE, status, {"error": error}, {})
    assert type(told) is Rejected
    assert "filter" in str(told)


def test_a_question_too_long_for_the_context_says_what_to_lower():
    """vLLM's words for ``max_tokens`` beyond the model's context."""
    words = "max_tokens is too large: 8192. This model's maximum context length is 4096 tokens"
    assert "[backends.s1] max_tokens" in str(from_status(PLACE, 400, {"message": words}, {}))


def test_a_200_without_choices_is_malformed():
    """JSON of another shape is an answer that cannot be used."""
    assert isinstance(from_payload(PLACE, {"ok": True}), Malformed)
    assert isinstance(from_payload(PLACE, []), OutputError)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20),
        ({"retry-after": "1.5"}, 1.5),
        ({"llm_provider-retry-after": "60"}, 60),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 07:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 21 Nov 2026 06:00:00 GMT"}, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1.2s"}, 1.2),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"}, 17),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795244430"}, 30),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795244440500"}, 40.5),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "1795244440500"}, None),
    ],
)
def test_how_long_to_wait_is_read_in_every_form(headers, seconds):
    """Seconds, a date, milliseconds, or the reset of what is used up."""
    assert retry_after(headers, wall=1795244400.0) == (
        pytest.approx(seconds) if seconds is not None else None
    )
