"""Pages and outcomes as JSON, for what is kept between two assets. No file is touched here."""

from __future__ import annotations

import json
from typing import Any

from pdf_extraction.errors import ExtractionError, named
from pdf_extraction.model import (
    Completion,
    Grounding,
    PageImage,
    PageOutcome,
    PageText,
    Picture,
    Region,
    RegionKind,
    Span,
    TableCell,
)
from pdf_extraction.words import PackedWords, packed


def dump_page(page: PageImage) -> str:
    """One page without its words and its picture's bytes, which can be rendered again."""
    picture = page.picture
    return _dump(
        {
            "page_number": page.page_number,
            "width_pt": page.width_pt,
            "height_pt": page.height_pt,
            "rotation": page.rotation,
            "is_blank": page.is_blank,
            "text_verdict": page.text_verdict,
            "ink": page.ink,
            "is_text": page.is_text,
            "regions": [[r.kind, r.bbox, r.cells, r.latex] for r in page.regions],
            "flags": page.flags,
            "picture": _without_data(picture) if picture else None,
            "error": dump_error(page.error),
            "text": {
                "source": page.text.source,
                "engine": page.text.engine,
                "text": page.text.text,
            },
        }
    )


def dump_words(page: PageImage) -> bytes:
    """The words of a page's text."""
    return packed(page.text.words).data


def load_page(payload: str, words: bytes) -> PageImage:
    """Inverse of ``dump_page``.

    Args:
        payload: What it made.
        words: What ``dump_words`` made of the same page.
    """
    fields = json.loads(payload)
    text, picture = fields.pop("text"), fields.pop("picture")
    regions = tuple(_region(*values) for values in fields.pop("regions", ()))
    return PageImage(
        **{
            **fields,
            "error": load_error(fields["error"]),
            "flags": tuple(fields.get("flags", ())),
        },
        text=PageText(**text, words=PackedWords(words)),
        picture=Picture(**picture) if picture else None,
        regions=regions,
    )


def dump_outcome(outcome: PageOutcome) -> str:
    """How a page ended, without the page itself."""
    return _dump(
        {
            "completion": vars(outcome.completion) if outcome.completion else None,
            "error": dump_error(outcome.error),
            "prompt_hash": outcome.prompt_hash,
            "schema_hash": outcome.schema_hash,
            "doubted": outcome.doubted,
            "answered_by": outcome.answered_by,
        }
    )


def load_outcome(payload: str, page: PageImage) -> PageOutcome:
    """Inverse of ``dump_outcome`` for the page it belongs to."""
    fields = json.loads(payload)
    completion = fields.pop("completion")
    return PageOutcome(
        page,
        completion=Completion(**completion) if completion else None,
        **{**fields, "error": load_error(fields["error"])},
    )


def dump_groundings(groundings: list[Grounding]) -> str:
    """Groundings of one page's claims, in order."""
    return _dump([[g.method, g.similarity, g.spans] for g in groundings])


def load_groundings(payload: str) -> list[Grounding]:
    """Inverse of ``dump_groundings``."""
    return [
        Grounding(method, similarity, tuple(Span(*span) for span in spans))
        for method, similarity, spans in json.loads(payload)
    ]


def dump_error(error: ExtractionError | None) -> dict[str, str] | None:
    """Class name and sentence of an error."""
    return {"type": error.kind, "message": error.sentence} if error else None


def load_error(fields: dict[str, str] | None) -> ExtractionError | None:
    """Inverse of ``dump_error``."""
    return named(fields["type"], fields["message"]) if fields else None


def _region(kind: RegionKind, bbox: list[float], cells: list[list[Any]], latex: str) -> Region:
    x0, y0, x1, y1 = bbox
    return Region(kind, (x0, y0, x1, y1), tuple(TableCell(*cell) for cell in cells), latex)


def _without_data(picture: Picture) -> dict[str, Any]:
    return {name: value for name, value in vars(picture).items() if name != "data"}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
