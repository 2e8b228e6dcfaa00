"""Rows of ``chunks`` from rows of ``devices``: what a retriever is given to index.

No device is found, changed or judged here, and nothing is tokenised: sizes count
characters, because no one tokeniser is everybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from pdf_extraction.assembly.canonical import canonical_hash
from pdf_extraction.assembly.citations import citations
from pdf_extraction.model import BBox, Document, Row, union
from pdf_extraction.remade import HELD, Again, Alike, ByNumber

RETRIEVAL_LIMIT = 1_800
"""Characters of ``retrieval_text`` beyond which an article is split: some 450 tokens, so
that models with a window of 512 lose nothing."""
ANCESTOR_LIMIT = 400
"""Characters kept of a caput or other ancestor, which is there for context alone."""


#: Devices whose citations are held: those of an article are asked for twice.
_HELD_CITED = 4_096
#: Columns of a device that its chunks take no part of, but for the last look.
_LATE = frozenset({"confidence", "confidence_method", "position"})


class _Made(NamedTuple):
    """A chunk without what is known last: its confidence and the document's hash."""

    row: Row
    held: Sequence[str]


class _Family(NamedTuple):
    """A device without a parent with all rows below it, and the chunks of each, by its id.

    Attributes:
        rows: In order.
        made: Their chunks, but for what is known last.
        chunks: Their chunks, but for the document's hash.
    """

    rows: list[Row]
    made: dict[str, list[_Made]]
    chunks: dict[str, list[Row]]


@dataclass
class KnownChunks:
    """Chunks of a document's first pages, for making those of more of them.

    Attributes:
        document: Whose.
        families: By the id of the device without a parent.
    """

    document: Document | None = None
    families: dict[str, _Family] = field(default_factory=dict)


def build_chunks(
    document: Document,
    devices: Sequence[Row],
    canonical_text: str,
    known: KnownChunks | None = None,
) -> Iterable[Row]:
    """One ``article`` chunk for each article and one ``device`` chunk for each device.

    An article's chunk holds its caput and all devices below it; one that is too long is
    split between devices into parts, counted from 0 and kept apart by their number in the
    id (``DOCUMENT#art5/0``). The device chunk of an article is its caput alone,
    ``DOCUMENT#art5_cpt``. A device chunk's ``retrieval_text`` has the act, the headings,
    the ancestors' texts, the device and what stands below it, as far as the limit allows.

    Struck-through devices (``riscado``) keep a device chunk of their own, marked in its
    ``retrieval_text``, so that an old wording can still be looked up; they are left out of
    the text of every chunk of a device in force.

    Args:
        document: Its ``metadata`` gives ``tipo_documento``, ``numero``, ``ano``, ``titulo``.
        devices: All rows of the document, in order, a parent before its children.
        canonical_text: What the devices' spans count in.
        known: From its first pages; gets what is made now.

    Returns:
        Rows with every column of ``chunks``, in document order; ``confidence`` is the
        lowest of the devices that a chunk holds, where any has one. Those of a long document
        are made anew whenever they are looked at.
    """
    tree = _Tree(document, devices)
    alike = {"canonical_hash": canonical_hash(canonical_text)}
    if known is not None:
        made = _made(tree, document, devices, known)
        return Alike([chunk for row in devices for chunk in made[row["device_id"]]], alike)
    chunks = Again(
        lambda: (tree.finished(chunk) | alike for row in devices for chunk in tree.made(row))
    )
    return chunks if len(devices) > HELD else list(chunks)


def _made(
    tree: _Tree, document: Document, devices: Sequence[Row], known: KnownChunks
) -> dict[str, list[Row]]:
    """Chunks by device; of families that are as they were, those that were made before."""
    before = known.families if known.document == document else {}
    known.document, known.families = document, {}
    made: dict[str, list[Row]] = {}
    for top, rows in _families(devices).items():
        family = before.get(top)
        if family is None or family.rows != rows:
            family = _family(tree, rows, family)
        known.families[top] = family
        made |= family.chunks
    return made


def _family(tree: _Tree, rows: list[Row], before: _Family | None) -> _Family:
    """Chunks of rows that are others than before, if only in what is known last."""
    seen = itemgetter(*(name for name in rows[0] if name not in _LATE))
    if before is not None and list(map(seen, before.rows)) == list(map(seen, rows)):
        made = before.made
    else:
        made = {row["device_id"]: tree.made(row) for row in rows}
    return _Family(rows, made, {own: list(map(tree.finished, of)) for own, of in made.items()})


def _families(devices: Sequence[Row]) -> dict[str, list[Row]]:
    """Devices by the one above them that has no parent."""
    tops: dict[str, str] = {}
    found: dict[str, list[Row]] = {}
    for row in devices:
        own: str = row["device_id"]
        top = tops[own] = tops.get(row["parent_id"] or "", own)
        found.setdefault(top, []).append(row)
    return found


class _Tree:
    """The document's devices by id, and the making of one chunk."""

    def __init__(self, document: Document, devices: Sequence[Row]) -> None:
        self.document = document
        self.devices = devices
        self.cited: dict[str, list[str]] = {}
        self.children: dict[str, list[int]] = {}
        ids: list[str] = []
        for place, device in enumerate(devices):
            ids.append(device["device_id"])
            if device["parent_id"] is not None:
                self.children.setdefault(device["parent_id"], []).append(place)
        self.by_id = _by_id(ids, devices)

    def below(self, device: Row) -> Iterator[Row]:
        """The device and its descendants in document order, struck ones only of struck."""
        yield device
        for child in map(self.devices.__getitem__, self.children.get(device["device_id"], ())):
            if child["status"] != "riscado" or device["status"] == "riscado":
                yield from self.below(child)

    def above(self, device: Row) -> list[Row]:
        """Ancestors, the article first."""
        found: list[Row] = []
        parent = self.by_id.get(device["parent_id"])
        while parent is not None and len(found) < len(self.by_id):
            found.append(parent)
            parent = self.by_id.get(parent["parent_id"])
        return found[::-1]

    def made(self, device: Row) -> list[_Made]:
        """All chunks that begin with a device."""
        own = self._device(device)
        return [*self._article(device), own] if device["device_type"] == "artigo" else [own]

    def finished(self, chunk: _Made) -> Row:
        """A chunk with all but the document's hash; its confidence is the lowest it holds."""
        held = (self.by_id[name]["confidence"] for name in chunk.held)
        known = [value for value in held if value is not None]
        return chunk.row | {"confidence": min(known) if known else None}

    def _article(self, article: Row) -> Iterator[_Made]:
        """The article's chunk, or its parts."""
        parts = self._parts(list(self.below(article)))
        for index, held in enumerate(parts):
            suffix = f"/{index}" if len(parts) > 1 else ""
            row = {
                **self._common(article, held),
                "chunk_id": f"{self.document.document_id}#{article['device_id']}{suffix}",
                # Parts are one node, which children name as their parent.
                "node_id": article["device_id"],
                "parent_node_id": article["parent_id"],
                "chunk_level": "article",
                "text": _lines(held),
                "parent_text": self._parent_text(article),
                "retrieval_text": _join([*self._heading(held[0]), _lines(held)]),
                "part_index": index,
                "part_total": len(parts),
            }
            yield _Made(row, [row["device_id"] for row in held])

    def _device(self, device: Row) -> _Made:
        """The device's own chunk."""
        is_article = device["device_type"] == "artigo"
        node = f"{device['device_id']}_cpt" if is_article else device["device_id"]
        own, *descendants = self.below(device)
        lines = [*self._heading(device), _printed(own)]
        size = sum(len(line) + 1 for line in lines)
        for descendant in descendants:
            size += len(_printed(descendant)) + 1
            if size > RETRIEVAL_LIMIT:
                break
            lines.append(_printed(descendant))
        row = {
            **self._common(device, [device]),
            "chunk_id": f"{self.document.document_id}#{node}",
            "node_id": node,
            "parent_node_id": device["device_id"] if is_article else device["parent_id"],
            "chunk_level": "device",
            "text": _printed(device),
            "parent_text": self._parent_text(device),
            "retrieval_text": _join(lines),
            "part_index": 0,
            "part_total": 1,
        }
        return _Made(row, [device["device_id"]])

    def _parts(self, held: list[Row]) -> list[list[Row]]:
        """Runs of devices whose chunks keep to the limit; one device is never cut."""
        parts: list[list[Row]] = []
        size = 0
        for device in held:
            added = len(_printed(device)) + 1
            if not parts or size + added > RETRIEVAL_LIMIT:
                parts.append([])
                size = sum(len(line) + 1 for line in self._heading(device))
            parts[-1].append(device)
            size += added
        return parts

    def _heading(self, device: Row) -> list[str]:
        """What a reader of this device alone must know: act, headings, ancestors."""
        lines = [_act_name(self.document.metadata), " > ".join(device["section_path"] or ())]
        lines.append(_context(device))
        if device["status"] == "riscado":
            lines.append("Texto riscado (sem vigência)")
        lines += [_clipped(_printed(ancestor)) for ancestor in self.above(device)]
        return [line for line in lines if line]

    def _parent_text(self, device: Row) -> str | None:
        parent = self.by_id.get(device["parent_id"])
        return _printed(parent) if parent else None

    def _common(self, device: Row, held: Sequence[Row]) -> Row:
        """Columns that a part and a device have alike, over the devices that it holds."""
        spans = [span for row in held for span in row["canonical_spans"] or ()]
        boxes = _boxes(held)
        first_page = min(row["page_number"] for row in held)
        cited = (citation for row in held for citation in self._cited(row))
        metadata = self.document.metadata
        return {
            "device_id": device["device_id"],
            "device_type": device["device_type"],
            "section_path": list(device["section_path"] or ()),
            "citations": list(dict.fromkeys(cited)),
            "document_id": self.document.document_id,
            "tipo_documento": _text(metadata.get("tipo_documento")),
            "numero": _text(metadata.get("numero")),
            "ano": _year(metadata.get("ano")),
            "article_number": self._article_number(device),
            "page_number": first_page,
            "is_cross_page": max(row["page_end"] for row in held) > first_page,
            "bbox": list(boxes[first_page]) if first_page in boxes else None,
            "bbox_spans": [
                {"page_number": page, "bbox": list(box)} for page, box in sorted(boxes.items())
            ],
            "canonical_start": min((span["start"] for span in spans), default=None),
            "canonical_end": max((span["end"] for span in spans), default=None),
        }

    def _cited(self, device: Row) -> list[str]:
        own = device["device_id"]
        if len(self.cited) > _HELD_CITED:
            self.cited.clear()
        if own not in self.cited:
            self.cited[own] = citations(device["text"], device["path"])
        return self.cited[own]

    def _article_number(self, device: Row) -> str | None:
        for row in (device, *reversed(self.above(device))):
            if row["device_type"] == "artigo":
                number: str = row["identifier"].removeprefix("Art.")
                return number.strip().replace(".", "").replace("º", "")
        return None


def _by_id(ids: Sequence[str], devices: Sequence[Row]) -> Mapping[str, Row]:
    """Devices by their ids; those that are not held are looked up when they are asked for."""
    if isinstance(devices, list):
        return dict(zip(ids, devices, strict=True))
    return ByNumber(ids, devices)


def _boxes(held: Sequence[Row]) -> dict[int, BBox]:
    """One box for each page."""
    found: dict[int, list[BBox]] = {}
    for row in held:
        for span in row["bbox_spans"] or ():
            found.setdefault(span["page_number"], []).append(span["bbox"])
    return {page: box for page, boxes in found.items() if (box := union(boxes)) is not None}


def _printed(device: Row) -> str:
    return f"{device['label']} {device['text']}".strip()


def _lines(held: Sequence[Row]) -> str:
    return "\n".join(_printed(device) for device in held)


def _join(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def _context(device: Row) -> str:
    """Which annex or act the device belongs to, where that is not the act itself."""
    name: str = device["context_name"] or ""
    if device["context"] == "alteracao":
        return f"Alteração: {name}" if name else "Alteração de outro ato"
    if device["context"] == "anexo" and not name.casefold().startswith("anexo"):
        return f"Anexo: {name}" if name else "Anexo"
    return name


def _clipped(text: str) -> str:
    if len(text) <= ANCESTOR_LIMIT:
        return text
    return text[:ANCESTOR_LIMIT].rsplit(" ", 1)[0] + " …"


def _act_name(metadata: Mapping[str, Any]) -> str:
    """Such as ``Lei nº 14.133/2021 - Lei de Licitações``, of what the sidecar says."""
    kind, number, year, title = (
        _text(metadata.get(key)) or "" for key in ("tipo_documento", "numero", "ano", "titulo")
    )
    numbered = f"nº {number}/{year}" if number and year else f"nº {number}" if number else year
    name = f"{kind} {numbered}".strip() if kind else ""
    return " - ".join(part for part in (name, title) if part)


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, dict | list) else str(value).strip() or None


def _year(value: Any) -> int | None:
    text = _text(value) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None
