"""Answers about the halves of a page as one: the devices around the cut, each once and whole."""

from __future__ import annotations

import json
from typing import Any

from pdf_extraction.model import BBox, union
from pdf_extraction.parts import joined_text, says_the_same, touches
from pdf_extraction.repair import parse_object

Device = dict[str, Any]
#: Devices of the upper half that the shared band may hold.
_BAND = 40


def merge_halves(upper: str, lower: str, page_number: int) -> str:
    """One answer of two; both halves show a band of some lines.

    Args:
        upper: Answer about the upper half.
        lower: Answer about the lower half, boxes in the same frame.
        page_number: From 1.
    """
    first, second = (_devices(text, page_number) for text in (upper, lower))
    rest = list(second)
    while rest and (place := _place(first, rest[0])) is not None:
        first[place] = _joined(first[place], rest.pop(0))
    merged = {"page_number": page_number, "devices": [*first, *rest]}
    return json.dumps(merged, ensure_ascii=False)


def _devices(text: str, page_number: int) -> list[Device]:
    return list(parse_object(text, page_number, list_key="devices")["devices"])


def _place(devices: list[Device], device: Device) -> int | None:
    """Which of the upper half's devices the lower half shows again or goes on with."""
    last = len(devices) - 1
    for place in range(last, max(-1, last - _BAND), -1):
        if _is_same(devices[place], device):
            return place
    if devices and (_goes_on(devices[last], device) or _is_namesake(devices[last], device)):
        return last
    return None


def _is_same(one: Device, other: Device) -> bool:
    return one.get("device_type") == other.get("device_type") and says_the_same(
        _text(one), _text(other)
    )


def _goes_on(one: Device, other: Device) -> bool:
    return touches(_text(one), _text(other))


def _is_namesake(one: Device, other: Device) -> bool:
    keys = ("device_type", "identifier", "parent_identifier")
    return bool(one.get("identifier")) and all(one.get(key) == other.get(key) for key in keys)


def _joined(upper: Device, lower: Device) -> Device:
    texts = sorted((_text(upper), _text(lower)), key=len)
    whole = texts[1]
    if not says_the_same(*texts) or _goes_on(upper, lower):
        longer = joined_text(_text(upper), _text(lower), " ")
        whole = max(whole, longer, key=len)
    return {**lower, **upper, "text": whole, "bbox": _around(upper, lower)}


def _around(*devices: Device) -> BBox | None:
    boxes = [box for device in devices if isinstance(box := device.get("bbox"), list)]
    return union(tuple(box) for box in boxes if len(box) == 4)


def _text(device: Device) -> str:
    return str(device.get("text") or "")
