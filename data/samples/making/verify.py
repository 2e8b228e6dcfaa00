"""Reads the made files back and refuses what does not hold.

The gold says what the typesetter was told; this says whether a reader can find it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from making.mupdf import Pdf, mupdf

if TYPE_CHECKING:
    from pathlib import Path

    from making.gold import Row
    from making.typesetter import Document


def verify(document: Document, pdf: Pdf, rows: list[Row]) -> None:
    """Every gold text is on its pages, and every trap is set."""
    texts = [page.get_text("text") for page in pdf]
    folded = [fold(text) for text in texts]
    for row in rows:
        if not _is_printed(row, folded):
            raise ValueError(f"{document.name}: not on its pages: {row['path']} {row['text']}")
    if sum(row["page_start"] < row["page_end"] for row in rows) < document.crossings:
        raise ValueError(f"{document.name}: too few devices cross a page break")
    for trap in document.traps:
        if not re.search(trap.pattern, texts[trap.page - 1], re.MULTILINE):
            raise ValueError(f"{document.name}: no line of page {trap.page} is {trap.pattern}")


def verify_unreadable(path: Path) -> None:
    """A broken sample must give no page, by whatever way PyMuPDF says so."""
    try:
        with mupdf.open(path) as document:
            pages = len(document)
    except (mupdf.FileDataError, RuntimeError):
        pages = 0
    if pages:
        raise ValueError(f"{path.name}: opens with {pages} pages")


def fold(text: str) -> str:
    """Letters and digits only: line ends, hyphens and quotes are the print's, not the text's."""
    return "".join(char for char in text if char.isalnum())


def _is_printed(row: Row, folded: list[str]) -> bool:
    wanted = fold(f"{row['label']}{row['text']}")
    first, last = row["page_start"] - 1, row["page_end"] - 1
    if first == last:
        return wanted in folded[first]
    return any(
        wanted[:cut] in folded[first] and wanted[cut:] in folded[last]
        for cut in range(1, len(wanted))
    )
