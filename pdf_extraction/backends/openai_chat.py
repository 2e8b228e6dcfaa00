"""A server that speaks OpenAI's chat completions.

Imported only when a chain asks for this kind: the transport takes a while to import.

One call, no policy: no retry (the SDK's own is off), no limit, no cache. What is sent is made
in ``chat_body``, what came is read in ``chat_answer``, what failed is named in
``errors_table``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from pdf_extraction.backends.base import Health
from pdf_extraction.backends.chat_answer import read_answer
from pdf_extraction.backends.chat_body import chat_body, sent_pages
from pdf_extraction.backends.errors_table import (
    Place,
    from_connection,
    from_status,
    said,
    unreadable,
)
from pdf_extraction.backends.transport import ConnectionFailed, Transport
from pdf_extraction.errors import BackendError, SettingsError, TimedOut, Unauthorized
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings, api_key

_PROBE_TIMEOUT_S = 10.0
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": "pdf-extraction",
}


class OpenAIChatBackend:
    """Asks one model of one server about pages' pictures. For one event loop.

    Args:
        name: Of the backend in the settings.
        settings: Its table.
        environ: Where the key is looked up; None takes the process's environment.

    Raises:
        SettingsError: The model's name is missing.
    """

    needs_picture = True
    is_local = False

    def __init__(
        self,
        name: str,
        settings: OpenAIBackendSettings,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        if not settings.model.strip():
            raise SettingsError(f"[backends.{name}] model is missing: name a model of the server.")
        self.name = name
        self.settings = settings
        self._key = api_key(settings, os.environ if environ is None else environ)

    async def complete(self, request: Request) -> Completion:
        """Ask once; see ``Backend.complete``."""
        self._require_key()
        body = request.body or await self._body(request)
        started = time.perf_counter()
        answer = await self._call("POST", "/chat/completions", self.settings.timeout_s, body)
        latency_ms = (time.perf_counter() - started) * 1000
        return read_answer(self._place, request, self._json(answer), latency_ms)

    async def prepare(self, request: Request) -> Request:
        """The request with its body made, so that a free place at the server is filled at once."""
        return replace(request, body=await self._body(request))

    async def _body(self, request: Request) -> bytes:
        pictures = [await request.load_picture(page) for page in sent_pages(request)]
        return chat_body(self.settings, request, pictures)

    async def health(self) -> Health:
        """Whether the server is there and serves the model, by its list of models."""
        started = time.perf_counter()
        try:
            self._require_key()
            response = await self._call("GET", "/models", _PROBE_TIMEOUT_S)
            ok, detail = self._verdict(self._json(response))
        except BackendError as error:
            return Health(self.name, ok=False, detail=str(error))
        latency_ms = (time.perf_counter() - started) * 1000
        return Health(self.name, ok, self._place.sentence(detail), latency_ms)

    async def aclose(self) -> None:
        """Close the connections."""
        if "_transport" in self.__dict__:
            await self._transport.aclose()

    async def _call(
        self, method: str, path: str, timeout_s: float, body: bytes | None = None
    ) -> bytes:
        try:
            # The whole call, not each read: a slow drip would keep a read timeout waiting.
            async with (
                asyncio.timeout(timeout_s),
                self._transport.send(method, path, body) as reply,
            ):
                answer = await reply.read()
        except TimeoutError as error:
            message = self._place.sentence(
                f"no answer within {timeout_s:g} s.", "Raise timeout_s if the model is this slow."
            )
            raise TimedOut(message, backend=self.name) from error
        except ConnectionFailed as error:
            raise from_connection(self._place, error) from None
        if not 200 <= reply.status < 300:
            raise from_status(self._place, reply.status, said(answer), reply.headers)
        return answer

    @cached_property
    def _transport(self) -> Transport:
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        headers = {**_HEADERS, **key, **self.settings.extra_headers}
        return Transport(self.settings.base_url, headers, direct=self._is_loopback)

    @cached_property
    def _place(self) -> Place:
        headers = [value for value in self.settings.extra_headers.values() if len(value) >= 8]
        return Place(
            backend=self.name,
            host=urlsplit(self.settings.base_url).netloc.rpartition("@")[2],
            model=self.settings.model,
            key_env=self.settings.api_key_env,
            secrets=(*([self._key] if self._key else []), *headers),
        )

    def _require_key(self) -> None:
        if self._key or self.settings.api_key_env is None or self._is_loopback:
            return
        message = self._place.sentence("no key.", self._place.key_advice)
        raise Unauthorized(message, backend=self.name)

    @property
    def _is_loopback(self) -> bool:
        host = urlsplit(self.settings.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def _json(self, answer: bytes) -> Any:
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise unreadable(self._place, answer.decode("utf-8", "replace")) from None

    def _verdict(self, listed: Any) -> tuple[bool, str]:
        models = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(models, list):
            return True, "the server answers; it does not list its models."
        names = [str(model.get("id")) for model in models if isinstance(model, dict)]
        if self.settings.model in names:
            return True, "the server answers and serves the model."
        served = ", ".join(sorted(names)[:8]) or "nothing"
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        advice = f"set [backends.{self.name}] model to one of them."
        return False, f"the model is not served. Served: {served}{more}; {advice}"
