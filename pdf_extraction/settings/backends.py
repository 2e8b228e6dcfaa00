"""What a backend's table may say. Which backends a chain has stands in ``models``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator

from pdf_extraction.settings.presets import PRESETS
from pdf_extraction.settings.section import Numbers, Section, Texts

_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BackendSettings(Section):
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
    context_tokens: int = Field(
        default=32_768,
        ge=1024,
        description="Tokens that question and answer may have together. For a model of your own "
        "as many pages go into one question as fit beside `max_tokens`.",
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
        if parts.query or parts.fragment:
            raise ValueError("an address ends before '?' and '#', mostly with /v1")
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


AnyBackend = Annotated[
    Annotated[OpenAIBackendSettings, Tag("openai")]
    | Annotated[EmbeddedBackendSettings, Tag("embedded")]
    | Annotated[OtherBackendSettings, Tag("other")],
    Discriminator(kind_tag),
]


def undefined_backend(name: str, defined: Mapping[str, object]) -> str:
    """Sentence about a backend's name that has no table."""
    defined = {**dict.fromkeys(PRESETS), **defined}
    near = get_close_matches(name, defined, n=1)
    hint = f"did you mean {near[0]!r}" if near else f"defined are {', '.join(sorted(defined))}"
    return f"chain: no backend {name!r} is defined; {hint}, or add a table [backends.{name}]"
