"""What the asset checks decide, as pure functions over rows. No Dagster and no file here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
    """

    check: str
    passed: bool
    sentence: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    worst: Sequence[Row] = ()
    is_error: bool = False
