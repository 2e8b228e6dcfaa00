"""From a TOML file to settings, with errors that name the key, the file and what to write.

The file is the option's, else ``$PDF_EXTRACTION_CONFIG``, else ``./pdf_extraction.toml``
where it exists. Single keys have no environment variables: the command line and Dagster's
launchpad change them for a run. Texts of the file never reach a message: people paste keys.
"""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from pdf_extraction.errors import SettingsError
from pdf_extraction.settings.backends import (
    BUILT_IN_KINDS,
    BackendSettings,
    OpenAIBackendSettings,
    OtherBackendSettings,
)
from pdf_extraction.settings.models import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

DEFAULT_FILE = Path("pdf_extraction.toml")
CONFIG_VARIABLE = "PDF_EXTRACTION_CONFIG"
DATA_VARIABLE = "PDF_EXTRACTION_DATA"
PLUGIN_GROUP = "pdf_extraction.backends"

_EXPECTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table",
    "model": "a table",
}
_TYPE_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
}


def data_dir(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Folder of all state: the option, else ``$PDF_EXTRACTION_DATA``, else ``./data``."""
    return option or Path(environ.get(DATA_VARIABLE) or "data")


def api_key(backend: BackendSettings, environ: Mapping[str, str]) -> str | None:
    """Key of a backend, read when a client is made; None where no variable is named or set."""
    if not isinstance(backend, OpenAIBackendSettings) or backend.api_key_env is None:
        return None
    return environ.get(backend.api_key_env, "").strip() or None


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings of a TOML file; all defaults where no file is named and none is found.

    Raises:
        SettingsError: The file is missing or no TOML, or a key is unknown or wrong.
    """
    chosen = path or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if chosen is None and not DEFAULT_FILE.exists():
        return Settings()
    file = chosen or DEFAULT_FILE
    settings = parse_settings(_read_toml(file), str(file))
    _check_plugins(settings, str(file))
    return settings.model_copy(update={"profile": placed(settings.profile, file.parent)})


def placed(profile: str, folder: Path) -> str:
    """A profile as it is named from the working folder.

    Args:
        profile: Its name; of a file, from the working folder or from ``folder``.
        folder: That of the settings file.
    """
    path, colon, name = profile.rpartition(":")
    beside = folder / path
    if not colon or not path.endswith(".py") or Path(path).exists() or not beside.exists():
        return profile
    return f"{Path(os.path.relpath(beside)).as_posix()}:{name}"


def parse_settings(data: Mapping[str, Any], origin: str) -> Settings:
    """Settings of a mapping as TOML would give it.

    Args:
        data: The top-level table.
        origin: What messages call the source, such as the file's path.

    Raises:
        SettingsError: A key is unknown or its value is wrong; all such keys are named.
    """
    try:
        return Settings.model_validate(dict(data))
    except ValidationError as error:
        details = error.errors(include_url=False)
        sentences = dict.fromkeys(_sentence(detail) for detail in details)
        raise SettingsError("\n".join(f"{origin}: {text}" for text in sentences)) from None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"{file}: there is no such settings file") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{file}: line {line} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from None


def _check_plugins(settings: Settings, origin: str) -> None:
    kinds = {*BUILT_IN_KINDS, *entry_points(group=PLUGIN_GROUP).names}
    for name, backend in settings.backends.items():
        if isinstance(backend, OtherBackendSettings) and backend.kind not in kinds:
            near = get_close_matches(backend.kind, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(kinds))}"
            raise SettingsError(
                f"{origin}: backends.{name}.kind: no such kind is installed; {hint}"
            )


def _sentence(detail: ErrorDetails) -> str:
    # A backend's location carries the tag that chose its model behind the backend's name.
    location = detail["loc"]
    tagged = location[0] == "backends" and len(location) > 2 if location else False
    loc = location[:2] + location[3:] if tagged else location
    dotted = _dotted(loc)
    if detail["type"] == "extra_forbidden":
        tag = str(location[2]) if tagged else ""
        return f"{dotted} is not a setting; {_nearest(tuple(map(str, loc)), tag)}"
    if detail["type"] == "missing":
        return f"{dotted} is missing{_meaning(loc, location)}"
    problem = _problem(detail)
    return f"{dotted}: {problem}" if dotted else problem


def _dotted(loc: Iterable[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def _problem(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short":
        return "must not be empty"
    if kind == "literal_error":
        return f"expected one of {context['expected']}{_got(detail['input'])}"
    for prefix, expected in _EXPECTED.items():
        if kind.startswith((f"{prefix}_type", f"{prefix}_from", f"{prefix}_attributes")):
            return f"expected {expected}{_got(detail['input'])}"
    return detail["msg"].replace("Input should", "should")


def _got(value: object) -> str:
    if isinstance(value, bool | int | float):
        return f", got {str(value).lower()}"
    return f", got {_TYPE_NAMES[type(value)]}" if type(value) in _TYPE_NAMES else ""


def _meaning(loc: tuple[int | str, ...], location: tuple[int | str, ...]) -> str:
    model = BUILT_IN_KINDS.get(str(location[2]), BackendSettings) if loc[0] == "backends" else None
    field = model.model_fields.get(str(loc[-1])) if model else None
    return f": {field.description}" if field and field.description else ""


def _nearest(loc: tuple[str, ...], tag: str) -> str:
    """The right key: a sibling, else one of that name in another table."""
    parent, key = loc[:-1], loc[-1]
    model = BUILT_IN_KINDS[tag] if tag else _model_at(parent)
    siblings = list(model.model_fields) if model else []
    everywhere = {field: (*path, field) for path, field in _all_keys()}
    if near := get_close_matches(key, siblings, n=1, cutoff=0.75):
        return f"did you mean {_dotted((*parent, near[0]))}?"
    if near := get_close_matches(key, everywhere, n=1, cutoff=0.75):
        return f"did you mean {_dotted(everywhere[near[0]])}?"
    if near := get_close_matches(key, siblings, n=1, cutoff=0.4):
        return f"did you mean {_dotted((*parent, near[0]))}?"
    return f"known here are {', '.join(siblings)}"


def _model_at(path: tuple[str, ...]) -> type[BaseModel] | None:
    model: Any = Settings
    for part in path:
        model = model.model_fields[part].annotation
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _all_keys() -> list[tuple[tuple[str, ...], str]]:
    keys: list[tuple[tuple[str, ...], str]] = []
    for kind, backend in BUILT_IN_KINDS.items():
        keys += [(("backends", kind), field) for field in backend.model_fields]
    for section in Settings.model_fields:
        if (model := _model_at((section,))) is not None:
            keys += [((section,), field) for field in model.model_fields]
    keys += [((), section) for section in Settings.model_fields]
    return keys
