"""HTTP/1.1 for the scripted server: requests in, answers, streams, stalls and resets out.

A protocol of its own rather than a web framework, because faults of the connection must be
exact (a reset is a reset) and a thousand waiting calls must cost nothing. No path and no
JSON is understood here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools

Handler = Callable[["HttpRequest", "Connection"], Awaitable[None]]


@dataclass
class HttpRequest:
    """One request; header names are lower case.

    Attributes:
        came: Moment of ``time.monotonic`` when all of it was there.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    came: float = field(default_factory=time.monotonic)


@dataclass
class _Incoming:
    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One client's connection; the answer to a request is cancelled when the client leaves."""

    def __init__(self, handle: Handler, connections: set[Connection]) -> None:
        self._handle = handle
        self._connections = connections
        self._incoming = _Incoming()
        self._task: asyncio.Task[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Called by asyncio; stops work that nobody waits for."""
        self._connections.discard(self)
        self.lost.set()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.respond(400, b'{"error":{"message":"no HTTP request"}}')
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        """Called by the parser."""
        self._incoming.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._incoming.headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        if name.lower() == b"expect":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._incoming.body.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser; one request at a time, as clients of this API send them."""
        incoming, self._incoming = self._incoming, _Incoming()
        request = HttpRequest(
            self._parser.get_method().decode(),
            incoming.url.decode().partition("?")[0],
            incoming.headers,
            b"".join(incoming.body),
        )
        self._task = asyncio.get_running_loop().create_task(self._run(request))

    async def _run(self, request: HttpRequest) -> None:
        await self._handle(request, self)
        if not self._parser.should_keep_alive():
            self._transport.close()

    def respond(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Write a whole JSON answer."""
        self._transport.write(_head(status, {"content-length": str(len(body)), **(headers or {})}))
        self._transport.write(body)

    def open_stream(
        self, headers: Mapping[str, str] | None = None, content_type: str = "text/event-stream"
    ) -> None:
        """Begin a chunked answer with status 200."""
        head = {"transfer-encoding": "chunked", "content-type": content_type, **(headers or {})}
        self._transport.write(_head(200, head))

    def chunk(self, data: bytes) -> None:
        """Write a piece of a chunked answer; an empty one ends it."""
        self.chunks([data])

    def chunks(self, pieces: Iterable[bytes]) -> None:
        """Write pieces that are ready together; on the wire each is a chunk of its own."""
        self._transport.write(b"".join([b"%x\r\n%b\r\n" % (len(data), data) for data in pieces]))

    def reset(self) -> None:
        """Drop the connection without a word."""
        self._transport.abort()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    phrase = HTTPStatus(status).phrase
    lines = {"content-type": "application/json", **headers}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{text}\r\n".encode("latin-1")
