"""What the asset checks decide, as pure functions over rows. No Dagster and no file here."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

from pdf_extraction.assembly.gaps import Gap, find_gaps
from pdf_extraction.model import Row

Figure = int | float | str


@dataclass(frozen=True)
class Verdict:
    """What one check says of one document.

    Attributes:
        check: Name of the check.
        passed: Whether the document holds it.
        sentence: What was found, in words.
        figures: What was counted.
        worst: The rows to look at first, the worst one first.
        is_error: Whether a failure is an error rather than a warning.
        is_judged: Whether there was anything to judge.
    """

    check: str
    passed: bool
    sentence: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    worst: Sequence[Row] = ()
    is_error: bool = False
    is_judged: bool = True


def pages_complete(
    document: Row, pages: Sequence[Row], attempts: Sequence[Row], max_rate: float
) -> Verdict:
    """Each page has one row with a status, few enough failed, and the bill adds up.

    Args:
        document: Row of ``documents``.
        pages: Its rows of ``pages``.
        attempts: Its rows of ``attempts``.
        max_rate: Share of failed pages above which the check fails.
    """
    failed = [page for page in pages if page["status"] == "failed"]
    count = document["page_count"]
    rate = len(failed) / len(pages) if pages else 0.0
    figures: dict[str, Figure] = {
        "pages": len(pages),
        "failed": len(failed),
        "blank": sum(page["status"] == "blank" for page in pages),
        "failed_share": round(rate, 4),
        "allowed_share": max_rate,
        "calls": len(attempts),
        "cost_usd": document["cost_usd"],
    }
    problem = _incomplete(document, pages, attempts)
    if problem is None and rate > max_rate:
        problem = f"{len(failed)} of {len(pages)} pages failed; `retry` asks for them again"
    kept = ("page_number", "error_type", "error")
    return Verdict(
        "pages_complete",
        passed=problem is None,
        sentence=problem
        or f"{count} page{'s' * (count != 1)}, each with its row; {len(failed)} failed",
        figures=figures,
        worst=[{name: page[name] for name in kept} for page in failed],
        is_error=True,
    )


def _incomplete(document: Row, pages: Sequence[Row], attempts: Sequence[Row]) -> str | None:
    if document["error"] is not None:
        return f"{document['error_type']}: {document['error']}"
    numbers = [page["page_number"] for page in pages]
    if numbers != list(range(1, (document["page_count"] or 0) + 1)):
        return f"{document['page_count']} pages in the file, but rows for {numbers[:20]}"
    if any(page["error"] is None for page in pages if page["status"] == "failed"):
        return "a failed page has no reason"
    for name in ("input_tokens", "output_tokens", "cost_usd"):
        paid = sum(attempt[name] for attempt in attempts)
        if abs(paid - document[name]) > 1e-9:
            return f"{name}: {document[name]} in `documents`, but {paid} over its attempts"
    return None


def confidence(
    records: Sequence[Row],
    least: float,
    max_share: float,
    most: int = sys.maxsize,
    seen: Iterable[Row] | None = None,
) -> Verdict:
    """Few enough records are of low confidence; those without evidence are counted apart.

    Args:
        records: Rows with a ``confidence``.
        least: Confidence below which a record is of low confidence.
        max_share: Share of such records above which the check fails.
        most: Records that are shown, the worst ones.
        seen: The same rows with that column alone, where the others are dear to read.
    """
    values = [record["confidence"] for record in (records if seen is None else seen)]
    known = [value for value in values if value is not None]
    below = [(value, at) for at, value in enumerate(values) if value is not None and value < least]
    share = len(below) / len(known) if known else 0.0
    mean = sum(known) / len(known) if known else None
    figures: dict[str, Figure] = {
        "records": len(values),
        "without_evidence": len(values) - len(known),
        f"below_{least:g}": len(below),
        "share": round(share, 4),
        "allowed_share": max_share,
        **({"mean": round(mean, 4)} if mean is not None else {}),
    }
    sentence = f"{len(below)} of {len(known)} records with evidence are below {least:g}"
    worst = [records[at] for _, at in nsmallest(most, below)]
    return Verdict("confidence", share <= max_share, sentence, figures, worst)


def canonical_hash(
    document: Row,
    recomputed: str | None,
    *,
    read_again: int,
    kept: int,
    missing: str | None,
    just_read: int = 0,
) -> Verdict:
    """The text's hash, computed again from the source's bytes, is the one in ``documents``.

    Args:
        document: Row of ``documents``.
        recomputed: The hash of the text as it was read now.
        read_again: Pages whose text layer was read again.
        kept: OCR pages whose kept text of the same bytes was taken.
        missing: Why nothing could be computed, where that is so.
        just_read: Pages whose text is the one that the same run has read from the same bytes.
    """
    if document["canonical_hash"] is None:
        return Verdict("canonical_hash", True, "no text was read, so there is no hash to compare")
    figures: dict[str, Figure] = {
        "pages_read_again": read_again,
        "pages_read_by_this_run": just_read,
        "ocr_pages_by_kept_text": kept,
        "canonical_hash": document["canonical_hash"],
    }
    if missing is not None:
        return Verdict("canonical_hash", False, missing, figures)
    same = recomputed == document["canonical_hash"]
    sentence = "the source's bytes give the same text"
    if just_read:
        sentence += f" ({read_again} pages read again, {just_read} as this run has read them)"
    if kept:
        sentence += f" ({kept} OCR pages by their kept text)"
    if not same:
        sentence = f"the source's bytes now give another text, of hash {recomputed}"
    return Verdict("canonical_hash", same, sentence, figures, is_error=True)


#: Columns of ``devices`` that ``hierarchy`` looks at.
OF_HIERARCHY = (
    *("device_id", "device_type", "identifier", "parent_id"),
    *("position", "context", "page_number", "page_end"),
)


def hierarchy(devices: Sequence[Row]) -> Verdict:
    """Ids are unique, parents exist, positions and numbers have no gap.

    Args:
        devices: Rows of ``devices`` in document order.
    """
    ids = Counter(device["device_id"] for device in devices)
    twice = [device for device in devices if ids[device["device_id"]] > 1]
    orphans = [d for d in devices if d["parent_id"] is not None and d["parent_id"] not in ids]
    positions = [device["position"] for device in devices]
    gaps = [_gap_row(gap) for gap in find_gaps(devices)]
    broken = bool(twice or orphans) or positions != list(range(len(devices)))
    figures: dict[str, Figure] = {
        "devices": len(devices),
        "orphans": len(orphans),
        "ids_used_twice": len(twice),
        "gaps": len(gaps),
    }
    problems = [
        *([f"{len(twice)} devices share an id"] if twice else []),
        *([f"{len(orphans)} devices have a parent that is not there"] if orphans else []),
        *(["positions have a gap"] if positions != list(range(len(devices))) else []),
        *([f"{len(gaps)} gap{'s' * (len(gaps) > 1)} in the numbering"] if gaps else []),
    ]
    shown = [_problem_row("orphan", d) for d in orphans] + [_problem_row("twice", d) for d in twice]
    return Verdict(
        "hierarchy",
        passed=not problems,
        sentence="; ".join(problems) or "ids, parents, positions and numbers hold",
        figures=figures,
        worst=shown + gaps,
        is_error=broken,
    )


def _problem_row(problem: str, device: Row) -> Row:
    names = ("device_id", "identifier", "parent_id", "page_number")
    return {"problem": problem, **{name: device[name] for name in names}}


def _gap_row(gap: Gap) -> Row:
    shown = ", ".join(gap.missing[:10]) + (", ..." if len(gap.missing) > 10 else "")
    first, last = gap.pages
    pages = f"{first}" if first == last else f"{first}-{last}"
    return {**_problem_row("gap", gap.after), "missing": shown, "missing_on_pages": pages}


#: Columns of records that ``grounding`` looks at.
OF_GROUNDING = ("grounding", "canonical_spans", "source_text")


def grounding(
    records: Sequence[Row],
    canonical_text: str | None,
    max_absent_share: float,
    most: int = sys.maxsize,
    seen: Iterable[Row] | None = None,
) -> Verdict:
    """Records stand on their pages, and their spans give their source text.

    Args:
        records: Rows with a ``grounding``.
        canonical_text: What ``canonical_spans`` count in.
        max_absent_share: Share of absent records above which the check fails.
        most: Records that are shown, the worst ones.
        seen: The same rows with ``OF_GROUNDING`` alone, where the rest is dear to read.
    """
    methods: Counter[str] = Counter()
    absent: list[int] = []
    astray: list[int] = []
    for at, record in enumerate(records if seen is None else seen):
        methods[record["grounding"]] += 1
        if record["grounding"] == "absent":
            absent.append(at)
        elif not _spans_hold(record, canonical_text or ""):
            astray.append(at)
    count = methods.total()
    share = len(absent) / count if count else 0.0
    figures: dict[str, Figure] = {
        "records": count,
        **{method: methods[method] for method in ("exact", "normalised", "fuzzy", "absent")},
        "absent_share": round(share, 4),
        "allowed_share": max_absent_share,
        "spans_that_give_another_text": len(astray),
    }
    sentence = f"{len(absent)} of {count} records are not on their page"
    if astray:
        sentence += f"; the spans of {len(astray)} give another text than `source_text`"
    passed = share <= max_absent_share and not astray
    worst = [records[at] for at in [*astray, *absent][:most]]
    return Verdict("grounding", passed, sentence, figures, worst, is_error=bool(astray))


def _spans_hold(record: Row, text: str) -> bool:
    spans = record.get("canonical_spans")
    if not spans:
        return True
    parts = (text[span["start"] : span["end"]] for span in spans)
    return bool(record["source_text"] == "".join(parts))


def unpublished(check: str) -> Verdict:
    """A check of a document that has no rows."""
    sentence = "the document has no rows yet; materialise document_chunks first"
    return Verdict(check, False, sentence, is_error=True)


def unopened(check: str, document: Row) -> Verdict:
    """A check of a document without a page that is done: what was not seen has passed nothing.

    Its pages are missing, which is an error; of the others nothing can be said.
    """
    sentence = f"{document['error_type']}: {document['error']}"
    is_error = check == "pages_complete"
    return Verdict(check, False, sentence, is_error=is_error, is_judged=is_error)


def not_applicable(check: str, profile: str) -> Verdict:
    """A check that has nothing to look at in a profile's tables."""
    return Verdict(check, True, f"does not apply: profile {profile} has no such records")


#: Every check in the order they are shown.
CHECKS: tuple[str, ...] = (
    "pages_complete",
    "confidence",
    "canonical_hash",
    "hierarchy",
    "grounding",
)
