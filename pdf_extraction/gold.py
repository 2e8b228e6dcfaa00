"""Extraction held against gold files: which document each belongs to, and the figures.

What counts as equal is ``evaluation``'s business, what is printed the command line's. Nothing
is extracted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pdf_extraction.errors import SettingsError
from pdf_extraction.evaluation import (
    Difference,
    Score,
    calibration_error,
    is_right,
    matched,
    median_overlap,
    score,
    worst,
)
from pdf_extraction.json_lines import read_objects
from pdf_extraction.model import Document, Row
from pdf_extraction.tools import Workspace

ENDING = ".devices.jsonl"
_NEEDED = ("device_type", "identifier", "text", "path", "context", "status", "page_start")
#: What is counted, each apart: contexts, and whether struck through.
COUNTED: Mapping[str, tuple[frozenset[str], bool]] = {
    "devices": (frozenset({"corpo", "anexo"}), False),
    "riscado": (frozenset({"corpo", "anexo", "alteracao"}), True),
    "alteracao": (frozenset({"alteracao"}), False),
}
_NOTHING = Score(0, 0, 0, 0)


@dataclass(frozen=True)
class GoldFile:
    """A gold file and the document it describes.

    Attributes:
        name: Of both, without endings.
        path: The gold file.
        pdf: The document; None where it was not found.
    """

    name: str
    path: Path
    pdf: Path | None


@dataclass(frozen=True)
class Figures:
    """What was measured, of one document or of all.

    Attributes:
        scores: By what is counted; see ``COUNTED``.
        confidences: Confidence of each found row that has one, and whether the row is right.
        without_confidence: Found rows without a confidence.
        overlap: Median overlap of boxes where gold has some.
        failed_pages: Pages without an answer.
    """

    scores: Mapping[str, Score] = field(default_factory=dict)
    confidences: Sequence[tuple[float, bool]] = ()
    without_confidence: int = 0
    overlap: float | None = None
    failed_pages: int = 0

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error over ten bins; None where no row has a confidence."""
        if not self.confidences:
            return None
        values, right = zip(*self.confidences, strict=True)
        return calibration_error(values, right)

    def worst(self, count: int = 10) -> list[Difference]:
        """The differences to read first, of everything that is counted."""
        return worst((d for found in self.scores.values() for d in found.differences), count)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a program."""
        return {
            **{name: _score_json(found) for name, found in self.scores.items()},
            "calibration_error": _rounded(self.calibration_error),
            "without_confidence": self.without_confidence,
            "bbox_overlap": _rounded(self.overlap),
            "failed_pages": self.failed_pages,
        }


def find_gold(folder: Path) -> list[GoldFile]:
    """Gold files of a folder, each with its document.

    The document of ``NAME.devices.jsonl`` is ``NAME.pdf`` beside it, else in the folder above.

    Raises:
        SettingsError: There is no gold file.
    """
    found = []
    for path in sorted(folder.glob(f"*{ENDING}")):
        name = path.name.removesuffix(ENDING)
        places = (folder / f"{name}.pdf", folder.absolute().parent / f"{name}.pdf")
        found.append(GoldFile(name, path, next((p for p in places if p.is_file()), None)))
    if not found:
        raise SettingsError(
            f"{folder}: no gold file here; evaluate wants NAME{ENDING} with NAME.pdf beside it "
            "or in the folder above"
        )
    return found


def read_gold(path: Path) -> list[Row]:
    """Devices of a gold file, in order.

    Raises:
        SettingsError: A line is no device.
    """
    return list(read_objects(path, lambda _: _NEEDED))


def has_rows(workspace: Workspace, document: Document) -> bool:
    """Whether the tables hold this very version, whole, under the settings' profile."""
    rows = workspace.tables.read("documents", document.partition_key)
    return bool(rows) and (rows[0]["sha256"], rows[0]["profile"], rows[0]["status"]) == (
        document.sha256,
        workspace.settings.profile,
        "done",
    )


def measure(workspace: Workspace, key: str, gold: Sequence[Row]) -> Figures:
    """Hold a document's published rows against its gold.

    Args:
        workspace: The tables.
        key: Partition key.
        gold: From ``read_gold``.
    """
    found = workspace.tables.read("devices", key)
    pairs = matched(gold, found)
    judged = [(row["confidence"], is_right(wanted, row)) for _, wanted, row in pairs if row]
    pages = workspace.tables.read("pages", key)
    return Figures(
        {
            name: score(gold, found, contexts=contexts, struck=struck)
            for name, (contexts, struck) in COUNTED.items()
        },
        [(value, right) for value, right in judged if value is not None],
        sum(value is None for value, _ in judged),
        median_overlap(pairs),
        sum(page["status"] == "failed" for page in pages),
    )


def added(figures: Iterable[Figures]) -> Figures:
    """Figures of all documents together; of overlaps the median of the documents'."""
    every = list(figures)
    overlaps = sorted(one.overlap for one in every if one.overlap is not None)
    return Figures(
        {name: sum((one.scores[name] for one in every), _NOTHING) for name in COUNTED},
        [pair for one in every for pair in one.confidences],
        sum(one.without_confidence for one in every),
        overlaps[len(overlaps) // 2] if overlaps else None,
        sum(one.failed_pages for one in every),
    )


def difference_json(document: str, difference: Difference) -> dict[str, Any]:
    """A difference as plain values."""
    context, path, occurrence = difference.identity
    return {
        "document": document,
        "kind": difference.kind,
        "page_number": difference.page_number,
        "context": context,
        "path": list(path),
        "version": occurrence,
        "similarity": round(difference.similarity, 4),
        "gold": difference.gold,
        "found": difference.found,
    }


def _score_json(found: Score) -> dict[str, Any]:
    return {
        "gold": found.gold,
        "found": found.found,
        "matched": found.matched,
        "precision": _rounded(found.precision),
        "recall": _rounded(found.recall),
        "f1": _rounded(found.f1),
        "equal_texts": _rounded(found.text_accuracy),
        "text_similarity": _rounded(found.text_similarity),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
