"""A cheaper transport under the OpenAI client: aiohttp instead of httpcore2.

Not the SDK's own aiohttp client, which reports a dropped connection as a timeout, lets some
of aiohttp's errors through untranslated and warns about bodies above 1 MB. Not reqwest
(pyreqwest 0.15), which is as fast, but goes on with a call that was cancelled, so that the
server works on for nobody. Figures: ``benchmarks/client.py``. No API path, no key here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

#: aiohttp's errors as httpx2's, which the SDK knows; the first class that fits is taken.
ERRORS: tuple[tuple[type[Exception], type[httpx2.RequestError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx2.ReadTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx2.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx2.ProxyError),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientConnectionError, httpx2.NetworkError),
    (aiohttp.ClientPayloadError, httpx2.ReadError),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx2.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.NetworkError),
    (OSError, httpx2.NetworkError),
)
_FOREIGN = (aiohttp.ClientError, OSError)  # TimeoutError is an OSError

#: Seconds until a connection counts as failed, and until an idle one is closed.
_CONNECT_S = 10.0
_KEEP_ALIVE_S = 60.0
#: Bytes handed to the socket at a time; asyncio copies what the socket does not take at once.
_PIECE = 256 * 1024


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Sends httpx2 requests whose body is ready, through one aiohttp session.

    As many connections are opened as calls are made; whoever calls limits those.

    Args:
        direct: Past the proxy of the environment, which cannot see this machine's loopback.
    """

    def __init__(self, *, direct: bool = False) -> None:
        self._direct = direct
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; how long all of it may take is the caller's to limit."""
        if self._session is None:
            self._session = self._opened()
        with _translated(request):
            response = await self._session.request(
                request.method,
                str(request.url),
                headers=request.headers.multi_items(),
                data=_Body(request.content) if request.content else None,
                allow_redirects=False,  # httpx2 follows them itself
            )
        return httpx2.Response(
            response.status, headers=response.raw_headers, stream=_Answer(response, request)
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # httpx2 does
            trust_env=not self._direct,
        )


class _Body(Payload):
    """Bytes written in pieces, so that a large picture does not hold up other calls."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, content_type="application/json")
        self._size = len(content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        whole = memoryview(self._value)
        for start in range(0, len(whole), _PIECE):
            await writer.write(whole[start : start + _PIECE])


class _Answer(httpx2.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse, request: httpx2.Request) -> None:
        self._response, self._request = response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated(self._request):
            async for piece in self._response.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        # A whole answer gives its connection back; one that was cut closes it, and so tells
        # the server to stop.
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


@contextmanager
def _translated(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except _FOREIGN as error:
        ours = next(ours for theirs, ours in ERRORS if isinstance(error, theirs))
        raise ours(str(error) or type(error).__name__, request=request) from error
