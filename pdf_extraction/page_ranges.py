"""Page numbers as people write them: ``1-5,8``. No page is read here."""

from __future__ import annotations

import re

from pdf_extraction.errors import SettingsError

_PART = re.compile(r"(\d+)(?:-(\d+))?")
#: More pages than any document has; a typing error must not fill the memory.
_MOST = 1_000_000


def parse_pages(text: str | None) -> frozenset[int] | None:
    """Page numbers from 1; None, which is all pages, for an empty text.

    Raises:
        SettingsError: The text is not of the form ``1-5,8``.
    """
    if text is None or not text.strip():
        return None
    pages: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= _MOST:
            raise SettingsError(f"pages: {part.strip()!r} is no page or range; write like 1-5,8")
        pages.update(range(first, last + 1))
    return frozenset(pages)


def format_pages(pages: frozenset[int] | None) -> str | None:
    """Inverse of ``parse_pages``, with neighbours joined to ranges."""
    if pages is None:
        return None
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and runs[-1][1] == page - 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
