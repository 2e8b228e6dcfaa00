"""Answers that parsed are kept and taken again; refusals and failures never.

An answer is written by the ledger, with its bill. Which process asks is ``leases``' business.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.clock import Clock, SystemClock
from pdf_extraction.backends.leases import Leases
from pdf_extraction.backends.policy import Policy
from pdf_extraction.errors import OutputError
from pdf_extraction.model import Completion, PageImage, Request, digest
from pdf_extraction.settings import OpenAIBackendSettings

#: Part of every key; another number lets go of all answers kept so far.
_VERSION = "2"


def answer_key(backend: str, settings: OpenAIBackendSettings, request: Request) -> str:
    """What an answer is filed under: who is asked and all that reaches the model.

    The backend's name, because two links of a chain with the same model are there to give two
    answers; not its address, so that a server may move. Not the document, so that a renamed
    file costs nothing. Not ``max_tokens``: an answer that was cut is never kept, so a higher
    limit does not make the others wrong.
    """
    return _key(question(backend, settings, request), request)


def _key(asked: str, request: Request) -> str:
    return digest(asked, request.prompt.prompt_hash)


def question(backend: str, settings: OpenAIBackendSettings, request: Request) -> str:
    """All of the key but for the prompt's wording."""
    sampling: dict[str, Any] = {
        "temperature": settings.temperature,
        "seed": settings.seed,
        "response_format": settings.response_format,
        "extra_body": settings.extra_body,
    }
    if settings.text_layer_hint:
        sampling["text_layer_hint"] = digest(*(page.text.text for page in request.asked_pages))
    if request.together:
        sampling["together"] = True
    return digest(
        _VERSION,
        backend,
        settings.model,
        json.dumps(sampling, sort_keys=True),
        request.prompt.schema_hash,
        _seen(request.page),
        # Their numbers stand in the text that names the primary page.
        *(f"{page.page_number - request.page.page_number}" for page in request.neighbours),
        *(_seen(page) for page in request.neighbours),
        str(request.page.page_number) if request.neighbours else "",
        *(() if request.view.is_whole else (json.dumps(request.view.part),)),
        # Asked a second time, with the first answer and a doubt about it shown.
        *(part for refused in request.rejected for part in refused),
    )


def _seen(page: PageImage) -> str:
    return page.picture.sha256 if page.picture else digest(page.text.text)


class Cached(Policy):
    """Asks each question once, over all tasks and processes of a data folder.

    Args:
        inner: What asks.
        settings: Model and sampling, for the key.
        calls: Where answers are kept.
        force: Ask again although an answer is kept, and keep the new one.
        clock: Time.
        any_wording: Take also an answer to an earlier wording of the prompt.
    """

    def __init__(
        self,
        inner: Backend,
        settings: OpenAIBackendSettings,
        calls: CallStore,
        *,
        force: bool = False,
        clock: Clock | None = None,
        any_wording: bool = False,
    ) -> None:
        super().__init__(inner)
        self._leases = Leases(calls.path, clock or SystemClock())
        self._settings, self._calls, self._force = settings, calls, force
        self._any_wording = any_wording
        self._asking: dict[str, asyncio.Future[Completion | None]] = {}

    async def complete(self, request: Request) -> Completion:
        """Take the kept answer, or that of whoever asks the same now, or ask."""
        request = self._own(request)
        asked = question(self.name, self._settings, request)
        key = _key(asked, request)
        request = replace(request, answer_key=key, question=asked)
        while (asking := self._asking.get(key)) is not None:
            if (completion := await asyncio.shield(asking)) is not None:
                return replace(completion, cached=True)
            # That one failed or was cancelled; its failure is not this page's.
        return await self._ask(key, request)

    def give_up(self, request: Request) -> None:
        """Another backend has answered what this one's model gave no answer of use to."""
        self._calls.give_up(answer_key(self.name, self._settings, self._own(request)))

    def gave_up(self, request: Request) -> bool:
        """Whether asking would pay once more for answers that are of no use."""
        if self._force:
            return False
        return self._calls.gave_up(answer_key(self.name, self._settings, self._own(request)))

    def _own(self, request: Request) -> Request:
        """The question as it is asked here.

        The chain's widest window was read; each link pays for its own alone.
        """
        return request.within(self._settings.context_window)

    def _kept(self, request: Request) -> Completion | None:
        if self._force:
            return None
        kept = usable(self._calls.get(request.answer_key), request)
        if kept is None and self._any_wording:
            kept = usable(self._calls.alike(request.question), request)
        return kept

    async def _ask(self, key: str, request: Request) -> Completion:
        done = asyncio.get_running_loop().create_future()
        self._asking[key] = done
        completion = None
        try:
            completion = await self._kept_or_asked(key, request)
        finally:
            del self._asking[key]
            done.set_result(completion)
        return completion

    async def _kept_or_asked(self, key: str, request: Request) -> Completion:
        """The kept answer, or that of another process that asks now, or the inner backend's."""
        async with self._leases.held(key, lambda: self._kept(request)) as kept:
            return kept or await self.inner.complete(request)


def usable(kept: Completion | None, request: Request) -> Completion | None:
    """The kept answer, unless a newer version of the profile refuses it."""
    if kept is None:
        return None
    try:
        request.parse(kept.text)
    except OutputError:
        return None
    return kept
