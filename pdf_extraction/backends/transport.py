"""HTTP as the backends need it: a body that is ready goes out, an answer comes in pieces.

Not the official SDK, which copies, parses and rebuilds each request's headers and URL: the
same calls took 1.3 ms of CPU through it and 0.75 ms without. Not
reqwest (pyreqwest 0.15), which is as fast, but goes on with a call that was cancelled, so that
the server works on for nobody. No API path, no key and no meaning of a status stands here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

from pdf_extraction.errors import SettingsError

#: Seconds until a connection counts as failed, and until an idle one is closed.
_CONNECT_S = 10.0
_KEEP_ALIVE_S = 60.0
#: Bytes handed to the socket at a time; asyncio copies what the socket does not take at once.
_PIECE = 256 * 1024
#: Bytes of an answer, unpacked; no model writes as much, and a proxy's endless page fills memory.
MOST_BYTES = 64 << 20
#: Of a body's time so far, spent waiting between two reads; seconds at least and at most.
_PAUSE_SHARE = 0.01
_SHORTEST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.25


class ConnectionFailed(Exception):
    """A call ended without an answer, or in the middle of one; ``__cause__`` says how.

    Attributes:
        was_sent: The server may have had the whole request, and so work on it and bill it.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause) or type(cause).__name__)
        self.was_sent = not isinstance(cause, NEVER_SENT)


#: Errors before the first byte of a request has left.
NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_FOREIGN = (aiohttp.ClientError, OSError)  # TimeoutError is an OSError


class Reply:
    """A server's answer whose body may still be on its way.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in lower case."""
        return {name.lower(): value for name, value in self._response.headers.items()}

    @property
    def is_event_stream(self) -> bool:
        """Whether the body comes as server-sent events; some servers do not stream."""
        return self._response.content_type == "text/event-stream"

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            ConnectionFailed: It was cut.
        """
        body = bytearray()
        with _translated():
            async for piece in self._response.content.iter_any():
                body += _within_limits(piece, len(body))
        return bytes(body)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it comes.

        Raises:
            ConnectionFailed: It was cut.
        """
        began = asked = time.perf_counter()
        size = 0
        with _translated():
            async for piece in self._response.content.iter_any():
                came = time.perf_counter()
                yield _within_limits(piece, size)
                size += len(piece)
                pause = (came - began) * _PAUSE_SHARE
                if came - asked < pause:  # in a slower stream nothing would gather
                    await self._pause(pause)
                asked = time.perf_counter()

    async def _pause(self, seconds: float) -> None:
        """Let the pieces of a stream gather in the socket.

        A model's tokens come one by one, and waking up for each costs 40 µs of CPU, of which
        only 6 are spent on understanding it.
        """
        connection = self._response.connection
        if seconds < _SHORTEST_PAUSE_S or connection is None or connection.protocol is None:
            return
        protocol = connection.protocol
        protocol.pause_reading()
        try:
            await asyncio.sleep(min(seconds, _LONGEST_PAUSE_S))
        finally:
            protocol.resume_reading()

    def close(self) -> None:
        """Give the connection back; one whose answer is not whole is closed.

        That tells the server to stop working on it.
        """
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _within_limits(piece: bytes, before: int) -> bytes:
    if before + len(piece) > MOST_BYTES:
        raise aiohttp.ClientPayloadError(f"the answer is larger than {MOST_BYTES:,} bytes")
    return piece


def trusted_cas(ca_file: str | None) -> ssl.SSLContext | Literal[True]:
    """What certificates are checked against; they always are.

    Raises:
        SettingsError: The file is no PEM file of certificates.
    """
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an SSLError is one
        raise SettingsError(
            f"ca_file: {ca_file} cannot be used ({error.strerror or type(error).__name__}): "
            "name a PEM file that holds the CA's certificate"
        ) from error


class Body:
    """What a request says, for one sending: when it is written nobody holds it any more.

    Of 64 calls that wait for their answers the pictures were 30 MB, and as much again hung about
    in what aiohttp had not taken apart yet.

    Args:
        content: The bytes.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __len__(self) -> int:
        return len(self.content)

    def taken(self) -> bytes:
        """The bytes, which are not here any more then."""
        content, self.content = self.content, b""
        return content


class Transport:
    """Sends requests to one server over connections that are kept. For one event loop.

    As many connections are opened as calls are made; whoever calls limits those. Redirects are
    not followed: a key is for the server that the settings name.

    Args:
        base_url: What paths are appended to.
        headers: Sent with every request.
        direct: Past the proxy of the environment, which cannot see this machine's loopback.
        ca_file: PEM file of the CA to check the server's certificate against; None for the
            system's.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        direct: bool = False,
        ca_file: str | None = None,
    ) -> None:
        self._base_url = base_url
        self._headers = headers
        self._direct = direct
        self._trusted = trusted_cas(ca_file)
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def send(self, method: str, path: str, body: Body | None = None) -> AsyncIterator[Reply]:
        """Send a request; leaving the context with an unfinished answer stops the server.

        How long all of it may take is the caller's to limit.

        Raises:
            ConnectionFailed: No answer came.
        """
        if self._session is None:
            self._session = self._opened()
        with _translated():
            response = await self._session.request(
                method,
                self._base_url + path,
                data=_Payload(body) if body else None,
                allow_redirects=False,
            )
        reply = Reply(response)
        try:
            yield reply
        finally:
            reply.close()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEP_ALIVE_S, ssl=self._trusted
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Not ``trust_env``, which looks both up again for every call, each in a thread, and
            # takes passwords of a ``.netrc`` too: beside a key in the headers, aiohttp refuses
            # to send the call at all.
            proxy=None if self._direct else _environments_proxy(self._base_url),
        )


def _environments_proxy(url: str) -> str | None:
    """The proxy that the environment names for ``url``, with its user and password, if any."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    named = getproxies().get(parts.scheme)
    return f"http://{named}" if named and "://" not in named else named


class _Payload(Payload):
    """Bytes written in pieces, so that a large picture does not hold up other calls."""

    _value: Body

    def __init__(self, body: Body) -> None:
        super().__init__(body, content_type="application/json")
        self._size = len(body)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value.content, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        whole = memoryview(self._value.taken())
        for start in range(0, len(whole), _PIECE):
            await writer.write(whole[start : start + _PIECE])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _FOREIGN as error:
        raise ConnectionFailed(error) from error
