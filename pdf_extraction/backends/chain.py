"""The one place where a chain is composed from settings. No policy is written here."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from pdf_extraction.backends.base import Backend
from pdf_extraction.backends.breaker import Breaker
from pdf_extraction.backends.budget import Budget, Purse
from pdf_extraction.backends.cache import Cached
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.clock import Clock, SystemClock
from pdf_extraction.backends.fallback import Fallback
from pdf_extraction.backends.framing import Framed
from pdf_extraction.backends.ledger import Recorded
from pdf_extraction.backends.limits import Limited
from pdf_extraction.backends.retry import Retrying
from pdf_extraction.backends.stragglers import Raced
from pdf_extraction.backends.usage import REMEMBERED, Estimator
from pdf_extraction.errors import SettingsError
from pdf_extraction.settings import BackendSettings, OpenAIBackendSettings, Settings

ENTRY_POINTS = "pdf_extraction.backends"
#: The kinds of this package, found also where it runs from a checkout that is not installed;
#: pyproject declares the same, as a plug-in would.
BUILT_IN = {
    "openai": "pdf_extraction.backends.openai_chat:OpenAIChatBackend",
    "embedded": "pdf_extraction.backends.embedded:EmbeddedBackend",
}

#: What a kind is: called with the backend's name and its settings.
Kind = Callable[[str, BackendSettings], Backend]


def build_chain(
    settings: Settings,
    calls: CallStore,
    *,
    force: bool = False,
    clock: Clock | None = None,
    purse: Purse | None = None,
    share: Path | None = None,
) -> Fallback:
    """Compose the chain of one run; it belongs to one event loop.

    Args:
        settings: With the chain's backends.
        calls: Cache and ledger.
        force: Ask again also where an answer is kept.
        clock: Time; None for the machine's.
        purse: The run's money; None for a new one under the settings' cap.
        share: Folder where the processes of this machine meet to share servers' limits.

    Raises:
        SettingsError: A kind is unknown or a backend's settings cannot be used.
    """
    any_wording = settings.cache.ignore_prompt_hash
    purse = purse or Purse(settings.budget.max_cost_usd)
    tables = settings.chained
    backends = [
        _with_policies(
            _kind(name, table.kind)(name, table),
            server_settings(table),
            calls,
            purse,
            clock or SystemClock(),
            force=force,
            any_wording=any_wording,
            share=share,
            is_last=name == list(tables)[-1],
        )
        for name, table in tables.items()
    ]
    return Fallback(backends)


def build_backend(name: str, table: BackendSettings) -> Backend:
    """One bare backend without policies, for ``doctor``.

    Raises:
        SettingsError: The kind is unknown or the settings cannot be used.
    """
    return _kind(name, table.kind)(name, table)


def server_settings(table: BackendSettings) -> OpenAIBackendSettings:
    """What the policies need of a table: a plug-in's uses the same names for the same things."""
    if isinstance(table, OpenAIBackendSettings):
        return table
    known = set(OpenAIBackendSettings.model_fields) - {"kind", "base_url"}
    given = {name: value for name, value in (table.model_extra or {}).items() if name in known}
    try:
        return OpenAIBackendSettings.model_validate(
            {"base_url": "http://plug-in", "model": table.kind, **given}
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"backend of kind {table.kind!r}: {where}: {first['msg']}") from None


def _with_policies(
    backend: Backend,
    settings: OpenAIBackendSettings,
    calls: CallStore,
    purse: Purse,
    clock: Clock,
    *,
    force: bool,
    any_wording: bool,
    share: Path | None,
    is_last: bool,
) -> Backend:
    if backend.is_local:
        # Its rules change with the code: a kept answer would hide that, and saves nothing.
        return backend
    estimator = Estimator(
        settings.max_tokens, lambda group: calls.usage(backend.name, group, REMEMBERED)
    )
    recorded = Recorded(backend, settings, calls, estimator)
    limited = Limited(
        Budget(recorded, settings, estimator, purse), settings, estimator, clock, share
    )
    asking = Raced(limited, clock) if settings.race_stragglers else limited
    breaker = Breaker(asking, settings, clock, calls, is_last=is_last)
    retrying = Retrying(breaker, settings, clock)
    framed = Framed(retrying, settings, calls, force=force)
    return Cached(framed, settings, calls, force=force, clock=clock, any_wording=any_wording)


def load_kinds(settings: Settings) -> None:
    """Load the modules that the chain's backends are made by.

    Raises:
        SettingsError: A kind is unknown.
    """
    for name, table in settings.chained.items():
        _kind(name, table.kind)


def _kind(name: str, kind: str) -> Kind:
    installed = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if kind in BUILT_IN:
        module, _, attribute = BUILT_IN[kind].partition(":")
        return cast("Kind", getattr(import_module(module), attribute))
    if kind in installed:
        return cast("Kind", installed[kind].load())
    known = sorted({*BUILT_IN, *installed})
    near = get_close_matches(kind, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise SettingsError(f"[backends.{name}] kind = {kind!r} is unknown; {hint}")
