"""What a document costs as their number grows, and how soon SQL answers over all of them.

    python -m benchmarks.documents --counts 100,1000,10000 --out results

One-page documents with text layers, embedded backend, through Dagster, each count in a data
folder of its own. The cost a document must stay flat.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measured import measured
from benchmarks.pages import make
from benchmarks.pipeline import ROOT, machine

_SQL = {
    "count": "SELECT count(*) FROM devices",
    "group": "SELECT device_type, count(*) FROM devices GROUP BY 1",
    "one document": "SELECT * FROM devices WHERE document_id = 'text-00042'",
    "join": "SELECT d.document_id, count(*) FROM documents d JOIN chunks USING (document_id) "
    "GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
}


def main() -> None:
    """Parse arguments, run each count, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", default="100,1000,10000")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--timeout", type=float, default=14_400)
    asked = parser.parse_args()
    found = {}
    # One folder until the end: see ``pipeline.run_one``.
    with tempfile.TemporaryDirectory() as folder:
        for count in map(int, asked.counts.split(",")):
            pdfs, data = Path(folder, f"pdfs-{count}"), Path(folder, f"data-{count}")
            make("text", pdfs, count, 1)
            command = [sys.executable, "-m", "benchmarks.peers.ours_dagster"]
            command += ["--pdfs", str(pdfs), "--out", str(data)]
            run = measured(command, asked.timeout, {**os.environ, "PYTHONPATH": str(ROOT)})
            found[count] = {
                "s_a_document": round(run.said.get("work_s", 0) / count, 4),
                "cpu_s_a_document": round(run.cpu_s / count, 4),
                "peak_mb": run.peak_mb,
                "pages": run.said.get("pages"),
                "history_kb_a_document": round(_size(data / "dagster") / 1024 / count, 1),
                "sql_ms": _latencies(data),
            }
            print(count, json.dumps(found[count]), flush=True)
    asked.out.mkdir(parents=True, exist_ok=True)
    result = {"machine": machine(), "counts": found}
    (asked.out / "documents.json").write_text(json.dumps(result, indent=2))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _latencies(data: Path) -> dict[str, float]:
    from pdf_extraction.storage.warehouse import Warehouse

    warehouse, found = Warehouse(data), {}
    for name, sql in _SQL.items():
        started = time.perf_counter()
        warehouse.query(sql)
        found[name] = round((time.perf_counter() - started) * 1000, 1)
    return found


if __name__ == "__main__":
    main()
