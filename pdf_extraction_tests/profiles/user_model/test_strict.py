from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from pdf_extraction.profiles.user_model.strict import from_entries, strict_schema


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: str = Field(min_length=4, pattern="^[0-9]+$")


class Pix(BaseModel):
    kind: Literal["pix"] = "pix"
    key: str


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Everything(BaseModel):
    """One of each."""

    text: str = Field(max_length=10, description="a text")
    count: int = Field(ge=0, lt=10)
    price: Decimal = Field(max_digits=8, decimal_places=2, gt=0)
    day: date | None = None
    size: Size = Size.SMALL
    payment: Annotated[Card | Pix, Field(discriminator="kind")]
    either: int | str | None = None
    pair: tuple[int, int] = (0, 0)
    labels: dict[str, float] = Field(default_factory=dict)
    anything: Any = None
    cards: list[Card] = Field(default_factory=list, max_length=3)


class Node(BaseModel):
    name: str
    children: list["Node"] = Field(default_factory=list)


ALLOWED = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "anyOf",
    "enum",
    "description",
    "$ref",
    "$defs",
}


def keywords(schema):
    """Every keyword of a schema, names of properties and definitions aside."""
    for key, value in schema.items():
        yield key
        inner = value if key == "anyOf" else [value] if key == "items" else []
        inner = list(value.values()) if key in {"properties", "$defs"} else inner
        for one in inner:
            yield from keywords(one)


def objects(schema):
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


@pytest.mark.parametrize("model", [Everything, Node])
def test_a_schema_has_only_what_strict_mode_takes(model):
    """All properties required, none beyond them, no default, format, bound or pattern."""
    schema = strict_schema(model.model_json_schema())
    assert set(keywords(schema)) <= ALLOWED
    assert schema["type"] == "object"
    for one in objects(schema):
        assert one["required"] == list(one["properties"])
        assert one["additionalProperties"] is False


def test_what_strict_mode_does_not_take_becomes_words():
    """Bounds, formats and patterns are said where a model reads them."""
    properties = strict_schema(Everything.model_json_schema())["properties"]
    assert properties["text"]["description"] == "a text; at most 10 characters"
    assert "less than 10" in properties["count"]["description"]
    assert properties["price"]["type"] == "number"
    assert properties["day"]["anyOf"] == [
        {"type": "string", "description": "YYYY-MM-DD"},
        {"type": "null"},
    ]
    assert [one["properties"]["kind"]["enum"] for one in properties["payment"]["anyOf"]] == [
        ["card"],
        ["pix"],
    ]
    entry = properties["labels"]["items"]["properties"]
    assert entry == {"key": {"type": "string"}, "value": {"type": "number"}}
    assert {"type": "null"} in properties["size"]["anyOf"]


def test_a_model_within_itself_keeps_its_definition():
    """What has no end cannot be written out."""
    schema = strict_schema(Node.model_json_schema())
    assert schema["$defs"]["Node"]["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


def test_a_page_among_others_may_lack_everything():
    """Each field of the whole may be null, a list is empty."""
    properties = strict_schema(Everything.model_json_schema(), partial=True)["properties"]
    assert properties["cards"]["type"] == "array"
    for name in ("text", "count", "payment"):
        assert {"type": "null"} in properties[name]["anyOf"]


def test_entries_become_the_object_that_they_stand_for():
    """Strict mode has no free keys, so a dict is asked for as a list."""
    entries = [{"key": "a", "value": 1}, {"key": "b", "value": [{"key": "c", "value": 2}]}]
    assert from_entries(entries) == {"a": 1, "b": {"c": 2}}
    assert from_entries([{"key": "a"}]) == [{"key": "a"}]
