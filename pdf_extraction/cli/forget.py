"""``forget``: removes what is known of documents. Their files and the cache stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdf_extraction.cli.common import Common, common_options
from pdf_extraction.cli.console import counted, out, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdf_extraction.tools import Workspace


@click.command(short_help="Remove documents' rows and files of state.")
@click.argument("documents", nargs=-1, required=True, metavar="DOCUMENT...")
@common_options
@click.pass_obj
def forget(common: Common, documents: tuple[str, ...]) -> None:
    """Remove documents: rows, stages, calls in the ledger, catalogue entry and partition.

    DOCUMENT is a partition key or a document_id. The file itself stays where it is, and so do
    kept answers, which belong to contents and not to documents: running the file again costs
    nothing. Removed calls no longer count in `status`.
    """
    from pdf_extraction.cli.documents import known_documents, partition_keys  # noqa: PLC0415
    from pdf_extraction.defs import partitions  # noqa: PLC0415
    from pdf_extraction.defs.instance import open_instance  # noqa: PLC0415

    workspace = common.workspace()
    with open_instance(workspace.data) as instance:
        registered = instance.get_dynamic_partitions(partitions.DOCUMENTS)
        known = known_documents(workspace, registered)
        keys = partition_keys(documents, known)
        for key in keys:
            partitions.unregister(instance, key)
            _forget(workspace, key, known)
    workspace.warehouse.refresh()


def _forget(workspace: Workspace, key: str, known: Mapping[str, str]) -> None:
    catalogue, tables = workspace.catalogue, workspace.tables
    catalogued = catalogue.keys()
    path = catalogue.document(key).path if key in catalogued else None
    rows = sum(len(tables.read(name, key)) for name in tables.names)
    tables.forget(key)
    workspace.stages.forget(key)
    calls = _forget_calls(workspace, key, known)
    # Last, so that an interrupted command still finds the document under its name.
    catalogue.forget(key)
    screen = out()
    screen.line(
        f"{visible(key)}: {counted(rows, 'row')}, {counted(calls, 'call')} of the ledger and "
        "the partition are gone"
    )
    if path is not None and path.exists():
        screen.line(f"  its file stays: {visible(path)}{_in_inbox(workspace, path)}")


def _forget_calls(workspace: Workspace, key: str, known: Mapping[str, str]) -> int:
    # A renamed file has the id of the partition before it, and the calls are then its own.
    shared = any(id_ == known[key] for other, id_ in known.items() if other != key)
    if shared or not workspace.calls.path.exists():
        return 0
    return workspace.calls.forget(known[key])


def _in_inbox(workspace: Workspace, path: Path) -> str:
    if not path.is_relative_to((workspace.data / "inbox").absolute()):
        return ""
    return " (remove it too, or the drop folder's sensor takes it again)"
