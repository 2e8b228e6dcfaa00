"""A server that speaks OpenAI's chat completions, through the official client.

Imported only when a chain asks for this kind: the SDK takes half a second to import.

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
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
from openai import AsyncOpenAI, OpenAIError

from pdf_extraction.backends.base import Health
from pdf_extraction.backends.chat_answer import read_answer
from pdf_extraction.backends.chat_body import chat_body, sent_pages
from pdf_extraction.backends.errors_table import Place, from_sdk, unreadable
from pdf_extraction.backends.transport import AiohttpTransport
from pdf_extraction.errors import BackendError, SettingsError, TimedOut, Unauthorized
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import OpenAIBackendSettings, api_key

_PROBE_TIMEOUT_S = 10.0


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
        pages = sent_pages(request)
        pictures = [await request.load_picture(page) for page in pages]
        body = chat_body(self.settings, request, pictures)
        started = time.perf_counter()
        response = await self._call("POST", "/chat/completions", self.settings.timeout_s, body)
        latency_ms = (time.perf_counter() - started) * 1000
        return read_answer(self._place, request, self._json(response), latency_ms)

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
        if "_client" in self.__dict__:
            await self._client.close()
            del self._client

    async def _call(
        self, method: str, path: str, timeout_s: float, body: bytes | None = None
    ) -> httpx2.Response:
        try:
            # The whole call, not each read: a slow drip would keep a read timeout waiting.
            async with asyncio.timeout(timeout_s):
                if method == "GET":
                    return await self._client.get(path, cast_to=httpx2.Response)
                return await self._client.post(
                    path,
                    cast_to=httpx2.Response,
                    content=body,
                    options={"headers": {"Content-Type": "application/json"}},
                )
        except TimeoutError as error:
            message = self._place.sentence(
                f"no answer within {timeout_s:g} s.", "Raise timeout_s if the model is this slow."
            )
            raise TimedOut(message, backend=self.name) from error
        except OpenAIError as error:
            raise from_sdk(self._place, error) from None

    @cached_property
    def _client(self) -> AsyncOpenAI:

        transport = AiohttpTransport(direct=self._is_loopback)
        return AsyncOpenAI(
            base_url=self.settings.base_url,
            api_key=self._key or "none",  # the SDK refuses to start without one
            max_retries=0,
            timeout=None,
            default_headers=self.settings.extra_headers,
            http_client=httpx2.AsyncClient(transport=transport, follow_redirects=True),
        )

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

    def _json(self, response: httpx2.Response) -> Any:
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise unreadable(self._place, response.text) from None

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
