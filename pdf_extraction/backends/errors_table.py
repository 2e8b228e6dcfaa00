"""The seam where a connection's errors and HTTP statuses become ours, by table.

No remedy is decided here (the class carries it) and nothing is retried. Messages name the
backend, the server's host and the model, and never a key.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from pdf_extraction.backends.form import named_part
from pdf_extraction.backends.transport import ConnectionFailed
from pdf_extraction.errors import (
    BackendError,
    Malformed,
    RateLimited,
    Rejected,
    TimedOut,
    Unauthorized,
    Unavailable,
)
from pdf_extraction.repair import excerpt

#: HTTP status to our class and what to do; statuses not listed fall under their hundred.
STATUSES: Mapping[int, tuple[type[BackendError], str]] = {
    3: (Rejected, "The server sends elsewhere; check base_url."),
    4: (Rejected, "Sending it again would change nothing."),
    5: (Unavailable, "The server fails on its side."),
    400: (Rejected, "If it refuses the schema, set response_format to json_object or none."),
    401: (Unauthorized, "{key_advice}"),
    402: (Unauthorized, "The account has no credit."),
    403: (Unauthorized, "The key may not do this. {key_advice}"),
    404: (Rejected, "Set [backends.{backend}] model and base_url to what the server serves."),
    408: (TimedOut, "The server gave up waiting."),
    409: (Unavailable, "The server is busy with the same thing."),
    413: (Rejected, "Lower [backends.{backend}] max_image_bytes or [render] max_pixels."),
    422: (Rejected, "If it refuses the schema, set response_format to json_object or none."),
    425: (Unavailable, "The server asks to come again."),
    429: (RateLimited, "Lower calls_per_minute or concurrency if this is frequent."),
    501: (Rejected, "The server cannot do this."),
    504: (TimedOut, "A gateway gave up waiting for the model."),
}

#: Statuses whose words may name a part of the request that the server does not take. A schema
#: was refused with a 500 too.
REFUSING = frozenset({400, 422, 500, 501})

#: The transport's errors to our class; subclasses stand before their bases.
CLASSES: tuple[tuple[type[Exception], type[BackendError]], ...] = (
    (aiohttp.ConnectionTimeoutError, Unavailable),
    (aiohttp.ServerTimeoutError, TimedOut),
    (TimeoutError, TimedOut),
    (aiohttp.InvalidURL, Rejected),
    (aiohttp.NonHttpUrlClientError, Rejected),
    (aiohttp.ClientError, Unavailable),
    (OSError, Unavailable),
)
#: Codes in words, of errors inside a 200, which has no status of its own.
_NAMED: Mapping[str, int] = {"rate_limit_exceeded": 429, "invalid_api_key": 401}
#: Codes of a filter that declines one question; OpenRouter's 403 says so by its metadata.
_FILTERED = frozenset({"content_filter", "content_policy_violation"})
_FILTER_ADVICE = "The provider's filter declines this page; another backend may take it."
_TOO_LONG = re.compile(
    r"context (?:length|window|size)|max_\w*tokens\W.{0,40}too large", re.IGNORECASE
)
_KEY_LIKE = re.compile(r"\b(?:sk|pk)-[\w*-]{6,}|\bBearer \S{6,}", re.IGNORECASE)
#: Numbers from here on are no seconds to wait but moments, in s or ms since the epoch.
_MOMENTS = 1e9
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Place:
    """Which server and model an error is about.

    Attributes:
        backend: Name in the settings.
        host: The server's host and port.
        model: As in the settings.
        key_env: Variable that holds the key; None where the settings name none.
        secrets: Strings that must never reach a message.
    """

    backend: str
    host: str
    model: str
    key_env: str | None = None
    secrets: tuple[str, ...] = ()

    @property
    def key_advice(self) -> str:
        """What to do about a key that is missing or refused."""
        if self.key_env:
            return f"Set the environment variable {self.key_env} to a valid key."
        return f"Name the key's environment variable in [backends.{self.backend}] api_key_env."

    def sentence(self, what: str, advice: str = "") -> str:
        """A message that names the place and hides what is secret."""
        told = f"{self.backend} ({self.model} at {self.host}): {self.redacted(what)}"
        return f"{told} {advice}".rstrip()

    def redacted(self, text: str) -> str:
        """``text`` without secrets; to be done before it is cut, which may halve a key."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return _KEY_LIKE.sub("***", text)


def from_status(place: Place, status: int, body: Any, headers: Mapping[str, str]) -> BackendError:
    """Our error for an HTTP status that is no success.

    Args:
        place: Server and model.
        status: HTTP status, or the ``code`` of an error inside a 200.
        body: The answer's JSON, text or None.
        headers: Of the answer, names in lower case.
    """
    told, code, param = _said(body)
    told = place.redacted(told)
    kind, advice = STATUSES.get(status) or STATUSES.get(status // 100, STATUSES[5])
    headers = {**_headers_within(body), **headers}
    wait = retry_after(headers) if status in {429, 503} else None
    if code in {"insufficient_quota", "billing_hard_limit_reached"}:
        kind, advice = STATUSES[402]  # a 429 at OpenAI that no waiting cures
    elif code in _FILTERED or (status == 403 and "flagged_input" in _metadata(body)):
        kind, advice = Rejected, _FILTER_ADVICE
    elif status == 400 and _TOO_LONG.search(told):
        advice = "Lower [backends.{backend}] max_tokens, or [render] max_pixels."
    elif wait is not None:
        kind = RateLimited
    advice = advice.format(backend=place.backend, key_advice=place.key_advice)
    message = place.sentence(f"HTTP {status}{f', {excerpt(told, 300)}' if told else ''}.", advice)
    common: dict[str, Any] = {
        "backend": place.backend,
        "status": status,
        "request_id": headers.get("x-request-id"),
    }
    if kind is RateLimited:
        return RateLimited(message, retry_after=wait, **common)
    error = kind(message, **common)
    if status in REFUSING:
        error.refuses = named_part(told, param)
    return error


def from_connection(place: Place, failed: ConnectionFailed) -> BackendError:
    """Our error for a call that ended without a whole answer."""
    cause = failed.__cause__
    kind = next(ours for theirs, ours in CLASSES if isinstance(cause, theirs))
    # aiohttp adds how it would have spoken TLS, to plain HTTP as well.
    said = re.sub(r" ssl:(<[^>]*>|\S+)", "", str(failed))
    message = place.sentence(
        f"{said} ({type(cause).__name__}).", "Check base_url and that the server runs."
    )
    error = kind(message, backend=place.backend)
    error.may_be_billed = failed.was_sent
    return error


def unreadable(place: Place, text: str) -> Unavailable:
    """A 200 that is no JSON: a proxy's page, or an answer cut on its way."""
    message = place.sentence(f"the answer is no JSON: {excerpt(text)}.", "Check base_url.")
    return Unavailable(message, backend=place.backend)


def cut_short(place: Place, pieces: int) -> Unavailable:
    """A stream that ended without saying that it is done."""
    message = place.sentence(f"the stream broke off after {pieces} pieces.", "Is the server well?")
    return Unavailable(message, backend=place.backend)


def from_payload(place: Place, payload: Any) -> BackendError | Malformed:
    """Our error for a 200 that holds no answer; OpenRouter sends its providers' errors so."""
    error = payload.get("error") if isinstance(payload, dict) else None
    if error and isinstance(error, dict | str):
        code = error.get("code") if isinstance(error, dict) else None
        status = (
            int(str(code)) if re.fullmatch(r"[345]\d\d", str(code)) else _NAMED.get(str(code), 502)
        )
        return from_status(place, status, payload, {})
    shown = excerpt(json.dumps(payload, ensure_ascii=False))
    return Malformed(place.sentence(f"the answer has no choices: {shown}"))


def abandoned(place: Place, payload: Mapping[str, Any], *, has_begun: bool) -> BackendError:
    """Our error for an answer that its server gave up, by what it says of that, if anything.

    Args:
        place: Server and model.
        payload: Of the answer, with its one choice.
        has_begun: Some of it was made, and so may be billed.
    """
    choice = payload["choices"][0]
    told = choice.get("error") or payload.get("error")
    inside = told if isinstance(told, dict) else {"message": f"{choice['finish_reason']} midway"}
    error = from_payload(place, {"error": inside})
    assert isinstance(error, BackendError)
    error.may_be_billed = has_begun
    return error


def said(answer: bytes) -> Any:
    """The body of an answer that is no success: its JSON where it is some, else its text."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer.decode("utf-8", "replace")


def _said(body: Any) -> tuple[str, str, str]:
    """Message, code and part of the request in an error's body, in the shapes servers use."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        said = error.get("message") or error.get("detail") or ""
        told = said if isinstance(said, str) else _listed(said)
        return told, str(error.get("code")), str(error.get("param") or "")
    return (error if isinstance(error, str) else ""), "", ""


def _metadata(body: Any) -> Mapping[str, Any]:
    """What OpenRouter tells beside an error."""
    error = body.get("error") if isinstance(body, dict) else None
    found = error.get("metadata") if isinstance(error, dict) else None
    return found if isinstance(found, dict) else {}


def _headers_within(body: Any) -> Mapping[str, str]:
    """Headers that OpenRouter puts into the body, an error inside a 200 having none."""
    found = _metadata(body).get("headers")
    return {k.lower(): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _listed(details: Any) -> str:
    """FastAPI's list of what is wrong with a request, without its echo of the request."""
    if not isinstance(details, list) or not all(isinstance(item, dict) for item in details):
        return json.dumps(details)
    return "; ".join(
        f"{'.'.join(map(str, item.get('loc') or ()))}: {item.get('msg', '')}" for item in details
    )


def retry_after(headers: Mapping[str, str], wall: float | None = None) -> float | None:
    """Seconds that the server asks to wait; None where it does not say.

    ``Retry-After`` is seconds or an HTTP date (RFC 9110); ``x-ratelimit-reset-*`` are
    durations such as ``6m0s`` (OpenAI), OpenRouter's ``x-ratelimit-reset`` is a moment in ms
    since the epoch; both count where nothing remains.

    Args:
        headers: Names in lower case.
        wall: Seconds since the epoch; None takes the clock's.
    """
    if "retry-after-ms" in headers and (ms := _number(headers["retry-after-ms"])) is not None:
        return max(0.0, ms / 1000)
    # LiteLLM 1.106 hides the header of its own 429 under the second name.
    if stated := headers.get("retry-after") or headers.get("llm_provider-retry-after"):
        seconds = _number(stated)
        return max(0.0, seconds) if seconds is not None else _until(stated, wall)
    resets = (
        _duration(headers.get(f"x-ratelimit-reset{what}", ""), wall)
        for what in ("-requests", "-tokens", "")
        if _number(headers.get(f"x-ratelimit-remaining{what}", "")) == 0
    )
    return max((wait for wait in resets if wait is not None), default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < _MOMENTS else None  # refuses nan and inf as well


def _until(date: str, wall: float | None) -> float | None:
    try:
        moment = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if wall is None else wall))


def _duration(text: str, wall: float | None) -> float | None:
    if (seconds := _number(text)) is not None:
        return seconds
    if text.isdecimal():
        since_epoch = float(text) if float(text) < 100 * _MOMENTS else float(text) / 1000
        return max(0.0, since_epoch - (time.time() if wall is None else wall))
    parts = _DURATION.findall(text)
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts) if parts else None
