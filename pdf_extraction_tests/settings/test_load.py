from pathlib import Path

import pytest

from pdf_extraction.errors import Remedy, SettingsError
from pdf_extraction.settings import (
    EmbeddedBackendSettings,
    OpenAIBackendSettings,
    OtherBackendSettings,
    Settings,
    api_key,
    data_dir,
    load_settings,
    parse_settings,
)

CONTRACT = """
profile = "legal_ptbr"
chain   = ["vllm", "openrouter", "embedded"]
[render]
dpi = 300
max_pixels = 2_000_000
image_format = "jpeg"
[budget]
max_cost_usd = 5.0
page_error_rate = 0.004
[backends.vllm]
kind = "openai"
base_url = "http://127.0.0.1:8002/v1"
model = "Qwen/Qwen3-VL-8B-Instruct"
api_key_env = "VLLM_API_KEY"
concurrency = 64
timeout_s = 120
max_attempts = 3
temperature = 0.0
max_tokens = 8192
context_window = 0
max_image_bytes = 4_000_000
calls_per_minute = 500
input_tokens_per_minute = 10_000_000
output_tokens_per_minute = 1_000_000
price_per_million_input_tokens = 0.0
price_per_million_output_tokens = 0.0
extra_headers = { "HTTP-Referer" = "https://example.org" }
response_format = "json_schema"
[backends.openrouter]
kind = "openai"
base_url = "https://openrouter.ai/api/v1/"
model = "qwen/qwen3-vl-8b-instruct"
[backends.embedded]
kind = "embedded"
ocr_languages = ["por", "eng"]
"""
SERVER = {"kind": "openai", "base_url": "http://127.0.0.1:8002/v1", "model": "m"}


def load(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    file = tmp_path / "my.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ or {})


def message(data: dict[str, object]) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(data, "my.toml")
    return str(caught.value)


def test_the_contract_file_loads_and_holds_the_documented_defaults(tmp_path):
    """Every key of the contract is a setting, and its server values are the defaults."""
    settings = load(tmp_path, CONTRACT)
    vllm = settings.backends["vllm"]
    bare = OpenAIBackendSettings(
        base_url="http://127.0.0.1:8002/v1",
        model="Qwen/Qwen3-VL-8B-Instruct",
        api_key_env="VLLM_API_KEY",
        extra_headers={"HTTP-Referer": "https://example.org"},
    )
    assert vllm == bare
    assert list(settings.chained) == ["vllm", "openrouter", "embedded"]
    assert settings.backends["openrouter"].base_url == "https://openrouter.ai/api/v1"
    assert settings.ocr_languages == ("por", "eng")


def test_without_a_file_the_embedded_backend_is_the_chain(tmp_path, monkeypatch):
    """With no file at all every default holds and `embedded` needs no table."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None, {})
    assert settings == Settings()
    assert settings.chained == {"embedded": EmbeddedBackendSettings()}


def test_the_file_is_found_by_option_then_variable_then_folder(tmp_path, monkeypatch):
    """The option wins over $PDF_EXTRACTION_CONFIG, which wins over the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, dpi in [("pdf_extraction.toml", 100), ("variable.toml", 101), ("option.toml", 102)]:
        Path(name).write_text(f"[render]\ndpi = {dpi}\n", encoding="utf-8")
    environ = {"PDF_EXTRACTION_CONFIG": "variable.toml"}
    assert load_settings(None, {}).render.dpi == 100
    assert load_settings(None, environ).render.dpi == 101
    assert load_settings(Path("option.toml"), environ).render.dpi == 102


def test_a_missing_file_is_an_error(tmp_path):
    """A file that was asked for and is not there is never replaced by defaults."""
    with pytest.raises(
        SettingsError, match=r"gone\.toml: there is no such settings file"
    ) as caught:
        load_settings(tmp_path / "gone.toml", {})
    assert caught.value.remedy is Remedy.STOP_USAGE


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"render": {"dpii": 1}},
            "my.toml: render.dpii is not a setting; did you mean render.dpi?",
        ),
        ({"dpi": 1}, "dpi is not a setting; did you mean render.dpi?"),
        ({"backend": {}}, "backend is not a setting; did you mean backends?"),
        ({"ocr": {"zzz": 1}}, "ocr.zzz is not a setting; known here are when, engine"),
        (
            {"backends": {"vllm": {**SERVER, "max_token": 1}}},
            "backends.vllm.max_token is not a setting; did you mean backends.vllm.max_tokens?",
        ),
        (
            {"chain": ["vlm"], "backends": {"vllm": SERVER}},
            "chain: no backend 'vlm' is defined; did you mean 'vllm', or add a table",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest_right_one(data, expected):
    """An unknown key or backend is an error with the file, the dotted key and the nearest one."""
    assert expected in message(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"render": {"dpi": "300"}}, "render.dpi: expected a whole number, got text"),
        ({"render": {"dpi": True}}, "render.dpi: expected a whole number, got true"),
        ({"render": 3}, "render: expected a table, got 3"),
        ({"render": {"image_format": "jpg"}}, "expected one of 'jpeg', 'png' or 'webp'"),
        ({"chain": "embedded"}, "chain: expected a list, got text"),
        ({"chain": []}, "chain: must not be empty"),
        ({"chain": ["embedded", "embedded"]}, "chain: names a backend twice"),
        ({"budget": {"max_cost_usd": -1}}, "budget.max_cost_usd: should be greater"),
        ({"inbox": {"endings": ["pdf"]}}, "'pdf' is no ending; write it like '.pdf'"),
        ({"inbox": {"retry_delays_s": [-1.0]}}, "a delay cannot be negative"),
        ({"backends": {"a": {}}}, "backends.a.kind is missing"),
        ({"backends": {"a": {"kind": "openai"}}}, "backends.a.model is missing: The model's name"),
        ({"backends": {"a": {**SERVER, "base_url": "localhost"}}}, "expected an address such as"),
        ({"backends": {"a": {**SERVER, "base_url": "http://a/v1?b=1"}}}, "an address ends before"),
        ({"backends": {"a": {**SERVER, "retry_temperatures": [3.0]}}}, "from 0 to 2"),
    ],
)
def test_a_wrong_value_says_what_is_expected(data, expected):
    """A value of the wrong type or range is an error that says what belongs there."""
    assert expected in message(data)


def test_all_wrong_keys_are_named_at_once():
    """One start shows every mistake of the file, a line each."""
    lines = message({"render": {"dpi": "x", "nope": 1}, "ocr": {"when": "often"}}).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("my.toml: ") for line in lines)


@pytest.mark.parametrize("key", ["api_key_env", "api_key", "base_url", "concurrency"])
def test_a_pasted_key_never_reaches_a_message(key):
    """A secret put where it does not belong is refused without being repeated."""
    text = message({"backends": {"a": {**SERVER, key: "sk-or-v1:secret"}}})
    assert "secret" not in text
    assert f"backends.a.{key}" in text


def test_a_syntax_error_names_the_line(tmp_path):
    """A file that is no TOML says in which line."""
    with pytest.raises(SettingsError, match=r"my\.toml: not valid TOML: .*line 3"):
        load(tmp_path, "profile = 'a'\nchain = [\n'x' 'y']")


def test_a_file_in_another_encoding_names_the_line(tmp_path):
    """A file saved as Latin-1 says in which line and what to do."""
    (tmp_path / "my.toml").write_bytes("# olá\n# não\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"line 1 is not UTF-8; save the file as UTF-8"):
        load_settings(tmp_path / "my.toml", {})


def test_a_file_with_a_byte_order_mark_loads(tmp_path):
    """Editors on Windows put a mark before the text; it is not part of the first key."""
    (tmp_path / "my.toml").write_bytes(b'\xef\xbb\xbfprofile = "markdown"\r\n')
    assert load_settings(tmp_path / "my.toml", {}).profile == "markdown"


def test_an_unknown_kind_names_the_nearest(tmp_path):
    """A kind that no installed backend has is an error."""
    with pytest.raises(SettingsError, match=r"backends\.b\.kind: .*did you mean 'embedded'"):
        load(tmp_path, '[backends.b]\nkind = "embeded"\n')


def test_a_plug_ins_table_is_kept_as_it_stands():
    """A kind of a plug-in gets its keys unchecked."""
    settings = parse_settings({"backends": {"b": {"kind": "mine", "speed": [1, 2]}}}, "x")
    backend = settings.backends["b"]
    assert isinstance(backend, OtherBackendSettings)
    assert backend.model_extra == {"speed": [1, 2]}


def test_a_key_is_read_late_and_only_where_it_was_named():
    """Settings hold the variable's name; no variable, an unset or an empty one mean no key."""
    named = OpenAIBackendSettings(base_url="http://h/v1", model="m", api_key_env="MY_KEY")
    unnamed = OpenAIBackendSettings(base_url="http://h/v1", model="m")
    assert api_key(named, {"MY_KEY": " k "}) == "k"
    assert api_key(named, {}) is None
    assert api_key(named, {"MY_KEY": ""}) is None
    assert api_key(unnamed, {"OPENAI_API_KEY": "k"}) is None
    assert api_key(EmbeddedBackendSettings(), {"OPENAI_API_KEY": "k"}) is None


def test_the_data_folder_is_the_option_then_the_variable_then_data():
    """The folder of all state has one place in each situation."""
    environ = {"PDF_EXTRACTION_DATA": "/srv/pdf"}
    assert data_dir(Path("here"), environ) == Path("here")
    assert data_dir(None, environ) == Path("/srv/pdf")
    assert data_dir(None, {}) == Path("data")


def test_settings_cannot_be_changed():
    """A run's settings are the same from its beginning to its end."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().render.dpi = 10
