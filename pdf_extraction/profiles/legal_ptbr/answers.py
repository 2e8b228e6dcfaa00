"""Answers about a page: validated claims, or an error that helps a model to mend its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pdf_extraction.assembly.claims import DeviceClaim, known_type
from pdf_extraction.errors import SchemaMismatch
from pdf_extraction.model import BBox
from pdf_extraction.repair import parse_object

_MAX_PROBLEMS = 5


@dataclass(frozen=True)
class PageAnswer:
    """What an answer says about a page.

    Attributes:
        page_number: From 1.
        devices: In the answer's order.
    """

    page_number: int
    devices: tuple[DeviceClaim, ...]


def parse_answer(text: str, page_number: int) -> PageAnswer:
    """Repair and validate an answer.

    Raises:
        OutputError: No JSON, or not of the asked shape; the message says what to change.
    """
    value = parse_object(text, page_number, list_key="devices")
    problems: list[str] = []
    said = value.get("page_number", page_number)
    if str(said).strip() != str(page_number):
        problems.append(f"page_number is {said!r}, but page {page_number} was asked for")
    devices = value.get("devices")
    if not isinstance(devices, Sequence) or isinstance(devices, str):
        problems.append('"devices" must be a list (empty where the page has no devices)')
        devices = []
    claims = [_claim(item, index, problems) for index, item in enumerate(devices)]
    if problems:
        more = (
            f" (and {len(problems) - _MAX_PROBLEMS} more)" if len(problems) > _MAX_PROBLEMS else ""
        )
        raise SchemaMismatch(
            f"The answer about page {page_number} is not of the asked shape: "
            + "; ".join(problems[:_MAX_PROBLEMS])
            + f"{more}. Answer again with the whole object."
        )
    return PageAnswer(page_number, tuple(claim for claim in claims if claim is not None))


def _claim(item: Any, index: int, problems: list[str]) -> DeviceClaim | None:
    where = f"devices[{index}]"
    if not isinstance(item, Mapping):
        problems.append(f"{where} must be an object, not {json.dumps(item)[:40]}")
        return None
    kind = known_type(str(item.get("device_type", "")))
    if kind is None:
        problems.append(
            f"{where}.device_type is {item.get('device_type')!r}; use one of artigo, paragrafo, "
            "inciso, alinea, item"
        )
        return None
    text, identifier = item.get("text"), item.get("identifier")
    if text is None and identifier is None:
        problems.append(f"{where} has neither text nor identifier")
        return None
    parent = item.get("parent_identifier")
    return DeviceClaim(
        kind,
        str(identifier or "").strip(),
        str(text or "").strip(),
        str(parent).strip() if parent else None,
        _box(item.get("bbox")),
        _share(item.get("confidence")),
    )


def _box(value: Any) -> BBox | None:
    """The model's box where it is one; a wrong box is no reason to refuse a right text."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        return None
    # An integer of 400 digits is a number that no float holds.
    if not all(isinstance(part, (int, float)) and 0 <= part <= 1 for part in value):
        return None
    x0, y0, x1, y1 = (float(part) for part in value)
    inside = x0 <= x1 and y0 <= y1
    return (x0, y0, x1, y1) if inside else None


def _share(value: Any) -> float | None:
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if ok else None
