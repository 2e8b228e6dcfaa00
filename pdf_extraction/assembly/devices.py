"""Rows of ``devices`` from a document's grounded pages: the one entry of this package.

The order of the work is here; each step is a module of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pdf_extraction.assembly.candidates import describe, find_candidates, find_events
from pdf_extraction.assembly.claims import (
    DeviceClaim,
    PlacedClaim,
    is_repeated,
    place_claims,
    slice_sorted,
    tie,
)
from pdf_extraction.assembly.extents import Piece, device_pieces, merge_pieces
from pdf_extraction.assembly.furniture import mark_furniture
from pdf_extraction.assembly.labels import RANK
from pdf_extraction.assembly.layout import FlowLine, LineIndex, flow
from pdf_extraction.assembly.lexml import child_id, fragment
from pdf_extraction.assembly.owntext import (
    Hyphens,
    device_status,
    join_lines,
    spans_text,
    unquoted,
    without_omissis,
)
from pdf_extraction.assembly.sequence import read_sequence
from pdf_extraction.assembly.structure import Node, assign_ids, build_tree, path
from pdf_extraction.model import BBox, Document, GroundedPage, Row, union

_ACT_CITED = re.compile(
    r"\b(?:C[óo]digo(?: d[aeo]s?)?(?: [A-Z][\w-]+)+|Constitui[çc][ãa]o (?:Federal|Estadual|d[aeo])"
    r"[^,.;:()]{0,40}|Regimento Interno[^,.;:()]{0,60}|Estatuto d[aeo]s? [^,.;:()]{0,60}"
    r"|Lei Org[âa]nica[^,.;:()]{0,60})"
)
_ACT_NUMBERED = re.compile(
    r"\b(?:Lei|Decreto|Portaria|Resolu[çc][ãa]o|Medida|Instru[çc][ãa]o|Emenda)\b[^,.;:()]{0,60}?"
    r"\bn[ºo°.]+\s*[\d.]+\d(?:/\d{2,4})?(?:,?\s*de\s+\d{1,2}[ºo°]?\s*de\s+\w+\s+de\s+\d{4})?"
)


@dataclass(frozen=True, slots=True)
class _PlacedWord:
    start: int
    end: int
    page: int
    bbox: BBox
    struck: bool


def assemble_devices(
    document: Document,
    text: str,
    pages: Sequence[GroundedPage],
    answers: Sequence[Sequence[DeviceClaim] | None],
) -> list[Row]:
    """Rows of ``devices`` in document order.

    Args:
        document: Whose pages they are.
        text: Canonical text.
        pages: All pages, in order.
        answers: Each page's claims; None for a page that failed.
    """
    book = _Book(text, pages, answers)
    candidates = tie(book.placed, find_candidates(book.lines), book.lines)
    events = find_events(book.lines)
    describe(candidates, events, book.lines, book.struck_lines)
    nodes = build_tree(read_sequence(candidates, events), candidates, events, book.lines)
    stops = [*(candidates[node.candidate].cut(book.lines) for node in nodes), len(text)][1:]
    cuts = [
        _cut(
            book,
            node,
            candidates[node.candidate].start,
            candidates[node.candidate].line,
            _label_end(book, candidates[node.candidate].line, node),
            stop,
        )
        for node, stop in zip(nodes, stops, strict=True)
    ]
    for node, cut in zip(nodes, cuts, strict=True):
        node.struck, node.text = cut.status == "riscado", cut.text
    assign_ids(nodes)
    several = len({node.scope.act for node in nodes}) > 1
    rows = []
    for node, cut in zip(nodes, cuts, strict=True):
        claim = candidates[node.candidate].claim
        placed = book.placed[claim] if claim >= 0 else None
        rows.append(_row(document, book, node, cut, placed, several=several))
    rows = _with_absent(document, rows, nodes, candidates, book)
    for position, row in enumerate(rows):
        row["position"] = position
    return rows


class _Book:
    """The document's lines, words and claims, indexed by canonical offset."""

    def __init__(
        self,
        text: str,
        pages: Sequence[GroundedPage],
        answers: Sequence[Sequence[DeviceClaim] | None],
    ) -> None:
        self.text = text
        self.lines = flow(pages)
        unread = {
            page.outcome.page.page_number
            for page, answer in zip(pages, answers, strict=True)
            if answer is None and page.outcome.status == "failed"
        }
        for line in self.lines:
            if line.page in unread:
                line.skip = "unread"
        mark_furniture(self.lines)
        self.words = [
            _PlacedWord(
                page.canonical_start + word.start,
                page.canonical_start + word.end,
                page.outcome.page.page_number,
                word.bbox,
                word.struck,
            )
            for page in pages
            for word in page.outcome.page.text.words
        ]
        self.word_starts = [word.start for word in self.words]
        self.struck_lines = [self._struck(line.start, line.start + 12) for line in self.lines]
        self.hyphens = Hyphens(text)
        self.placed = place_claims(
            [
                (page.outcome.page.page_number, page.canonical_start, answer, page.groundings)
                for page, answer in zip(pages, answers, strict=True)
                if answer is not None
            ]
        )

    def words_in(self, start: int, end: int) -> list[_PlacedWord]:
        """Words that begin in ``[start, end)``."""
        return self.words[slice_sorted(self.word_starts, start, end)]

    def _struck(self, start: int, end: int) -> bool:
        first = bisect_left(self.word_starts, start)
        if first >= len(self.words) or not self.words[first].struck:
            return False
        words = self.words_in(start, end)
        return sum(word.struck for word in words) * 2 > len(words)


@dataclass(frozen=True)
class _Cut:
    """What the page prints for a device."""

    spans: list[tuple[int, int]]
    label: str
    text: str
    status: str


def _label_end(book: _Book, line: int, node: Node) -> int:
    return min(book.lines[line].start + node.label.end, book.lines[line].end)


def _cut(book: _Book, node: Node, start: int, line: int, label_end: int, stop: int) -> _Cut:
    pieces = device_pieces(book.lines, line, start, stop, quoted=node.quoted)
    spans = merge_pieces(pieces, book.text)
    own = [Piece(p.line, max(p.start, label_end), p.end) for p in pieces if p.end > label_end]
    text = join_lines((book.text[p.start : p.end] for p in own), book.hyphens)
    if node.quoted:
        text = unquoted(text)
    text = without_omissis(text).lstrip("-–—").strip()
    if node.quoted:
        text = unquoted(text).strip('"” ;') if not re.search(r"\w", text) else text
    words = [word for start, end in spans for word in book.words_in(start, end)]
    struck = bool(words) and sum(word.struck for word in words) * 2 > len(words)
    return _Cut(spans, book.text[start:label_end].strip(), text, device_status(text, struck))


def _row(
    document: Document,
    book: _Book,
    node: Node,
    cut: _Cut,
    placed: PlacedClaim | None,
    *,
    several: bool,
) -> Row:
    boxes = _boxes(book, cut.spans)
    claim = placed.claim if placed else None
    return {
        "document_id": document.document_id,
        "device_id": node.device_id,
        "device_type": node.label.type,
        "identifier": node.label.identifier,
        "label": cut.label,
        "text": cut.text,
        "source_text": spans_text(book.text, cut.spans),
        "canonical_spans": [{"start": start, "end": end} for start, end in cut.spans],
        "parent_id": node.parent.device_id if node.parent else None,
        "parent_identifier": node.parent.label.identifier if node.parent else None,
        "path": path(node, several=several),
        "section_path": list(node.sections),
        "position": 0,
        "context": _context(node),
        "context_name": _context_name(book, node),
        "status": cut.status,
        "page_number": boxes[0]["page_number"],
        "page_end": boxes[-1]["page_number"],
        "bbox": boxes[0]["bbox"],
        "bbox_spans": boxes,
        "grounding": placed.grounding.method if placed else "exact",
        # Filled in one place, from evidence, once all rows stand; see ``profiles.legal_ptbr``.
        "confidence": None,
        "confidence_method": None,
        "model_confidence": claim.confidence if claim else None,
    }


def _context(node: Node) -> str:
    if node.quoted:
        return "alteracao"
    return "anexo" if node.scope.annex else "corpo"


def _context_name(book: _Book, node: Node) -> str | None:
    if not node.quoted:
        return node.scope.annex or node.scope.act_name or None
    base: Node | None = node
    while base is not None and base.quoted:
        base = base.parent
    while base is not None:
        found = _ACT_NUMBERED.search(base.text) or _ACT_CITED.search(base.text)
        if found:
            return found[0].strip()
        base = base.parent
    return None


def _boxes(book: _Book, spans: Sequence[tuple[int, int]]) -> list[Row]:
    """One box for each run of words in one column of one page."""
    runs: list[tuple[int, list[BBox]]] = []
    for start, end in spans:
        for word in book.words_in(start, end):
            if runs and runs[-1][0] == word.page and not _jumps(runs[-1][1][-1], word.bbox):
                runs[-1][1].append(word.bbox)
            else:
                runs.append((word.page, [word.bbox]))
    return [{"page_number": page, "bbox": list(union(boxes) or ())} for page, boxes in runs]


def _jumps(before: BBox, after: BBox) -> bool:
    """Reading goes up the page: another column begins."""
    return after[3] < before[1] - 0.5 * (before[3] - before[1])


def _with_absent(
    document: Document, rows: list[Row], nodes: Sequence[Node], candidates: object, book: _Book
) -> list[Row]:
    """Rows for claims that stand nowhere on their page, at their place by order."""
    absent = [
        (number, item)
        for number, item in enumerate(book.placed)
        if not item.grounding.spans and not is_repeated(item, book.placed, number)
    ]
    if not absent:
        return rows
    starts = [row["canonical_spans"][0]["start"] for row in rows]
    used = {row["device_id"] for row in rows}
    inserted: dict[int, list[Row]] = defaultdict(list)
    for _, item in absent:
        place = bisect_left(starts, item.start + 1)
        before = [*rows[:place][-60:], *inserted[place]]
        row = _absent_row(document, item, before, used)
        used.add(row["device_id"])
        inserted[place].append(row)
    merged: list[Row] = []
    for place in range(len(rows) + 1):
        merged += inserted.get(place, [])
        merged += rows[place : place + 1]
    return merged


def _absent_row(
    document: Document, item: PlacedClaim, before: Sequence[Row], used: set[str]
) -> Row:
    claim, label = item.claim, item.claim.label
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
        "document_id": document.document_id,
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


def used_lines(book_lines: Sequence[FlowLine]) -> LineIndex:
    """Index of the flow's lines."""
    return LineIndex(book_lines)
