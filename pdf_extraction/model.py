"""Frozen types of one page's journey, from a file to its table rows.

No behaviour beyond derivations of the fields, and no foreign library. Geometry is
``(x0, y0, x1, y1)`` as fractions 0-1 of the displayed page (after /Rotate), origin top
left. Offsets count Unicode code points; ``end`` is exclusive.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pdf_extraction.errors import ExtractionError

BBox = tuple[float, float, float, float]
Row = dict[str, Any]
PageFlag = Literal["possible_injection", "hidden_text", "reduced"]
TextSource = Literal["text_layer", "ocr", "none"]
PageStatus = Literal["done", "blank", "failed"]
RegionKind = Literal["table", "figure", "formula", "furniture"]
GroundingMethod = Literal["exact", "normalised", "fuzzy", "absent"]


def union(boxes: Iterable[BBox]) -> BBox | None:
    """Smallest box around ``boxes``; None for no box."""
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True) if (boxes := list(boxes)) else ((),) * 4
    return (min(x0s), min(y0s), max(x1s), max(y1s)) if x0s else None


class Span(NamedTuple):
    """A half-open range of code points."""

    start: int
    end: int


class View(NamedTuple):
    """What of a page its picture shows.

    Attributes:
        turn: Clockwise degrees by which the displayed page is turned: 0, 90, 180 or 270.
        part: Fractions of the turned page, origin top left.
    """

    turn: int = 0
    part: BBox = (0.0, 0.0, 1.0, 1.0)

    @property
    def is_whole(self) -> bool:
        """Whether all of the page is shown."""
        return self.part == (0.0, 0.0, 1.0, 1.0)

    def size(self, width: float, height: float) -> tuple[float, float]:
        """Width and height of what is shown of a page of such a size."""
        if self.turn % 180:
            width, height = height, width
        x0, y0, x1, y1 = self.part
        return width * (x1 - x0), height * (y1 - y0)

    def on_page(self, box: BBox) -> BBox:
        """A box of this view as fractions of the displayed page."""
        x0, y0, x1, y1 = self.part
        left, right = (x0 + x * (x1 - x0) for x in (box[0], box[2]))
        top, bottom = (y0 + y * (y1 - y0) for y in (box[1], box[3]))
        return {
            0: (left, top, right, bottom),
            90: (top, 1 - right, bottom, 1 - left),
            180: (1 - right, 1 - bottom, 1 - left, 1 - top),
            270: (1 - bottom, left, 1 - top, right),
        }[self.turn]


WHOLE_PAGE = View()


class Word(NamedTuple):
    """One printed word of a page.

    Attributes:
        start: First code point in the page's text.
        end: One past the last code point.
        bbox: Fractions of the displayed page, origin top left.
        line: Index of the word's line in reading order, from 0.
        size: Font size in points; 0 where unknown.
        bold: Whether the font says bold.
        struck: Whether the page's drawing strikes the word through.
        confidence: OCR confidence 0-1; None for a text layer.
    """

    start: int
    end: int
    bbox: BBox
    line: int
    size: float = 0.0
    bold: bool = False
    struck: bool = False
    confidence: float | None = None


@dataclass(frozen=True)
class Line:
    """One printed line: words that share a ``line`` index.

    Attributes:
        start: First code point in the page's text.
        end: One past the last code point (the line feed excluded).
        bbox: Fractions of the displayed page.
        words: The line's words, left to right.
        text: The line as printed.
    """

    start: int
    end: int
    bbox: BBox
    words: tuple[Word, ...]
    text: str


@dataclass(frozen=True)
class PageText:
    """A page's own text in reading order, with the place of every word.

    Attributes:
        source: Where the text comes from.
        text: NFC, one line feed between lines, no blanks at line ends; a word broken at a
            line end keeps its hyphen and line feed.
        words: In reading order; gaps between words are blanks or line feeds.
        engine: OCR engine, empty for a text layer.
    """

    source: TextSource
    text: str = ""
    words: Sequence[Word] = ()
    engine: str = ""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Lines in reading order."""
        grouped: dict[int, list[Word]] = {}
        for word in self.words:
            grouped.setdefault(word.line, []).append(word)
        return tuple(self._line(tuple(words)) for words in grouped.values())

    def _line(self, words: tuple[Word, ...]) -> Line:
        start, end = words[0].start, words[-1].end
        bbox = union(word.bbox for word in words)
        assert bbox is not None
        return Line(start, end, bbox, words, self.text[start:end])


@dataclass(frozen=True)
class Picture:
    """A page's picture as it is sent to a model.

    Attributes:
        width: Pixels.
        height: Pixels.
        byte_size: Encoded bytes before base64.
        sha256: Hash of the encoded bytes, hexadecimal.
        media_type: Such as ``image/jpeg``.
        data: The encoded bytes; None where only the facts were kept.
    """

    width: int
    height: int
    byte_size: int
    sha256: str
    media_type: str
    data: bytes | None = field(default=None, repr=False, compare=False)


class TableCell(NamedTuple):
    """A printed cell of a table.

    Attributes:
        row: First row it reaches over, from 0.
        column: First column, from 0.
        rows: Rows it reaches over, at least one.
        columns: Columns it reaches over, at least one.
        text: As printed, lines joined by blanks.
        is_header: It heads columns.
    """

    row: int
    column: int
    rows: int
    columns: int
    text: str
    is_header: bool = False


@dataclass(frozen=True)
class Region:
    """A part of a page that is no running text.

    Attributes:
        kind: What it is; ``furniture`` is a running head, running foot or page number.
        bbox: Fractions of the displayed page.
        cells: Of a table, row by row; their words lie in ``bbox``.
        latex: Of a formula.
    """

    kind: RegionKind
    bbox: BBox
    cells: tuple[TableCell, ...] = ()
    latex: str = ""


@dataclass(frozen=True)
class PageImage:
    """One page as read from its file.

    Attributes:
        page_number: From 1.
        width_pt: Displayed width in points (1/72 inch), after /Rotate.
        height_pt: Displayed height in points.
        rotation: /Rotate of the page, clockwise degrees.
        text: The page's own text.
        is_blank: Neither ink nor text; nothing is asked about such a page.
        picture: Present where a backend of the chain looks at pictures.
        text_verdict: Which rule decided ``text.source``, for people.
        ink: Share of the page that is ink, 0-1, where its text layer has no text.
        is_text: The document is text without pages of its own: no picture of these shows more.
        regions: Tables, figures and formulas, where a profile asked for them.
        flags: What a person should know of the page; nothing is decided by them.
        error: Why the page could not be read; the other fields are then empty.
    """

    page_number: int
    width_pt: float = 0.0
    height_pt: float = 0.0
    rotation: int = 0
    text: PageText = PageText("none")
    is_blank: bool = False
    picture: Picture | None = None
    text_verdict: str = ""
    ink: float | None = None
    is_text: bool = False
    regions: tuple[Region, ...] = ()
    flags: tuple[PageFlag, ...] = ()
    error: ExtractionError | None = None


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

    @property
    def can_be_halved(self) -> bool:
        """Whether each half of the page may be asked about alone."""
        has_picture = self.page.picture is not None
        return self.merge is not None and has_picture and self.view.is_whole


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


@dataclass(frozen=True)
class PageOutcome:
    """How one page ended: with a completion, blank, or failed with its reason.

    Attributes:
        page: The page as it was read.
        completion: The raw answer that parsed.
        error: Why there is none.
        prompt_hash: Of the messages that were sent.
        schema_hash: Of the schema that was asked for.
        doubted: Sentence with which the page was asked a second time; the completion is the
            better answer of the two.
    """

    page: PageImage
    completion: Completion | None = None
    error: ExtractionError | None = None
    prompt_hash: str | None = None
    schema_hash: str | None = None
    doubted: str | None = None

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
        pages: One for each page, in page order.
        error: Why the document could not be opened.
    """

    document: Document
    profile: str
    pages: tuple[PageOutcome, ...] = ()
    error: ExtractionError | None = None


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
