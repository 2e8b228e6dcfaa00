"""What was asked and what the scripted model says to it, whole or damaged; pure.

No connection and no clock here.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pybase64

#: How a user text names the page it is about, the sure ways first.
_PAGE_NAMES = (
    re.compile(r"(?:primary page|página principal)\D{0,20}(\d+)", re.IGNORECASE),
    re.compile(r"page_number\W{0,20}(\d+)", re.IGNORECASE),
    re.compile(r"\bp(?:age|ágina|agina|g)\b\W{0,3}(?:n\w*\W{0,3})?(\d+)", re.IGNORECASE),
)
_DATA_URL = re.compile(r"data:[\w./+-]*;base64,")
#: Most tokens of an answer where the call names none.
DEFAULT_ROOM = 8192
_BASE64 = b";base64,"
#: Characters; what is shorter may be somebody's text about pictures.
_LEAST_PICTURE = 200
_SCHEMA_IN_TEXT = re.compile(r"json[ -]schema\w*\W*?(?=\{)", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What one chat completion call asked for.

    Attributes:
        page_number: As the user text names it, from 1; 1 where it names none.
        pictures: SHA-256 of each picture's bytes, hexadecimal, in order.
        system: The system message.
        text: All user texts, one per line.
        schema: JSON schema of ``response_format`` or of the text; None where there is none.
        body: The call as it came, but for the pictures' bytes.
        picture_bytes: Bytes of all pictures.
    """

    page_number: int
    pictures: tuple[str, ...]
    system: str
    text: str
    schema: Mapping[str, Any] | None
    body: Mapping[str, Any]
    picture_bytes: int = 0

    @property
    def room(self) -> int:
        """Most tokens of the answer."""
        asked = self.body.get("max_tokens") or self.body.get("max_completion_tokens")
        return int(asked or DEFAULT_ROOM)

    @property
    def identity(self) -> str:
        """What makes two calls the same question."""
        return "+".join(self.pictures) or hashlib.sha256(self.text.encode()).hexdigest()


#: Gives the content for a question, or None to have one made up.
Answerer = Callable[[Asked], str | None]


@dataclass
class _Message:
    texts: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    picture_bytes: int = 0


def read_asked(raw: bytes) -> Asked:
    """Understand the body of a chat completion call.

    Raises:
        ValueError: No JSON object with messages, or a picture that is no ``data:`` URL.
    """
    slim, lifted = _without_pictures(raw)
    body = json.loads(slim)
    if not isinstance(body, dict) or not isinstance(body.get("messages"), list):
        raise ValueError("messages is missing")  # noqa: TRY004 - the client's fault, not ours
    by_role: dict[str, _Message] = {}
    for message in body["messages"]:
        into = by_role.setdefault(message.get("role"), _Message())
        _collect(message.get("content"), into, lifted)
    user = by_role.get("user", _Message())
    text = "\n".join(user.texts)
    system = "\n".join(by_role.get("system", _Message()).texts)
    return Asked(
        page_number=_page_number(text),
        pictures=tuple(user.pictures),
        system=system,
        text=text,
        schema=_schema(body, f"{system}\n{text}"),
        body=body,
        picture_bytes=user.picture_bytes,
    )


def _without_pictures(raw: bytes) -> tuple[bytes, list[bytes]]:
    """A body with a number in each picture's place, and the pictures' base64.

    Reading them as JSON text took two thirds of a call, beside the client on the same cores.
    """
    parts: list[bytes] = []
    lifted: list[bytes] = []
    done = 0
    while (at := raw.find(_BASE64, done)) >= 0:
        start = at + len(_BASE64)
        end = raw.find(b'"', start)
        data = raw[start : end if end >= 0 else len(raw)]
        if len(data) < _LEAST_PICTURE or b"\\" in data or b" " in data:
            parts.append(raw[done:start])
            done = start
            continue
        parts.append(b"%b@%d" % (raw[done:start], len(lifted)))
        lifted.append(data)
        done = start + len(data)
    return b"".join([*parts, raw[done:]]), lifted


def _collect(content: Any, into: _Message, lifted: Sequence[bytes]) -> None:
    if isinstance(content, str):
        into.texts.append(content)
        return
    for part in content or ():
        if part.get("type") == "text":
            into.texts.append(part["text"])
        elif part.get("type") == "image_url":
            url = part["image_url"]["url"]
            head = _DATA_URL.match(url)
            if head is None:
                raise ValueError("image_url is no base64 data: URL")
            found = url[head.end() :]
            encoded = lifted[int(found[1:])] if found.startswith("@") else found
            data = pybase64.b64decode(encoded, validate=True)
            into.pictures.append(hashlib.sha256(data).hexdigest())
            into.picture_bytes += len(data)
            part["image_url"] = {"url": head.group() + "..."}


def _page_number(text: str) -> int:
    for pattern in _PAGE_NAMES:
        if found := pattern.search(text):
            return int(found.group(1))
    return 1


def _schema(body: Mapping[str, Any], text: str) -> Mapping[str, Any] | None:
    declared = body.get("response_format") or {}
    if declared.get("type") == "json_schema":
        schema = declared["json_schema"].get("schema")
        return schema if isinstance(schema, dict) else None
    if found := _SCHEMA_IN_TEXT.search(text):
        try:
            schema = json.JSONDecoder().raw_decode(text, found.end())[0]
        except ValueError:
            return None
        return schema if isinstance(schema, dict) else None
    return None


def made_up(asked: Asked, devices: int) -> str:
    """A plausible answer, the same for the same question.

    Args:
        asked: The question; its schema decides the shape, legal devices where it has none.
        devices: How many devices a legal answer has.
    """
    schema = asked.schema
    if schema is None or "devices" in schema.get("properties", {}):
        return _legal(asked.page_number, devices)
    return json.dumps(_of_schema(schema, schema, asked.page_number), ensure_ascii=False)


@lru_cache(maxsize=4096)
def _legal(page: int, devices: int) -> str:
    """An article and its incisos, numbered by the page so that documents stay in order."""
    article = f"Art. {page}º" if page < 10 else f"Art. {page}"
    items = [
        {
            "device_type": "artigo",
            "identifier": article,
            "text": f"{article} Esta Lei dispõe sobre a matéria da página {page}, observados:",
            "parent_identifier": None,
            "bbox": [0.12, 0.1, 0.88, 0.15],
            "confidence": 0.98,
        }
    ]
    items += [
        {
            "device_type": "inciso",
            "identifier": _roman(number),
            "text": f"{_roman(number)} - a disposição de número {number} da página {page};",
            "parent_identifier": article,
            "bbox": [0.15, round(0.1 + 0.8 * number / devices, 4), 0.88, 0.95],
            "confidence": 0.95,
        }
        for number in range(1, devices)
    ]
    return json.dumps({"page_number": page, "devices": items}, ensure_ascii=False)


def _roman(number: int) -> str:
    numerals = zip(
        (100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    )
    text = ""
    for value, letters in numerals:
        count, number = divmod(number, value)
        text += letters * count
    return text


def _of_schema(schema: Mapping[str, Any], root: Mapping[str, Any], page: int) -> Any:
    """The least value that a JSON schema allows, with the page's number where it asks."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        return _of_schema(target, root, page)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _of_schema(schema[key][0], root, page)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    return _of_type(schema, root, page)


def _of_type(schema: Mapping[str, Any], root: Mapping[str, Any], page: int) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        values = {
            name: _of_schema(inner, root, page)
            for name, inner in schema.get("properties", {}).items()
        }
        return {**values, "page_number": page} if "page_number" in values else values
    if kind == "array":
        count = max(1, schema.get("minItems", 1))
        return [_of_schema(schema.get("items", {}), root, page) for _ in range(count)]
    scalars = {
        "integer": schema.get("minimum", 1),
        "number": schema.get("minimum", 1.0),
        "boolean": True,
        "null": None,
    }
    if kind in scalars:
        return scalars[kind]
    # Strict schemas have no formats; what they say of one stands in the description.
    said = schema.get("format", "") or next((s for s in _SAID if s in str(schema)), "")
    return _TEXTS.get(_SAID.get(said, said), f"texto da página {page}")


_SAID = {"YYYY-MM-DDTHH:MM:SS": "date-time", "YYYY-MM-DD": "date", "HH:MM:SS": "time"}
_TEXTS = {"date": "2024-01-31", "date-time": "2024-01-31T12:00:00Z", "time": "12:00:00"}


def damaged(kind: str | None, content: str, asked: Asked, dice: random.Random) -> dict[str, Any]:
    """A choice's ``message`` and ``finish_reason`` with the fault ``kind`` in it.

    What a stuck model goes on to write is no part of it: see ``ENDLESS``.
    """
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if kind is not None and kind in _DAMAGES:
        message["content"] = _DAMAGES[kind](content, asked)
    elif kind == "truncated":
        message["content"] = content[: int(len(content) * dice.uniform(0.3, 0.8))]
    elif kind == "refusal":
        message = {**message, "content": None, "refusal": "I can't help with that document."}
    elif kind == "reasoning":
        message["reasoning_content"] = 'The page may show {"devices": []}, or not.'
    elif kind == "tool_call":
        call = {"name": "answer", "arguments": content}
        message = {
            **message,
            "content": None,
            "tool_calls": [{"index": 0, "type": "function", "function": call}],
        }
    reason = "tool_calls" if kind == "tool_call" else _REASONS.get(kind or "", "stop")
    return {"message": message, "finish_reason": reason}


#: What a stuck model repeats behind its answer until its room is used up.
ENDLESS: Mapping[str, str] = {
    "token_loop": " da Lei nº 9.784,",
    "whitespace_loop": " \n\t",
    "whitespace_tail": "\n  \t",
}
_REASONS = {"truncated": "length", **dict.fromkeys(ENDLESS, "length")}


def _wrong_page(content: str, asked: Asked) -> str:
    number = asked.page_number
    return re.sub(rf'("page_number": ?){number}\b', rf"\g<1>{number + 7}", content)


_DAMAGES: Mapping[str, Callable[[str, Asked], Any]] = {
    # Not merely unclosed, which any repair mends: the list is prose.
    "malformed": lambda _, a: f'{{"page_number": {a.page_number}, "devices": "Art. 1º e outros}}',
    "token_loop": lambda content, _: content[: len(content) // 2],
    "whitespace_loop": lambda content, _: content[: len(content) // 2],
    "wrong_page": _wrong_page,
    "empty": lambda _, __: "",
    "list_content": lambda content, _: [{"type": "text", "text": content}],
    "think": lambda content, _: f'<think>The page shows {{"devices": []}}?</think>\n{content}',
    "think_open": lambda content, _: f"<think>The page shows one article.\n{content}",
    "fences": lambda content, _: f"```json\n{content}\n```",
    "prose": lambda content, _: f"Aqui está o resultado:\n\n{content}\n\nEspero ter ajudado!",
    "page_list": lambda content, a: f'[{{"page_number": {a.page_number + 1}}}, {content}]',
    "sideways": lambda content, _: content.replace("{", '{"rotation_correction": 90, ', 1),
}
