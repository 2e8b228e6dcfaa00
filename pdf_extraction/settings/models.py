"""Every setting with its type, default and meaning; no file and no environment is read here.

Values come from TOML, which is typed, so types are strict: ``dpi = "300"`` is an error.
Sequences are tuples, so that settings can be shared and not changed behind a run's back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from pdf_extraction.settings.presets import PRESETS, with_presets

Texts = Annotated[tuple[str, ...], Field(strict=False)]
Numbers = Annotated[tuple[float, ...], Field(strict=False)]

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )


class RenderSettings(_Section):
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


class OcrSettings(_Section):
    """When and with what a page's text is recognised; languages stand with the backend."""

    when: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="`auto`: pages without trustworthy text, if `embedded` is in the chain; "
        "`always`: whatever the chain; `never`: the text layer or nothing.",
    )
    engine: Literal["auto", "tesseract", "rapidocr"] = Field(
        default="auto", description="`auto` takes Tesseract where its language data is found."
    )
    page_timeout_s: float = Field(
        default=180.0,
        gt=0,
        description="Seconds that OCR may add to `[render] page_timeout_s`; the page fails. A "
        "dense page takes Tesseract 3 s of one core and RapidOCR 18.",
    )


class BudgetSettings(_Section):
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


class CacheSettings(_Section):
    """Which kept answers are taken again."""

    ignore_prompt_hash: bool = Field(
        default=False,
        description="Take kept answers to earlier wordings of the prompt too: after an edit that "
        "changes nothing about the answers, nothing is asked again. Page, schema, model and "
        "sampling must be the same.",
    )


class MarkdownSettings(_Section):
    """What the profile `markdown` asks beside the page."""

    closer: Annotated[tuple[Literal["tables", "formulas"], ...], Field(strict=False)] = Field(
        default=(),
        description="Parts of a page that a model is shown once more, each alone and larger, after "
        "it transcribed the page: `tables` for their cells, `formulas` for their LaTeX. One call "
        "a part, where its place is known; `estimate` does not count them.",
    )


class CheckSettings(_Section):
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


class InboxSettings(_Section):
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


class BackendSettings(_Section):
    """What every backend's table has."""

    kind: str = Field(
        min_length=1, description="Which backend: `openai`, `embedded` or an installed plug-in's."
    )


class OpenAIBackendSettings(BackendSettings):
    """A server that speaks OpenAI's chat completions: OpenAI, OpenRouter, vLLM, llama.cpp."""

    kind: Literal["openai"] = Field(default="openai", description="`openai`")
    preset: str | None = Field(
        default=None,
        description="Start from a known server: "
        + ", ".join(f"`{name}`" for name in PRESETS)
        + ". A table of such a name that says no `kind` does so by itself.",
    )
    base_url: str = Field(description="The server's address up to and with `/v1`.")
    model: str = Field(min_length=1, description="The model's name as the server lists it.")
    api_key_env: str | None = Field(
        default=None,
        description="Name of the environment variable that holds the key; "
        "not set (or an unset variable) for a local server.",
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file of a private CA that signed the server's certificate; certificates "
        "are always checked, else against the system's CAs.",
    )
    concurrency: int = Field(default=64, ge=1, description="Calls in flight at once.")
    timeout_s: float = Field(default=120.0, gt=0, description="Seconds for one call.")
    max_attempts: int = Field(
        default=3, ge=1, description="Calls for one page before the next backend."
    )
    temperature: float = Field(
        default=0.0, ge=0, le=2, description="Sampling of the first attempt."
    )
    retry_temperatures: Numbers = Field(
        default=(0.2, 0.5, 0.8),
        description="Sampling of later attempts after an unusable answer, in order; "
        "the last one repeats.",
    )
    seed: int | None = Field(default=None, description="Sent where set and the server knows it.")
    max_tokens: int = Field(default=8192, ge=1, description="Most tokens of an answer.")
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens", description="How the server calls that limit."
    )
    send_sampling: bool = Field(
        default=True,
        description="Send `temperature` and `seed`; reasoning models refuse them.",
    )
    max_tokens_retry: int = Field(
        default=16_384,
        ge=0,
        description="Most tokens of a second try at an answer that was cut; "
        "`max_tokens` or less: the page is asked in halves at once.",
    )
    stream: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Read answers as they are made, so that a model that repeats itself is cut "
        "at once; `auto` where `max_tokens` is 2048 or more.",
    )
    stream_usage: bool = Field(
        default=True,
        description="Ask for the token counts at a stream's end (`stream_options`); without "
        "them tokens are estimated.",
    )
    stall_timeout_s: float = Field(
        default=60.0, gt=0, description="Seconds that a streamed answer may stand still."
    )
    logprobs: bool = Field(
        default=False,
        description="Ask for the tokens' log-probabilities, which lower the confidence of "
        "values that the model was not sure of.",
    )
    text_layer_hint: bool = Field(
        default=False,
        description="Send the page's own text along, marked as data that may be wrong.",
    )
    context_window: int = Field(
        default=0, ge=0, le=10, description="Neighbouring pages sent along, on each side."
    )
    max_image_bytes: int = Field(
        default=4_000_000, ge=10_000, description="Most bytes of a picture, counted after base64."
    )
    patience_s: float = Field(
        default=600.0,
        ge=0,
        description="Seconds that a page waits for a server that asks to slow down, or, where no "
        "other is left in the chain, for one that fell ill; then the next backend.",
    )
    breaker_failures: int = Field(
        default=8,
        ge=0,
        description="Failures in a row (5xx, resets, timeouts) after which the server is left "
        "alone for 2 s, 4 s ... 300 s and then tried with one page; 0 = never.",
    )
    race_stragglers: bool = Field(
        default=False,
        description="Ask a second time for pages that take much longer than the others when "
        "places are idle and nothing else waits; the first answer counts, both are billed.",
    )
    calls_per_minute: int = Field(default=500, ge=0, description="0 = no limit.")
    input_tokens_per_minute: int = Field(default=10_000_000, ge=0, description="0 = no limit.")
    output_tokens_per_minute: int = Field(default=1_000_000, ge=0, description="0 = no limit.")
    price_per_million_input_tokens: float = Field(default=0.0, ge=0, description="USD.")
    price_per_million_output_tokens: float = Field(default=0.0, ge=0, description="USD.")
    extra_headers: dict[str, str] = Field(
        default_factory=dict, description="Sent with every call; no place for keys."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict, description="Further fields of the request, as the server has them."
    )
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        default="json_schema", description="How the server is asked for JSON."
    )

    @field_validator("preset")
    @classmethod
    def _preset_is_known(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            near = get_close_matches(value, PRESETS, n=1)
            hint = f"did you mean {near[0]!r}" if near else f"there are {', '.join(PRESETS)}"
            raise ValueError(f"there is no preset {value!r}; {hint}")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an address such as 'http://127.0.0.1:8002/v1'")
        if parts.username or parts.password:
            raise ValueError("no user or password here; name a variable in api_key_env")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        # People paste the key itself here; the value must then not reach the message.
        if value and not _VARIABLE_NAME.fullmatch(value):
            raise ValueError("expected the name of an environment variable, not the key itself")
        return value or None

    @field_validator("retry_temperatures")
    @classmethod
    def _temperatures_in_range(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 <= temperature <= 2 for temperature in value):
            raise ValueError("a temperature is from 0 to 2")
        return value


class EmbeddedBackendSettings(BackendSettings):
    """The page's own text layer, else OCR; no server."""

    kind: Literal["embedded"] = Field(default="embedded", description="`embedded`")
    ocr_languages: Texts = Field(
        default=("por", "eng"),
        min_length=1,
        description="Languages of the OCR (ISO 639-2, as Tesseract).",
    )


class OtherBackendSettings(BackendSettings):
    """A plug-in's table, handed to it as it stands (see ``model_extra``)."""

    model_config = ConfigDict(extra="allow")


BUILT_IN_KINDS: Mapping[str, type[BackendSettings]] = {
    "openai": OpenAIBackendSettings,
    "embedded": EmbeddedBackendSettings,
}


def kind_tag(table: object) -> str:
    """Which model reads a backend's table: a built-in kind, or ``other``."""
    kind = table.get("kind") if isinstance(table, Mapping) else getattr(table, "kind", None)
    return kind if isinstance(kind, str) and kind in BUILT_IN_KINDS else "other"


_AnyBackend = Annotated[
    Annotated[OpenAIBackendSettings, Tag("openai")]
    | Annotated[EmbeddedBackendSettings, Tag("embedded")]
    | Annotated[OtherBackendSettings, Tag("other")],
    Discriminator(kind_tag),
]


class Settings(_Section):
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
    backends: dict[str, _AnyBackend] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _presets_are_filled_in(cls, data: Any) -> Any:
        return with_presets(data) if isinstance(data, Mapping) else data

    @field_validator("backends")
    @classmethod
    def _embedded_needs_no_table(cls, value: dict[str, _AnyBackend]) -> dict[str, _AnyBackend]:
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


def undefined_backend(name: str, defined: Mapping[str, object]) -> str:
    """Sentence about a backend's name that has no table."""
    defined = {**dict.fromkeys(PRESETS), **defined}
    near = get_close_matches(name, defined, n=1)
    hint = f"did you mean {near[0]!r}" if near else f"defined are {', '.join(sorted(defined))}"
    return f"chain: no backend {name!r} is defined; {hint}, or add a table [backends.{name}]"
