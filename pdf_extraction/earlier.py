"""What earlier runs left of a document, and what of it a run may use. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pdf_extraction.model import Document, PageImage, PageOutcome
from pdf_extraction.storage import outcomes
from pdf_extraction.tools import Tools


@dataclass(frozen=True)
class Earlier:
    """What earlier runs left of this version of a document.

    Attributes:
        pages: As they were read then.
        outcomes: How they ended for this profile.
        read_alike: They were read as this run reads.
        asked_alike: The same chain was asked, and this run need not ask again.
    """

    pages: Mapping[int, PageImage]
    outcomes: Mapping[int, PageOutcome]
    read_alike: bool
    asked_alike: bool

    @classmethod
    def of(cls, tools: Tools, document: Document) -> Self:
        """What is kept of a document, as this run may use it."""
        stages, profile = tools.workspace.stages, tools.workspace.profile.name
        fingerprint, pages = outcomes.load_readings(stages, document)
        chain, ended = outcomes.load_answers(stages, document, profile, pages)
        return cls(
            pages,
            ended,
            read_alike=fingerprint == tools.reader.options.fingerprint,
            asked_alike=chain == tools.chain_identity and not tools.force,
        )

    def stands(self, number: int) -> bool:
        """Whether a page has an answer that need not be asked for again."""
        before = self.outcomes.get(number)
        return self.asked_alike and before is not None and before.is_answered

    @property
    def known(self) -> Mapping[int, PageImage]:
        """Pages that need not be read again."""
        return self.pages if self.read_alike else {}


def is_kept(tools: Tools, before: PageOutcome, asked: PageOutcome) -> bool:
    """Whether an answer is kept, where the page would be asked about again.

    A fallback's would be asked for on every run. A user's model changes often, and whoever
    adds a field does not mean to pay for a thousand documents again.
    """
    if not before.is_answered:
        return False
    if tools.workspace.profile.keeps_answers:
        return True
    fallback = before.completion is not None and before.completion.is_fallback
    return fallback and same_question(tools, before, asked)


def same_question(tools: Tools, one: PageOutcome, other: PageOutcome) -> bool:
    """Whether two outcomes are of the same schema, and messages but where any wording will do."""
    any_wording = tools.workspace.settings.cache.ignore_prompt_hash
    same_messages = any_wording or one.prompt_hash == other.prompt_hash
    return same_messages and one.schema_hash == other.schema_hash
