"""What a run can be told in the launchpad, in the settings file's own words.

Every field is the settings field of its name; empty takes the file's value. The file and the
environment are read when a run starts, never at import.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from pdf_extraction.page_ranges import parse_pages
from pdf_extraction.settings import OcrSettings, Settings, data_dir, load_settings, parse_settings
from pdf_extraction.settings.load import placed

Changes = dict[str, Any]


class Renderer(dg.ConfigurableResource[Any]):
    """How pages are read and become pictures: `[render]` and `[ocr]`."""

    dpi: int | None = Field(default=None, description="Resolution, where max_pixels allows it.")
    max_pixels: int | None = Field(default=None, description="Most pixels of a page's picture.")
    image_format: str | None = Field(default=None, description="jpeg, png or webp.")
    workers: int | None = Field(
        default=None, description="Processes that read pages; 0 = one a core."
    )
    layout: str | None = Field(default=None, description="none, rules or model.")
    page_timeout_s: float | None = Field(default=None, description="Seconds a page may take.")
    page_cpu_s: float | None = Field(
        default=None, description="Seconds of processor time a page may take."
    )
    page_memory_bytes: int | None = Field(default=None, description="Most memory for a page.")
    when: str | None = Field(default=None, description="OCR: auto, always or never.")
    engine: str | None = Field(default=None, description="OCR: auto, tesseract or rapidocr.")
    timeout_s: float | None = Field(default=None, description="OCR: seconds it may add to a page.")

    def changes(self) -> Changes:
        """What differs from the settings file."""
        given = _given(self)
        ocr = {name: given.pop(name) for name in OcrSettings.model_fields if name in given}
        return {"render": given, "ocr": ocr}


class Backends(dg.ConfigurableResource[Any]):
    """Who is asked, in which order, and for how much money: `chain`, `[backends]`, `[budget]`."""

    chain: list[str] | None = Field(
        default=None, description="Names of backends, tried in this order."
    )
    tables: dict[str, Any] = Field(
        default_factory=dict,
        description="Fields of [backends.NAME] by name, such as vllm: {concurrency: 8}.",
    )
    max_cost_usd: float | None = Field(default=None, description="Stops asking; nothing is lost.")
    page_error_rate: float | None = Field(
        default=None, description="Share of failed pages above which pages_complete fails."
    )

    def changes(self) -> Changes:
        """What differs from the settings file."""
        given = _given(self)
        chain = {"chain": given.pop("chain")} if "chain" in given else {}
        return {**chain, "backends": given.pop("tables", {}), "budget": given}


class DataFolder(dg.ConfigurableResource[Any]):
    """Where everything is kept, and the settings file."""

    data_dir: str | None = Field(
        default=None, description="Folder of all state; else $PDF_EXTRACTION_DATA, else ./data."
    )
    config_file: str | None = Field(
        default=None,
        description="Else $PDF_EXTRACTION_CONFIG, else ./pdf_extraction.toml if it exists.",
    )

    def path(self) -> Path:
        """The data folder."""
        return data_dir(Path(self.data_dir) if self.data_dir else None, os.environ)

    def settings(self) -> Settings:
        """Settings of the file.

        Raises:
            SettingsError: The file is missing or wrong.
        """
        return load_settings(Path(self.config_file) if self.config_file else None, os.environ)

    def placed(self, settings: Settings) -> Settings:
        """Settings whose profile, where a launchpad gave it as a path, is found.

        Dagster's processes start where they like: a path is also from the settings file, and
        from the folder that holds the data folder.
        """
        profile = settings.profile
        for beside in (Path(self.config_file or "").parent, self.path().absolute().parent):
            profile = placed(profile, beside)
        return settings.model_copy(update={"profile": profile})


class AskConfig(dg.Config):
    """What one run asks for."""

    profile: str | None = Field(
        default=None,
        description="legal_ptbr, markdown, package.module:Model or path/file.py:Model.",
    )
    backend: str | None = Field(default=None, description="Only this backend of the settings.")
    pages: str | None = Field(
        default=None, description="Such as 1-5,8; the others keep what they had."
    )
    only_failed: bool = Field(default=False, description="Only pages without a good answer so far.")
    unattended: bool = Field(
        default=False,
        description="Leave alone pages that `--pages` or the budget kept out.",
    )
    force: bool = Field(default=False, description="Ask again also where an answer is kept.")

    def changes(self) -> Changes:
        """What differs from the settings file."""
        profile = {"profile": self.profile} if self.profile else {}
        return {**profile, **({"chain": [self.backend]} if self.backend else {})}

    def page_numbers(self) -> frozenset[int] | None:
        """Pages to ask about; None for all.

        Raises:
            SettingsError: The text is not of the form ``1-5,8``.
        """
        return parse_pages(self.pages)


def overridden(settings: Settings, changes: list[Changes], origin: str) -> Settings:
    """Settings with some keys changed.

    Args:
        settings: As loaded.
        changes: Mappings as TOML would give them; later ones win.
        origin: What messages call the changes' source.

    Raises:
        SettingsError: A key is unknown or its value is wrong.
    """
    merged = settings.model_dump()
    for change in changes:
        merged = _merged(merged, change)
    return parse_settings(merged, origin)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        old = merged.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(old, value)
        else:
            merged[name] = value
    return merged


def _given(resource: dg.ConfigurableResource[Any]) -> Changes:
    fields = type(resource).model_fields
    values = {name: getattr(resource, name) for name in fields}
    return {name: value for name, value in values.items() if value not in (None, {})}
