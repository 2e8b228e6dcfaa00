"""``run`` and ``retry``: documents materialised in the local Dagster instance.

What is shown meanwhile is ``progress``' business, what at the end is ``summary``'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pdf_extraction.cli.common import (
    DONE,
    FAILED,
    INTERRUPTED,
    Common,
    choice_options,
    common_options,
)
from pdf_extraction.cli.console import counted, err, out
from pdf_extraction.cli.documents import (
    find_files,
    known_documents,
    partition_keys,
    refused_files,
)
from pdf_extraction.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pdf_extraction.asking import Selection
    from pdf_extraction.cli.progress import Watch
    from pdf_extraction.cli.summary import Ending
    from pdf_extraction.settings import Settings
    from pdf_extraction.tools import Workspace


@dataclass(frozen=True)
class Order:
    """Documents to run under one profile.

    Attributes:
        workspace: Settings and data folder.
        keys: Partition keys.
    """

    workspace: Workspace
    keys: Sequence[str]


@dataclass
class Registered:
    """What became of the files of a command.

    Attributes:
        keys: Their partitions.
        problems: Sentences about files that could not be read.
    """

    keys: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@click.command(short_help="Extract documents into the tables.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@choice_options
@click.option("--pages", metavar="1-5,8", help="Only these pages; the others keep what they had.")
@click.option("--force", is_flag=True, help="Ask again also where an answer is kept.")
@common_options
@click.pass_context
def run(
    context: click.Context,
    paths: tuple[Path, ...],
    profile: str | None,
    backend: str | None,
    pages: str | None,
    force: bool,
) -> None:
    """Extract documents into the tables.

    PATHS are files and folders, searched with all that is below them. The documents become
    partitions of the local Dagster instance; `dagster dev` shows their runs afterwards.

    Running again changes no row, asks nothing that was answered and goes on where an
    earlier run stopped. Ctrl-C stops in order (exit status 130) and keeps what was done.
    """
    from pdf_extraction.asking import Selection  # noqa: PLC0415
    from pdf_extraction.page_ranges import parse_pages  # noqa: PLC0415

    common = context.ensure_object(Common)
    workspace = common.workspace(profile, backend)
    workspace.check()
    selection = Selection(pages=parse_pages(pages))
    check_chain(workspace.settings)
    registered = _register(workspace, paths)
    ending = _launch([Order(workspace, registered.keys)], selection, force=force)
    ending.problems += registered.problems
    context.exit(_finish(common, ending))


@click.command(short_help="Run only the pages that failed.")
@click.argument("documents", nargs=-1, metavar="[DOCUMENT]...")
@common_options
@click.pass_context
def retry(context: click.Context, documents: tuple[str, ...]) -> None:
    """Run only the pages that failed.

    DOCUMENT is a partition key or a document_id; without one, all documents are looked at.
    A document that has no rows yet, or a new version, is run whole. Each is asked for under
    the profile of its rows.
    """
    from pdf_extraction.asking import Selection  # noqa: PLC0415

    common = context.ensure_object(Common)
    workspace = common.workspace()
    check_chain(workspace.settings)
    keys = _failed(workspace, documents)
    if not keys:
        out().line("Nothing to retry: no page failed.")
        context.exit(DONE)
    orders = _by_profile(common, workspace, keys)
    for order in orders:
        order.workspace.check()
    ending = _launch(orders, Selection(only_failed=True))
    context.exit(_finish(common, ending))


def check_chain(settings: Settings) -> None:
    """Find out before anything is registered that no run could start.

    Raises:
        SettingsError: A backend's settings cannot be used.
    """
    from pdf_extraction.backends.chain import build_backend  # noqa: PLC0415

    for name, table in settings.chained.items():
        build_backend(name, table)


def _register(workspace: Workspace, paths: Sequence[Path]) -> Registered:
    registered = Registered(problems=refused_files(workspace, paths))
    files = ((found.path, found.root) for found in find_files(workspace, paths))
    for entry in workspace.catalogue.register_all(files):
        if isinstance(entry, DocumentError):
            registered.problems.append(f"{entry.kind}: {entry}")
        else:
            registered.keys.append(entry.document.partition_key)
    return registered


def _failed(workspace: Workspace, names: Sequence[str]) -> list[str]:
    from pdf_extraction.steps import troubled  # noqa: PLC0415

    wanted = partition_keys(names, known_documents(workspace)) if names else None
    keys = [document.key for document in troubled(workspace)]
    return [key for key in keys if wanted is None or key in wanted]


def _by_profile(common: Common, workspace: Workspace, keys: Sequence[str]) -> list[Order]:
    """Each document under the profile that its rows are of: another would replace them."""
    profiles: dict[str, list[str]] = {}
    for key in keys:
        rows = workspace.tables.read("documents", key)
        profile = rows[0]["profile"] if rows else workspace.settings.profile
        profiles.setdefault(profile, []).append(key)
    return [Order(common.workspace(profile), its) for profile, its in profiles.items()]


def _launch(orders: Sequence[Order], selection: Selection, *, force: bool = False) -> Ending:
    from pdf_extraction.cli.progress import Watch  # noqa: PLC0415
    from pdf_extraction.cli.summary import Ending  # noqa: PLC0415
    from pdf_extraction.tools import get_ready  # noqa: PLC0415

    if orders[0].keys:
        get_ready(orders[0].workspace.settings)
    calls = orders[0].workspace.calls
    keys = [key for order in orders for key in order.keys]
    ending = Ending(orders[0].workspace, keys, selection)
    watch = Watch(err(), len(keys), lambda: calls.spent(run_id=calls.run_id).cost_usd)
    if keys:
        with watch.shown():
            _run_orders(orders, selection, ending, watch, force=force)
    ending.counts, ending.spent = watch.counts, calls.spent(run_id=calls.run_id)
    return ending


def _run_orders(
    orders: Sequence[Order], selection: Selection, ending: Ending, watch: Watch, *, force: bool
) -> None:
    from pdf_extraction.defs.instance import open_instance  # noqa: PLC0415
    from pdf_extraction.defs.launch import run_documents  # noqa: PLC0415

    with open_instance(orders[0].workspace.data) as instance:
        spent_usd = 0.0
        for order in orders:
            # One cap for the command, under however many profiles it runs.
            order.workspace.spending.usd = spent_usd
            order.workspace.calls.run_id = orders[0].workspace.calls.run_id
            result = run_documents(
                instance,
                order.workspace,
                order.keys,
                selection,
                force=force,
                progress=watch.progress(),
            )
            spent_usd = order.workspace.spending.usd
            ending.take(result)
            if result.interrupted:
                return


def _finish(common: Common, ending: Ending) -> int:
    """Say how a run ended; the exit status."""
    from pdf_extraction.cli.summary import show  # noqa: PLC0415

    show(out(), common, ending)
    if ending.interrupted:
        again = "answers that had come are kept: the same command goes on from there"
        err().line(
            f"Stopped. {counted(len(ending.documents), 'document')} done; {again}.", "yellow"
        )
        return INTERRUPTED
    return FAILED if ending.has_failed() else DONE
