"""Our pipeline beside what a user would write or pick instead, on loopback.

    python -m benchmarks.pipeline --cache ~/.cache/pdf-bench --out results
    python -m benchmarks.pipeline --only ours_dagster,ours_library,bare --kind text \
        --documents 10 --pages 100 --rounds 1 --cache ... --out ...

Every contender gets the same PDFs and the same scripted server (its own process, as many slots
as named, one second a call), runs in its own process tree, and its turn comes again each round.
Peers are installed on the first run, each into its own environment under ``--cache``; Poppler
must be on the path for zerox and olmOCR. What cannot be installed is said and left out. Prints a
table and writes ``pipeline.json`` and ``pipeline.svg`` to ``--out``.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pymupdf

from benchmarks.chart import chart
from benchmarks.measured import measured
from benchmarks.pages import make

ROOT = Path(__file__).parent.parent
_ALL = "grounding, tables, checks"


@dataclass(frozen=True)
class Contender:
    """Who is measured.

    Attributes:
        name: As shown.
        module: Of ``benchmarks.peers``.
        package: To be installed into an environment of its own; empty for ours.
        tuned: With settings made for this server.
        lacks: What it does not do that our pipeline does.
        asks: Whether it calls the server.
    """

    name: str
    module: str
    package: str = ""
    tuned: bool = False
    lacks: str = _ALL
    asks: bool = True


CONTENDERS = (
    Contender("ours_dagster", "ours_dagster", lacks=""),
    Contender("ours_library", "ours_library", lacks="checks"),
    Contender("bare", "bare", lacks="everything but render and encode", asks=False),
    Contender("naive_pool", "naive_pool"),
    Contender("naive_loop", "naive_loop"),
    Contender("zerox", "zerox", "py-zerox"),
    Contender("zerox_tuned", "zerox", "py-zerox", tuned=True),
    Contender("olmocr", "olmocr_server", "olmocr"),
    Contender("olmocr_tuned", "olmocr_server", "olmocr", tuned=True),
    Contender("docling", "docling_vlm", "docling"),
    Contender("docling_tuned", "docling_vlm", "docling", tuned=True),
)
_MODULES = {
    "py-zerox": "zerox",
    "olmocr": "olmocr",
    "docling": "docling",
    "pymupdf4llm": "pymupdf4llm",
}


#: What a package does not ask for and does not work without.
_ALONG = {"pymupdf4llm": ("pymupdf", "pymupdf_layout")}


def main() -> None:
    """Parse arguments, run every round, and write what was found."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        pdfs = asked.pdfs
        if pdfs is None:
            pdfs = Path(folder) / "pdfs"
            make(asked.kind, pdfs, asked.documents, asked.pages)
        chosen = [c for c in CONTENDERS if not asked.only or c.name in asked.only.split(",")]
        pythons = {c.name: python_of(c, asked.cache) for c in chosen}
        runs: dict[str, list[dict[str, Any]]] = {c.name: [] for c in chosen if pythons[c.name]}
        for number in range(asked.rounds):
            for contender in chosen:
                python = pythons[contender.name]
                if python and not (number and contender.module == "naive_loop"):
                    out = Path(folder) / f"{contender.name}-{number}"
                    found = run_one(contender, python, pdfs, out, asked)
                    runs[contender.name].append(found)
                    print(f"round {number + 1}  {contender.name}: {json.dumps(found)}", flush=True)
    missing = {c.package for c in chosen if not pythons[c.name]}
    contenders = {c.name: summary(c.lacks, runs[c.name]) for c in chosen if c.name in runs}
    bound = reachable(asked.slots, asked.latency, contenders.get("bare"))
    for one in contenders.values():
        one["share_of_bound"] = round(one.get("pages_per_s_of_work", 0.0) / bound, 3)
    result = {
        "machine": machine(),
        "bound_pages_per_s": bound,
        "versions": {c.name: _version(c, pythons[c.name]) for c in chosen if pythons[c.name]},
        "not_installed": sorted(missing),
        "asked": {k: str(v) for k, v in vars(asked).items()},
        "contenders": contenders,
        "runs": runs,
    }
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "pipeline.json").write_text(json.dumps(result, indent=2))
    speeds = {name: one["pages_per_s"] for name, one in result["contenders"].items()}
    (asked.out / "pipeline.svg").write_text(chart("pages/s, end to end", speeds))
    show(result)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="where environments are kept")
    parser.add_argument("--out", type=Path, required=True, help="where results are written")
    parser.add_argument("--pdfs", type=Path, help="a folder of PDFs in place of made ones")
    parser.add_argument("--kind", default="mixed", choices=["mixed", "text", "vector", "scan"])
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--pages", type=int, default=10, help="of each document")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency", default="1.0", help="seconds a call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="names, joined by commas")
    parser.add_argument("--timeout", type=float, default=1200, help="seconds a run")
    return parser.parse_args()


def python_of(contender: Contender, cache: Path) -> str | None:
    """The contender's interpreter, its environment made first; None where that fails."""
    if not contender.package:
        return sys.executable
    home = (cache / _MODULES[contender.package]).resolve()
    python = home / "bin" / "python"
    if (home / "installed").exists():
        return str(python)
    print(f"installing {contender.package} into {home}", flush=True)
    venv.create(home, with_pip=True, clear=True)
    done = subprocess.run(
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            contender.package,
            *_ALONG.get(contender.package, ()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{contender.package} cannot be installed: {done.stderr[-300:]}", flush=True)
        return None
    (home / "installed").touch()
    return str(python)


def run_one(
    c: Contender, python: str, pdfs: Path, out: Path, asked: argparse.Namespace
) -> dict[str, Any]:
    """One turn of a contender with a fresh server and a fresh output folder.

    The folder stays until all rounds are over: on ext4 each file that is made in the minutes after
    many were removed takes ten times as long, which the next contender would pay.
    """
    out.mkdir()
    with _server(asked) as url:
        command = [python, "-m", f"benchmarks.peers.{c.module}"]
        command += ["--pdfs", str(pdfs), "--out", str(out), "--slots", str(asked.slots)]
        command += ["--url", url if c.asks else "", *(["--tuned"] if c.tuned else [])]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        found = measured(command, asked.timeout, env)
        with urllib.request.urlopen(url.replace("/v1", "/stats"), timeout=30) as answer:
            stats = json.load(answer)
    pages = found.said.get("pages", 0)
    known = pages_of(pdfs)
    return {
        "wall_s": found.wall_s,
        "work_s": found.said.get("work_s"),
        "cpu_s": found.cpu_s,
        "peak_mb": found.peak_mb,
        "pages": pages,
        "lost": known - pages,
        "calls": stats["requests"],
        "most_at_once": stats["max_in_flight"],
        **({} if found.status == 0 and pages else {"errors": found.errors or dict(found.said)}),
    }


@functools.cache
def pages_of(pdfs: Path) -> int:
    """How many pages a folder's files have, whatever anybody says of them."""
    total = 0
    for path in sorted(pdfs.glob("*.pdf")):
        with pymupdf.open(path) as document:
            total += document.page_count
    return total


@contextmanager
def _server(asked: argparse.Namespace) -> Iterator[str]:
    script = f"latency={asked.latency},slots={asked.slots}"
    command = [sys.executable, "-m", "benchmarks.peers.server", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def summary(lacks: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of a contender's runs."""
    good = [run for run in runs if run["pages"]]
    if not good:
        why = str(runs[-1].get("errors", "")).strip()[-300:] if runs else "not run"
        return {"pages_per_s": 0.0, "failed": True, "lacks": lacks, "why": why}
    return {
        "pages_per_s": round(median(run["pages"] / run["wall_s"] for run in good), 2),
        "pages_per_s_of_work": round(median(run["pages"] / run["work_s"] for run in good), 2),
        "cpu_ms_a_page": round(median(run["cpu_s"] / run["pages"] * 1000 for run in good), 1),
        "peak_mb": median(run["peak_mb"] for run in good),
        "calls": median(run["calls"] for run in good),
        "most_at_once": max(run["most_at_once"] for run in good),
        "pages_lost": max(run["lost"] for run in runs),
        "rounds": len(runs),
        "lacks": lacks,
    }


def reachable(slots: int, latency: str, bare: dict[str, Any] | None) -> float:
    """Pages/s that nobody can beat: what the slots answer or, where less, what the cores encode.

    Args:
        slots: Calls that the server takes at once.
        latency: Seconds a call takes; of a range ("0.5-2") nothing is known.
        bare: What the bare contender reached, where it ran.
    """
    fixed = latency.replace(".", "", 1).isdigit() and float(latency)
    served = slots / fixed if fixed else math.inf
    return min(served, (bare or {}).get("pages_per_s_of_work", math.inf))


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "poppler": shutil.which("pdftoppm") is not None,
    }


def _version(contender: Contender, python: str) -> str:
    if not contender.package:
        return f"pdf-extraction {version('pdf-extraction')}, PyMuPDF {version('pymupdf')}"
    code = f"from importlib.metadata import version; print(version({contender.package!r}))"
    found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return f"{contender.package} {found.stdout.strip()}"


def show(result: dict[str, Any]) -> None:
    """The table."""
    print(f"\n{result['machine']}\nnot installed: {result['not_installed'] or 'none'}\n")
    head = ("pages/s", "of work", "of bound", "CPU ms/page", "peak MB", "calls", "at once", "lost")
    print(f"{'':15}" + "".join(f"{word:>12}" for word in (*head, "lacks")))
    names = ("pages_per_s", "pages_per_s_of_work", "share_of_bound", "cpu_ms_a_page", "peak_mb")
    for name, one in result["contenders"].items():
        cells = [one.get(key, "") for key in (*names, "calls", "most_at_once", "pages_lost")]
        line = "".join(f"{cell!s:>12}" for cell in cells)
        print(f"{name:15}{line}    {one['lacks']}{'  FAILED' if one.get('failed') else ''}")
        if one.get("why"):
            print(f"{'':15}  {one['why'].splitlines()[-1]}")


if __name__ == "__main__":
    main()
