"""What would make a run fail, found before it does. Nothing is run and no model asked.

Dagster's instance is looked at by the command line, being the only other room that may.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pdf_extraction.backends.base import Health
from pdf_extraction.backends.breaker import left_alone
from pdf_extraction.backends.calls import BackendFacts
from pdf_extraction.backends.chain import build_backend
from pdf_extraction.errors import ExtractionError
from pdf_extraction.pdf.engines import ocr_engine_status
from pdf_extraction.settings import BackendSettings, EmbeddedBackendSettings, Settings
from pdf_extraction.tools import Workspace

Grade = Literal["ok", "warning", "failed"]

#: What a run cannot do without, and what ``doctor`` names the versions of.
LIBRARIES = (
    "dagster",
    "dagster-webserver",
    "pymupdf",
    "duckdb",
    "pyarrow",
    "aiohttp",
    "pydantic",
    "rapidocr",
    "onnxruntime",
    "tesserocr",
)
#: Dagster's packages must be of one release.
_DAGSTER = ("dagster", "dagster-webserver", "dagster-graphql")
#: Bytes on the disk below which a run may not end.
_LITTLE_SPACE = 1_000_000_000
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What.
        grade: ``failed`` would make a run fail; a ``warning`` would not.
        detail: What was found, and what to do where not ok.
    """

    subject: str
    grade: Grade
    detail: str


def examine(data: Path, load: Callable[[], Settings]) -> Iterator[Finding]:
    """Look at everything; each finding comes as soon as it is made.

    Args:
        data: The data folder, which need not exist.
        load: Loads the settings; raises what ``load_settings`` does.
    """
    yield _python()
    yield from _libraries()
    yield _folder(data)
    try:
        settings = load()
    except ExtractionError as error:
        yield Finding("settings", "failed", str(error))
        settings = Settings()
    else:
        yield Finding("settings", "ok", f"chain {' > '.join(settings.chain)}")
    yield _profile(data, settings)
    yield from asyncio.run(_backends(settings))
    yield from _lately(data, settings)
    yield _ocr(settings)
    yield _warehouse(data, settings)


def _python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} on {platform.system()}")


def _libraries() -> Iterator[Finding]:
    versions = {name: _version(name) for name in (*LIBRARIES, *_DAGSTER)}
    missing = sorted(name for name, found in versions.items() if found is None)
    shown = ", ".join(f"{name} {versions[name]}" for name in LIBRARIES if versions[name])
    yield Finding("libraries", "ok", shown)
    needed = [name for name in missing if name not in {"tesserocr", "rapidocr", "onnxruntime"}]
    if needed:
        yield Finding("libraries", "failed", f"missing; pip install {' '.join(needed)}")
    releases = {name: versions[name] for name in _DAGSTER if versions[name]}
    if len(set(releases.values())) > 1:
        pins = " ".join(f"{name}=={releases['dagster']}" for name in _DAGSTER)
        yield Finding("libraries", "failed", f"Dagster's packages differ; pip install {pins}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _folder(data: Path) -> Finding:
    subject, place = "data folder", _existing(data)
    advice = "make it writable for this user, or choose another with --data"
    inside = [folder for folder in sorted(data.glob("*/")) if folder.is_dir()]
    for folder in [place, *inside]:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            return Finding(subject, "failed", f"{folder}: {error.strerror}; {advice}")
    free = shutil.disk_usage(place).free
    found = f"{data.resolve()}, {free / 1e9:.0f} GB free"
    if free < _LITTLE_SPACE:
        return Finding(subject, "warning", f"{found}; make room, or choose another with --data")
    return Finding(subject, "ok", found if data.exists() else f"{found}; will be made")


def _existing(folder: Path) -> Path:
    """The folder or its nearest ancestor that exists; a file in the way is no folder."""
    return next(place for place in [folder, *folder.absolute().parents] if place.exists())


def _profile(data: Path, settings: Settings) -> Finding:
    try:
        workspace = Workspace(data, settings)
        profile = workspace.profile
        workspace.check()
    except ExtractionError as error:
        return Finding("profile", "failed", f"{error} (`profile` in the settings or --profile)")
    return Finding("profile", "ok", f"{profile.name}: {', '.join(profile.tables)}")


async def _backends(settings: Settings) -> list[Finding]:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_backend(name, table)) for name, table in settings.chained.items()
        ]
    return [task.result() for task in tasks]


async def _backend(name: str, table: BackendSettings) -> Finding:
    subject = f"backend {name}"
    try:
        backend = build_backend(name, table)
    except ExtractionError as error:
        return Finding(subject, "failed", str(error))
    try:
        health = await backend.health()
    finally:
        await backend.aclose()
    grade: Grade = "warning" if health.warns else "ok"
    return Finding(subject, grade if health.ok else "failed", _detail(health))


def _lately(data: Path, settings: Settings) -> Iterator[Finding]:
    """How each backend's calls went in the last day, and which are left alone now."""
    calls = Workspace(data, settings).calls
    if not calls.path.exists():
        return
    try:
        facts = {found.backend: found for found in calls.backends(since=time.time() - _DAY_S)}
        left = calls.left()
    except ExtractionError as error:
        yield Finding("calls", "failed", str(error))
        return
    for name in settings.chain:
        subject = f"calls of {name}"
        if name in left and left[name].until > time.time():
            yield Finding(subject, "warning", left_alone(name, left[name]))
        elif name in facts:
            grade: Grade = "warning" if facts[name].refused else "ok"
            yield Finding(subject, grade, _in_words(facts[name]))


def _in_words(facts: BackendFacts) -> str:
    latency = facts.mean_latency_ms
    mean = "none answered" if latency is None else f"mean {latency / 1000:.1f} s"
    told = f"{facts.calls:,} in the last day, {facts.failures:,} failed by the server, {mean}"
    return f"{told}; {facts.refused}" if facts.refused else told


def _detail(health: Health) -> str:
    detail = health.detail.removeprefix(f"{health.backend}: ")
    latency = f" ({health.latency_ms:.0f} ms)" if health.latency_ms is not None else ""
    return f"{detail}{latency}"


def _ocr(settings: Settings) -> Finding:
    has_embedded = any(
        isinstance(table, EmbeddedBackendSettings) for table in settings.chained.values()
    )
    is_used = settings.ocr.when == "always" or (settings.ocr.when == "auto" and has_embedded)
    status = ocr_engine_status(settings.ocr_languages, settings.ocr.engine)
    if not is_used:
        return Finding("ocr", "ok", "not used by this chain and [ocr]")
    return Finding("ocr", "ok" if status.ok else "failed", status.detail)


def _warehouse(data: Path, settings: Settings) -> Finding:
    workspace = Workspace(data, settings)
    if not workspace.warehouse.file.exists():
        return Finding("warehouse", "ok", "none yet; the first run makes it")
    try:
        rows = workspace.warehouse.query("SELECT count(*) AS n FROM documents").to_pylist()
    except ExtractionError as error:
        return Finding("warehouse", "failed", str(error))
    count = rows[0]["n"]
    told = f"{workspace.warehouse.file}, {count:,} document{'s' * (count != 1)}"
    return Finding("warehouse", "ok", told)
