"""The embedded backend with and without OCR, beside what else reads pages without a server.

    python -m benchmarks.embedded --cache ~/.cache/pdf-bench --out results

Interleaved rounds and medians as in ``pipeline``. docling's own conversion needs models that
it fetches itself; where it cannot, the table says that it failed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.chart import chart
from benchmarks.pages import make
from benchmarks.pipeline import Contender, machine, python_of, run_one, show, summary

CONTENDERS = (
    Contender("ours", "ours_dagster", lacks="", asks=False),
    Contender("pymupdf4llm", "pymupdf4llm_local", "pymupdf4llm", asks=False),
    Contender("docling", "docling_local", "docling", asks=False),
)


def main() -> None:
    """Parse arguments, run both kinds of pages, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", default="10x40", help="documents x pages with text layers")
    parser.add_argument("--scan", default="2x5", help="documents x scanned pages")
    parser.add_argument("--timeout", type=float, default=1200)
    asked = parser.parse_args()
    asked.slots, asked.latency = 1, "0"
    pythons = {c.name: python_of(c, asked.cache) for c in CONTENDERS}
    chosen = [c for c in CONTENDERS if pythons[c.name]]
    kinds: dict[str, Any] = {}
    for kind in ("text", "scan"):
        with tempfile.TemporaryDirectory() as folder:
            documents, pages = map(int, getattr(asked, kind).split("x"))
            make(kind, Path(folder), documents, pages)
            runs: dict[str, list[dict[str, Any]]] = {c.name: [] for c in chosen}
            for _ in range(asked.rounds):
                for c in chosen:
                    runs[c.name].append(run_one(c, pythons[c.name] or "", Path(folder), asked))
        kinds[kind] = {c.name: summary(c.lacks, runs[c.name]) for c in chosen}
        print(kind)
        missing = sorted({c.package for c in CONTENDERS} - {c.package for c in chosen})
        show({"machine": machine(), "not_installed": missing, "contenders": kinds[kind]})
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "embedded.json").write_text(json.dumps(kinds, indent=2))
    for kind, found in kinds.items():
        speeds = {name: one["pages_per_s"] for name, one in found.items()}
        title = f"pages/s without a server, {kind} pages"
        (asked.out / f"embedded-{kind}.svg").write_text(chart(title, speeds))


if __name__ == "__main__":
    main()
