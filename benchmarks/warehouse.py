"""Measures the warehouse on synthetic documents: building, refreshing, asking.

``python benchmarks/warehouse.py FOLDER [DOCUMENTS] [DEVICES_PER_DOCUMENT]`` (10,000 and 100);
files that are already in FOLDER are taken as they are.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from pdf_extraction.storage.checked import to_table
from pdf_extraction.storage.schemas import SCHEMAS
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.storage.rows import NOON, row

PAGES = 5
TEXT = "compete ao município prestar contas da lei orgânica nos termos do regulamento"
POINT = "SELECT * FROM devices WHERE document_id = 'lei-{n:05}' AND device_id = 'art{d}'"
QUERIES = {
    "devices by type": "SELECT device_type, count(*), avg(confidence) FROM devices GROUP BY 1",
    "devices by text": "SELECT count(*) FROM devices WHERE text LIKE '%orgânica nos termos%'",
    "pages by document": "SELECT document_id, count(*) FROM pages GROUP BY 1 ORDER BY 2 LIMIT 5",
}


def sentence(chance: random.Random, words: int) -> str:
    """So many words of Portuguese."""
    return " ".join(chance.choices(TEXT.split(), k=words))


def rows_of(number: int, devices: int) -> dict[str, list[dict[str, object]]]:
    """Rows of one document with real lengths."""
    chance, name = random.Random(number), f"lei-{number:05}"
    texts = [sentence(chance, 250) for _ in range(PAGES)]
    spans = {"canonical_spans": [{"start": 1, "end": 99}], "bbox": [0.1, 0.2, 0.3, 0.4]}
    boxes = {"bbox_spans": [{"page_number": 1, "bbox": [0.1, 0.2, 0.3, 0.4]}]}
    common = {"document_id": name, **spans, **boxes, "confidence": chance.random()}
    found = [
        {**common, "device_id": f"art{n}", "position": n, "text": sentence(chance, 25)}
        for n in range(devices)
    ]
    return {
        "documents": [
            row(
                "documents",
                document_id=name,
                partition_key=name,
                canonical_text="\n".join(texts),
                metadata="{}",
                extracted_at=NOON,
            )
        ],
        "pages": [
            row("pages", document_id=name, page_number=n + 1, text=text, raw_response=text)
            for n, text in enumerate(texts)
        ],
        "devices": [row("devices", **one, source_text=one["text"]) for one in found],
        "chunks": [
            row("chunks", **one, chunk_id=f"{name}#{n}", retrieval_text=f"Lei {one['text']}")
            for n, one in enumerate(found)
        ],
    }


def generate(tables: Tables, documents: int, devices: int) -> None:
    """Write the files without the commit's cost, which is measured by itself."""
    for name in SCHEMAS:
        (tables.root / name).mkdir(parents=True, exist_ok=True)
    for number in range(documents):
        key = f"lei-{number:05}"
        if tables.mark(key) is None:
            for name, rows in sorted(rows_of(number, devices).items(), reverse=True):
                pq.write_table(to_table(name, rows), tables.file(name, key), compression="zstd")


def timed(name: str, work: object, repeat: int = 1) -> None:
    """Print the median of some runs."""
    seconds = []
    for number in range(repeat):
        started = time.perf_counter()
        facts = work(number)
        seconds.append(time.perf_counter() - started)
    shown = f"  {len(facts.changed)} changed" if hasattr(facts, "changed") else ""
    print(f"{name:48} {statistics.median(seconds) * 1000:10.1f} ms{shown}", flush=True)


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1])
    documents, devices = (int(text) for text in (*sys.argv[2:4], "10000", "100")[:2])
    tables, warehouse = Tables(folder), Warehouse(folder)
    timed("synthetic files", lambda _: generate(tables, documents, devices))
    timed("first build", lambda _: warehouse.compact())
    print(f"{'size of the file':48} {warehouse.file.stat().st_size / 1e6:10.1f} MB")
    timed("refresh, nothing changed", lambda _: warehouse.refresh(), 5)
    for count in (1, 25):
        for number in range(count):
            rows = rows_of(number, devices)
            rows["documents"][0]["status"] = f"{'partial' if count == 1 else 'failed'}"
            tables.commit(f"lei-{number:05}", rows)
        timed(f"refresh, {count} changed", lambda _: warehouse.refresh())
    rows = [rows_of(n, devices) for n in range(100, 120)]
    for one in rows:
        one["documents"][0]["status"] = "partial"
    timed("commit of a document", lambda n: tables.commit(f"lei-{n + 100:05}", rows[n]), 20)
    timed("commit without a change", lambda n: tables.commit(f"lei-{n + 100:05}", rows[n]), 20)
    timed("point query", lambda n: warehouse.query(POINT.format(n=n * 7, d=n)), 20)
    for name, query in QUERIES.items():
        timed(name, lambda _, query=query: warehouse.query(query), 5)


if __name__ == "__main__":
    main()
