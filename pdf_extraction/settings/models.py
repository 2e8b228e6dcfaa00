"""Every setting with its type, default and meaning; no file and no environment is read here.

A backend's stand in ``backends``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pdf_extraction.settings.backends import (
    AnyBackend,
    BackendSettings,
    EmbeddedBackendSettings,
    undefined_backend,
)
from pdf_extraction.settings.presets import with_presets
from pdf_extraction.settings.section import Numbers, Section, Texts


class RenderSettings(Section):
    """How a page becomes a picture."""

    dpi: int = Field(
        default=300, ge=36, le=1200, description="Resolution, where `max_pixels` allows it."
    )
    max_pixels: int = Field(
        default=2_000_000,
        ge=10_000,
        description="Most pixels of a page's picture (width x height).",
    )
    image_format: Literal["jpeg", "png", "webp"] = Field(
        default="jpeg", description="Format of the pictures sent to a model."
    )
    layout: Literal["none", "rules", "model"] = Field(
        default="rules",
        description="Where the profile `markdown` finds tables and figures: `rules` goes by drawn "
        "lines; `model` also asks PyMuPDF's layout model, at about half a second a page.",
    )
    workers: int = Field(default=0, ge=0, description="Processes that read pages; 0 = one a core.")
    page_timeout_s: float = Field(
        default=25.0,
        gt=0,
        description="Seconds after which reading a page, OCR apart, is stopped; the page fails.",
    )
    page_cpu_s: float = Field(
        default=8.0,
        ge=0,
        description="Seconds of processor time that parsing and rendering a page may take, "
        "OCR apart; the page fails. 0 = no limit.",
    )
    page_memory_bytes: int = Field(
        default=400_000_000,
        ge=0,
        description="Memory that parsing and rendering a page may take, OCR apart; the page "
        "fails. 0 = no limit.",
    )


class OcrSettings(Section):
    """When and with what a page's text is recognised; languages stand with the backend."""

    when: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="`auto`: pages without trustworthy text, if `embedded` is in the chain; "
        "`always`: whatever the chain; `never`: the text layer or nothing.",
    )
    engine: Literal["auto", "tesseract", "rapidocr"] = Field(
        default="auto", description="`auto` takes Tesseract where its language data is found."
    )
    timeout_s: float = Field(
        default=180.0,
        gt=0,
        description="Seconds that OCR may add to `[render] page_timeout_s`; the page fails. A "
        "dense page takes Tesseract 3 s of one core and RapidOCR 18.",
    )


class BudgetSettings(Section):
    """What a run may cost and how much may fail."""

    max_cost_usd: float | None = Field(
        default=None, ge=0, description="Per run: stops asking, loses nothing. Not set: no cap."
    )
    page_error_rate: float = Field(
        default=0.004,
        ge=0,
        le=1,
        description="Share of failed pages above which the `pages_complete` check fails.",
    )


class CacheSettings(Section):
    """Which kept answers are taken again."""

    ignore_prompt_hash: bool = Field(
        default=False,
        description="Take kept answers to earlier wordings of the prompt too: after an edit that "
        "changes nothing about the answers, nothing is asked again. Page, schema, model and "
        "sampling must be the same.",
    )


class MarkdownSettings(Section):
    """What the profile `markdown` asks beside the page."""

    closer: Annotated[tuple[Literal["tables", "formulas"], ...], Field(strict=False)] = Field(
        default=(),
        description="Parts of a page that a model is shown once more, each alone and larger, after "
        "it transcribed the page: `tables` for their cells, `formulas` for their LaTeX. One call "
        "a part, where its place is known; `estimate` counts those that a page's own text shows.",
    )


class CheckSettings(Section):
    """Thresholds of the asset checks."""

    min_confidence: float = Field(
        default=0.6, ge=0, le=1, description="A record below it counts as one of low confidence."
    )
    max_low_confidence_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Share of records of low confidence above which `confidence` fails.",
    )
    max_absent_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of records not found on their page above which `grounding` fails.",
    )
    worst_rows: int = Field(default=10, ge=1, le=100, description="Rows that a check shows.")


class InboxSettings(Section):
    """The drop folder and the retries of failed documents."""

    endings: Texts = Field(
        default=(".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".epub", ".xps"),
        min_length=1,
        description="Files taken from folders, in any case. Also read, if named here: `.txt`, "
        "`.md`, `.webp`, `.bmp`, `.gif`, `.jp2`, `.oxps`, `.mobi`, `.fb2`.",
    )
    settle_s: float = Field(
        default=5.0, ge=0, description="Seconds a file must stay unchanged before it is read."
    )
    max_new_per_tick: int = Field(
        default=500, ge=1, description="Documents registered in one tick of the sensor."
    )
    max_documents_per_run: int = Field(
        default=25, ge=1, description="Documents in one Dagster run."
    )
    retry_delays_s: Numbers = Field(
        default=(60.0, 600.0, 3600.0),
        description="Seconds before each retry of a failed document; their number is the limit.",
    )

    @field_validator("endings")
    @classmethod
    def _endings_have_dots(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if bad := [ending for ending in value if not re.fullmatch(r"\.[^./\\\s]+", ending)]:
            raise ValueError(f"{bad[0]!r} is no ending; write it like '.pdf'")
        return tuple(ending.lower() for ending in value)

    @field_validator("retry_delays_s")
    @classmethod
    def _delays_are_positive(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(delay < 0 for delay in value):
            raise ValueError("a delay cannot be negative")
        return value


class Settings(Section):
    """All settings of a run."""

    profile: str = Field(
        default="legal_ptbr",
        min_length=1,
        description="What to extract: `legal_ptbr`, `markdown`, or a Pydantic model of your own as "
        "`package.module:Model` or `path/file.py:Model` (from the working folder, or from this "
        "file).",
    )
    scope: Literal["document", "page"] | None = Field(
        default=None,
        description="For a model of your own: whether a document is one record or each page is; "
        "not set: what the class says, else the document.",
    )
    pages_per_question: int = Field(
        default=0,
        ge=0,
        le=100,
        description="For a model of your own whose record is a document: pages asked about in one "
        "question; 0: as many as fit into `context_tokens` of every server of the chain.",
    )
    chain: Texts = Field(
        default=("embedded",), min_length=1, description="Names of backends, tried in this order."
    )
    render: RenderSettings = RenderSettings()
    ocr: OcrSettings = OcrSettings()
    budget: BudgetSettings = BudgetSettings()
    cache: CacheSettings = CacheSettings()
    markdown: MarkdownSettings = MarkdownSettings()
    checks: CheckSettings = CheckSettings()
    inbox: InboxSettings = InboxSettings()
    backends: dict[str, AnyBackend] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _presets_are_filled_in(cls, data: Any) -> Any:
        return with_presets(data) if isinstance(data, Mapping) else data

    @field_validator("backends")
    @classmethod
    def _embedded_needs_no_table(cls, value: dict[str, AnyBackend]) -> dict[str, AnyBackend]:
        return {"embedded": EmbeddedBackendSettings(), **value}

    @model_validator(mode="after")
    def _chain_is_defined(self) -> Settings:
        for name in self.chain:
            if name not in self.backends:
                raise ValueError(undefined_backend(name, self.backends))
        if len(set(self.chain)) < len(self.chain):
            raise ValueError("chain: names a backend twice")
        return self

    @property
    def chained(self) -> dict[str, BackendSettings]:
        """The chain's backends by name, in the chain's order."""
        return {name: self.backends[name] for name in self.chain}

    @property
    def ocr_languages(self) -> tuple[str, ...]:
        """Languages for OCR: of the chain's first embedded backend, else of any, else defaults."""
        for backend in [*self.chained.values(), *self.backends.values()]:
            if isinstance(backend, EmbeddedBackendSettings):
                return backend.ocr_languages
        return EmbeddedBackendSettings().ocr_languages
