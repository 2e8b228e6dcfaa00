"""Rows of ``devices`` from a document's grounded pages: the one entry of this package.

The order of the work is here; each step is a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pdf_extraction.assembly.absent import absent_rows
from pdf_extraction.assembly.amended import amended_act, ementa_above
from pdf_extraction.assembly.book import Book
from pdf_extraction.assembly.candidates import (
    Candidate,
    describe,
    find_candidates,
    find_events,
)
from pdf_extraction.assembly.claims import DeviceClaim, PlacedClaim, tie
from pdf_extraction.assembly.extents import LOOKED_AHEAD, Piece, device_pieces, merge_pieces
from pdf_extraction.assembly.known import Known
from pdf_extraction.assembly.owntext import device_status, own_text, spans_text
from pdf_extraction.assembly.sequence import read_sequence
from pdf_extraction.assembly.structure import Node, assign_ids, build_tree, path
from pdf_extraction.model import Document, GroundedPage, Row

#: Cost up to which a label is said to continue the numbering; see ``sequence``.
_CONTINUES = 0.9


@dataclass(frozen=True)
class Assembled:
    """A row of ``devices`` with what is known about how it came to be.

    Attributes:
        row: Every column; ``confidence`` and its method still empty.
        claim: The claim that stands for it; None where only the page's own label does.
        continues: Whether its label continues the numbering; None for an absent claim.
    """

    row: Row
    claim: PlacedClaim | None
    continues: bool | None


def assemble_devices(
    document: Document,
    text: str,
    pages: Sequence[GroundedPage],
    answers: Sequence[Sequence[DeviceClaim] | None],
    known: Known | None = None,
) -> list[Assembled]:
    """Rows of ``devices`` in document order.

    Args:
        document: Whose pages they are.
        text: Canonical text.
        pages: All pages, in order.
        answers: Each page's claims; None for a page without an answer.
        known: From assembling its first pages; gets what this assembly finds out.
    """
    book = Book(text, pages, answers, known)
    candidates = _candidates(book, known)
    events = find_events(book.lines)
    describe(candidates, events, book.lines, book.struck_lines)
    taken = read_sequence(candidates, events, known.beams if known is not None else None)
    nodes = build_tree(taken, candidates, events, book.lines)
    cuts = _cuts(book, nodes, [candidates[node.candidate] for node in nodes], known)
    for node, cut in zip(nodes, cuts, strict=True):
        node.struck, node.text = cut.status == "riscado", cut.text
    assign_ids(nodes)
    ementas = _ementas(book, nodes, candidates)
    several = len({node.scope.act for node in nodes}) > 1
    found = []
    for node, cut in zip(nodes, cuts, strict=True):
        number = candidates[node.candidate].claim
        claim = book.placed[number] if number >= 0 else None
        row = {
            "document_id": document.document_id,
            **_row(node, cut, claim),
            "path": path(node, several=several),
            "context_name": amended_act(node, ementas[node.scope.act])
            if node.quoted
            else node.scope.annex or node.scope.act_name or None,
        }
        found.append(Assembled(row, claim, node.cost < _CONTINUES))
    return _numbered(_with_absent(document.document_id, found, book))


def _candidates(book: Book, known: Known | None) -> list[Candidate]:
    """Places where a device may begin, by the pages and by the claims."""
    if known is None:
        found = find_candidates(book.lines)
    else:
        known.candidates = find_candidates(book.lines, known.candidates, known.settled)
        found = [candidate.as_found() for candidate in known.candidates]
    return tie(book.placed, found, book.lines)


def _with_absent(document_id: str, found: list[Assembled], book: Book) -> list[Assembled]:
    rows = [item.row for item in found]
    unclaimed = {
        (page, item.row["device_type"], item.row["identifier"])
        for item in found
        if item.claim is None
        for page in range(item.row["page_number"], item.row["page_end"] + 1)
    }
    merged = list(found)
    absent = absent_rows(document_id, rows, unclaimed, book)
    for place, claim, row in reversed(absent):
        merged.insert(place, Assembled(row, claim, None))
    return merged


def _numbered(found: list[Assembled]) -> list[Assembled]:
    for position, item in enumerate(found):
        item.row["position"] = position
    return found


@dataclass(frozen=True)
class Cut:
    """What the page prints for a device.

    Attributes:
        spans: Canonical.
        label: As printed.
        text: Own text.
        source_text: The spans' text.
        boxes: Of the spans, as ``bbox_spans``.
        status: By its text and strokes.
        by_other_pages: Words of the whole document had a say in the text.
    """

    spans: list[tuple[int, int]]
    label: str
    text: str
    source_text: str
    boxes: list[Row]
    status: str
    by_other_pages: bool


def _cuts(
    book: Book, nodes: Sequence[Node], candidates: Sequence[Candidate], known: Known | None
) -> list[Cut]:
    stops = [*(candidate.cut(book.lines) for candidate in candidates), len(book.text)][1:]

    def made(at: int) -> Cut:
        return _cut(book, nodes[at], candidates[at], stops[at])

    if known is None:
        return list(map(made, range(len(nodes))))
    keys = [
        (candidate.line, candidate.start, stop, node.label.end, node.quoted)
        for node, candidate, stop in zip(nodes, candidates, stops, strict=True)
    ]
    reaches = [*(candidate.line + LOOKED_AHEAD for candidate in candidates), len(book.lines)][1:]
    return known.cuts(keys, reaches, made)


def _cut(book: Book, node: Node, candidate: Candidate, stop: int) -> Cut:
    line = book.lines[candidate.line]
    label_end = min(line.start + node.label.end, line.end)
    pieces = device_pieces(book.lines, candidate.line, candidate.start, stop, quoted=node.quoted)
    spans = merge_pieces(pieces, book.text)
    own = [Piece(p.line, max(p.start, label_end), p.end) for p in pieces if p.end > label_end]
    doubts = book.hyphens.doubts
    text = own_text((book.text[p.start : p.end] for p in own), book.hyphens, quoted=node.quoted)
    return Cut(
        spans,
        book.text[candidate.start : label_end].strip(),
        text,
        spans_text(book.text, spans),
        book.words.boxes(spans),
        device_status(text, struck=book.words.are_struck(spans)),
        by_other_pages=book.hyphens.doubts > doubts,
    )


def _row(node: Node, cut: Cut, placed: PlacedClaim | None) -> Row:
    boxes = cut.boxes
    claim = placed.claim if placed else None
    return {
        "device_id": node.device_id,
        "device_type": node.label.type,
        "identifier": node.label.identifier,
        "label": cut.label,
        "text": cut.text,
        "source_text": cut.source_text,
        "canonical_spans": [{"start": start, "end": end} for start, end in cut.spans],
        "parent_id": node.parent.device_id if node.parent else None,
        "parent_identifier": node.parent.label.identifier if node.parent else None,
        "section_path": list(node.sections),
        "position": 0,
        "context": _context(node),
        "context_name": None,
        "status": cut.status,
        "page_number": boxes[0]["page_number"],
        "page_end": boxes[-1]["page_number"],
        "bbox": boxes[0]["bbox"],
        "bbox_spans": boxes,
        "grounding": placed.grounding.method if placed else "exact",
        # Filled in one place, from evidence, in ``profiles.legal_ptbr.evidence``.
        "confidence": None,
        "confidence_method": None,
        "model_confidence": claim.confidence if claim else None,
    }


def _context(node: Node) -> str:
    if node.quoted:
        return "alteracao"
    return "anexo" if node.scope.annex else "corpo"


def _ementas(book: Book, nodes: Sequence[Node], candidates: Sequence[Candidate]) -> dict[int, str]:
    """What stands above each act's first device, by the act's number."""
    first: dict[int, int] = {}
    for node in nodes:
        first.setdefault(node.scope.act, candidates[node.candidate].line)
    return {act: ementa_above(book.lines, line) for act, line in first.items()}
