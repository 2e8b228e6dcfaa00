"""The one set of Arrow schemas: every table, column, type and meaning.

Files, commits, SQL and the rows themselves have modules of their own. A field's metadata holds
its ``description``, its ``values`` (joined by blanks) where they are few, and its ``format``
where that is ``json``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

# Arrow's own allocator keeps what is freed: 40 MB after the rows of a thousand pages.
pa.set_memory_pool(pa.system_memory_pool())

TEXT: pa.DataType = pa.string()
INT: pa.DataType = pa.int64()
FLOAT: pa.DataType = pa.float64()
BOOL: pa.DataType = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")


def list_of(item: pa.DataType) -> pa.DataType:
    """A list without nulls in it."""
    return pa.list_(pa.field("element", item, nullable=False))


def _struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct([pa.field(name, kind, nullable=False) for name, kind in fields.items()])


TEXTS = list_of(TEXT)
BBOX = list_of(FLOAT)
SPANS = list_of(_struct(start=INT, end=INT))
BBOX_SPANS = list_of(_struct(page_number=INT, bbox=BBOX))

#: Columns that say when and by which run rows were made; they do not count as a change.
PROVENANCE = ("run_id", "extracted_at")

_BBOX_TEXT = "[x0, y0, x1, y1], 0-1 of the displayed page, origin top left"


def _column(
    name: str, kind: pa.DataType, description: str, *, null: bool = True, **facts: str
) -> pa.Field[Any]:
    return pa.field(name, kind, nullable=null, metadata={"description": description, **facts})


def _key(name: str, kind: pa.DataType, description: str, **facts: str) -> pa.Field[Any]:
    return _column(name, kind, description, null=False, **facts)


_DOCUMENT = _key("document_id", TEXT, "The document, as in `documents`.")
_PAGE = _key("page_number", INT, "From 1.")
_ERROR_TYPE = _column("error_type", TEXT, "Class of the error; NULL without one.")
_SPENT = (
    _key("input_tokens", INT, "Of all attempts, failed ones too."),
    _key("output_tokens", INT, "Of all attempts, failed ones too."),
    _key("cost_usd", FLOAT, "Of all attempts, failed ones too, by the settings' prices."),
)

_DOCUMENTS = (
    _key("document_id", TEXT, "Primary key: from the sidecar, else the partition key."),
    _key("partition_key", TEXT, "Dagster's partition, from the file's name."),
    _key("file_name", TEXT, "Name of the file without its folder."),
    _key("sha256", TEXT, "Of the file's bytes: the document's version."),
    _key("byte_size", INT, "Of the file."),
    _column("page_count", INT, "NULL where the file could not be opened."),
    _key("profile", TEXT, "What was extracted."),
    _key("status", TEXT, "How it ended.", values="done partial failed"),
    _ERROR_TYPE,
    _column("error", TEXT, "What happened and what to do next."),
    _key("pages_done", INT, "Blank pages too."),
    _key("pages_failed", INT, "Pages without an answer."),
    _column("canonical_text", TEXT, "The pages' texts joined; what offsets count in."),
    _column("canonical_hash", TEXT, "SHA-256 of the normalised canonical text."),
    _key("metadata", TEXT, "The sidecar's keys as JSON.", format="json"),
    _column("confidence", FLOAT, "Mean over the records that have one, 0-1."),
    _column("grounded_share", FLOAT, "Share of records found on their page, 0-1."),
    _key("calls", INT, "Calls to servers, failed ones too."),
    *_SPENT,
    _key("run_id", TEXT, "Run that last changed the document's rows."),
    _key("extracted_at", TIME, "When the rows were last changed, UTC."),
)

_PAGES = (
    _DOCUMENT,
    _PAGE,
    _key("status", TEXT, "How it ended.", values="done blank failed"),
    _ERROR_TYPE,
    _column("error", TEXT, "What happened and what to do next."),
    _column(
        "answered_by",
        INT,
        "Page in whose row the answer is, and its bill, where several pages were asked about in "
        "one question; NULL for that page, and for pages asked about by themselves.",
    ),
    _key("text_source", TEXT, "Where `text` is from.", values="text_layer ocr none"),
    _column("text", TEXT, "The page's own text in reading order."),
    _column("canonical_start", INT, "First code point in `documents.canonical_text`."),
    _column("canonical_end", INT, "One past the last code point."),
    _column("width_pt", FLOAT, "Displayed width in points (1/72 inch), after /Rotate."),
    _column("height_pt", FLOAT, "Displayed height in points."),
    _column("rotation", INT, "/Rotate of the page, clockwise degrees."),
    _key(
        "flags",
        TEXTS,
        "What to look at: `possible_injection` (the text, also hidden text, seems to give orders "
        "to a model), `hidden_text` (invisible, in the paper's colour or too small to read), "
        "`reduced` (so large that its picture was rendered too small for small print).",
    ),
    _column("image_width", INT, "Pixels of the picture that was sent; NULL without one."),
    _column("image_height", INT, "Pixels of the picture that was sent."),
    _column("image_bytes", INT, "Of the picture, before base64."),
    _column("image_sha256", TEXT, "Of the picture's bytes."),
    _column("backend", TEXT, "Whose answer was taken; NULL for a blank or failed page."),
    _column("model", TEXT, "As the server reported it; NULL for the embedded backend."),
    _column("prompt_hash", TEXT, "SHA-256 of the messages."),
    _column("schema_hash", TEXT, "SHA-256 of the answer's JSON schema."),
    _column("finish_reason", TEXT, "The server's word, such as `stop`."),
    _key("attempts", INT, "Calls made for this page."),
    _key("cached", BOOL, "The answer was in the cache: nothing was paid for it here."),
    _key("is_fallback", BOOL, "The answer is not from the chain's first backend."),
    *_SPENT,
    _column("latency_ms", FLOAT, "Of the answering call; NULL without a call."),
    _column("raw_response", TEXT, "The answer as it came."),
)

_ATTEMPTS = (
    _DOCUMENT,
    _PAGE,
    _key("attempt", INT, "From 1 within the page, in the order they were made."),
    _key("backend", TEXT, "Name in the settings."),
    _column("model", TEXT, "As asked for, or as the server reported it."),
    _key("started_at", TIME, "UTC."),
    _key("latency_ms", FLOAT, "Until the whole answer or the failure."),
    _column("http_status", INT, "NULL where no answer came."),
    _ERROR_TYPE,
    _column("error", TEXT, "What happened."),
    _column("retry_after_s", FLOAT, "Seconds the server asked to wait."),
    _column("temperature", FLOAT, "As sent."),
    _key("rotation", INT, "Degrees the picture was turned for this attempt."),
    _key("input_tokens", INT, "Of this call."),
    _key("output_tokens", INT, "Of this call."),
    _key("cost_usd", FLOAT, "Of this call, by the settings' prices."),
    _column("finish_reason", TEXT, "The server's word."),
    _column("usage_estimated", BOOL, "The tokens are our guess: no count came, or no answer."),
    _column("part", TEXT, "What of the turned page was shown, `x0 y0 x1 y1`; NULL for all of it."),
)

_DEVICES = (
    _DOCUMENT,
    _key("device_id", TEXT, "LexML fragment, such as `art5_par1u_inc2_ali1`; unique here."),
    _key("device_type", TEXT, "Kind.", values="artigo paragrafo inciso alinea item"),
    _key("identifier", TEXT, "`Art. 5º`, `§ 1º`, `Parágrafo único`, `I`, `a)`, `1`."),
    _key("label", TEXT, "The label as printed."),
    _key("text", TEXT, "Own text: label removed, children excluded, lines joined."),
    _column("source_text", TEXT, "Verbatim, the concatenation of `canonical_spans`."),
    _column("canonical_spans", SPANS, "Ranges of `documents.canonical_text`."),
    _column("parent_id", TEXT, "`device_id` of the parent; NULL for an article."),
    _column("parent_identifier", TEXT, "`identifier` of the parent."),
    _key("path", TEXTS, "Identifiers from the article down to this device."),
    _key("section_path", TEXTS, "Headings above it: título, capítulo, seção."),
    _key("position", INT, "Document order from 0, without gaps."),
    _key("context", TEXT, "Where it stands.", values="corpo anexo alteracao"),
    _column("context_name", TEXT, "Which annex or amended act."),
    _key("status", TEXT, "As printed.", values="vigente riscado revogado vetado"),
    _PAGE,
    _key("page_end", INT, "Last page; `page_number` is the first."),
    _column("bbox", BBOX, f"On `page_number`: {_BBOX_TEXT}."),
    _column("bbox_spans", BBOX_SPANS, "One box for each page it stands on."),
    _key("grounding", TEXT, "How it was found.", values="exact normalised fuzzy absent"),
    _column("confidence", FLOAT, "0-1; NULL without evidence."),
    _column("confidence_method", TEXT, "What the confidence was made from."),
    _column("model_confidence", FLOAT, "What the model said of itself; kept, not used."),
)

_CHUNKS = (
    _key("chunk_id", TEXT, "`DOCUMENT#DEVICE`, unique over all documents."),
    _key("node_id", TEXT, "Node in the document's tree."),
    _column("parent_node_id", TEXT, "Node of the parent."),
    _key("device_id", TEXT, "As in `devices`."),
    _key("device_type", TEXT, "Kind.", values="artigo paragrafo inciso alinea item"),
    _key("chunk_level", TEXT, "Whole article or one device.", values="article device"),
    _key("text", TEXT, "Text of the chunk."),
    _column("parent_text", TEXT, "Text of the parent device."),
    _key("retrieval_text", TEXT, "What to index: headings, caput and text together."),
    _key("section_path", TEXTS, "Headings above it."),
    _key("citations", TEXTS, "Other devices and acts that the text names."),
    _DOCUMENT,
    _column("tipo_documento", TEXT, "From the sidecar."),
    _column("numero", TEXT, "From the sidecar."),
    _column("ano", INT, "From the sidecar."),
    _column("article_number", TEXT, "Such as `5` or `29-A`."),
    _PAGE,
    _key("is_cross_page", BOOL, "It goes over a page break."),
    _column("bbox", BBOX, f"On `page_number`: {_BBOX_TEXT}."),
    _column("bbox_spans", BBOX_SPANS, "One box for each page it stands on."),
    _column("confidence", FLOAT, "0-1; NULL without evidence."),
    _column("canonical_start", INT, "First code point in `documents.canonical_text`."),
    _column("canonical_end", INT, "One past the last code point."),
    _column("canonical_hash", TEXT, "Of the text that the offsets count in."),
    _key("part_index", INT, "Part of a long article that was split."),
    _key("part_total", INT, "Parts of it; 1 where it was not split."),
)

_PAGE_MARKDOWN = (
    _DOCUMENT,
    _PAGE,
    _key(
        "markdown",
        TEXT,
        "The page as Markdown; running lines that an earlier page has are left out.",
    ),
)

_TABLES = (
    _DOCUMENT,
    _PAGE,
    _key("table_index", INT, "Table on the page, from 0."),
    _column("bbox", BBOX, f"Of the table: {_BBOX_TEXT}."),
    _key("row", INT, "From 0."),
    _key("column", INT, "From 0."),
    _key("text", TEXT, "Of the cell."),
    _key("is_header", BOOL, "The cell heads its column or row."),
)

#: One line on each table, for its documentation and for SQL users.
DESCRIPTIONS: Mapping[str, str] = {
    "documents": "One row for each document.",
    "pages": "One row for each page, failed and blank ones too.",
    "attempts": "One row for each call to a server, failed ones too.",
    "devices": "Devices of legal acts (profile `legal_ptbr`).",
    "chunks": "Pieces of text for retrieval (profile `legal_ptbr`).",
    "page_markdown": "Pages as Markdown (profile `markdown`).",
    "tables": "Cells of tables (profile `markdown`).",
}
SCHEMAS: Mapping[str, pa.Schema] = {
    "documents": pa.schema(_DOCUMENTS),
    "pages": pa.schema(_PAGES),
    "attempts": pa.schema(_ATTEMPTS),
    "devices": pa.schema(_DEVICES),
    "chunks": pa.schema(_CHUNKS),
    "page_markdown": pa.schema(_PAGE_MARKDOWN),
    "tables": pa.schema(_TABLES),
}


def describe(field: pa.Field[Any]) -> str:
    """A column's meaning, with its values where they are few."""
    metadata = field.metadata or {}
    values = [*metadata.get(b"values", b"").decode().split(), *enum_of(field)]
    return metadata[b"description"].decode() + "".join(f" `{value}`" for value in values)


def enum_of(field: pa.Field[Any]) -> list[str]:
    """Values of an ENUM; none for any other column."""
    return list(json.loads((field.metadata or {}).get(b"enum", b"[]")))


def is_bbox(name: str, kind: pa.DataType) -> bool:
    """Whether a column of the files is a box."""
    return name == "bbox" and pa.types.is_list(kind)


def is_json(field: pa.Field[Any]) -> bool:
    """Whether a column's text is JSON."""
    return (field.metadata or {}).get(b"format") == b"json"


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema without descriptions, as it stands in the files."""
    return pa.schema([pa.field(field.name, field.type, field.nullable) for field in schema])
