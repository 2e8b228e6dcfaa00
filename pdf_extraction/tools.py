"""What a run works with, built from settings and a data folder. No page is read here."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.budget import Purse
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.sharing import runtime_folder
from pdf_extraction.backends.usage import PIXELS_PER_TOKEN, text_tokens
from pdf_extraction.catalogue import Catalogue
from pdf_extraction.errors import SettingsError
from pdf_extraction.model import PageImage, digest
from pdf_extraction.pdf.apart import Gate, run_apart
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.tasks import PictureOptions
from pdf_extraction.pdf.workers import Reader, warm_up
from pdf_extraction.profiles import PROFILES, get_profile, wants_layout
from pdf_extraction.profiles.base import Profile, Shelving, Windowed
from pdf_extraction.remade import HELD
from pdf_extraction.settings import EmbeddedBackendSettings, OpenAIBackendSettings, Settings
from pdf_extraction.storage.stages import Stages
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import RefreshFacts, Warehouse
from pdf_extraction.wholefile import sweep

#: Of a page's own text, which goes along as a hint or in place of a picture.
PAGE_TEXT_TOKENS = 500
#: Pages that are read ahead of free places at the server, for each process that reads.
READ_AHEAD = 4


@dataclass
class Spending:
    """Money over all runs of one command, which Dagster may cut a command into.

    Attributes:
        usd: Spent so far.
    """

    usd: float = 0.0


@dataclass(frozen=True)
class Workspace:
    """The data folder's stores, each opened when it is first used.

    Attributes:
        data: The data folder.
        settings: As loaded.
    """

    data: Path
    settings: Settings

    @cached_property
    def profile(self) -> Profile:
        """What to extract."""
        return self.profile_of(self.settings.profile)

    def profile_of(self, name: str) -> Profile:
        """A profile by its name, as these settings have it."""
        return get_profile(name, self.settings.scope, self.settings.markdown.closer)

    def profile_for(self, name: str, pages: int) -> Profile:
        """The same for a document of so many pages, of which what it makes need not be held."""
        profile = self.profile_of(name)
        if pages > HELD and isinstance(profile, Shelving):
            return profile.shelving(self.stages.root)
        return profile

    def check(self) -> None:
        """Find out before anything is read that no page could be answered or kept.

        Raises:
            SettingsError: The profile's tables are other ones by now, or nobody in the chain can
                answer for it.
        """
        self.tables.check(self.profile.specs)
        chained = self.settings.chained
        by_rules = [isinstance(table, EmbeddedBackendSettings) for table in chained.values()]
        if all(by_rules) and not self.profile.has_rules:
            raise SettingsError(
                f"profile {self.profile.name}: a model of your own is filled by a model server, "
                f"and the chain ({', '.join(chained)}) has none: the embedded backend reads by "
                "rules that only legal_ptbr and markdown have. Name a server in `chain`, with a "
                'table [backends.NAME] and kind = "openai" or by a preset\'s name, or give it '
                "with --backend."
            )

    @cached_property
    def catalogue(self) -> Catalogue:
        """Which file each partition stands for."""
        return Catalogue(self.data)

    @cached_property
    def spending(self) -> Spending:
        """What this workspace's runs have spent towards ``max_cost_usd``."""
        return Spending()

    @cached_property
    def calls(self) -> CallStore:
        """Answers and attempts so far."""
        return CallStore(self.data / "calls.sqlite")

    @cached_property
    def stages(self) -> Stages:
        """What lies between two steps."""
        return Stages(self.data)

    @cached_property
    def tables(self) -> Tables:
        """The result."""
        return Tables(self.data)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The result as SQL users open it."""
        return Warehouse(self.data)

    def refresh_warehouse(self, *, compact: bool = False, gate: Gate | None = None) -> RefreshFacts:
        """Bring what changed to SQL users, in a process whose memory goes with it.

        In the run's own process it took 130 MB that never came back, and the time of those
        who wait for pages there.

        Args:
            compact: Build the whole file anew.
            gate: Opened when the tables are as they are to be brought.

        Raises:
            StorageError: The data folder cannot be read or written.
        """
        return run_apart(_refresh, self.data, compact, gate)


@dataclass(frozen=True)
class Tools:
    """What one run shares over all its documents while pages are in flight.

    Attributes:
        workspace: The data folder's stores.
        reader: Reads pages in worker processes.
        chain: Answers requests.
        window: Pages read or asked about at the same time.
        force: Ask again also where an answer is kept.
        context_window: Neighbouring pages on each side that go along with a page.
        pages_per_question: Pages that one question is about, at most.
    """

    workspace: Workspace
    reader: Reader
    chain: Backend
    window: int
    force: bool = False
    context_window: int = 0
    pages_per_question: int = 1

    @property
    def chain_identity(self) -> str:
        """Which backends, servers and models answer, in which order."""
        chained = self.workspace.settings.chained.items()
        named = ("base_url", "model")
        return digest(
            *(f"{name} {[getattr(table, key, '') for key in named]}" for name, table in chained)
        )


def _refresh(data: Path, compact: bool, gate: Gate | None) -> RefreshFacts:
    warehouse = Warehouse(data)
    if gate is not None:
        warehouse.refresh()  # what is there already; DuckDB is loaded then, and the tables made
        gate.wait()
    return warehouse.compact() if compact else warehouse.refresh()


@asynccontextmanager
async def open_tools(
    workspace: Workspace, *, force: bool = False, thumbnail: PictureOptions | None = None
) -> AsyncIterator[Tools]:
    """Open the chain and the reader of a run, and close them in order.

    Args:
        workspace: The data folder's stores.
        force: Ask again also where an answer is kept.
        thumbnail: Limits of a small picture of each document's first page, if somebody wants one.

    Raises:
        SettingsError: The chain cannot be built or is none for the profile, or the profile's
            tables are other ones by now.
    """
    # Processes that finish documents load this module too, and none of them asks: 5 MB of HTTP.
    from pdf_extraction.backends.chain import build_chain  # noqa: PLC0415

    settings = workspace.settings
    workspace.check()
    for store in (workspace.stages, workspace.tables, workspace.catalogue):
        sweep(store.root)
    sweep(workspace.data, below=False)  # its other folders may be somebody's, as the inbox is
    purse = Purse(settings.budget.max_cost_usd, workspace.spending.usd)
    chain = build_chain(settings, workspace.calls, force=force, purse=purse, share=runtime_folder())
    servers = _servers(settings)
    options = read_options(settings, want_picture=chain.needs_picture)
    options = replace(options, thumbnail=thumbnail)
    slots = max((server.concurrency for server in servers), default=0)
    try:
        async with Reader(options) as reader:
            yield Tools(
                workspace,
                reader,
                chain,
                window=window(slots, reader.workers),
                force=force,
                context_window=max((server.context_window for server in servers), default=0),
                pages_per_question=pages_per_question(settings, workspace.profile),
            )
    finally:
        workspace.spending.usd = purse.spent
        await chain.aclose()


def get_ready(settings: Settings) -> None:
    """Load what a run comes to in any case, and begin to load it in its processes.

    A run that loads the client and the profile when it needs them has 0.2 s in which no page is
    read. A profile of the user's own is loaded where it is used, as it then is.

    Raises:
        SettingsError: A backend's kind is unknown.
    """
    from pdf_extraction.backends.chain import load_kinds  # noqa: PLC0415

    module = PROFILES.get(settings.profile, "").partition(":")[0]
    warm_up(["pdf_extraction.ahead", *([module] if module else [])])
    load_kinds(settings)
    if module:
        import_module(module)


def window(slots: int, workers: int) -> int:
    """Pages read or asked about at the same time.

    Args:
        slots: Calls in flight.
        workers: Processes that read pages.
    """
    # Answers of calls that were sent together come together: half as many pages again are
    # ready to be sent while those answers are looked into.
    return slots + max(READ_AHEAD * workers, slots // 2)


def read_options(settings: Settings, *, want_picture: bool) -> ReadOptions:
    """How pages are read under these settings."""
    embedded = any(
        isinstance(backend, EmbeddedBackendSettings) for backend in settings.chained.values()
    )
    reads_scans = settings.ocr.when == "always" or (settings.ocr.when == "auto" and embedded)
    limits = [server.max_image_bytes for server in _servers(settings)]
    return ReadOptions(
        dpi=settings.render.dpi,
        max_pixels=settings.render.max_pixels,
        image_format=settings.render.image_format,
        max_image_bytes=min(limits, default=4_000_000),
        want_picture=want_picture,
        ocr_languages=settings.ocr_languages if reads_scans else (),
        ocr_engine=settings.ocr.engine,
        page_timeout_s=settings.render.page_timeout_s,
        ocr_timeout_s=settings.ocr.timeout_s,
        layout=settings.render.layout if wants_layout(settings.profile) else "none",
        page_cpu_s=settings.render.page_cpu_s,
        page_memory_bytes=settings.render.page_memory_bytes,
        workers=settings.render.workers,
    )


def pages_per_question(settings: Settings, profile: Profile) -> int:
    """How many pages one question is about: as many as every backend of the chain has room for.

    Counted by the largest picture that the settings allow, so that a document's windows are
    the same in every run and known before its pages are read.
    """
    if not isinstance(profile, Windowed) or not profile.asks_together:
        return 1
    if settings.pages_per_question:
        return settings.pages_per_question
    known = OpenAIBackendSettings | EmbeddedBackendSettings
    if not all(isinstance(backend, known) for backend in settings.chained.values()):
        return 1  # a plug-in may look at the first page alone
    prompt = profile.prompt(PageImage(1))
    texts = (prompt.system, prompt.user, json.dumps(prompt.schema, ensure_ascii=False))
    said = sum(map(text_tokens, texts))
    rooms = [
        (server.context_tokens - server.max_tokens - said)
        // (settings.render.max_pixels // PIXELS_PER_TOKEN + PAGE_TEXT_TOKENS)
        for server in _servers(settings)
    ]
    return max(1, min(rooms, default=1))


def _servers(settings: Settings) -> list[OpenAIBackendSettings]:
    return [
        backend
        for backend in settings.chained.values()
        if isinstance(backend, OpenAIBackendSettings)
    ]
