"""Rows of ``devices`` from a document's grounded pages: the one entry of this package.

The order of the work is here; each step is a module of its own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice, starmap
from typing import Any

from pdf_extraction.assembly.absent import absent_rows
from pdf_extraction.assembly.amended import amended_act, ementa_above
from pdf_extraction.assembly.book import Book
from pdf_extraction.assembly.candidates import (
    Candidate,
    Event,
    describe,
    find_candidates,
    find_events,
)
from pdf_extraction.assembly.claims import DeviceClaim, PlacedClaim, tie
from pdf_extraction.assembly.extents import Piece, device_pieces, merge_pieces
from pdf_extraction.assembly.head import Absent, Head
from pdf_extraction.assembly.known import Known
from pdf_extraction.assembly.owntext import device_status, own_text, spans_text
from pdf_extraction.assembly.sequence import read_sequence
from pdf_extraction.assembly.structure import Node, assign_ids, path
from pdf_extraction.model import Document, GroundedPage, Row
from pdf_extraction.remade import Remade, Shelf

#: Cost up to which a label is said to continue the numbering; see ``sequence``.
_CONTINUES = 0.9
#: Rows on a shelf that are at hand: a chunk asks for each of its article's a dozen times.
_HELD_ROWS = 1_024


@dataclass(eq=False, slots=True)
class Assembled:
    """A row of ``devices`` with what is known about how it came to be.

    Attributes:
        row: Every column; ``confidence`` and its method still empty at first. It is never
            changed, so that who made something of it knows it again.
        claim: The claim that stands for it; None where only the page's own label does.
        continues: Whether its label continues the numbering; None for an absent claim.
        parts: What each of its pages has of it, for who finds its confidence; None before.
    """

    row: Row
    claim: PlacedClaim | None
    continues: bool | None
    parts: Sequence[Any] | None = None

    def tell(self, **columns: Any) -> None:
        """Have the row say this; it is another one where it said otherwise."""
        if any(self.row[name] != value for name, value in columns.items()):
            self.row = {**self.row, **columns}


class OnShelf(Assembled):
    """The same with its row on a shelf.

    Args:
        shelf: Which one.
        row: As in ``Assembled``.
        claim: As there.
        continues: As there.
    """

    __slots__ = ("_place", "_shelf", "_told")

    def __init__(
        self, shelf: Shelf, row: Row, claim: PlacedClaim | None, continues: bool | None
    ) -> None:
        self._shelf = shelf
        super().__init__(row, claim, continues)

    @property
    def row(self) -> Row:
        """As it was laid down, with what it was told to say since."""
        return {**self._shelf.look(self._place), **self._told}

    @row.setter
    def row(self, row: Row) -> None:
        self._place, self._told = self._shelf.put(row), Row()

    def tell(self, **columns: Any) -> None:
        """Have the row say this."""
        self._told = {**self._told, **columns}


def rows_of(found: Sequence[Assembled]) -> Sequence[Row]:
    """Their rows; those on a shelf are taken from there whenever they are looked at."""
    if found and isinstance(found[0], OnShelf):
        return Remade(len(found), lru_cache(_HELD_ROWS)(lambda place: found[place].row))
    return [item.row for item in found]


def assemble_devices(
    document: Document,
    text: str,
    pages: Sequence[GroundedPage],
    answers: Sequence[Sequence[DeviceClaim] | None],
    known: Known | None = None,
    shelf: Shelf | None = None,
) -> list[Assembled]:
    """Rows of ``devices`` in document order.

    Args:
        document: Whose pages they are.
        text: Canonical text.
        pages: All pages, in order.
        answers: Each page's claims; None for a page without an answer.
        known: From assembling its first pages; gets what this assembly finds out. Rows that are
            as they were are the same objects.
        shelf: Where rows lie that are too many to be held; without ``known`` alone.
    """
    assembled = Assembled if shelf is None else partial(OnShelf, shelf)
    book = Book(text, pages, answers, known)
    events = find_events(book.lines)
    candidates = _candidates(book, events, known)
    taken = read_sequence(candidates, events, known.beams if known is not None else None)
    head = Head()
    if known is not None:
        head, known.head = known.head, head  # of an assembly that breaks, nothing is kept
        head.begin(taken, candidates, book.lines, known.same(document.document_id))
    nodes = head.tree.grow(taken, candidates, events, book.lines, head.first)
    cuts = _cuts(book, nodes, candidates, head, shelf)
    assign_ids(nodes)
    stay = head.rows(nodes, cuts)
    made = _made(document.document_id, book, nodes, cuts, candidates, stay)
    head.found = [*head.found[:stay], *starmap(assembled, made)]
    page = book.lines[candidates[nodes[stay].candidate].line].page if head.absent_stay else 0
    head.absent = _absent(document.document_id, book, head, page, assembled)
    if known is not None:
        known.head = head
    return _numbered(_merged(head.found, head.absent))


def _candidates(book: Book, events: Sequence[Event], known: Known | None) -> list[Candidate]:
    """Places where a device may begin, by the pages and by the claims."""
    if known is None:
        candidates = tie(book.placed, find_candidates(book.lines), book.lines)
        describe(candidates, events, book.lines, book.struck_lines)
        return candidates
    known.found = find_candidates(book.lines, known.found, known.settled)
    found = [candidate.as_found() for candidate in known.found]
    candidates = tie(book.placed, found, book.lines)
    said = known.described(candidates)
    describe(candidates, events, book.lines, book.struck_lines, said)
    known.candidates = candidates
    return candidates


def _made(
    document_id: str,
    book: Book,
    nodes: Sequence[Node],
    cuts: Sequence[Cut],
    candidates: Sequence[Candidate],
    first: int,
) -> Iterator[tuple[Row, PlacedClaim | None, bool]]:
    """Rows of the devices from the ``first`` on, and what else is known of them."""
    ementas = _ementas(book, nodes, candidates)
    several = len({node.scope.act for node in nodes}) > 1
    for node, cut in islice(zip(nodes, cuts, strict=True), first, None):
        number = candidates[node.candidate].claim
        claim = book.placed[number] if number >= 0 else None
        row = {
            "document_id": document_id,
            **_row(node, cut, claim),
            "path": path(node, several=several),
            "context_name": amended_act(node, ementas[node.scope.act])
            if node.quoted
            else node.scope.annex or node.scope.act_name or None,
        }
        yield row, claim, node.cost < _CONTINUES


def _absent(
    document_id: str, book: Book, head: Head, page: int, assembled: Callable[..., Assembled]
) -> list[Absent]:
    """Rows of absent claims; those of the pages before ``page`` stay."""
    first = bisect_left(book.placed, page, key=lambda item: item.page)
    kept = [row for row in head.absent if row.claim < first]
    if all(item.stands for item in islice(book.placed, first, None)):
        return kept
    rows = rows_of(head.found)
    unclaimed = {
        (number, row["device_type"], row["identifier"])
        for item, row in zip(head.found, rows, strict=True)
        if item.claim is None and row["page_end"] >= page
        for number in range(row["page_number"], row["page_end"] + 1)
    }
    known = [(row.place, row.item.row) for row in kept]
    found = absent_rows(document_id, rows, unclaimed, book, known, first)
    return [*kept, *(Absent(n, at, assembled(row, book.placed[n], None)) for n, at, row in found)]


def _merged(found: Sequence[Assembled], absent: Sequence[Absent]) -> list[Assembled]:
    merged: list[Assembled] = []
    last = 0
    for row in sorted(absent, key=lambda row: row.place):
        merged += found[last : row.place]
        merged.append(row.item)
        last = row.place
    return [*merged, *found[last:]]


def _numbered(found: list[Assembled]) -> list[Assembled]:
    for position, item in enumerate(found):
        item.tell(position=position)
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
    book: Book,
    nodes: Sequence[Node],
    candidates: Sequence[Candidate],
    head: Head,
    shelf: Shelf | None,
) -> Sequence[Cut]:
    """What the pages print for each node, which is told what others ask of it."""
    at = [candidates[node.candidate] for node in nodes]
    stops = [*(candidate.cut(book.lines) for candidate in at), len(book.text)][1:]
    known = head.cuts[: head.first - len(head.tree.nodes) + len(nodes)] if head.first else ()
    quoting = {id(above) for node in nodes if node.quoted for above in node.above}
    cuts: list[Cut] = []
    places = array("q")
    for number, (node, candidate, stop) in enumerate(zip(nodes, at, stops, strict=True)):
        cut = known[number] if number < len(known) else None
        if cut is None or cut.by_other_pages:
            made = _cut(book, node, candidate, stop)
            cut = cut if cut == made else made
        node.struck, node.text = cut.status == "riscado", cut.text if id(node) in quoting else ""
        if shelf is None:
            cuts.append(cut)
        else:
            places.append(shelf.put(cut))
    return cuts if shelf is None else Remade(len(places), lambda place: shelf.look(places[place]))


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
        "grounding": placed.method if placed else "exact",
        # Filled in one place, from evidence, in ``profiles.legal_ptbr.evidence``.
        "confidence": None,
        "confidence_method": None,
        "model_confidence": placed.confidence if placed else None,
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
