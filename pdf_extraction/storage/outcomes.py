"""How documents and pages ended, kept between two steps. No table is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from pdf_extraction.storage.stages import Stages

READ, ASKED, GROUNDED = "page_images", "page_completions", "page_extractions"


def save_readings(stages: Stages, outcome: DocumentOutcome, fingerprint: str) -> None:
    """Keep a document's pages as they were read.

    Args:
        stages: Where to.
        outcome: The document.
        fingerprint: Of everything that decides how a page is read.
    """
    rows = [
        {
            "page_number": page.page.page_number,
            "payload": codec.dump_page(page.page),
            "words": codec.dump_words(page.page),
        }
        for page in outcome.pages
    ]
    header = {**_header(outcome), "fingerprint": fingerprint}
    stages.save(READ, outcome.document.partition_key, header, rows)


def save_answers(stages: Stages, outcome: DocumentOutcome, chain: str = "") -> None:
    """Keep how each page of a document ended.

    Args:
        stages: Where to.
        outcome: The document.
        chain: Which backends were asked.
    """
    rows = [
        {"page_number": page.page.page_number, "payload": codec.dump_outcome(page)}
        for page in outcome.pages
    ]
    header = {**_header(outcome), "chain": chain}
    stages.save(ASKED, outcome.document.partition_key, header, rows)


def save_groundings(
    stages: Stages, outcome: DocumentOutcome, groundings: Sequence[Sequence[Grounding]]
) -> None:
    """Keep where each page's claims were found."""
    rows = [
        {"page_number": page.page.page_number, "payload": codec.dump_groundings(list(found))}
        for page, found in zip(outcome.pages, groundings, strict=True)
    ]
    stages.save(GROUNDED, outcome.document.partition_key, _header(outcome), rows)


def load_readings(stages: Stages, document: Document) -> tuple[str, dict[int, PageImage]]:
    """Pages of this very version of the document, and the fingerprint of how they were read."""
    found = stages.load(READ, document.partition_key)
    if found is None or found[0]["sha256"] != document.sha256:
        return "", {}
    header, rows = found
    pages = {row["page_number"]: codec.load_page(row["payload"], row["words"]) for row in rows}
    return header["fingerprint"], pages


def load_answers(
    stages: Stages, document: Document, profile: str, pages: Mapping[int, PageImage]
) -> tuple[str, dict[int, PageOutcome]]:
    """How ``pages`` ended when this profile was last asked for, and by which chain."""
    found = stages.load(ASKED, document.partition_key)
    if found is None:
        return "", {}
    header, rows = found
    if (header["sha256"], header["profile"]) != (document.sha256, profile):
        return "", {}
    return header.get("chain", ""), {
        row["page_number"]: codec.load_outcome(row["payload"], pages[row["page_number"]])
        for row in rows
        if row["page_number"] in pages
    }


def load_outcome(stages: Stages, document: Document) -> DocumentOutcome | None:
    """A document as ``page_completions`` left it; None where that step has not run.

    The version is the one that step saw, which ``document.sha256`` may be ahead of.
    """
    read, asked = (stages.load(stage, document.partition_key) for stage in (READ, ASKED))
    if read is None or asked is None or read[0]["sha256"] != asked[0]["sha256"]:
        return None
    header, rows = asked
    pages = {row["page_number"]: codec.load_page(row["payload"], row["words"]) for row in read[1]}
    if not {row["page_number"] for row in rows} <= pages.keys():
        return None  # the two were kept by different runs
    error = header["error"]
    return DocumentOutcome(
        replace(document, sha256=header["sha256"], byte_size=header["byte_size"]),
        header["profile"],
        tuple(codec.load_outcome(row["payload"], pages[row["page_number"]]) for row in rows),
        error=named(error["type"], error["message"]) if error else None,
    )


def save_fault(stages: Stages, outcome: DocumentOutcome, fault: ProfileFault) -> None:
    """Keep that an outcome's claims could not be looked for."""
    header = {**_header(outcome), "fault": codec.dump_error(fault)}
    stages.save(GROUNDED, outcome.document.partition_key, header, [])


def load_groundings(stages: Stages, outcome: DocumentOutcome) -> list[list[Grounding]] | None:
    """Groundings of an outcome's pages; None where that step has not seen this outcome.

    Raises:
        ProfileFault: That step broke on this outcome.
    """
    found = stages.load(GROUNDED, outcome.document.partition_key)
    if found is None or {**found[0], "fault": None} != {**_header(outcome), "fault": None}:
        return None
    if fault := found[0].get("fault"):
        raise ProfileFault(fault["message"])
    return [codec.load_groundings(row["payload"]) for row in found[1]]


def _header(outcome: DocumentOutcome) -> dict[str, object]:
    return {
        "sha256": outcome.document.sha256,
        "byte_size": outcome.document.byte_size,
        "profile": outcome.profile,
        "error": codec.dump_error(outcome.error),
    }
