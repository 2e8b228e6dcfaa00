"""``status``: how documents and pages stand, from the published rows. Nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pdf_extraction.cli.common import Common, common_options
from pdf_extraction.cli.console import Column, Screen, counted, out, usd, visible
from pdf_extraction.cli.documents import LEFT_OUT, failure
from pdf_extraction.cli.waiting import show_drop_folder, show_retries

if TYPE_CHECKING:
    from pdf_extraction.model import Document
    from pdf_extraction.tools import Workspace

_DOCUMENTS = """
SELECT status, count(*) AS documents, sum(pages_done) AS done, sum(pages_failed) AS failed
FROM documents GROUP BY status ORDER BY status
"""
_PAGES = """
SELECT status, count(*) AS pages, count(*) FILTER (text_source = 'ocr') AS ocr
FROM pages GROUP BY status ORDER BY status
"""
_FAILED_DOCUMENTS = """
SELECT partition_key, NULL AS pages, error_type, error FROM documents
WHERE error IS NOT NULL AND pages_failed IS DISTINCT FROM page_count ORDER BY partition_key
"""
_FAILED_PAGES = """
SELECT d.partition_key, list(p.page_number ORDER BY p.page_number) AS pages,
    p.error_type, min(p.error) AS error
FROM pages p JOIN documents d USING (document_id) WHERE p.status = 'failed'
GROUP BY d.partition_key, p.error_type,
    CASE WHEN p.error_type = 'PageNotSelected' THEN '' ELSE p.error END
ORDER BY d.partition_key, pages
"""
_FLAGGED = """
SELECT flag, count(*) AS pages, count(DISTINCT document_id) AS documents,
    min(document_id) AS first FROM (SELECT document_id, unnest(flags) AS flag FROM pages)
GROUP BY flag ORDER BY flag
"""
_VERSIONS = "SELECT partition_key, sha256 FROM documents"
_MOST_FAILURES = 100


@click.command(short_help="Documents and pages by state, failures, money.")
@common_options
@click.pass_obj
def status(common: Common) -> None:
    """Show documents and pages by state, failures with their reasons, and money spent."""
    workspace = common.workspace()
    screen = out()
    _documents(screen, workspace)
    _pages(screen, workspace)
    _flagged(screen, workspace)
    failures = _ask(workspace, _FAILED_DOCUMENTS) + _ask(workspace, _FAILED_PAGES)
    if failures:
        _failures(screen, common, failures)
    show_retries(screen, workspace)
    show_drop_folder(screen, workspace)
    _money(screen, workspace)


def _ask(workspace: Workspace, sql: str) -> list[dict[str, Any]]:
    return workspace.warehouse.query(sql).to_pylist()


def _documents(screen: Screen, workspace: Workspace) -> None:
    rows = [
        (row["status"], row["documents"], row["done"], row["failed"])
        for row in _ask(workspace, _DOCUMENTS)
    ]
    published = {row["partition_key"]: row["sha256"] for row in _ask(workspace, _VERSIONS)}
    keys = workspace.catalogue.keys()
    waiting = [key for key in keys if key not in published]
    if waiting:
        rows.append(("waiting", len(waiting), "", ""))
    if not rows:
        screen.line(f"No documents yet in {visible(workspace.data)}.")
        return
    screen.line("Documents", "bold")
    heads = [Column("state"), *(Column(head, right=True) for head in _DOCUMENT_HEADS)]
    screen.table(heads, rows)
    _remarks(screen, [workspace.catalogue.document(key) for key in keys], published)


_DOCUMENT_HEADS = ("documents", "pages done", "pages failed")


def _remarks(screen: Screen, documents: list[Document], published: dict[str, str]) -> None:
    gone = [document for document in documents if not document.path.exists()]
    changed = [
        document
        for document in documents
        if document.sha256 != published.get(document.partition_key, document.sha256)
    ]
    for names, what in (
        (changed, "changed since they were read; `run` or `retry` reads them again"),
        (gone, "gone; their rows stay until `forget`"),
    ):
        if names:
            listed = ", ".join(visible(document.partition_key) for document in names[:10])
            more = ", ..." if len(names) > 10 else ""
            screen.line(f"{counted(len(names), 'file')} {what}: {listed}{more}", "yellow")


def _pages(screen: Screen, workspace: Workspace) -> None:
    rows = [(row["status"], row["pages"], row["ocr"]) for row in _ask(workspace, _PAGES)]
    if rows:
        screen.heading("Pages")
        heads = [Column("state"), Column("pages", right=True), Column("by OCR", right=True)]
        screen.table(heads, rows)


def _flagged(screen: Screen, workspace: Workspace) -> None:
    """Pages that somebody should look at, whatever became of them."""
    rows = [tuple(row.values()) for row in _ask(workspace, _FLAGGED)]
    if rows:
        screen.heading("Flags")
        counts = (Column("pages", right=True), Column("documents", right=True))
        screen.table([Column("flag"), *counts, Column("such as")], rows)


def _failures(screen: Screen, common: Common, failures: list[dict[str, Any]]) -> None:
    screen.heading("Failures")
    shown = failures[: _MOST_FAILURES if screen.is_terminal else None]
    for row in shown:
        sentence = failure(
            row["partition_key"], row["pages"] or (), row["error_type"], row["error"]
        )
        screen.item(sentence, "yellow" if row["error_type"] == LEFT_OUT else "red")
    if len(failures) > len(shown):
        screen.line(f"  and {len(failures) - len(shown):,} more", "dim")
    asked = "Run them again with" if _may_help(failures) else "Once that is mended, run them with"
    screen.line(f"{asked}: {common.command('retry')}")


def _may_help(failures: list[dict[str, Any]]) -> bool:
    from pdf_extraction.inbox import can_be_retried  # noqa: PLC0415

    kinds = {row["error_type"] for row in failures}
    return LEFT_OUT in kinds or any(map(can_be_retried, kinds))


def _money(screen: Screen, workspace: Workspace) -> None:
    from pdf_extraction.backends.calls import Spent  # noqa: PLC0415

    # The ledger and not the tables: it has calls of runs that were stopped, too.
    has_ledger = workspace.calls.path.exists()
    spent = workspace.calls.spent() if has_ledger else Spent()
    screen.heading("Money")
    screen.line(
        f"{usd(spent.cost_usd)} USD: {counted(spent.calls, 'call')}, {spent.input_tokens:,} "
        f"input and {spent.output_tokens:,} output tokens"
    )
