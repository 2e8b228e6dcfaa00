"""How documents and pages ended, kept between two steps. No table is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pdf_extraction import codec
from pdf_extraction.errors import ProfileFault, named
from pdf_extraction.model import (
    Document,
    DocumentOutcome,
    Grounding,
    PageImage,
    PageOutcome,
)
from pdf_extraction.remade import ByNumber, remade
from pdf_extraction.storage.ended import Dumped, EndedPages, Held
from pdf_extraction.storage.stages import Kept, Stages

READ, ASKED, GROUNDED = "page_images", "page_completions", "page_extractions"


def save_readings(stages: Stages, outcome: DocumentOutcome, fingerprint: str) -> None:
    """Keep a document's pages as they were read.

    Args:
        stages: Where to.
        outcome: The document.
        fingerprint: Of everything that decides how a page is read.
    """
    rows = (
        {"page_number": page.number, "payload": page.payload, "words": page.words}
        for page in _dumped(outcome)
    )
    header = {**_header(outcome), "fingerprint": fingerprint}
    stages.save(READ, outcome.document.partition_key, header, rows)


def save_answers(stages: Stages, outcome: DocumentOutcome, chain: str = "") -> None:
    """Keep how each page of a document ended.

    Args:
        stages: Where to.
        outcome: The document.
        chain: Which backends were asked.
    """
    rows = ({"page_number": page.number, "payload": page.outcome} for page in _dumped(outcome))
    header = {**_header(outcome), "chain": chain}
    stages.save(ASKED, outcome.document.partition_key, header, rows)


def _dumped(outcome: DocumentOutcome) -> Iterator[Dumped | Held]:
    pages = outcome.pages
    return pages.dumped() if isinstance(pages, EndedPages) else map(Held, pages)


def save_groundings(
    stages: Stages, outcome: DocumentOutcome, groundings: Iterable[Sequence[Grounding]]
) -> None:
    """Keep where each page's claims were found; they are taken once, page after page."""
    numbers = range(1, len(outcome.pages) + 1)
    rows = (
        {"page_number": number, "payload": codec.dump_groundings(list(found))}
        for number, found in zip(numbers, groundings, strict=True)
    )
    stages.save(GROUNDED, outcome.document.partition_key, _header(outcome), rows)


def load_readings(stages: Stages, document: Document) -> tuple[str, Mapping[int, PageImage]]:
    """Pages of this very version of the document, and the fingerprint of how they were read."""
    kept = stages.load(READ, document.partition_key)
    if kept is None or kept.header["sha256"] != document.sha256:
        return "", {}
    return kept.header["fingerprint"], _pages(kept)


def load_answers(
    stages: Stages, document: Document, profile: str, pages: Mapping[int, PageImage]
) -> tuple[str, Mapping[int, PageOutcome]]:
    """How ``pages`` ended when this profile was last asked for, and by which chain."""
    kept = stages.load(ASKED, document.partition_key)
    if kept is None:
        return "", {}
    header = kept.header
    if (header["sha256"], header["profile"]) != (document.sha256, profile):
        return "", {}
    if not pages.keys() >= set(kept.numbers):
        return "", {}  # the two were kept by different runs
    return header.get("chain", ""), ByNumber(kept.numbers, _outcomes(kept, pages))


def load_outcome(stages: Stages, document: Document) -> DocumentOutcome | None:
    """A document as ``page_completions`` left it; None where that step has not run.

    The version is the one that step saw, which ``document.sha256`` may be ahead of.
    """
    read, asked = (stages.load(stage, document.partition_key) for stage in (READ, ASKED))
    if read is None or asked is None or read.header["sha256"] != asked.header["sha256"]:
        return None
    if not set(asked.numbers) <= set(read.numbers):
        return None  # the two were kept by different runs
    error = asked.header["error"]
    return DocumentOutcome(
        replace(document, sha256=asked.header["sha256"], byte_size=asked.header["byte_size"]),
        asked.header["profile"],
        _outcomes(asked, _pages(read)),
        error=named(error["type"], error["message"]) if error else None,
    )


def _pages(kept: Kept) -> Mapping[int, PageImage]:
    def page(place: int) -> PageImage:
        row = kept[place]
        return codec.load_page(row["payload"], row["words"])

    return ByNumber(kept.numbers, remade(len(kept), page))


def _outcomes(kept: Kept, pages: Mapping[int, PageImage]) -> Sequence[PageOutcome]:
    def outcome(place: int) -> PageOutcome:
        row = kept[place]
        return codec.load_outcome(row["payload"], pages[row["page_number"]])

    return remade(len(kept), outcome)


def save_fault(stages: Stages, outcome: DocumentOutcome, fault: ProfileFault) -> None:
    """Keep that an outcome's claims could not be looked for."""
    header = {**_header(outcome), "fault": codec.dump_error(fault)}
    stages.save(GROUNDED, outcome.document.partition_key, header, [])


def load_groundings(stages: Stages, outcome: DocumentOutcome) -> Sequence[list[Grounding]] | None:
    """Groundings of an outcome's pages; None where that step has not seen this outcome.

    Those of a long document are read each time they are asked for.

    Raises:
        ProfileFault: That step broke on this outcome.
    """
    kept = stages.load(GROUNDED, outcome.document.partition_key)
    if kept is None or {**kept.header, "fault": None} != {**_header(outcome), "fault": None}:
        return None
    if fault := kept.header.get("fault"):
        raise ProfileFault(fault["message"])
    return remade(len(kept), lambda place: codec.load_groundings(kept[place]["payload"]))


def _header(outcome: DocumentOutcome) -> dict[str, object]:
    return {
        "sha256": outcome.document.sha256,
        "byte_size": outcome.document.byte_size,
        "profile": outcome.profile,
        "error": codec.dump_error(outcome.error),
    }
