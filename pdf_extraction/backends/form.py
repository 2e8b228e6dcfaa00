"""The form in which one server is asked: without what it refuses, once learned, for all the run.

Servers differ in what they take (``response_format`` above all) and say so with a 400, a 422 or
even a 500. Which class such an answer is of stands in ``errors_table``; here is only which part
of the request is meant and what is asked without it. Nothing is sent here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from pdf_extraction.errors import BackendError, Unsupported
from pdf_extraction.settings import OpenAIBackendSettings

_log = logging.getLogger(__name__)

#: Refusals by a status that may be chance (5xx) after which they are taken at their word. A
#: llama.cpp server failed one in twenty calls under a grammar with a 500 and served the others.
CHANCES = 2
#: Characters of a server's words; those that repeat the request back do so at the end.
_READ_OF_WORDS = 600

_REFUSING = (
    r"(?:un(?:supported|recogni[sz]ed|known|expected)|not (?:be )?(?:supported|permitted|allowed|"
    r"implemented|available|accepted)|does(?: not|n't) support|extra|forbidden|deprecated)"
)
#: What names a part of the request in a server's words, the surest first.
WORDS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(words, re.IGNORECASE | re.DOTALL)
    for name, words in {
        # "max_tokens is too large" names it too, and is about the room for the answer.
        "max_tokens": rf"{_REFUSING}.{{0,40}}\bmax_tokens|\bmax_tokens\W.{{0,60}}{_REFUSING}",
        "max_completion_tokens": rf"{_REFUSING}.{{0,40}}max_completion_tokens"
        rf"|max_completion_tokens.{{0,60}}{_REFUSING}",
        "stream_options": r"stream_options|include_usage",
        "logprobs": r"\blogprobs\b|log[ -]probabilit",
        "seed": rf"\bseed\b.{{0,60}}{_REFUSING}|{_REFUSING}.{{0,40}}\bseed\b",
        "temperature": r"\btemperature\b",
        "response_format": r"response_format|json[_ ]?(?:schema|object)|\bgrammar|\bschema\b"
        r"|guided[_ ]|structured[_ ]?out",
    }.items()
}


def named_part(words: str, param: str = "") -> str:
    """The part of the request that an error's words name; empty for none.

    Args:
        words: What the server says.
        param: Its own field for the part, as OpenAI has it (``response_format.json_schema``).
    """
    words = words[:_READ_OF_WORDS]
    stated = param.partition(".")[0]
    if stated in WORDS and not stated.startswith("max_"):
        return stated
    return next((name for name, pattern in WORDS.items() if pattern.search(words)), "")


#: Keys of the settings that ask without a part; none where it is not sent.
_WITHOUT: Mapping[str, Callable[[OpenAIBackendSettings], Mapping[str, Any]]] = {
    # With ``json_object`` and ``none`` the schema stands in the prompt.
    "response_format": lambda s: {
        "json_schema": {"response_format": "json_object"},
        "json_object": {"response_format": "none"},
    }.get(s.response_format, {}),
    "temperature": lambda s: {"send_sampling": False} if s.send_sampling else {},
    "seed": lambda s: {"seed": None} if s.send_sampling and s.seed is not None else {},
    "logprobs": lambda s: {"logprobs": False} if s.logprobs else {},
    "stream_options": lambda s: {"stream_usage": False} if s.stream_usage else {},
    "max_tokens": lambda s: _other_name(s, "max_tokens", "max_completion_tokens"),
    "max_completion_tokens": lambda s: _other_name(s, "max_completion_tokens", "max_tokens"),
}


def _other_name(settings: OpenAIBackendSettings, name: str, other: str) -> Mapping[str, Any]:
    return {"max_tokens_name": other} if settings.max_tokens_name == name else {}


def without(settings: OpenAIBackendSettings, part: str) -> OpenAIBackendSettings | None:
    """Settings that ask without a part; None where it is not sent at all."""
    change = _WITHOUT[part](settings) if part in _WITHOUT else {}
    return settings.model_copy(update=dict(change)) if change else None


def in_words(now: OpenAIBackendSettings, wanted: OpenAIBackendSettings) -> str:
    """How a form differs from what the settings say, as keys that would say the same."""
    keys = {name: getattr(now, name) for name in type(now).model_fields}
    changed = {name: value for name, value in keys.items() if value != getattr(wanted, name)}
    return ", ".join(
        f"no {name}" if value is None else f"{name} = {json.dumps(value)}"
        for name, value in changed.items()
    )


class Form:
    """What a backend's settings have become in this run. For one event loop.

    After a change one call goes ahead with the new form and the others wait for its answer, so
    that a server that refuses several parts is not asked by everyone at each step.

    Args:
        name: Of the backend.
        settings: Its own.
    """

    def __init__(self, name: str, settings: OpenAIBackendSettings) -> None:
        self._name, self._wanted = name, settings
        self.now = settings
        self._refused: list[OpenAIBackendSettings] = []
        self._is_tried = True
        self._has_answered = False
        self._chances: Counter[str] = Counter()
        self._trial = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[OpenAIBackendSettings]:
        """Around a call, with the form to ask in; waits while another call tries a new one."""
        async with AsyncExitStack() as held:
            if not self._is_tried:
                await held.enter_async_context(self._trial)
            if self._is_tried:
                await held.aclose()
            form = self.now
            try:
                yield form
            finally:
                # Whatever else came of the trial: a server that is ill is others' business.
                self._is_tried = self._is_tried or self.now is form

    def answered(self) -> None:
        """The server took a call in the form as it is now."""
        self._has_answered = True

    def judged(self, error: BackendError, form: OpenAIBackendSettings) -> BackendError:
        """The error as it is to be raised: ``Unsupported`` where asking otherwise may help.

        Args:
            error: What came of a call.
            form: What the call was made in.
        """
        changed = without(form, error.refuses)
        if changed is None:
            return error
        if self.now is form:
            if changed in self._refused or self._may_be_chance(error):
                return error
            self._change(changed, error.refuses)
        told = Unsupported(
            f"{error} From now on it is asked with {self._difference}; say so in "
            f"[backends.{self._name}] to spare this call.",
            backend=error.backend,
            status=error.status,
            request_id=error.request_id,
        )
        told.refuses = error.refuses
        return told

    def _change(self, changed: OpenAIBackendSettings, part: str) -> None:
        self._refused.append(self.now)
        self.now, self._is_tried, self._has_answered = changed, False, False
        self._chances.clear()
        _log.warning(
            "%s refuses %s: for the rest of the run it is asked with %s",
            self._name,
            part,
            self._difference,
        )

    @property
    def _difference(self) -> str:
        return in_words(self.now, self._wanted)

    def _may_be_chance(self, error: BackendError) -> bool:
        if error.status is None or error.status < 500:
            return False
        self._chances[error.refuses] += 1
        return self._has_answered or self._chances[error.refuses] < CHANCES
