"""Known servers need only a key or a port."""

from pathlib import Path

import pytest

from pdf_extraction.backends.chain import build_backend
from pdf_extraction.errors import SettingsError, Unauthorized
from pdf_extraction.settings import parse_settings
from pdf_extraction.settings.presets import PRESETS, render
from pdf_extraction_tests.backends.helpers import request

MODELS_PAGE = Path(__file__).parents[2] / "docs" / "models.md"


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_name_in_the_chain_needs_no_table(name):
    """Every preset is a whole, valid backend."""
    settings = parse_settings({"chain": [name]}, "test")
    backend = settings.chained[name]
    assert backend.preset == name
    assert {**backend.model_dump(), **PRESETS[name].values} == backend.model_dump()
    assert build_backend(name, backend).name == name


def test_any_key_of_the_table_counts_before_the_presets():
    """A table may start from a preset by naming it, under any name."""
    table = {"preset": "vllm", "base_url": "http://10.0.0.5:9000/v1", "concurrency": 3}
    settings = parse_settings({"chain": ["gpu"], "backends": {"gpu": table}}, "test")
    backend = settings.backends["gpu"]
    assert (backend.base_url, backend.concurrency) == ("http://10.0.0.5:9000/v1", 3)
    assert backend.model == PRESETS["vllm"].values["model"]


def test_a_table_of_a_presets_name_starts_from_it():
    """Only what differs has to be said."""
    settings = parse_settings({"backends": {"ollama": {"model": "gemma3:12b"}}}, "test")
    assert settings.backends["ollama"].base_url == PRESETS["ollama"].values["base_url"]
    assert settings.backends["ollama"].model == "gemma3:12b"


def test_a_table_with_a_kind_is_taken_as_it_stands():
    """A backend that happens to be called like a preset is the user's own."""
    table = {"kind": "openai", "base_url": "http://127.0.0.1:1/v1", "model": "m"}
    backend = parse_settings({"backends": {"openrouter": table}}, "test").backends["openrouter"]
    assert backend.preset is None
    assert backend.price_per_million_input_tokens == 0.0


def test_settings_survive_being_read_again():
    """The launchpad reads settings back; nothing of a preset returns that was changed."""
    first = parse_settings(
        {"chain": ["openai"], "backends": {"openai": {"max_tokens_name": "max_tokens"}}}, "test"
    )
    assert parse_settings(first.model_dump(), "again") == first


def test_an_unknown_preset_is_told_with_the_nearest():
    """A typo in a preset or in the chain names the right one."""
    with pytest.raises(SettingsError, match="openrouter"):
        parse_settings({"backends": {"x": {"preset": "openruter"}}}, "test")
    with pytest.raises(SettingsError, match="did you mean 'openrouter'"):
        parse_settings({"chain": ["openruter"]}, "test")


async def _unauthorized(name):
    settings = parse_settings({"chain": [name]}, "test")
    await build_backend(name, settings.chained[name]).complete(request())


@pytest.mark.parametrize(
    ("name", "variable"), [("openai", "OPENAI_API_KEY"), ("openrouter", "OPENROUTER_API_KEY")]
)
def test_a_missing_key_names_its_variable(name, variable, monkeypatch):
    """A provider's preset without its key says which variable to set, and calls nobody."""
    import asyncio

    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(Unauthorized, match=variable):
        asyncio.run(_unauthorized(name))


def test_the_page_shows_the_presets_as_they_are():
    """docs/models.md holds the table that `python -m pdf_extraction.settings.presets` prints."""
    assert render() in MODELS_PAGE.read_text(encoding="utf-8")
