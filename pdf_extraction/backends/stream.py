"""From the pieces of a streamed answer to the JSON that an unstreamed one would be; pure.

The end of what was generated is watched, thoughts too: a model that repeats itself, or that
writes white space behind a whole answer, is not worth waiting for. Who closes the connection
is ``openai_chat``; what the answer means is ``chat_answer``'s business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pdf_extraction.backends.usage import text_tokens
from pdf_extraction.repair import content_text, is_looping, is_whole_object

#: ``finish_reason`` of an answer that was cut because it repeated itself.
CUT_LOOPING = "cut_looping"
#: Characters generated between two looks at the end; vllm#38696 wrote white space to the limit.
LOOK_EVERY = 160
#: White space behind a whole object that no pretty printer writes.
_TRAILING = 40
_TAIL = 8000
_read = json.JSONDecoder().raw_decode  # json.loads looks for an encoding first, each time
_THOUGHTS = ("reasoning_content", "reasoning")


class Gathered:
    """What came of a stream so far.

    Attributes:
        events: Pieces that came.
        is_ended: The server said that it is done.
        is_enough: Nothing of use can follow; the connection may be closed.
    """

    def __init__(self) -> None:
        self.events = 0
        self.is_ended = False
        self.is_enough = False
        self._rest = b""
        self._is_broken = False
        self._error: dict[str, Any] | None = None
        self._model: Any = None
        self._usage: Any = None
        self._finish_reason: str | None = None
        self._logprobs: list[Any] = []
        self._said: dict[str, list[str]] = {"content": [], "refusal": [], "arguments": []}
        self._tail = ""
        self._generated = self._looked_at = 0

    def feed(self, data: bytes) -> None:
        """Take bytes as they came; events may be cut anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._event(line[5:].strip())
        if self._generated - self._looked_at >= LOOK_EVERY:
            self._look()

    @property
    def is_whole(self) -> bool:
        """Whether an answer can be made of it.

        A stream that merely stops, or says that it is done in the middle of its JSON and gives
        no reason, was cut on its way.
        """
        if self._is_broken:
            return False
        if self._finish_reason is not None or self._error is not None:
            return True
        return self.is_ended and self._is_complete()

    def payload(self) -> dict[str, Any]:
        """The answer as a call without streaming gives it."""
        if self._error is not None:
            return self._error
        said = {name: "".join(parts) for name, parts in self._said.items()}
        message: dict[str, Any] = {"content": said["content"], "refusal": said["refusal"]}
        if said["arguments"]:
            message["tool_calls"] = [{"function": {"arguments": said["arguments"]}}]
        choice: dict[str, Any] = {"message": message, "finish_reason": self._finish_reason}
        if self._logprobs:
            choice["logprobs"] = {"content": self._logprobs}
        # Servers send about a token a piece, but not always: the larger guess is the safer.
        guess = {"completion_tokens": max(self.events, text_tokens("x" * self._generated))}
        return {"model": self._model, "choices": [choice], "usage": self._usage or guess}

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.is_ended = True
            return
        try:
            event = _whole(data.decode())
        except (ValueError, RecursionError):
            # A piece of the answer is lost, and nobody would see it.
            self._is_broken = self.is_enough = True
            return
        if not isinstance(event, dict):
            return
        if event.get("error"):
            # Without the choices that OpenRouter sends beside it: they hold no answer.
            self._error, self.is_ended = {"error": event["error"]}, True
            return
        self._model = event.get("model") or self._model
        self._usage = event.get("usage") or self._usage
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            self._choice(choices[0])

    def _choice(self, choice: Mapping[str, Any]) -> None:
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, dict) and isinstance(logprobs.get("content"), list):
            self._logprobs += logprobs["content"]
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta)

    def _delta(self, delta: Mapping[str, Any]) -> None:
        if len(delta) == 1 and isinstance(text := delta.get("content"), str):
            # Nearly every piece is such a one, and a long answer has thousands.
            self._said["content"].append(text)
            self._count(text)
            return
        new = {name: content_text(delta.get(name)) for name in ("content", "refusal")}
        new["arguments"] = _arguments(delta)
        for name, text in new.items():
            if text:
                self._said[name].append(text)
        thought = next((delta[name] for name in _THOUGHTS if delta.get(name)), "")
        self._count("".join(new.values()) or content_text(thought))

    def _count(self, added: str) -> None:
        if added:
            self.events += 1
            self._tail += added
            self._generated += len(added)

    def _look(self) -> None:
        self._looked_at = self._generated
        self._tail = self._tail[-_TAIL:]
        if len(self._tail) - len(self._tail.rstrip()) >= _TRAILING and self._is_complete():
            self._finish_reason, self.is_enough = "stop", True
        elif is_looping(self._tail):
            self._finish_reason, self.is_enough = CUT_LOOPING, True

    def _is_complete(self) -> bool:
        return is_whole_object("".join(self._said["content"] or self._said["arguments"]))


def _whole(text: str) -> Any:
    event, end = _read(text)
    if end != len(text):
        raise ValueError(text)
    return event


def _arguments(delta: Mapping[str, Any]) -> str:
    calls = delta.get("tool_calls")
    calls = calls if isinstance(calls, list) else [{"function": delta.get("function_call")}]
    functions = [call.get("function") for call in calls if isinstance(call, dict)]
    pieces = [found.get("arguments") for found in functions if isinstance(found, dict)]
    return "".join(piece for piece in pieces if isinstance(piece, str))
