"""Prints ``docs/settings.md`` from the settings' own descriptions.

``python -m pdf_extraction.settings.document > docs/settings.md``
"""

from __future__ import annotations

import json
import sys
import types
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from pdf_extraction.settings.backends import BUILT_IN_KINDS
from pdf_extraction.settings.models import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_HEAD = """\
# Settings

Printed by `python -m pdf_extraction.settings.document`; do not edit.

One TOML file: the one of `--config`, else of `$PDF_EXTRACTION_CONFIG`, else
`./pdf_extraction.toml` where it exists. With no file at all every default holds. Keys of
servers are read from the environment variable that `api_key_env` names, never from the file.
The folder of all state is `--data`, else `$PDF_EXTRACTION_DATA`, else `./data`.

A wrong or unknown key stops the program with exit status 2 and the nearest right key.
"""
_NAMES = {int: "whole number", float: "number", str: "text", bool: "true or false"}
_BOUNDS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def render() -> str:
    """The whole page as Markdown."""
    sections: dict[str, Any] = {
        f"[{name}]": field.annotation
        for name, field in Settings.model_fields.items()
        if _is_section(field.annotation)
    }
    sections |= {f'[backends.NAME] with kind = "{kind}"': m for kind, m in BUILT_IN_KINDS.items()}
    parts = [_HEAD, "## Top level\n", _table(Settings)]
    for title, model in sections.items():
        parts += [f"## `{title}`\n", f"{(model.__doc__ or '').strip()}\n", _table(model)]
    parts.append(_PLUGINS)
    return "\n".join(parts)


_PLUGINS = """\
## `[backends.NAME]` of a plug-in

A kind registered under the entry points `pdf_extraction.backends` gets its table as it stands.
A chain may name `embedded` without a table of that name.
"""


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        if not _is_section(field.annotation) and name != "backends":
            kind = _type(field.annotation) + _bounds(field)
            rows.append(f"| `{name}` | {kind} | {_default(field)} | {field.description} |")
    return "\n".join(rows) + "\n"


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(part) for part in arguments if part is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}s" if arguments[0] is float else "list of texts"
    return _NAMES.get(annotation, "table")


def _bounds(field: FieldInfo) -> str:
    signs = [
        f"{sign} {getattr(bound, name):_}"
        for bound in field.metadata
        for kind, (sign, name) in _BOUNDS.items()
        if isinstance(bound, kind)
    ]
    return f", {', '.join(signs)}" if signs else ""


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else "`{}`"
    if field.default is None:
        return "not set"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    if isinstance(value, int) and not isinstance(value, bool):
        return f"`{value:_}`"
    return f"`{json.dumps(value)}`"


if __name__ == "__main__":
    sys.stdout.write(render())
