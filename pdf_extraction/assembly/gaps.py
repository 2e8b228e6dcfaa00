"""Numbers that a document's devices leave out: Art. 1, 2, 4. Pure, over rows of ``devices``.

Whether a gap is an error is not decided here: some acts are printed with gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pdf_extraction.assembly.labels import RANK, identifier
from pdf_extraction.model import Row

#: Where a device stands and its own type and number: ``art5_`` ``par`` ``1``.
_ID = re.compile(r"(?P<above>.*?)(?P<type>[a-z]+)(?P<base>\d+)(?P<suffix>\D.*)?", re.DOTALL)
#: Which wording of a device an id names; all wordings are numbered together.
_WORDING = re.compile(r"[@~]\d+")
_TYPES = {"art": "artigo", "par": "paragrafo", "inc": "inciso", "ali": "alinea", "ite": "item"}
#: Contexts whose numbers have gaps by nature: a law quotes those articles that it changes.
_UNNUMBERED = frozenset({"alteracao"})
#: Letters that many acts leave out of their alineas: k, w, y.
_LEFT_OUT = frozenset({11, 23, 25})


@dataclass(frozen=True)
class Gap:
    """Numbers missing between two neighbours of one list.

    Attributes:
        after: Row of the device before the gap; the list's parent where its first are missing.
        before: Row of the device after the gap.
        missing: Identifiers, in order.
        pages: First and last page on which they must stand.
    """

    after: Row
    before: Row
    missing: tuple[str, ...]
    pages: tuple[int, int]

    @property
    def names(self) -> frozenset[str]:
        """Each missing one with its place, such as ``art5_cpt II``."""
        above = list_of(self.before["device_id"])
        return frozenset(f"{above} {name}" for name in self.missing)


def list_of(device_id: str) -> str:
    """The id's part that all devices of one list share, whatever their wording."""
    return _parted(device_id)[0]


def _parted(device_id: str) -> tuple[str, str]:
    """The id's part that all devices of one list share, and the device's own."""
    plain = _WORDING.sub("", device_id) if "@" in device_id or "~" in device_id else device_id
    above, _, own = plain.rpartition("_")
    return above, own


def find_gaps(devices: Sequence[Row]) -> list[Gap]:
    """Gaps in the numbering, in document order.

    An extract may begin anywhere, so nothing is missing before a list's first number, but
    where that list stands under a device whose own beginning is there.

    Args:
        devices: Rows in document order.
    """
    families: dict[tuple[str, str], dict[int, Row]] = {}
    ids = {row["device_id"]: row for row in devices}
    for row in devices:
        above, own = _parted(row["device_id"])
        found = _ID.fullmatch(own)
        if found is None or found["type"] not in _TYPES or row["context"] in _UNNUMBERED:
            continue
        family = (above, found["type"])
        families.setdefault(family, {}).setdefault(int(found["base"]), row)
    ends = _last_pages(devices)
    gaps = [
        gap
        for (_, short), numbers in families.items()
        for gap in _gaps_of(_TYPES[short], numbers, ids, ends)
    ]
    return sorted(gaps, key=lambda gap: int(gap.before["position"]))


def _gaps_of(
    device_type: str, numbers: dict[int, Row], ids: dict[str, Row], ends: dict[str, int]
) -> Iterator[Gap]:
    known = sorted(numbers)
    first = numbers[known[0]]
    parent = ids.get(first["parent_id"] or "")
    steps = list(pairwise(known))
    if parent is not None and device_type in {"paragrafo", "inciso", "alinea"}:
        steps.insert(0, (0, known[0]))
    for low, high in steps:
        missing = [n for n in range(low + 1, high) if not _may_lack(device_type, n)]
        after = numbers[low] if low else parent
        if not missing or after is None:
            continue
        page = ends[after["device_id"]] if low else after["page_number"]
        names = tuple(identifier(device_type, (number, "")) for number in missing)
        pages = (min(page, numbers[high]["page_number"]), numbers[high]["page_number"])
        yield Gap(after, numbers[high], names, pages)


def _may_lack(device_type: str, number: int) -> bool:
    return device_type == "alinea" and number in _LEFT_OUT


def _last_pages(devices: Sequence[Row]) -> dict[str, int]:
    """The page on which each device's last descendant ends; what follows it cannot come before."""
    ends: dict[str, int] = {}
    for row in devices:
        ends[row["device_id"]] = row["page_end"]
    parents = {row["device_id"]: row["parent_id"] for row in devices}
    for row in sorted(devices, key=lambda row: -RANK[row["device_type"]]):
        parent = parents[row["device_id"]]
        if parent in ends:
            ends[parent] = max(ends[parent], ends[row["device_id"]])
    return ends
