"""Rows of claims that stand nowhere on their page: a model's inventions, or pages without text.

They keep their place by order and a parent by rank; nothing on a page proves them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from pdf_extraction.assembly.book import Book
from pdf_extraction.assembly.claims import PlacedClaim, Standing, stands_unclaimed
from pdf_extraction.assembly.labels import RANK
from pdf_extraction.assembly.lexml import child_id, fragment
from pdf_extraction.assembly.owntext import device_status
from pdf_extraction.model import Row


def absent_rows(
    document_id: str,
    rows: Sequence[Row],
    unclaimed: set[tuple[int, str, str]],
    book: Book,
    known: Sequence[tuple[int, Row]] = (),
    first: int = 0,
) -> list[tuple[int, int, Row]]:
    """Rows of absent claims, each with its claim's index and that in ``rows`` that it goes before.

    Args:
        document_id: For the rows.
        rows: Rows of the devices that stand on their pages, in order.
        unclaimed: (page, type, identifier) of those that no claim stands on.
        book: The document.
        known: Those of the claims before the ``first``, and where they go.
        first: Index of the claim to begin with.
    """
    starts: list[int] = []
    used: set[str] = set()
    for row in rows:
        starts.append(row["canonical_spans"][0]["start"])
        used.add(row["device_id"])
    inserted: dict[int, list[Row]] = defaultdict(list)
    for place, row in known:
        inserted[place].append(row)
        used.add(row["device_id"])
    found = []
    standing = Standing(book.placed)
    for number, item in enumerate(book.placed[first:], first):
        if item.stands or standing.repeats(number):
            continue
        if stands_unclaimed(item, unclaimed):
            continue
        place = bisect_left(starts, item.start + 1)
        row = _absent_row(
            document_id, item, [*rows[max(place - 60, 0) : place], *inserted[place]], used
        )
        used.add(row["device_id"])
        inserted[place].append(row)
        found.append((number, place, row))
    return found


def _absent_row(document_id: str, item: PlacedClaim, before: Sequence[Row], used: set[str]) -> Row:
    claim, label = item.claim, item.label
    identifier = label.identifier if label.number[0] else claim.identifier
    above = [row for row in before if RANK[row["device_type"]] < RANK[label.type]]
    parent = above[-1] if above and label.type != "artigo" else None
    own = fragment(label.type, label.number)
    base = child_id(
        parent["device_id"] if parent else None,
        parent["device_type"] if parent else None,
        label.type,
        own,
    )
    device_id, number = base, 2
    while device_id in used:
        device_id, number = f"{base}~{number}", number + 1
    last = before[-1] if before else None
    box = list(claim.bbox) if claim.bbox else None
    return {
        "document_id": document_id,
        "device_id": device_id,
        "device_type": label.type,
        "identifier": identifier,
        "label": "",
        "text": claim.text,
        "source_text": "",
        "canonical_spans": [],
        "parent_id": parent["device_id"] if parent else None,
        "parent_identifier": parent["identifier"] if parent else claim.parent_identifier,
        "path": [*(parent["path"] if parent else ()), identifier],
        "section_path": list(last["section_path"]) if last else [],
        "position": 0,
        "context": last["context"] if last else "corpo",
        "context_name": last["context_name"] if last else None,
        "status": device_status(claim.text, struck=False),
        "page_number": item.page,
        "page_end": item.page,
        "bbox": box,
        "bbox_spans": [{"page_number": item.page, "bbox": box}] if box else [],
        "grounding": "absent",
        "confidence": None,
        "confidence_method": None,
        "model_confidence": claim.confidence,
    }
