"""What a run says while it works, on standard error: a bar, or now and then a plain line.

The bar is for terminals; a pipe or CI gets lines without a control character. What a run says
at its end is ``summary``'s business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pdf_extraction.cli.console import Screen, counted, usd, visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from pdf_extraction.asking import Progress
    from pdf_extraction.model import Document, PageOutcome

#: Seconds until the first plain line, and at most between two later ones.
_FIRST_LINE, _RAREST_LINE = 5.0, 60.0
#: Seconds between two looks at the bill, each of which is a query.
_BETWEEN_BILLS = 1.0
#: Failed pages told as they come.
_MOST_TOLD = 10


@dataclass
class Counts:
    """Pages of a run so far.

    Attributes:
        documents: Asked for.
        opened: Documents of which the pages are known.
        known: Pages of those.
        done: Pages that ended, failed ones too.
        failed: Pages that failed.
        cached: Pages whose answer was kept from before.
        fallback: Pages that another backend than the chain's first answered.
        cost_usd: Spent in this run.
        started: ``time.monotonic()`` of the first opened document.
        last: The same of the page that ended last.
    """

    documents: int
    opened: int = 0
    known: int = 0
    done: int = 0
    failed: int = 0
    cached: int = 0
    fallback: int = 0
    cost_usd: float = 0.0
    started: float = 0.0
    last: float = 0.0

    @property
    def pages_per_s(self) -> float:
        """Pages a second from the first opened document to the last page so far."""
        elapsed = self.last - self.started
        return self.done / elapsed if elapsed > 0 else 0.0

    @property
    def are_all_done(self) -> bool:
        """Whether no page that is known of is open."""
        return self.opened > 0 and self.done == self.known

    def sentence(self) -> str:
        """All figures in one line."""
        opened = f" of {self.opened}/{self.documents} documents"
        where = opened if self.opened < self.documents else ""
        return (
            f"{self.done}/{self.known} pages{where}, {self.failed} failed, "
            f"{self.cached} cached, {self.pages_per_s:.1f} pages/s, {usd(self.cost_usd)} USD"
        )


class Watch:
    """Counts pages as they end and shows them.

    Args:
        screen: Standard error.
        documents: How many were asked for.
        bill: Money spent in this run so far, in USD.
    """

    def __init__(self, screen: Screen, documents: int, bill: Callable[[], float]) -> None:
        self.counts = Counts(documents)
        self._screen, self._bill = screen, bill
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._next_bill = time.monotonic()
        self._told = 0

    def progress(self) -> Progress:
        """What the run reports to."""
        from pdf_extraction.asking import Progress  # noqa: PLC0415

        return Progress(on_open=self._open, on_page=self._page)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the counts while a run works."""
        if self._screen.is_terminal:
            self._bar = _bar(self._screen)
            self._task = self._bar.add_task("starting", total=None, figures="")
            with self._bar:
                yield
        else:
            self._screen.line(f"starting: {counted(self.counts.documents, 'document')}")
            with self._lines():
                yield
            self.counts.cost_usd = self._bill()
            self._screen.line(self.counts.sentence())

    @contextmanager
    def _lines(self) -> Iterator[None]:
        """Write a line now and then, also while no page ends; ever more rarely."""
        over = threading.Event()

        def write() -> None:
            wait = _FIRST_LINE
            while not over.wait(wait):
                self.counts.cost_usd = self._bill()
                phase = "writing and checking: " if self.counts.are_all_done else ""
                self._screen.line(f"{phase}{self.counts.sentence()}")
                wait = min(2 * wait, _RAREST_LINE)

        writer = threading.Thread(target=write, name="progress", daemon=True)
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()

    def _open(self, _document: Document, pages: int) -> None:
        if not self.counts.opened:
            self.counts.started = time.monotonic()
        self.counts.opened += 1
        self.counts.known += pages
        self._show()

    def _page(self, document: Document, page: PageOutcome) -> None:
        counts = self.counts
        counts.done += 1
        counts.last = time.monotonic()
        counts.failed += page.status == "failed"
        counts.cached += bool(page.completion and page.completion.cached)
        counts.fallback += bool(page.completion and page.completion.is_fallback)
        if page.error is not None and page.error.kind != "PageNotSelected":
            self._say(f"{document.partition_key} page {page.page.page_number}: {page.error}")
        self._show()

    def _show(self) -> None:
        if self._bar is None or self._task is None:
            return
        now = time.monotonic()
        if now >= self._next_bill:
            self._next_bill = now + _BETWEEN_BILLS
            self.counts.cost_usd = self._bill()
        self._bar.update(
            self._task,
            description="checking" if self.counts.are_all_done else "pages",
            total=self.counts.known,
            completed=self.counts.done,
            figures=_figures(self.counts),
        )

    def _say(self, sentence: str) -> None:
        self._told += 1
        if self._told > _MOST_TOLD:
            return
        text = visible(sentence)
        if self._told == _MOST_TOLD:
            text += " (more are told at the end)"
        if self._bar is not None:
            self._bar.console.print(text, style="red", soft_wrap=True)
        else:
            self._screen.line(text)


def _bar(screen: Screen) -> Bar:
    from rich import progress  # noqa: PLC0415

    return progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=16),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[figures]}", markup=False),
        progress.TimeElapsedColumn(),
        console=screen.console,
        transient=True,
    )


def _figures(counts: Counts) -> str:
    return (
        f"{counts.failed} failed {counts.cached} cached "
        f"{counts.pages_per_s:.1f} p/s ${usd(counts.cost_usd)}"
    )
