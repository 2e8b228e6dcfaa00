"""From a chat completion's JSON to a ``Completion``, or the reason why it is none; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pdf_extraction.backends.errors_table import Place, abandoned, from_payload
from pdf_extraction.backends.stream import CUT_LOOPING
from pdf_extraction.backends.usage import input_tokens, text_tokens
from pdf_extraction.errors import Looping, Malformed, OutputError, Refused, Truncated
from pdf_extraction.logprobs import pack
from pdf_extraction.model import Completion, Request
from pdf_extraction.repair import content_text, excerpt, is_looping, is_whole_object

_REFUSALS = frozenset({"content_filter", "refusal", "safety"})
#: Above any context window; counts beyond are a server's mistake and would not fit a table.
_MOST_TOKENS = 1_000_000_000
_CUTS = frozenset({"length", "max_tokens", "model_length"})
#: The server's own end of an answer: OpenRouter's provider died, vLLM was stopped, DeepSeek full.
_ABANDONED = frozenset({"error", "abort", "insufficient_system_resource"})


@dataclass(frozen=True)
class _Choice:
    text: str
    refusal: str
    finish_reason: str
    token_logprobs: str = ""

    @property
    def is_abandoned(self) -> bool:
        """Whether the server gave up in the middle."""
        return self.finish_reason in _ABANDONED and not is_whole_object(self.text)


def read_answer(place: Place, request: Request, payload: Any, latency_ms: float) -> Completion:
    """Understand an answer and refuse one that cannot be used.

    Args:
        place: Server and model, for messages.
        request: What was asked.
        payload: The answer's JSON.
        latency_ms: Of the call.

    Raises:
        BackendError: The answer is an error inside a 200.
        OutputError: The answer is refused; it carries the completion that was paid for.
    """
    choice = _choice(place, payload)
    if choice.is_abandoned:
        raise abandoned(place, payload, has_begun=bool(choice.text))
    usage = payload.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    # No question has 0 tokens: some servers that do not count say so.
    counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    asked, answered = (_tokens(count) or None for count in counts)
    told = asked is not None
    completion = Completion(
        text=choice.text,
        backend=place.backend,
        model=str(payload.get("model") or place.model),
        finish_reason=choice.finish_reason,
        input_tokens=input_tokens(request) if asked is None else asked,
        output_tokens=_answered(answered, choice.text, told=told),
        usage_estimated=not told,
        token_logprobs=choice.token_logprobs,
        latency_ms=latency_ms,
    )
    problem = _problem(place, choice, completion, takes_cut=request.takes_cut)
    if problem is not None:
        problem.completion = completion
        raise problem
    return completion


def _answered(counted: int | None, text: str, *, told: bool) -> int:
    if counted is not None:
        return counted
    return 0 if told else text_tokens(text)


def _choice(place: Place, payload: Any) -> _Choice:
    choices = payload.get("choices") if isinstance(payload, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise from_payload(place, payload)
    message = choices[0].get("message")
    message = message if isinstance(message, dict) else {"content": message}
    text, arguments = content_text(message.get("content")), _tool_arguments(message)
    # Beside its call a model may say that it makes one.
    if not text or (arguments and is_whole_object(arguments) and not is_whole_object(text)):
        text = arguments
    logprobs = choices[0].get("logprobs")
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    return _Choice(
        text=text,
        token_logprobs=pack(text, tokens) if isinstance(tokens, list) else "",
        refusal=str(message.get("refusal") or ""),
        finish_reason=str(choices[0].get("finish_reason") or ""),
    )


def _tokens(value: Any) -> int | None:
    """A count that a server gave, where it can be one."""
    countable = isinstance(value, int | float) and 0 <= value <= _MOST_TOKENS
    return int(value) if countable else None


def _tool_arguments(message: Mapping[str, Any]) -> str:
    """Arguments of a tool call: some servers answer a schema so."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        calls = [{"function": message.get("function_call")}]
    first = calls[0].get("function") if isinstance(calls[0], dict) else None
    arguments = first.get("arguments") if isinstance(first, dict) else None
    return json.dumps(arguments) if isinstance(arguments, dict) else str(arguments or "")


def _problem(
    place: Place, choice: _Choice, completion: Completion, *, takes_cut: bool
) -> OutputError | None:
    text, reason = choice.text, choice.finish_reason
    if choice.refusal or reason in _REFUSALS:
        said = choice.refusal or text or reason
        return Refused(place.sentence(f"the model declined to answer: {excerpt(said)}"))
    if text.strip() and is_whole_object(text):
        return None  # be it followed by blanks up to the limit (vllm#38696)
    if reason == CUT_LOOPING or is_looping(text):
        return Looping(place.sentence(f"the answer repeats itself: {excerpt(text[-80:])}"))
    if reason in _CUTS and not (takes_cut and text.strip()):
        cut = f"the answer was cut at {completion.output_tokens} tokens."
        return Truncated(place.sentence(cut, f"Raise [backends.{place.backend}] max_tokens."))
    if not text.strip():
        return Malformed(place.sentence("the answer is empty"))
    return None
