"""What a run would take, without asking a model: pages, kept answers, tokens, money.

Documents are read as a run would read them, but for OCR, which costs seconds a page and
decides nothing here. Nothing is registered or kept in the data folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.cache import answer_key, question, usable
from pdf_extraction.backends.calls import Spent
from pdf_extraction.backends.chain import build_backend, server_settings
from pdf_extraction.backends.ledger import price
from pdf_extraction.backends.usage import input_tokens, text_tokens
from pdf_extraction.catalogue import Found, partition_key, password, read_sidecar
from pdf_extraction.catalogue.files import absolute
from pdf_extraction.earlier import Earlier, is_kept
from pdf_extraction.errors import DocumentError, OutputError, Rejected
from pdf_extraction.model import (
    Completion,
    Document,
    PageImage,
    PageOutcome,
    Request,
    View,
    joined_text,
)
from pdf_extraction.pdf.workers import Reader
from pdf_extraction.questions import Window, build_follow_up, build_request
from pdf_extraction.settings import EmbeddedBackendSettings, OpenAIBackendSettings
from pdf_extraction.storage import outcomes
from pdf_extraction.tools import Tools, Workspace, pages_per_question, read_options

#: Answers of a backend from which its own averages are taken in place of rules of thumb.
_ENOUGH_ANSWERS = 20
#: Output tokens of a page whose text is not known before it is asked about.
_UNKNOWN_PAGE_TOKENS = 1_000
_DOCUMENTS_AT_ONCE = 8


@dataclass(frozen=True)
class DocumentEstimate:
    """What one document would take.

    Attributes:
        name: Partition key that it has or would get.
        pages: In the file.
        unasked: Blank and unreadable pages, about which nothing is asked.
        cached: Pages whose answer is kept.
        asked: Pages that would be asked about.
        looks: Closer looks at parts of pages, as far as the parts are known before.
        input_tokens: Of those and the looks, in one call for each question.
        output_tokens: Of those and the looks, in one call for each question.
        cost_usd: Of those tokens by the settings' prices.
        error: Why the document could not be read.
    """

    name: str
    pages: int = 0
    unasked: int = 0
    cached: int = 0
    asked: int = 0
    looks: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    error: str | None = None


@dataclass(frozen=True)
class Estimate:
    """What a run would take if the chain's first backend answered each page at once.

    Attributes:
        backend: The chain's first.
        is_local: It makes no calls, so that there are no tokens and no money.
        is_priced: Whether the settings hold a price for it.
        measured_on: Kept answers that tokens were averaged over; 0 for rules of thumb.
        documents: In the order given.
    """

    backend: str
    is_local: bool
    is_priced: bool
    measured_on: int
    documents: tuple[DocumentEstimate, ...]


async def estimate(workspace: Workspace, found: Sequence[Found]) -> Estimate:
    """Estimate a run over some files.

    Raises:
        SettingsError: The chain's first backend cannot be built, or no run could start.
    """
    workspace.check()
    name, table = next(iter(workspace.settings.chained.items()))
    backend = build_backend(name, table)
    settings = server_settings(table)
    options = read_options(workspace.settings, want_picture=backend.needs_picture)
    try:
        async with Reader(replace(options, ocr_languages=())) as reader:
            work = _Work(workspace, reader, backend, settings, options.fingerprint)
            documents = await work.documents(found)
    finally:
        await backend.aclose()
    prices = settings.price_per_million_input_tokens, settings.price_per_million_output_tokens
    return Estimate(name, backend.is_local, any(prices), work.measured_on, documents)


class _Work:
    def __init__(
        self,
        workspace: Workspace,
        reader: Reader,
        backend: Backend,
        settings: OpenAIBackendSettings,
        fingerprint: str,
    ) -> None:
        self.workspace, self.backend, self.settings = workspace, backend, settings
        self.fingerprint = fingerprint
        self.tools = Tools(
            workspace,
            reader,
            backend,
            window=1,
            context_window=settings.context_window,
            pages_per_question=pages_per_question(workspace.settings, workspace.profile),
        )
        # The store makes its file at the first look, and here nothing is to be made.
        self.has_calls = workspace.calls.path.exists()
        answered = workspace.calls.answered(backend.name) if self.has_calls else Spent()
        self.average = answered if answered.calls >= _ENOUGH_ANSWERS else None
        self.turn = asyncio.Semaphore(_DOCUMENTS_AT_ONCE)

    @property
    def measured_on(self) -> int:
        return self.average.calls if self.average else 0

    async def documents(self, found: Sequence[Found]) -> tuple[DocumentEstimate, ...]:
        catalogue = self.workspace.catalogue
        keys = catalogue.keys()
        known = {document.path: document for document in map(catalogue.document, keys)}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._document(one, known)) for one in found]
        return tuple(task.result() for task in tasks)

    async def _document(self, found: Found, known: dict[Path, Document]) -> DocumentEstimate:
        async with self.turn:
            registered = known.get(absolute(found.path))
            key = partition_key(found.path, found.root)
            key = registered.partition_key if registered else key
            try:
                document = registered or _unregistered(found, key)
                pages = await self._pages(document)
            except DocumentError as error:
                return DocumentEstimate(key, error=f"{error.kind}: {error}")
            return self._estimated(document, pages)

    async def _pages(self, document: Document) -> list[PageImage]:
        facts = await self.tools.reader.open(document.path, password(document, os.environ))
        kept: Mapping[int, PageImage] = {}
        if document.sha256:
            fingerprint, pages = outcomes.load_readings(self.workspace.stages, document)
            kept = pages if fingerprint == self.fingerprint else {}
        numbers = range(1, facts.page_count + 1)
        return await asyncio.gather(*(self._page(document, n, kept.get(n)) for n in numbers))

    async def _page(self, document: Document, number: int, kept: PageImage | None) -> PageImage:
        is_whole = kept is not None and kept.error is None
        if kept is not None and is_whole and (kept.picture or not self.backend.needs_picture):
            return kept
        known_text = kept.text if kept is not None and is_whole else None
        page = await self.tools.reader.read(
            document.path, number, known_text, password(document, os.environ)
        )
        # A thousand pages' pictures would be half a gigabyte; their hashes are enough.
        return replace(page, picture=replace(page.picture, data=None) if page.picture else None)

    def _estimated(self, document: Document, pages: Sequence[PageImage]) -> DocumentEstimate:
        asked = [page for page in pages if page.error is None and not page.is_blank]
        total = DocumentEstimate(
            document.partition_key, pages=len(pages), unasked=len(pages) - len(asked)
        )
        if self.backend.is_local:
            return replace(total, asked=len(asked))
        requests = [self._request(document, together, pages) for together in self._split(asked)]
        earlier = Earlier.of(self.tools, document) if document.sha256 else None
        missing = [request for request in requests if not self._is_answered(request, earlier)]
        looks = [look for request in requests for look in self._looks(request)]
        tokens_in, tokens_out = self._tokens([*missing, *looks])
        to_ask = sum(len(request.asked_pages) for request in missing)
        return replace(
            total,
            cached=len(asked) - to_ask,
            asked=to_ask,
            looks=len(looks),
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            cost_usd=price(self.settings, tokens_in, tokens_out),
        )

    def _split(self, pages: Sequence[PageImage]) -> list[list[PageImage]]:
        """The pages of each question."""
        windows: dict[int, list[PageImage]] = {}
        for page in pages:
            at = (page.page_number - 1) // self.tools.pages_per_question
            windows.setdefault(at, []).append(page)
        return list(windows.values())

    def _request(
        self, document: Document, asked: Sequence[PageImage], pages: Sequence[PageImage]
    ) -> Request:
        page, *others = asked
        if others:
            is_whole = sum(not one.is_blank for one in pages) == len(asked)
            window = Window(tuple(asked), covers_all=is_whole)
            return build_request(
                self.tools, document, page, others, _no_picture, len(pages), window
            )
        reach, number = self.tools.context_window, page.page_number
        around = pages[max(0, number - 1 - reach) : number + reach]
        neighbours = [other for other in around if other is not page]
        return build_request(self.tools, document, page, neighbours, _no_picture, len(pages))

    def _looks(self, request: Request) -> Iterator[Request]:
        """Closer looks that are not kept, at the parts of the kept answer, else of the rules'.

        Each is taken for as large as its page: how much of that it shows, and how long the answer
        is, nobody knows before.
        """
        profile = self.workspace.profile
        if not self.workspace.settings.markdown.closer or not profile.has_rules:
            return
        first = self._kept(request)
        text = request.read(request.page) if first is None else first.text
        try:
            while (prompt := profile.follow_up(request.page, text)) is not None:
                look = build_follow_up(profile, request, text, prompt)
                kept = self._kept(look)
                if kept is None:
                    yield look
                text = joined_text(text, kept.text if kept else "")
        except OutputError:
            return  # a page without text of its own

    def _is_answered(self, request: Request, earlier: Earlier | None) -> bool:
        """Whether a run would ask nothing about the request's pages."""
        if self._kept(request) is not None:
            return True
        page = request.page
        before = earlier.outcomes.get(page.page_number) if earlier and earlier.asked_alike else None
        prompt = request.prompt
        asked = PageOutcome(page, prompt_hash=prompt.prompt_hash, schema_hash=prompt.schema_hash)
        if before is not None and is_kept(self.tools, before, asked):
            return True
        return self._is_given_up(request) and self._is_answered_behind(request)

    def _is_given_up(self, request: Request) -> bool:
        key = answer_key(self.backend.name, self.settings, request)
        return self.has_calls and self.workspace.calls.gave_up(key)

    def _is_answered_behind(self, request: Request) -> bool:
        """Whether a later backend of the chain answers without a call."""
        for name, table in list(self.workspace.settings.chained.items())[1:]:
            if isinstance(table, EmbeddedBackendSettings):
                return True
            settings = server_settings(table)
            own = request.within(settings.context_window)
            if usable(self.workspace.calls.get(answer_key(name, settings, own)), own):
                return True
        return False

    def _kept(self, request: Request) -> Completion | None:
        if not self.has_calls:
            return None
        calls, name = self.workspace.calls, self.backend.name
        kept = calls.get(answer_key(name, self.settings, request))
        if kept is None and self.workspace.settings.cache.ignore_prompt_hash:
            kept = calls.alike(question(name, self.settings, request))
        return usable(kept, request)

    def _tokens(self, requests: Sequence[Request]) -> tuple[int, int]:
        if self.average is not None:
            share = len(requests) / self.average.calls
            return round(self.average.input_tokens * share), round(
                self.average.output_tokens * share
            )
        return sum(map(input_tokens, requests)), sum(map(_output_tokens, requests))


def _output_tokens(request: Request) -> int:
    """Tokens of the answer that rules give for the page, in the very format asked for."""
    if not request.page.text.text:
        return _UNKNOWN_PAGE_TOKENS
    try:
        return text_tokens(request.read(request.page))
    except Rejected:
        return _UNKNOWN_PAGE_TOKENS  # a profile without rules


def _unregistered(found: Found, key: str) -> Document:
    metadata = read_sidecar(found.path)
    return Document(key, key, absolute(found.path), sha256="", byte_size=0, metadata=metadata)


async def _no_picture(page: PageImage, _view: View) -> bytes:
    raise NotImplementedError(f"page {page.page_number}: an estimate sends no picture")
