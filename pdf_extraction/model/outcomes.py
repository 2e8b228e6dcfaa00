"""A document and how it and its pages ended, up to the place of each claim. No table here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model.calls import Completion, Prompt
from pdf_extraction.model.geometry import Span
from pdf_extraction.model.pages import PageImage

Row = dict[str, Any]
PageStatus = Literal["done", "blank", "failed"]
GroundingMethod = Literal["exact", "normalised", "fuzzy", "absent"]


@dataclass(frozen=True)
class Document:
    """One file under its partition key.

    Attributes:
        partition_key: Human-readable and stable, from the file's name.
        document_id: From the sidecar, else the partition key.
        path: Where the file is now.
        sha256: Hash of its bytes, the document's version.
        byte_size: Bytes.
        metadata: The sidecar's keys.
    """

    partition_key: str
    document_id: str
    path: Path
    sha256: str
    byte_size: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PageOutcome:
    """How one page ended: with a completion, blank, or failed with its reason.

    Attributes:
        page: The page as it was read.
        completion: The raw answer that parsed.
        error: Why there is none.
        prompt_hash: Of the messages that were answered, of those sent where nothing came; None
            where nobody knows.
        schema_hash: Of the schema that was asked for.
        doubted: Sentence with which the page was asked a second time; the completion is the
            better answer of the two.
        answered_by: Number of the page whose answer is about this one too; None where the page
            was asked about by itself.
    """

    page: PageImage
    completion: Completion | None = None
    error: ExtractionError | None = None
    prompt_hash: str | None = None
    schema_hash: str | None = None
    doubted: str | None = None
    answered_by: int | None = None

    def answered(self, completion: Completion, prompt: Prompt) -> PageOutcome:
        """The same page with an answer, and the hash of the messages that it was given to.

        Args:
            completion: The answer.
            prompt: What was asked now; the answer may be to an earlier wording.
        """
        earlier = completion.prompt_hash
        given_to = prompt.prompt_hash if earlier is None else earlier or None
        return replace(self, completion=completion, prompt_hash=given_to)

    @property
    def is_answered(self) -> bool:
        """Whether a backend's answer is about the page."""
        return self.completion is not None or self.answered_by is not None

    @property
    def status(self) -> PageStatus:
        """The page's state for ``pages.status``."""
        if self.error is not None:
            return "failed"
        return "blank" if self.page.is_blank else "done"


@dataclass(frozen=True)
class Grounding:
    """Where a claimed text stands on its page.

    Attributes:
        method: How it was found.
        similarity: 0-1 between claim and page text, unfolded; 0 when absent.
        spans: Ranges of the page's text (not yet of the canonical text).
    """

    method: GroundingMethod
    similarity: float = 0.0
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """Why a page's answer is thought to lack something, seen from the whole document.

    Attributes:
        sentence: What to tell the model.
        about: What is lacking, by names that stay the same while it lacks.
    """

    sentence: str
    about: frozenset[str]


@dataclass(frozen=True)
class DocumentOutcome:
    """How one document ended: all its pages, or the reason why there are none.

    Attributes:
        document: The file.
        profile: Name of the profile that was asked for.
        pages: One for each page, in page order; of a long document each is made again whenever
            it is asked for.
        error: Why the document could not be opened.
        read_now: Every page was read from the file just now, none kept from an earlier run.
    """

    document: Document
    profile: str
    pages: Sequence[PageOutcome] = ()
    error: ExtractionError | None = None
    read_now: bool = False


@dataclass(frozen=True)
class GroundedPage:
    """A page with its parsed answer and the place of each of the answer's claims.

    Attributes:
        outcome: How the page ended.
        answer: What the profile's ``parse`` returned; None for a failed or blank page.
        groundings: One for each of ``profile.claims(answer)``, in that order.
        canonical_start: Offset of the page's text in the canonical text.
    """

    outcome: PageOutcome
    answer: Any
    groundings: Sequence[Grounding]
    canonical_start: int


class RemadePage(GroundedPage):
    """The same with an outcome, an answer and groundings that are made when they are looked at.

    Args:
        outcome: Makes the outcome.
        answer: Makes the answer of it.
        groundings: Makes the groundings.
        canonical_start: As in ``GroundedPage``.
    """

    def __init__(
        self,
        outcome: Callable[[], PageOutcome],
        answer: Callable[[PageOutcome], Any],
        groundings: Callable[[], Sequence[Grounding]],
        canonical_start: int,
    ) -> None:
        object.__setattr__(self, "_make", (outcome, answer, groundings))
        object.__setattr__(self, "canonical_start", canonical_start)

    @cached_property
    def outcome(self) -> PageOutcome:
        """How the page ended."""
        made: PageOutcome = self.__dict__["_make"][0]()
        return made

    @cached_property
    def answer(self) -> Any:
        """What the profile's ``parse`` returned."""
        return self.__dict__["_make"][1](self.outcome)

    @cached_property
    def groundings(self) -> Sequence[Grounding]:
        """Where its claims stand."""
        made: Sequence[Grounding] = self.__dict__["_make"][2]()
        return made
