"""olmOCR's pipeline with an external server."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.peers.common import arguments, done


def main() -> None:
    """Its own command; tuned, more groups of pages at once and as many calls as slots."""
    asked = arguments()
    paths = [str(path) for path in sorted(asked.pdfs.glob("*.pdf"))]
    command = [sys.executable, "-m", "olmocr.pipeline", str(asked.out), "--pdfs", *paths]
    command += ["--server", asked.url, "--model", "scripted"]
    if asked.tuned:
        command += ["--workers", "20", "--pages_per_group", "10"]
        command += ["--max_concurrent_requests", str(asked.slots)]
    started = done.clock()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    pages = failed = 0
    for path in asked.out.glob("results/*.jsonl"):
        for line in path.read_text().splitlines():
            figures = json.loads(line)["metadata"]
            pages += figures["pdf-total-pages"] - figures.get("total-fallback-pages", 0)
            failed += figures.get("total-fallback-pages", 0)
    done(started, pages=pages, lost=failed, status=ran.returncode, end=ran.stderr[-300:])


if __name__ == "__main__":
    main()
