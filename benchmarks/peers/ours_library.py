"""Our library without Dagster: the same steps, called one after another."""

from __future__ import annotations

import asyncio

from benchmarks.peers.common import arguments, done, ours


def _let_go(_outcome: object) -> None:
    """Nothing of a document is kept in memory."""


def main() -> None:
    """Read, ask, ground, publish every file, then bring all to the warehouse."""
    from pdf_extraction import steps
    from pdf_extraction.asking import Progress, Selection

    asked = arguments()
    workspace = ours(asked)
    started = done.clock()
    entries = []
    for path in sorted(asked.pdfs.glob("*.pdf")):
        key = workspace.catalogue.register(path, asked.pdfs).document.partition_key
        entries.append(workspace.catalogue.entry(key))
    asyncio.run(steps.read_pages(workspace, entries, Selection(), Progress(), _let_go, force=False))
    rows = []
    for entry in entries:
        steps.ground_partition(workspace, entry.document)
        rows.append(steps.publish_partition(workspace, entry, "bench")[0]["documents"][0])
    workspace.warehouse.refresh()
    done(
        started,
        pages=sum(row["pages_done"] for row in rows),
        lost=sum(row["pages_failed"] for row in rows),
    )


if __name__ == "__main__":
    main()
