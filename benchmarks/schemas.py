"""Measures a user's own schema of 40 fields over many documents: writing, refreshing, asking.

``python benchmarks/schemas.py FOLDER [DOCUMENTS]`` (1,000). Rows go the product's own way, from
answers to Parquet to the warehouse; no model is asked.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import create_model

from pdf_extraction.assembly.canonical import build_canonical
from pdf_extraction.model import (
    Completion,
    Document,
    GroundedPage,
    PageImage,
    PageOutcome,
    PageText,
)
from pdf_extraction.profiles.user_model import UserModel
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.storage.rows import NOON, row

KINDS = (str, int, Decimal, date, bool, float, str | None, Decimal | None)
FIELDS = {f"field_{n:02}": (KINDS[n % len(KINDS)], ...) for n in range(40)}
VALUES = ("texto", 7, "1.234,56", "31/12/2024", "sim", 0.5, None, "R$ 10,00")
QUERIES = {
    "SELECT * of all": "SELECT * FROM form",
    "SELECT * but evidence": "SELECT * EXCLUDE evidence FROM form",
    "40 confidences": "SELECT "
    + ", ".join(f"evidence['{name}'].confidence" for name in FIELDS)
    + " FROM form",
    "sums by day": "SELECT field_03, sum(field_02) FROM form GROUP BY 1",
}


def commit(tables: Tables, profile: UserModel, number: int) -> None:
    """One document's rows, as its answer gives them; every third has nulls where it may."""
    values = {name: VALUES[n % len(KINDS)] for n, name in enumerate(FIELDS)}
    if number % 3 == 0:
        values = {name: None if n % 8 > 5 else v for n, (name, v) in enumerate(values.items())}
    text = json.dumps(values)
    page = PageImage(1, text=PageText("text_layer", "", ()))
    outcome = PageOutcome(page, Completion(text, "benchmark", "model"))
    answer = profile.parse(text, 1)
    name = f"form-{number:05}"
    document = Document(name, name, Path(name), "", 0)
    grounded = GroundedPage(outcome, answer, profile.locate(answer, page.text), 0)
    rows = profile.assemble(document, build_canonical([""]).text, [grounded])
    head = row("documents", document_id=name, partition_key=name, metadata="{}", extracted_at=NOON)
    tables.commit(name, {"documents": [head], **rows}, profile.specs)


def main() -> None:
    """Print the figures."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    profile = UserModel("benchmark:Form", create_model("Form", **FIELDS))
    tables, warehouse = Tables(folder), Warehouse(folder)
    started = time.perf_counter()
    for number in range(count):
        commit(tables, profile, number)
    print(f"{count} documents written: {(time.perf_counter() - started) / count * 1e3:.1f} ms each")
    schemas = {str(pq.read_schema(path)) for path in (folder / "tables" / "form").glob("*.parquet")}
    print(f"different column types over the files: {len(schemas)}")
    facts = warehouse.refresh()
    print(f"refresh: {facts.seconds:.2f} s for {facts.rows['form']} rows")
    for name, sql in QUERIES.items():
        times = []
        for _ in range(7):
            started = time.perf_counter()
            warehouse.query(sql)
            times.append((time.perf_counter() - started) * 1e3)
        print(f"{name}: {statistics.median(times):.0f} ms")


if __name__ == "__main__":
    main()
