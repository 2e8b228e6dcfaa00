"""Rows of a small document, for the tests of storage."""

from datetime import UTC, datetime

from pdf_extraction.storage.schemas import SCHEMAS

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(table, **values):
    """A row with every column of ``table``: what is given, else a plain value of its type."""
    return {field.name: values.get(field.name, _plain(field)) for field in SCHEMAS[table]}


def _plain(field):
    if field.nullable:
        return None
    if b"values" in (field.metadata or {}):
        return field.metadata[b"values"].decode().split()[0]
    if b"format" in (field.metadata or {}):
        return "{}"
    by_type = {"string": "x", "int64": 1, "double": 0.5, "bool": False}
    return by_type.get(str(field.type), NOON if "timestamp" in str(field.type) else [])


def document(key, *, devices=2, pages=1, text="olá", run_id="r1", at=NOON, document_id=None):
    """Rows of one document over several tables."""
    name = document_id or key
    boxes = [{"page_number": 1, "bbox": [0.1, 0.2, 0.3, 0.4]}]
    return {
        "documents": [
            row(
                "documents",
                document_id=name,
                partition_key=key,
                canonical_text=text,
                metadata='{"ano": 2021}',
                run_id=run_id,
                extracted_at=at,
            )
        ],
        "pages": [
            row("pages", document_id=name, page_number=n, text=text) for n in range(1, pages + 1)
        ],
        "devices": [
            row(
                "devices",
                document_id=name,
                device_id=f"art{n}",
                text=text,
                position=n,
                canonical_spans=[{"start": n, "end": n + 1}],
                path=[f"Art. {n}"],
                bbox=[0.1, 0.2, 0.3, 0.4],
                bbox_spans=boxes,
            )
            for n in range(devices)
        ],
    }
