"""A page's devices by rules on its own text, in the very format asked of a model.

Local and liberal: a label that a citation put at a line start may stand here too. The
whole document decides in ``assembly``, the same for every backend.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pdf_extraction.assembly.candidates import Candidate, find_candidates
from pdf_extraction.assembly.extents import device_pieces
from pdf_extraction.assembly.furniture import mark_furniture
from pdf_extraction.assembly.labels import RANK
from pdf_extraction.assembly.layout import FlowLine, page_flow
from pdf_extraction.model import PageImage, union

#: Below this a candidate's own line speaks against it.
_LEAST = 1.4


def read_page(page: PageImage) -> str:
    """JSON text of the page's devices; ``text`` begins with the printed label."""
    lines = page_flow(page.text, page.page_number)
    mark_furniture(lines)
    found = [c for c in find_candidates(lines) if c.strength >= _LEAST or c.inline]
    stops = [*(candidate.cut(lines) for candidate in found), len(page.text.text)][1:]
    devices = []
    open_above: list[str | None] = [None] * 5
    for candidate, stop in zip(found, stops, strict=True):
        label = candidate.readings[0]
        rank = RANK[label.type]
        above = [name for name in open_above[:rank] if name]
        parent = open_above[0] if rank == 1 else (above[-1] if above else None)
        open_above[rank:] = [label.identifier, *(None for _ in range(4 - rank))]
        text, box = _printed(page.text.text, lines, candidate, stop)
        devices.append(
            {
                "device_type": label.type,
                "identifier": label.identifier,
                "text": text,
                "parent_identifier": parent,
                "bbox": box,
                "confidence": None,
            }
        )
    return json.dumps(
        {"page_number": page.page_number, "rotation_correction": 0, "devices": devices},
        ensure_ascii=False,
    )


def _printed(
    text: str, lines: Sequence[FlowLine], candidate: Candidate, stop: int
) -> tuple[str, list[float] | None]:
    pieces = device_pieces(lines, candidate.line, candidate.start, stop, quoted=False)
    run = pieces[:1]
    for piece in pieces[1:]:
        if text[run[-1].end : piece.start].strip():
            break
        run.append(piece)
    box = union(lines[piece.line].bbox for piece in run)
    printed = text[run[0].start : run[-1].end].strip()
    return printed, [round(part, 4) for part in box] if box else None
