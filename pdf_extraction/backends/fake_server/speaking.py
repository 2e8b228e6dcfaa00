"""A scripted answer as the wire takes it: whole, or in the pieces of a stream. No count here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pdf_extraction.backends.fake_server.answers import DEFAULT_ROOM, Asked
from pdf_extraction.backends.fake_server.wire import Connection

#: Characters of a token, and of one streamed piece: servers under load send some at a time.
TOKEN = 4
_PIECE = 80


def tokens_of(text: str) -> int:
    """Tokens of a text as this server counts."""
    return max(1, len(text) // TOKEN)


def cut(choice: dict[str, Any], tokens: int) -> dict[str, Any]:
    """A choice that ends at a number of tokens, where it is longer; 0 leaves it."""
    said = choice["message"]["content"]
    if not tokens or not isinstance(said, str) or len(said) <= TOKEN * tokens:
        return choice
    message = {**choice["message"], "content": said[: TOKEN * tokens]}
    return {"message": message, "finish_reason": "length"}


@dataclass(frozen=True)
class Spoken:
    """An answer about to be given.

    Attributes:
        asked: The question.
        choice: ``message`` and ``finish_reason``.
        endless: What is repeated behind it until the room is used up; mostly nothing.
        input_tokens: Of the question.
        kind: The fault, if any.
    """

    asked: Asked
    choice: Mapping[str, Any]
    endless: str
    input_tokens: int
    kind: str | None

    def text(self) -> str:
        """All that is said, the repetitions up to the room but never beyond the usual one."""
        said = self._said()
        room = TOKEN * min(self.asked.room, DEFAULT_ROOM) - len(said)
        return said + self.endless * max(0, room // len(self.endless) if self.endless else 0)

    def completion(self, text: str, number: int, *, usage: bool) -> dict[str, Any]:
        """The whole answer."""
        choice: dict[str, Any] = {"index": 0, **self.choice}
        message = choice["message"]
        if isinstance(message["content"], str):
            choice["message"] = {**message, "content": text}
            choice |= self._logprobs(text)
        given = usage and self.kind != "no_usage"
        return {
            **self.head(number),
            "object": "chat.completion",
            "choices": [choice],
            **({"usage": self.usage(tokens_of(text))} if given else {}),
        }

    def deltas(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Pieces of the stream, each with its tokens."""
        message = self.choice["message"]
        for thought in filter(None, [message.get("reasoning_content")]):
            yield {"delta": {"reasoning_content": thought}}, tokens_of(thought)
        for refusal in filter(None, [message.get("refusal")]):
            yield {"delta": {"refusal": refusal}}, tokens_of(refusal)
        made = 0
        for piece in self._pieces():
            tokens = tokens_of(piece)
            yield {"delta": self._delta(piece), **self._logprobs(piece)}, tokens
            made += tokens
            if made >= self.asked.room:
                return

    def head(self, number: int) -> dict[str, Any]:
        """What every piece begins with."""
        return {
            "id": f"fake-{number}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": self.asked.body.get("model"),
        }

    def usage(self, output_tokens: int) -> dict[str, int]:
        """The bill."""
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": self.input_tokens + output_tokens,
        }

    def _said(self) -> str:
        message = self.choice["message"]
        if calls := message.get("tool_calls"):
            return str(calls[0]["function"]["arguments"])
        said = message["content"] or ""
        return said if isinstance(said, str) else str(said[0]["text"])

    def _pieces(self) -> Iterator[str]:
        said = self._said()
        for start in range(0, len(said), _PIECE):
            yield said[start : start + _PIECE]
        while self.endless:
            yield self.endless * (_PIECE // len(self.endless))

    def _delta(self, piece: str) -> dict[str, Any]:
        message = self.choice["message"]
        if message.get("tool_calls"):
            return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        if isinstance(message["content"], list):
            return {"content": [{"type": "text", "text": piece}]}
        return {"content": piece}

    def _logprobs(self, text: str) -> dict[str, Any]:
        if not self.asked.body.get("logprobs"):
            return {}
        tokens = [text[start : start + TOKEN] for start in range(0, len(text), TOKEN)]
        return {"logprobs": {"content": [{"token": t, "logprob": _logprob(t)} for t in tokens]}}


def _logprob(token: str) -> float:
    """Sure of everything but question marks, which stand for what cannot be read."""
    return -2.0 if "?" in token else -0.01


class Piecewise:
    """Server-sent events that were made and not yet sent.

    Args:
        head: What every event begins with; written as JSON once.
    """

    def __init__(self, head: Mapping[str, Any]) -> None:
        self._head = f"data: {json.dumps(head, ensure_ascii=False)[:-1]}"
        self._events: list[bytes] = []

    def choice(self, choice: Mapping[str, Any]) -> None:
        """An event with a piece of the answer."""
        piece = json.dumps({"index": 0, **choice}, ensure_ascii=False)
        self._events.append(f'{self._head}, "choices": [{piece}]}}\n\n'.encode())

    def usage(self, usage: Mapping[str, int]) -> None:
        """The event with the bill."""
        told = json.dumps(usage)
        self._events.append(f'{self._head}, "choices": [], "usage": {told}}}\n\n'.encode())

    def taken(self) -> list[bytes]:
        """The events, which are sent now."""
        events, self._events = self._events, []
        return events


async def drip(body: bytes, connection: Connection, *, endless: bool = False) -> None:
    """A byte now and then, so that no read ever times out; or one, and no more."""
    connection.open_stream(content_type="application/json")
    for byte in body:
        connection.chunk(bytes([byte]))
        await asyncio.sleep(0.05)
        if endless:
            await asyncio.Event().wait()
    connection.chunk(b"")
