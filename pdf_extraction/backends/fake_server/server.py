"""Running the scripted server: in a thread beside a test, or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Self

from pdf_extraction.backends.fake_server.answers import Answerer
from pdf_extraction.backends.fake_server.app import App
from pdf_extraction.backends.fake_server.faults import Faults
from pdf_extraction.backends.fake_server.wire import Connection
from pdf_extraction.errors import SettingsError

HOST = "127.0.0.1"


class FakeServer:
    """The server in a thread of its own, as a context manager.

    Args:
        faults: A script or its spec, such as ``500=0.1,latency=0.05``.
        answers: Content by a picture's SHA-256, or a function; what has none is made up.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        faults: Faults | str = "",
        answers: Mapping[str, str] | Answerer | None = None,
        port: int = 0,
    ) -> None:
        self._faults = Faults.parse(faults) if isinstance(faults, str) else faults
        self._answers = answers
        self.port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fake-server", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._app: App
        self._error: OSError | None = None

    @property
    def base_url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://{HOST}:{self.port}/v1"

    def stats(self) -> dict[str, Any]:
        """What was asked so far, as ``/stats`` gives it."""
        return self._app.snapshot()

    def wait_for_requests(self, count: int, timeout_s: float = 60.0) -> None:
        """Block until so many chat completions were asked for."""
        self.wait_until(lambda stats: stats["requests"] >= count, timeout_s)

    def wait_until(
        self, condition: Callable[[dict[str, Any]], bool], timeout_s: float = 60.0
    ) -> None:
        """Block until the counts fulfil a condition.

        Raises:
            TimeoutError: They do not within ``timeout_s``.
        """
        fulfilled = self._app.wait_until(condition)
        asyncio.run_coroutine_threadsafe(fulfilled, self._loop).result(timeout_s)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._app = App(self._faults, self._answers)

        def opened(port: int) -> None:
            self.port = port
            self._ready.set()

        try:
            await _listen(self._app, self.port, self._stop, opened)
        except OSError as error:
            self._error = error
            self._ready.set()


def serve(port: int, faults: str, announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve in the foreground until SIGINT or SIGTERM.

    Args:
        port: 0 takes a free one.
        faults: The script's spec.
        announce: Called with the base URL when calls can come.

    Returns:
        What was asked, as ``/stats`` gives it.

    Raises:
        SettingsError: The spec is wrong or the port is taken.
    """
    script = Faults.parse(faults)

    async def run() -> dict[str, Any]:
        stop, app = asyncio.Event(), App(script, None)
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await _listen(app, port, stop, lambda bound: announce(f"http://{HOST}:{bound}/v1"))
        return app.snapshot()

    try:
        return asyncio.run(run())
    except OSError as error:
        raise SettingsError(
            f"--port {port}: cannot listen there ({error.strerror}); choose another, or 0"
        ) from error


async def _listen(app: App, port: int, stop: asyncio.Event, opened: Callable[[int], None]) -> None:
    connections: set[Connection] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(app.handle, connections), HOST, port, backlog=2048
    )
    opened(server.sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        server.close()
        for connection in list(connections):
            connection.reset()
        await asyncio.gather(*(connection.lost.wait() for connection in list(connections)))
