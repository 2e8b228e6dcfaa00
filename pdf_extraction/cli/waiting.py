"""What waits, and for whom: files that cannot be taken, documents that failed. Nothing is done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pdf_extraction.cli.console import Screen, counted, visible
from pdf_extraction.cli.documents import refused_files

if TYPE_CHECKING:
    from pdf_extraction.inbox import Attempted, Troubled
    from pdf_extraction.tools import Workspace

_MOST = 20


def show_drop_folder(screen: Screen, workspace: Workspace) -> None:
    """Files of the drop folder that are not taken, each with the reason."""
    folder = workspace.data / "inbox"
    if folder.is_dir() and (refused := refused_files(workspace, [folder])):
        screen.heading("Not taken from the drop folder")
        for sentence in refused[:_MOST]:
            screen.item(sentence, "yellow")
        if len(refused) > _MOST:
            screen.line(f"  and {len(refused) - _MOST:,} more", "dim")


def show_retries(screen: Screen, workspace: Workspace) -> None:
    """Which failed documents are tried again by themselves, and which wait for a person."""
    from pdf_extraction.inbox import remembered  # noqa: PLC0415
    from pdf_extraction.steps import troubled  # noqa: PLC0415

    known = remembered(workspace.data)
    delays = workspace.settings.inbox.retry_delays_s
    told = [_waits_for(one, known.get(one.key), len(delays)) for one in troubled(workspace)]
    told = [sentence for sentence in told if sentence]
    if told:
        screen.heading("Waiting")
        for sentence in told[:_MOST]:
            screen.item(visible(sentence), "yellow")
        if len(told) > _MOST:
            screen.line(f"  and {counted(len(told) - _MOST, 'document')} more", "dim")


def _waits_for(document: Troubled, known: Attempted | None, limit: int) -> str:
    from pdf_extraction.inbox import can_be_retried  # noqa: PLC0415

    if document.error_types and not any(map(can_be_retried, document.error_types)):
        why = set(document.error_types) - {"PageNotSelected"}
        if "BudgetExceeded" in why:
            return f"{document.key}: for you; raise [budget] max_cost_usd and run it again"
        return f"{document.key}: for you; no other try can mend it" if why else ""
    if known is None or known.version != document.version:
        return ""  # no sensor has seen it
    if known.attempts >= limit:
        return f"{document.key}: for you; tried again {counted(limit, 'time')} in vain"
    due = datetime.fromtimestamp(known.due, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{document.key}: for retry {known.attempts + 1} of {limit}, due {due}"
