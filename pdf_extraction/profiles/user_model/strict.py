"""A Pydantic model's JSON schema as strict servers take it, and answers back to the model's own.

OpenAI's strict mode (platform.openai.com, "Structured Outputs", supported schemas) wants all
properties required, none beyond them, no defaults and no bounds; grammars of other servers
take no more. What it does not take becomes a word in the description. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: Keywords that become words, as they are said.
_SAID = {
    "format": "{}",
    "pattern": "matches {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "uniqueItems": "no item twice",
    "examples": "such as {}",
}
_FORMATS = {
    "date": "YYYY-MM-DD",
    "date-time": "YYYY-MM-DDTHH:MM:SS",
    "time": "HH:MM:SS",
}
_KEPT = ("type", "enum")
ENTRY_KEY, ENTRY_VALUE = "key", "value"
_JSON_TEXT = {"type": "string", "description": "a JSON value, written as text"}


def strict_schema(schema: Mapping[str, Any], *, partial: bool = False) -> dict[str, Any]:
    """The schema rewritten.

    Args:
        schema: As Pydantic makes it.
        partial: Whether every field of the top object may be null, for a page that has not
            all of it.
    """
    rewriting = _Rewriting(schema.get("$defs", {}))
    top = rewriting.schema({key: value for key, value in schema.items() if key != "$defs"})
    if partial:
        inner = top["properties"].items()
        top["properties"] = {
            name: value if value.get("type") == "array" else _or_null(value)
            for name, value in inner
        }
    if rewriting.kept:
        top["$defs"] = {name: value for name, value in rewriting.kept.items() if value}
    return top


class _Rewriting:
    """One schema's rewriting; definitions stay only where a model holds itself."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.open: list[str] = []
        self.kept: dict[str, Any] = {}

    def schema(self, old: Any) -> dict[str, Any]:
        if not isinstance(old, Mapping):
            return dict(_JSON_TEXT)
        if "$ref" in old:
            return self._referred(old)
        if len(parts := old.get("allOf", ())) == 1:
            return self.schema({**{k: v for k, v in old.items() if k != "allOf"}, **parts[0]})
        for keyword in ("anyOf", "oneOf"):
            if keyword in old:
                return self._union(old, old[keyword])
        return self._typed(old)

    def _referred(self, old: Mapping[str, Any]) -> dict[str, Any]:
        name = old["$ref"].rsplit("/", 1)[-1]
        if name in self.open:
            self.kept.setdefault(name, None)
            return {"$ref": f"#/$defs/{name}"}
        self.open.append(name)
        found = self.schema(self.definitions[name])
        self.open.pop()
        if name in self.kept:
            self.kept[name] = dict(found)
        said = str(old.get("description", ""))
        return {**found, "description": said} if said and "$ref" not in found else found

    def _union(self, old: Mapping[str, Any], members: Any) -> dict[str, Any]:
        kinds = {m.get("type") for m in members if isinstance(m, Mapping)}
        if kinds - {"null"} == {"number", "string"} and not any("enum" in m for m in members):
            # A decimal, which Pydantic takes as a number or as a text.
            members = [m for m in members if m.get("type") != "string"]
        rewritten = [self.schema(member) for member in members]
        distinct = list({json.dumps(one, sort_keys=True): one for one in rewritten}.values())
        description = _described(old)
        if len(distinct) == 1:
            only = distinct[0]
            return {**only, "description": description} if description else only
        return {"anyOf": distinct, **({"description": description} if description else {})}

    def _typed(self, old: Mapping[str, Any]) -> dict[str, Any]:
        if "const" in old:
            old = {**old, "enum": [old["const"]]}
        if "enum" in old and "type" not in old:
            old = {**old, "type": _type_of(old["enum"])}
        kind = old.get("type")
        description = _described(old)
        new: dict[str, Any] = {name: old[name] for name in _KEPT if name in old}
        if kind == "object":
            new = self._object(old)
        elif kind == "array":
            new = {"type": "array", "items": self._items(old)}
        elif not new:
            new = dict(_JSON_TEXT)
        return {**new, "description": description} if description else new

    def _object(self, old: Mapping[str, Any]) -> dict[str, Any]:
        properties = old.get("properties")
        if properties is None:
            inner = old.get("additionalProperties", True)
            entry = {
                "type": "object",
                "properties": {ENTRY_KEY: {"type": "string"}, ENTRY_VALUE: self.schema(inner)},
                "required": [ENTRY_KEY, ENTRY_VALUE],
                "additionalProperties": False,
            }
            return {"type": "array", "items": entry}
        required = set(old.get("required", ()))
        return {
            "type": "object",
            "properties": {
                name: self.schema(value)
                if name in required or _is_filled(value)
                else _or_null(self.schema(value))
                for name, value in properties.items()
            },
            "required": list(properties),
            "additionalProperties": False,
        }

    def _items(self, old: Mapping[str, Any]) -> dict[str, Any]:
        if "prefixItems" in old:
            return self._union({}, old["prefixItems"])
        return self.schema(old.get("items", {}))


def _is_filled(value: Any) -> bool:
    """Lists that are not required are empty, and constants what they are, rather than null."""
    if not isinstance(value, Mapping):
        return False
    has_free_keys = value.get("type") == "object" and "properties" not in value
    return value.get("type") == "array" or has_free_keys or "const" in value


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "null":
        return schema
    if "anyOf" in schema:
        has_null = any(one.get("type") == "null" for one in schema["anyOf"])
        members = schema["anyOf"] if has_null else [*schema["anyOf"], {"type": "null"}]
        return {**schema, "anyOf": members}
    description = schema.get("description")
    inner = {key: value for key, value in schema.items() if key != "description"}
    union: dict[str, Any] = {"anyOf": [inner, {"type": "null"}]}
    return {**union, "description": description} if description else union


def _described(old: Mapping[str, Any]) -> str:
    said = [str(old["description"]).strip()] if old.get("description") else []
    for keyword, words in _SAID.items():
        if keyword in old:
            value = old[keyword]
            if keyword == "examples":
                value = ", ".join(json.dumps(one, ensure_ascii=False) for one in value)
            elif keyword == "format":
                value = _FORMATS.get(value, value)
            said.append(words.format(value))
    return "; ".join(said)


def _type_of(values: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    found = {names.get(type(value), "string") for value in values}
    return found.pop() if len(found) == 1 else "string"


def from_entries(value: Any) -> Any:
    """A list of keys and values as the object that it stands for."""
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(one, dict) and set(one) == {ENTRY_KEY, ENTRY_VALUE} for one in value):
        return {str(one[ENTRY_KEY]): from_entries(one[ENTRY_VALUE]) for one in value}
    return value
