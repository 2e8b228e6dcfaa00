"""The gold rows of a document, from the same description that was typeset.

Field by field the format of the gold files that `pdf-extraction evaluate` reads.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from making.act import KINDS, Device, Scope

if TYPE_CHECKING:
    from making.typesetter import Document, Printed

Row = dict[str, Any]


@dataclass(slots=True)
class _Ancestors:
    """The open devices at a point of the text, from the article down."""

    scope: Scope | None = None
    body: list[Device] = field(default_factory=list)
    quote: list[Device] = field(default_factory=list)

    def enter_scope(self, scope: Scope) -> None:
        self.scope, self.body, self.quote = scope, [], []

    def enter(self, device: Device) -> list[str]:
        """Open `device` and return its path."""
        if device.quoted:
            self.quote = _under(self.quote, device)
        else:
            self.body, self.quote = _under(self.body, device), []
        names = [self.scope.name] if self.scope else []
        names += [open_.identifier for open_ in self.body]
        return names + [f"«{open_.identifier}»" for open_ in self.quote]

    @property
    def context(self) -> str:
        if self.quote:
            return "alteracao"
        if self.scope is not None and self.scope.annex:
            return f"anexo: {self.scope.name}"
        return "corpo"


def gold_rows(document: Document, printed: Printed, *, boxes: bool = True) -> list[Row]:
    """List every device printed, in reading order.

    Without `boxes` where the pages were moved after they were set, as a scanner does.
    """
    ancestors = _Ancestors()
    versions: Counter[tuple[str, ...]] = Counter()
    rows: list[Row] = []
    for index, block in enumerate(document.blocks):
        if isinstance(block, Scope):
            ancestors.enter_scope(block)
        if isinstance(block, Device):
            path = ancestors.enter(block)
            versions[tuple(path)] += 1
            place = {"order": len(rows) + 1, "version": versions[tuple(path)]}
            first, last = printed.pages[index]
            place |= {"page_start": first, "page_end": last}
            row = _row(document, block, path, ancestors.context, place)
            rows.append(row | ({"bbox": printed.boxes[index]} if boxes else {}))
            _mark_quoting(rows)
    return rows


def to_jsonl(rows: list[Row]) -> str:
    """One JSON object a line, accents as they are."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _under(opened: list[Device], device: Device) -> list[Device]:
    """Close what cannot hold `device`: everything of its kind or of a lower one."""
    rank = KINDS.index(device.kind)
    return [*(held for held in opened if KINDS.index(held.kind) < rank), device]


def _row(
    document: Document, device: Device, path: list[str], context: str, place: dict[str, int]
) -> Row:
    row: Row = {
        "doc": f"{document.name}.pdf",
        "order": place["order"],
        "device_type": device.kind,
        "identifier": device.identifier,
        "label": device.label,
        "text": device.plain_text,
        "path": path,
        "parent": " > ".join(path[:-1]) or None,
        "context": context,
        "status": device.status,
        "version": place["version"],
        "page_start": place["page_start"],
        "page_end": place["page_end"],
    }
    return row | ({"omissis": True} if device.omissis else {})


def _mark_quoting(rows: list[Row]) -> None:
    """The first quoted device tells that the article before it amends."""
    *_, last = rows
    if last["context"] == "alteracao" and len(rows) > 1 and rows[-2]["context"] != "alteracao":
        rows[-2]["has_quoted_block"] = True
