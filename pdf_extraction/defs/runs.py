"""What the bodies of assets and checks share: their workspace, documents, progress, end.

No asset is defined here.
"""

import time
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import dagster as dg

from pdf_extraction.defs import abandoned, interrupts, partitions
from pdf_extraction.defs.resources import Changes, DataFolder, overridden
from pdf_extraction.defs.session import Session
from pdf_extraction.errors import SettingsError

if TYPE_CHECKING:
    from pdf_extraction.ahead import Step
    from pdf_extraction.asking import Progress
    from pdf_extraction.catalogue import Entry
    from pdf_extraction.model import Document, PageOutcome
    from pdf_extraction.tools import Workspace

Result = TypeVar("Result")
AnyContext = dg.AssetExecutionContext | dg.AssetCheckExecutionContext
#: Seconds between two observations in the event log; each costs 10 ms and a row for good.
_BETWEEN_OBSERVATIONS = 10.0


def open_workspace(
    context: AnyContext, folder: DataFolder, session: Session, changes: Sequence[Changes] = ()
) -> "Workspace":
    """The data folder with this run's settings; from here on the run counts as alive.

    Raises:
        SettingsError: The settings file or a value of the launchpad is wrong.
    """
    from pdf_extraction.tools import Workspace  # noqa: PLC0415

    if session.workspace is not None:
        return session.workspace
    abandoned.hold(folder.path(), context.run.run_id)
    settings = overridden(folder.settings(), list(changes), "launchpad")
    return Workspace(folder.path(), folder.placed(settings))


def entries_of(
    context: AnyContext, workspace: "Workspace", session: Session
) -> "tuple[list[Entry], dict[str, str]]":
    """What the run's partitions stood for when it looked first, and why some stand for nothing.

    Raises:
        SettingsError: The run's range holds another number of documents than it was asked for.
    """
    run_id = context.run.run_id
    if (found := session.entries(run_id)) is None:
        found = _looked_up(context, workspace)
        session.keep_entries(run_id, found)
    for why in found[1].values():
        context.log.warning(why)
    return found


def _looked_up(context: AnyContext, workspace: "Workspace") -> "tuple[list[Entry], dict[str, str]]":
    keys = context.partition_keys
    expected = context.run.tags.get(partitions.EXPECTED, str(len(keys)))
    if str(len(keys)) != expected:
        raise SettingsError(
            f"this run was asked for {expected} documents, but its range of partitions holds "
            f"{len(keys)}: partitions were added or removed meanwhile; launch it again"
        )
    entries, unknown = [], {}
    for key in keys:
        try:
            entries.append(workspace.catalogue.entry(key))
        except SettingsError as error:
            # A partition that somebody added by hand must not stop the others of its run.
            unknown[key] = str(error)
    return entries, unknown


def later_steps(context: dg.AssetExecutionContext) -> "set[Step]":
    """Which of the steps after asking this run comes to by itself."""
    steps: tuple[Step, ...] = ("page_extractions", "document_chunks", "warehouse")
    run = context.run
    chosen, again = run.asset_selection, run.step_keys_to_execute
    return {
        step
        for step in steps
        if (not chosen or dg.AssetKey(step) in chosen) and (not again or step in again)
    }


def to_its_end(context: AnyContext, session: Session, work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine, ending it in order when the run is terminated."""
    return interrupts.run(work, lambda: session.on_interrupt(context.run.run_id))


class Watch:
    """Counts pages as they end and says so in the run's log and the asset's history.

    Args:
        context: Where to.
        inner: The caller's own progress, called first.
    """

    def __init__(self, context: dg.AssetExecutionContext, inner: "Progress | None") -> None:
        from pdf_extraction.asking import Progress  # noqa: PLC0415

        self._context, self._inner = context, inner or Progress()
        self.progress = Progress(on_open=self._open, on_page=self._page)
        self.started_at = time.time()
        self._due = time.monotonic() + _BETWEEN_OBSERVATIONS
        self._step = 1
        self.known = self.done = self.failed = self.cached = 0
        self.pages_per_s = 0.0

    def close(self) -> None:
        """Take the speed and say how it ended."""
        self.pages_per_s = self._speed()
        self._context.log.info(self._sentence())

    def _open(self, document: "Document", pages: int) -> None:
        self._inner.on_open(document, pages)
        self.known += pages

    def _page(self, document: "Document", page: "PageOutcome") -> None:
        self._inner.on_page(document, page)
        self.done += 1
        self.cached += bool(page.completion and page.completion.cached)
        if page.status == "failed":
            self.failed += 1
            number = page.page.page_number
            self._context.log.warning("%s page %d: %s", document.partition_key, number, page.error)
        if self.done == self._step:
            # 1, 2, 4 ... : a short run says something, a long one does not fill the log.
            self._step = min(self._step * 2, self._step + 500)
            self._context.log.info(self._sentence())
        if time.monotonic() >= self._due:
            self._observe()

    def _observe(self) -> None:
        self._due = time.monotonic() + _BETWEEN_OBSERVATIONS
        for key in sorted(self._context.selected_asset_keys):
            figures = {
                "pages_done": self.done,
                "pages_known": self.known,
                "pages_failed": self.failed,
                "pages_cached": self.cached,
                "pages_per_s": self._speed(),
            }
            self._context.log_event(dg.AssetObservation(key, metadata=figures))

    def _speed(self) -> float:
        return round(self.done / max(time.time() - self.started_at, 1e-3), 2)

    def _sentence(self) -> str:
        return (
            f"{self.done} of {self.known} pages, {self.failed} failed, {self.cached} cached, "
            f"{self._speed():g} pages/s"
        )
