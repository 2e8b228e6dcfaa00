"""Our library without Dagster: the same steps, called one after another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from benchmarks.peers.common import arguments, done, ours

if TYPE_CHECKING:
    from pdf_extraction.catalogue import Entry
    from pdf_extraction.tools import Workspace


def _let_go(_outcome: object) -> None:
    """Nothing of a document is kept in memory."""


async def _read(workspace: Workspace, entries: list[Entry]) -> None:
    from pdf_extraction import steps
    from pdf_extraction.asking import Progress, Selection
    from pdf_extraction.tools import open_tools

    async with open_tools(workspace) as tools:
        await steps.read_pages(tools, entries, Selection(), Progress(), _let_go)


def main() -> None:
    """Read, ask, ground, publish every file, then bring all to the warehouse."""
    from pdf_extraction import steps

    asked = arguments()
    workspace = ours(asked)
    started = done.clock()
    entries = []
    for path in sorted(asked.pdfs.glob("*.pdf")):
        key = workspace.catalogue.register(path, asked.pdfs).document.partition_key
        entries.append(workspace.catalogue.entry(key))
    asyncio.run(_read(workspace, entries))
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
