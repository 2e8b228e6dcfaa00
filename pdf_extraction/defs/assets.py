"""The five assets; each body is one step of ``steps`` over the run's partitions.

``page_images`` and ``page_completions`` come of one op: a page is asked about while the next
one is read, and its picture never lies on a disk between. Heavy modules are imported inside
the bodies, so that the UI loads the definitions without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import dagster as dg
from pydantic import Field

from pdf_extraction.defs import failures, partitions, runs, together
from pdf_extraction.defs.resources import AskConfig, Backends, DataFolder, Renderer
from pdf_extraction.defs.session import Session

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from pdf_extraction.asking import Selection
    from pdf_extraction.catalogue import Entry
    from pdf_extraction.model import DocumentOutcome, Picture
    from pdf_extraction.tools import Workspace

#: A new value marks what an asset has made so far as unsynced in the UI.
CODE_VERSION = "1"
IMAGES, COMPLETIONS = dg.AssetKey("page_images"), dg.AssetKey("page_completions")
_BACKFILLS = dg.BackfillPolicy.multi_run(max_partitions_per_run=25)


@dg.multi_asset(
    name="read_and_ask",
    can_subset=True,
    partitions_def=partitions.documents,
    backfill_policy=_BACKFILLS,
    specs=[
        dg.AssetSpec(
            IMAGES,
            description="Every page as it was read: its own text with boxes, by text layer or OCR.",
            code_version=CODE_VERSION,
            skippable=True,
            kinds={"python"},
        ),
        dg.AssetSpec(
            COMPLETIONS,
            deps=[IMAGES],
            description="The raw answer about every page, or why there is none.",
            code_version=CODE_VERSION,
            skippable=True,
            kinds={"python"},
        ),
    ],
)
def read_and_ask(
    context: dg.AssetExecutionContext,
    config: AskConfig,
    renderer: Renderer,
    backends: Backends,
    folder: DataFolder,
    session: dg.ResourceParam[Session],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Read the pages and ask about them; asked for images alone, nothing is asked."""
    from pdf_extraction.asking import Selection  # noqa: PLC0415
    from pdf_extraction.pdf.memory import collect_seldom  # noqa: PLC0415

    with failures.translated():
        collect_seldom()
        changes = [renderer.changes(), backends.changes(), config.changes()]
        workspace = runs.open_workspace(context, folder, session, changes)
        entries, unknown = runs.entries_of(context, workspace, session)
        selection = Selection(
            pages=config.page_numbers(),
            only_failed=config.only_failed,
            unattended=config.unattended,
            ask=COMPLETIONS in context.selected_asset_keys,
        )
        watch = runs.Watch(context, session.progress)
        told = runs.to_its_end(
            context,
            session,
            _asked(context, workspace, entries, selection, watch, session, force=config.force),
        )
        watch.close()
        for asset in context.selected_asset_keys:
            _describe_unknown(context, asset, unknown)
        yield from _results(context, workspace, told, watch)


@dataclass(frozen=True)
class _Told:
    """What the UI shows of a document, made when its last page ended."""

    key: str
    images: dict[str, Any]
    completions: dict[str, Any]
    read_now: bool
    picture: "asyncio.Task[Picture | None] | None"


async def _asked(
    context: dg.AssetExecutionContext,
    workspace: "Workspace",
    entries: "Sequence[Entry]",
    selection: "Selection",
    watch: runs.Watch,
    session: Session,
    *,
    force: bool,
) -> list[_Told]:
    import asyncio  # noqa: PLC0415

    from pdf_extraction import steps  # noqa: PLC0415
    from pdf_extraction.ahead import Ahead  # noqa: PLC0415
    from pdf_extraction.defs import metadata  # noqa: PLC0415
    from pdf_extraction.tools import open_tools  # noqa: PLC0415

    by_key = {entry.document.partition_key: entry for entry in entries}

    shows = IMAGES in context.selected_asset_keys

    def tell(outcome: "DocumentOutcome") -> _Told:
        document = outcome.document
        key = document.partition_key
        ahead.take(by_key[key], outcome)
        shown = steps.shown_page(outcome) if shows else None
        picture = steps.thumbnail(tools.reader, document, shown) if shown else None
        calls = workspace.calls
        spent = calls.spent(document.document_id, document.sha256, calls.run_id, key)
        return _Told(
            key,
            metadata.of_images(outcome, _stage(workspace, IMAGES, key)),
            metadata.of_completions(outcome, spent, _stage(workspace, COMPLETIONS, key)),
            outcome.read_now,
            asyncio.create_task(picture) if picture else None,
        )

    through = runs.later_steps(context) if selection.ask else ()
    async with (
        open_tools(workspace, force=force, thumbnail=steps.THUMBNAIL if shows else None) as tools,
        Ahead(workspace, context.run.run_id, through, tools.reader) as ahead,
    ):
        progress = ahead.watching(watch.progress)
        told = await steps.read_pages(tools, entries, selection, progress, tell)
        await asyncio.gather(*(one.picture for one in told if one.picture is not None))
    session.keep_finished(context.run.run_id, ahead.finished)
    session.keep_read(context.run.run_id, [one.key for one in told if one.read_now])
    return told


def _results(
    context: dg.AssetExecutionContext,
    workspace: "Workspace",
    told: Sequence[_Told],
    watch: runs.Watch,
) -> Iterator[dg.MaterializeResult[Any]]:
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    speed = {"pages_per_s": watch.pages_per_s}
    if IMAGES in context.selected_asset_keys:
        shown = {}
        for one in told:
            picture = metadata.of_picture(one.picture.result() if one.picture else None)
            shown[one.key] = {**one.images, **picture, **speed}
        together.describe(context, IMAGES, shown)
        yield dg.MaterializeResult(asset_key=IMAGES)
    if COMPLETIONS in context.selected_asset_keys:
        calls = workspace.calls
        health = metadata.of_backends(calls.backends(run_id=calls.run_id), calls.left())
        shown = {one.key: {**one.completions, **health, **speed} for one in told}
        together.describe(context, COMPLETIONS, shown)
        yield dg.MaterializeResult(asset_key=COMPLETIONS)


@dg.asset(
    partitions_def=partitions.documents,
    backfill_policy=_BACKFILLS,
    deps=[COMPLETIONS],
    description="Where each of the answers' claims stands on its page.",
    code_version=CODE_VERSION,
    kinds={"python"},
)
def page_extractions(
    context: dg.AssetExecutionContext, folder: DataFolder, session: dg.ResourceParam[Session]
) -> None:
    """Ground the kept answers; calls no model."""
    from pdf_extraction import finishing  # noqa: PLC0415
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    def ground(workspace: "Workspace", entry: "Entry", *, is_last: bool) -> dict[str, Any]:  # noqa: ARG001
        key = entry.document.partition_key
        done = session.finished(context.run.run_id, key)
        placed = done.placed if done is not None else None
        stage = _stage(workspace, context.asset_key, key)
        return metadata.of_groundings(placed or finishing.ground(workspace, entry), stage)

    _each(context, folder, session, ground)


@dg.asset(
    partitions_def=partitions.documents,
    backfill_policy=_BACKFILLS,
    deps=[page_extractions],
    description="The document's rows in every table, replaced together.",
    code_version=CODE_VERSION,
    kinds={"parquet"},
)
def document_chunks(
    context: dg.AssetExecutionContext, folder: DataFolder, session: dg.ResourceParam[Session]
) -> None:
    """Assemble and publish each document, then bring the rows to SQL users.

    Where the run does not come to the warehouse, it is refreshed here, so that partitions
    materialised by hand are in it without anything further.
    """
    from pdf_extraction import finishing  # noqa: PLC0415
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    def publish(workspace: "Workspace", entry: "Entry", *, is_last: bool) -> dict[str, Any]:
        key, run_id = entry.document.partition_key, context.run.run_id
        done = session.finished(run_id, key)
        published = done.published if done is not None else None
        published = published or finishing.publish(workspace, entry, run_id)
        session.documents[key] = published.document
        shown = metadata.of_rows(published, workspace.tables.root)
        # The overview shows the columns of the latest materialisation.
        return {**shown, **metadata.of_columns(published.main)} if is_last else shown

    workspace = _each(context, folder, session, publish)
    if "warehouse" not in runs.later_steps(context):
        with failures.translated():
            workspace.refresh_warehouse()


class _Step(Protocol):
    """One document's step: does it and says what the UI shows of it."""

    def __call__(
        self, workspace: "Workspace", entry: "Entry", *, is_last: bool
    ) -> dict[str, Any]: ...


def _each(
    context: dg.AssetExecutionContext, folder: DataFolder, session: Session, step: _Step
) -> "Workspace":
    """Do a step of each of the run's documents and describe its partition."""
    with failures.translated():
        workspace = runs.open_workspace(context, folder, session)
        entries, unknown = runs.entries_of(context, workspace, session)
        _describe_unknown(context, context.asset_key, unknown)
        shown = {
            entry.document.partition_key: step(workspace, entry, is_last=entry is entries[-1])
            for entry in entries
        }
        together.describe(context, context.asset_key, shown)
    return workspace


class WarehouseConfig(dg.Config):
    """What is done besides bringing changed documents."""

    compact: bool = Field(default=False, description="Build the whole file anew, without holes.")


@dg.asset(
    deps=[document_chunks],
    description="All tables in one DuckDB file, swapped in whole under its readers.",
    code_version=CODE_VERSION,
    kinds={"duckdb"},
)
def warehouse(
    context: dg.AssetExecutionContext,
    config: WarehouseConfig,
    folder: DataFolder,
    session: dg.ResourceParam[Session],
) -> None:
    """Bring every document that changed into the DuckDB file."""
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    with failures.translated():
        workspace = runs.open_workspace(context, folder, session)
        facts = workspace.refresh_warehouse(compact=config.compact)
        context.add_output_metadata(metadata.of_warehouse(facts, workspace.warehouse.file))


def _stage(workspace: "Workspace", asset: dg.AssetKey, key: str) -> "Path":
    return workspace.stages.file(asset.to_user_string(), key)


def _describe_unknown(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, unknown: Mapping[str, str]
) -> None:
    together.describe(context, asset, {key: {"error": why} for key, why in unknown.items()})
