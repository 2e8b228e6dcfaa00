"""What a backend is asked and what it answered. How a page ended is said in ``outcomes``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pdf_extraction.model.geometry import WHOLE_PAGE, BBox, View
from pdf_extraction.model.pages import PageImage


@dataclass(frozen=True)
class Prompt:
    """What a model is told about a page.

    Attributes:
        system: The system message.
        user: The text beside the picture.
        schema: JSON schema of the answer.
        schema_name: Name of the schema for ``response_format``.
        part: Fractions of the displayed page, of a follow-up that takes a closer look at
            something already answered: where it brings nothing, that answer stands.
    """

    system: str
    user: str
    schema: Mapping[str, Any]
    schema_name: str
    part: BBox | None = None

    @cached_property
    def prompt_hash(self) -> str:
        """SHA-256 of both messages."""
        return digest(self.system, self.user)

    @cached_property
    def schema_hash(self) -> str:
        """SHA-256 of the schema, independent of its keys' order."""
        return digest(json.dumps(self.schema, sort_keys=True, ensure_ascii=False))


def digest(*parts: str) -> str:
    """SHA-256 over ``parts``, hexadecimal; the border between parts counts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass
class Sent:
    """What a call really carried, noted by its backend: a server may refuse parts of a request.

    Attributes:
        temperature: None where none was sent.
    """

    temperature: float | None = None


@dataclass(frozen=True)
class Request:
    """One question about one page, before any backend has formatted it.

    Attributes:
        document_id: For the ledger.
        sha256: The document's version, for the ledger.
        page: The page asked about.
        prompt: Messages and schema.
        neighbours: Pages around it that go along as further pictures, in page order.
        read: Answers from the page's own text by rules; what the embedded backend calls.
        parse: Raises ``OutputError`` for an answer text that cannot be used.
        load_picture: Brings the encoded bytes of a page's picture when they are needed.
        merge: Makes one answer text of those about the upper and the lower half; None where
            a page cannot be asked in halves.
        view: What of the page is shown.
        turns: Turns that were tried, the last one shown; a model may not turn it in circles.
        rejected: Earlier answers with why each was refused, oldest first.
        temperature: Overrides the backend's, for another try.
        body: What a backend made of the request ahead of its turn; only that backend's.
        partition_key: For the ledger; a document's id may change with its sidecar.
        answer_key: What the answer is kept under; empty where it is not kept.
        max_tokens: Overrides the backend's, for another try.
        question: What the answer may be found by whatever the prompt's wording.
        takes_cut: ``parse`` decides whether an answer that was cut is of use.
        together: The neighbours are asked about as well, in one answer.
        sent: Where the backend notes what it sent; None where nobody wants to know.
        worded: The messages beside other neighbours; None where they do not speak of them.
    """

    document_id: str
    sha256: str
    page: PageImage
    prompt: Prompt
    read: Callable[[PageImage], str] = field(repr=False, compare=False)
    parse: Callable[[str], Any] = field(repr=False, compare=False)
    load_picture: Callable[[PageImage, View], Awaitable[bytes]] = field(repr=False, compare=False)
    merge: Callable[[str, str], str] | None = field(default=None, repr=False, compare=False)
    view: View = WHOLE_PAGE
    turns: tuple[int, ...] = ()
    neighbours: tuple[PageImage, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    temperature: float | None = None
    body: Any = field(default=None, repr=False, compare=False)
    partition_key: str = ""
    answer_key: str = ""
    max_tokens: int | None = None
    question: str = ""
    takes_cut: bool = False
    together: bool = False
    sent: Sent | None = field(default=None, repr=False, compare=False)
    worded: Callable[[Sequence[PageImage]], Prompt] | None = field(
        default=None, repr=False, compare=False
    )

    def within(self, reach: int) -> Request:
        """The question with at most ``reach`` neighbours on each side, for context."""
        number = self.page.page_number
        near = tuple(p for p in self.neighbours if abs(p.page_number - number) <= reach)
        if self.together or len(near) == len(self.neighbours):
            return self
        prompt = self.worded(near) if self.worded else self.prompt
        return replace(self, neighbours=near, prompt=prompt)

    @property
    def asked_pages(self) -> tuple[PageImage, ...]:
        """The pages that the answer is about."""
        return (self.page, *self.neighbours) if self.together else (self.page,)

    @property
    def can_be_smaller(self) -> bool:
        """Whether less may be asked about at once: half a page, or fewer pages."""
        return self.together or self.can_be_halved

    @property
    def can_be_halved(self) -> bool:
        """Whether each half of the page may be asked about alone."""
        has_picture = self.page.picture is not None
        alone = not self.together
        return alone and self.merge is not None and has_picture and self.view.is_whole


@dataclass(frozen=True)
class Completion:
    """A backend's answer about one page, kept raw.

    Attributes:
        text: The answer as it came.
        backend: Name in the settings.
        model: As the server reported it; empty for the embedded backend.
        finish_reason: The server's word, such as ``stop``.
        input_tokens: Tokens of the answering call alone.
        output_tokens: Tokens of the answering call alone.
        usage_estimated: The server gave no usage, these are estimates.
        token_logprobs: How sure the model was of each value, as ``logprobs.pack`` keeps it.
        cost_usd: Of the answering call alone.
        latency_ms: Of the answering call alone; 0 without a call.
        cached: Taken from the cache.
        is_fallback: Not from the chain's first backend.
        pause_s: Seconds that the server asks everyone to stay away, its limit being used up.
        prompt_hash: Of the messages that it answers, where they were worded otherwise than those
            asked with now; empty where nobody wrote that down.
    """

    text: str
    backend: str
    model: str = ""
    finish_reason: str = "stop"
    input_tokens: int = 0
    output_tokens: int = 0
    usage_estimated: bool = False
    token_logprobs: str = field(default="", repr=False)
    cost_usd: float = 0.0
    latency_ms: float = 0.0
    cached: bool = False
    is_fallback: bool = False
    pause_s: float | None = field(default=None, compare=False)
    prompt_hash: str | None = None

    def __post_init__(self) -> None:
        # Half of an emoji is valid in JSON, and no file, table or hash takes it.
        for name in ("text", "model", "finish_reason"):
            object.__setattr__(self, name, encodable(getattr(self, name)))


def encodable(text: str) -> str:
    """``text`` as UTF-8 takes it: unpaired surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


#: Between the answers that one page took, as in JSON text sequences (RFC 7464).
ANSWER_SEPARATOR = "\n\x1e\n"


def joined_text(earlier: str, later: str) -> str:
    """Two answers about one page as one text."""
    return f"{earlier}{ANSWER_SEPARATOR}{later}"


def joined(earlier: Completion, later: Completion) -> Completion:
    """A page's answer with what was asked after it; tokens and money of both."""
    return replace(
        later,
        text=joined_text(earlier.text, later.text),
        input_tokens=earlier.input_tokens + later.input_tokens,
        output_tokens=earlier.output_tokens + later.output_tokens,
        usage_estimated=earlier.usage_estimated or later.usage_estimated,
        cost_usd=earlier.cost_usd + later.cost_usd,
        latency_ms=earlier.latency_ms + later.latency_ms,
        cached=earlier.cached and later.cached,
        is_fallback=earlier.is_fallback or later.is_fallback,
        prompt_hash=earlier.prompt_hash,
    )


@dataclass(frozen=True)
class Attempt:
    """One call to a server, failed or not: a row of ``attempts``.

    It belongs to a document's version by its partition or its id, of which one may change: the
    id with the sidecar, the partition where file and sidecar are renamed together.
    """

    document_id: str
    sha256: str
    page_number: int
    backend: str
    model: str
    started_at: float
    latency_ms: float
    http_status: int | None = None
    error_type: str | None = None
    error: str | None = None
    retry_after_s: float | None = None
    temperature: float | None = None
    rotation: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    finish_reason: str | None = None
    partition_key: str = ""
    usage_estimated: bool = False
    part: str | None = None
