"""From the text of a model's answer to a JSON object of the asked shape.

Pure: no profile, no backend, no page. What the object means, and whether its texts stand
on the page, is decided elsewhere; asking again is the policies' business.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import json_repair
import jsonschema

from pdf_extraction.errors import Looping, Malformed, SchemaMismatch, Truncated
from pdf_extraction.model import encodable

MAX_REPAIR_CHARACTERS = 400_000
"""json-repair is quadratic on some inputs: 40 KB of ``{"`` took it 42 s."""
MAX_PROBLEMS = 5

_THINK = re.compile(r"<(think|thinking)>.*?</\1>\s*", re.DOTALL | re.IGNORECASE)
# Chat templates that open the block themselves leave only its end in the answer.
_THINK_TAIL = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_THINK_OPEN = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_FENCE_END = re.compile(r"\n[ \t]*```[ \t]*(?:\n|\Z)")
# A brace that opens JSON, if broken JSON: prose says "{see below}" and "[1]" as well.
_OPENS_JSON = re.compile(r"""\{\s*(?:["'“”‘’}]|\w+["']?\s*:|\Z)|\[\s*[{\[]""")
_BRACKET = re.compile(r"[{\[]")
# A text, with or without its end, or a bracket.
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+("?)|[{}\[\]]', re.DOTALL)
#: What may stand behind the last of them: a value that may have been the last one, and prose.
_ENDED = re.compile(
    r"\s*(?::\s*(?:null|true|false|None|True|False|-?\d[\d.eE+-]*))?[ \t]*(?:\n.*)?", re.DOTALL
)
#: Parts of a message that are the model's thoughts.
_THOUGHTS = frozenset({"reasoning", "thinking"})
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)


def content_text(content: Any) -> str:
    """Text of a message's ``content``, which servers give as a string or a list of parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        text = "" if content.get("type") in _THOUGHTS else content.get("text", "")
        return text if isinstance(text, str) else content_text(text)
    if isinstance(content, Sequence):
        return "".join(content_text(part) for part in content)
    return str(content)


def parse_object(
    text: str,
    page_number: int | None = None,
    *,
    list_key: str | None = None,
    takes_cut: bool = False,
) -> dict[str, Any]:
    """Find the answer's JSON object, repairing it where it is broken.

    Args:
        text: The answer as it came.
        page_number: Page asked about, from 1; of several objects the one whose
            ``page_number`` says so is taken, else the first.
        list_key: Name of the object's list, such as ``devices``. With it a bare list of the
            items is wrapped, and an object hidden one level down in another is found.
        takes_cut: An answer that stops in the middle is of use.

    Raises:
        Malformed: No object can be read.
        Looping: The answer is broken and its end repeats itself.
        Truncated: It stops in the middle.
    """
    if not text.strip():
        raise Malformed("The answer is empty. Ask again, with other sampling.")
    values = _containers(text, takes_cut=takes_cut)
    objects = [item for value in values for item in _objects(value)]
    if list_key is not None:
        objects = _shaped(objects, list_key, page_number)
    if not objects:
        raise Malformed(_no_object(text, values))
    found = next((o for o in objects if _says_page(o, page_number)), objects[0])
    return _without_surrogates(found) if _ESCAPED_SURROGATE.search(text) else found


def _containers(text: str, *, takes_cut: bool) -> list[Any]:
    """Top-level objects and lists of an answer, strictly read before repaired."""
    try:
        whole = _DECODER.decode(text.strip())
    except (ValueError, RecursionError):
        return list(_scan(without_thinking(text), takes_cut=takes_cut))
    if isinstance(whole, str):  # JSON as a JSON string
        return list(_scan(whole, takes_cut=takes_cut))
    return [whole]


def without_thinking(text: str) -> str:
    """The answer without ``<think>`` blocks; of an unclosed one, only JSON that ends it."""
    text = _THINK_TAIL.sub("", _THINK.sub("", text))
    unclosed = _THINK_OPEN.search(text)
    if unclosed is None:
        return text
    return text[: unclosed.start()] + _conclusion(text[unclosed.end() :])


def is_whole_object(text: str) -> bool:
    """Whether an answer is one JSON object or list and nothing else but thoughts and blanks."""
    try:
        return isinstance(_DECODER.decode(without_thinking(text).strip()), dict | list)
    except (ValueError, RecursionError):
        return False


def _conclusion(thoughts: str) -> str:
    """The object that ends an unclosed block; one followed by more prose was only a draft."""
    for start in _BRACKET.finditer(thoughts):
        try:
            _, end = _DECODER.raw_decode(thoughts, start.start())
        except (ValueError, RecursionError):
            continue
        if not thoughts[end:].strip("` \t\n"):
            return thoughts[start.start() :]
    return ""


def _scan(text: str, *, takes_cut: bool) -> Iterator[Any]:
    position = 0
    while opening := _BRACKET.search(text, position):
        start = opening.start()
        try:
            value, position = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            if _OPENS_JSON.match(text, start):
                # Looking further in would take one inner item for the whole answer.
                yield _repaired(text[start:], takes_cut=takes_cut)
                return
            position = start + 1
        else:
            yield value


def _repaired(broken: str, *, takes_cut: bool) -> Any:
    if is_looping(broken):
        raise Looping(f"The answer repeats itself without end: {excerpt(broken[-200:])}")
    if len(broken) > MAX_REPAIR_CHARACTERS:
        raise Malformed(
            f"The answer is broken JSON of {len(broken):,} characters, too much to repair. "
            "Ask for a smaller part of the page."
        )
    ends = list(_FENCE_END.finditer(broken))
    if ends:
        broken = broken[: ends[-1].start()]
    try:
        found = json_repair.loads(broken, skip_json_loads=True)
    except (ValueError, RecursionError, IndexError, TypeError) as error:
        raise Malformed(
            f"The answer's JSON cannot be repaired ({error}): {excerpt(broken)}"
        ) from error
    if found and not takes_cut and _stops_short(broken):
        raise Truncated(f"The answer stops in the middle: {excerpt(broken[-80:])}")
    return found


def _stops_short(broken: str) -> bool:
    """Whether more than closing brackets is missing behind broken JSON.

    Servers end half an answer with a plain "stop", or with no word at all (a crash, a gateway,
    a context that is full); repaired, it would pass for a page with fewer records.
    """
    text = broken.rstrip("` \t\n\r")
    if text.endswith(("}", "]", "'")):
        return False  # quotes that were not escaped may seem to open a text here
    depth, end, is_open = 0, 0, True
    for mark in _MARKS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark[0], 0)
        if depth == 0:
            return False
        end, is_open = mark.end(), mark[0] in {"{", "["} or mark[1] == ""
    return is_open or not _ENDED.fullmatch(text, end)


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value] if value else []
    if isinstance(value, list):
        return [item for item in value if isinstance(item, dict) and item]
    return []


def _shaped(
    objects: list[dict[str, Any]], key: str, page_number: int | None
) -> list[dict[str, Any]]:
    """Objects that hold ``key``, be it one level down, or the bare items under it."""
    holding = [o for o in objects if key in o]
    if holding or not objects:
        return holding
    inner = [i for o in objects for v in o.values() for i in _objects(v) if key in i]
    if inner:
        return inner
    if len(objects) == 1 and "page_number" in objects[0]:
        return objects  # the asked object without its list: validation says so
    return [{"page_number": page_number, key: objects}]


def _says_page(candidate: Mapping[str, Any], page_number: int | None) -> bool:
    return page_number is None or str(candidate.get("page_number")).strip() == str(page_number)


def _without_surrogates(value: Any) -> Any:
    r"""Half an emoji as ``\ud83d`` is valid JSON, yet no text: hashing and Parquet refuse it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    return value


def _no_object(text: str, values: Sequence[Any]) -> str:
    if any(value in ({}, []) for value in values):
        return f"The answer's JSON is empty: {excerpt(text)}"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return (
            f"The answer holds no JSON object; reading stopped at line {error.lineno}, column "
            f"{error.colno}, near {excerpt(text[max(0, error.pos - 20) : error.pos + 60])}"
        )
    except (ValueError, RecursionError):
        return f"The answer holds no JSON object that can be read: {excerpt(text)}"
    return f"The answer is JSON, but no object: {excerpt(text)}"


def excerpt(text: str, limit: int = 80) -> str:
    """A short quotation of ``text`` for a message, control characters escaped."""
    text = text.strip()
    short = text if len(text) <= limit else f"{text[: limit - 20]} … {text[-17:]}"
    return encodable(json.dumps(short, ensure_ascii=False))


def validate(value: Any, schema: Mapping[str, Any]) -> None:
    """Check ``value`` against a JSON schema (draft 2020-12).

    Raises:
        SchemaMismatch: Names the path of the first five problems, for a model to mend.
    """
    problems = sorted(
        _validator(json.dumps(schema)).iter_errors(value),
        key=lambda error: list(map(str, error.path)),
    )
    if problems:
        told = "; ".join(_problem(problem) for problem in problems[:MAX_PROBLEMS])
        more = len(problems) - MAX_PROBLEMS
        raise SchemaMismatch(
            f"The JSON is not of the asked shape: {told}"
            + (f"; and {more} more" if more > 0 else "")
        )


@lru_cache(maxsize=32)
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema))


def _problem(error: jsonschema.ValidationError) -> str:
    message = error.message
    if len(message) > 160:
        message = message.replace(repr(error.instance), excerpt(str(error.instance), 60))
    return f"{error.json_path}: {message[:300]}"


def is_looping(text: str) -> bool:
    """Whether the end of ``text`` repeats itself, as a stuck model's does.

    Two kinds: 250 white space characters in a row, and any passage of up to 400
    characters that stands eight or more times in a row over at least 600 characters. Dotted
    lines, ruled forms and empty table cells of real pages stay below.
    """
    tail = text[-8000:]
    if len(tail) - len(tail.rstrip()) >= 250:
        return True
    if len(tail) < 600:
        return False
    # The nearest earlier copy of the last 40 characters gives the only possible period.
    period = len(tail) - 40 - tail.rfind(tail[-40:], 0, -1)
    if period > 400 or period >= len(tail) - 40:
        return False
    length = max(600, 8 * period)
    return len(tail) >= length and tail[-length:-period] == tail[period - length :]
