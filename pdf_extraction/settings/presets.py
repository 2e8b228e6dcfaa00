"""Servers that need only a key or a port: what their makers document, as keys of a backend.

``chain = ["vllm"]`` works without any table; ``[backends.NAME] preset = "vllm"`` starts from it,
and every key of the table counts before the preset's. Prices are those of the day named, not
today's: the bill is made from what the settings say.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A server as its makers document it.

    Attributes:
        server: Its name.
        needs: What a user has to do.
        values: Keys of ``[backends.NAME]``.
        habits: What it does otherwise than others.
        source: Where that is said, and when it was looked up.
    """

    server: str
    needs: str
    values: Mapping[str, Any] = field(default_factory=dict)
    habits: str = ""
    source: str = ""


_LOCAL: Mapping[str, Any] = {
    "kind": "openai",
    "calls_per_minute": 0,
    "input_tokens_per_minute": 0,
    "output_tokens_per_minute": 0,
}

PRESETS: Mapping[str, Preset] = {
    "vllm": Preset(
        "vLLM, Qwen3-VL",
        "`vllm serve Qwen/Qwen3-VL-8B-Instruct`",
        {
            **_LOCAL,
            "base_url": "http://127.0.0.1:8000/v1",
            "model": "Qwen/Qwen3-VL-8B-Instruct",
            "api_key_env": "VLLM_API_KEY",
            "concurrency": 64,
            "timeout_s": 300.0,
        },
        "Schema by guided decoding, logprobs, usage in streams. Blanks without end behind a "
        "whole answer (vllm#38696) are cut.",
        "docs.vllm.ai, November 2026",
    ),
    "deepseek-vl2": Preset(
        "vLLM, DeepSeek-VL2",
        "`vllm serve deepseek-ai/deepseek-vl2-small --hf-overrides "
        '\'{"architectures": ["DeepseekVLV2ForCausalLM"]}\' --chat-template FILE`',
        {
            **_LOCAL,
            "base_url": "http://127.0.0.1:8000/v1",
            "model": "deepseek-ai/deepseek-vl2-small",
            "api_key_env": "VLLM_API_KEY",
            "concurrency": 32,
            "timeout_s": 300.0,
            "max_tokens": 1536,
            "max_tokens_retry": 0,
            "context_tokens": 4096,
        },
        "A context of 4,096 tokens for picture, prompt and answer: longer answers come in halves.",
        "docs.vllm.ai, the model's card, November 2026",
    ),
    "openai": Preset(
        "OpenAI",
        "`OPENAI_API_KEY`",
        {
            "kind": "openai",
            "base_url": "https://api.openai.com/v1",
            "model": "gpt-4.1-mini",
            "api_key_env": "OPENAI_API_KEY",
            "max_tokens_name": "max_completion_tokens",
            "concurrency": 32,
            "calls_per_minute": 500,
            "input_tokens_per_minute": 200_000,
            "price_per_million_input_tokens": 0.40,
            "price_per_million_output_tokens": 1.60,
        },
        "Takes `max_completion_tokens`; reasoning models (GPT-5, o-series) refuse sampling: "
        "`send_sampling = false`.",
        "platform.openai.com, prices of November 2026",
    ),
    "openrouter": Preset(
        "OpenRouter, Nemotron Nano VL",
        "`OPENROUTER_API_KEY`",
        {
            "kind": "openai",
            "base_url": "https://openrouter.ai/api/v1",
            "model": "nvidia/nemotron-nano-12b-v2-vl",
            "api_key_env": "OPENROUTER_API_KEY",
            "concurrency": 16,
            "timeout_s": 300.0,
            "response_format": "none",
            "extra_body": {"reasoning": {"enabled": False}},
            "price_per_million_input_tokens": 0.20,
            "price_per_million_output_tokens": 0.60,
        },
        "Providers differ in what they do with a schema, so it stands in the prompt. Failures of "
        "a provider come inside a 200. The variant `:free` costs nothing and is limited.",
        "openrouter.ai, prices of 2026",
    ),
    "ollama": Preset(
        "Ollama",
        "`ollama pull qwen3-vl:8b`",
        {
            **_LOCAL,
            "base_url": "http://127.0.0.1:11434/v1",
            "model": "qwen3-vl:8b",
            "concurrency": 4,
            "timeout_s": 600.0,
        },
        "Cuts what does not fit its context without a word: raise `OLLAMA_CONTEXT_LENGTH`. As many "
        "calls at once as `OLLAMA_NUM_PARALLEL`.",
        "docs.ollama.com, November 2026",
    ),
    "lmstudio": Preset(
        "LM Studio",
        "`lms server start`, a vision model loaded",
        {
            **_LOCAL,
            "base_url": "http://127.0.0.1:1234/v1",
            "model": "qwen/qwen3-vl-8b",
            "concurrency": 4,
            "timeout_s": 600.0,
        },
        "Takes `json_schema`, refuses `json_object`.",
        "lmstudio.ai/docs, November 2026",
    ),
    "mlx-vlm": Preset(
        "mlx-vlm's server (Apple silicon)",
        "`mlx_vlm.server --port 8080`",
        {
            **_LOCAL,
            "base_url": "http://127.0.0.1:8080/v1",
            "model": "mlx-community/Qwen3-VL-8B-Instruct-4bit",
            "concurrency": 4,
            "timeout_s": 600.0,
            "response_format": "none",
        },
        "Loads the model that is asked for. The schema stands in the prompt: versions before May "
        "2026 ignore `response_format` without a word; with a later one set it to `json_schema`.",
        "github.com/Blaizzy/mlx-vlm, its pull request 1047, November 2026",
    ),
    "litellm": Preset(
        "LiteLLM proxy",
        "`litellm --config FILE`; `model` is a `model_name` of that file",
        {
            "kind": "openai",
            "base_url": "http://127.0.0.1:4000/v1",
            "model": "vision",
            "api_key_env": "LITELLM_API_KEY",
            "concurrency": 32,
            "calls_per_minute": 0,
        },
        "Its own retries multiply ours: set `num_retries: 0` there. Its own 429 asks for 60 s.",
        "docs.litellm.ai, version 1.106 by hand, November 2026",
    ),
}


def with_presets(data: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as TOML gives them, with the keys of the presets that they name filled in.

    A table without ``preset`` and ``kind`` whose name is a preset's starts from that; so does a
    name in the chain that has no table.
    """
    tables = data.get("backends", {})
    chain = data.get("chain", ())
    if not isinstance(tables, Mapping) or not isinstance(chain, list | tuple):
        return dict(data)  # what is wrong with it validation says
    named = [name for name in chain if isinstance(name, str) and name not in tables]
    filled = {name: _filled(name, table) for name, table in tables.items()}
    filled |= {name: _filled(name, {}) for name in named if name in PRESETS}
    return {**data, "backends": filled} if filled else dict(data)


def _filled(name: str, table: Any) -> Any:
    if not isinstance(table, Mapping):
        return table
    chosen = table.get("preset") or (name if "kind" not in table else None)
    preset = PRESETS.get(chosen) if isinstance(chosen, str) else None
    if preset is not None:
        return {**preset.values, "preset": chosen, **table}
    # An unknown preset is told with the nearest one, which is the field's own business.
    return {"kind": "openai", **table} if table.get("preset") else table


def render() -> str:
    """The table of presets as it stands in ``docs/models.md``."""
    rows = ["| preset | server | needs | address | model |", "| --- | --- | --- | --- | --- |"]
    for name, preset in PRESETS.items():
        values = preset.values
        rows.append(
            f"| `{name}` | {preset.server} | {preset.needs} | `{values['base_url']}` | "
            f"`{values['model']}` |"
        )
    notes = [
        f"- `{name}`: {preset.habits} ({preset.source})"
        + (f" Price: {_price(preset)}." if _price(preset) else "")
        for name, preset in PRESETS.items()
    ]
    return "\n".join([*rows, "", *notes]) + "\n"


def _price(preset: Preset) -> str:
    prices = [preset.values.get(f"price_per_million_{what}_tokens") for what in ("input", "output")]
    told = " and ".join(f"{price:.2f}" for price in prices if price)
    return f"{told} USD a million tokens in and out" if told else ""


if __name__ == "__main__":
    sys.stdout.write(render())
