"""What a caller in the very process hands to its run and gets back. No setting lives here.

Runs that Dagster starts have an empty one.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pdf_extraction.model import Row
from pdf_extraction.quality import Verdict

if TYPE_CHECKING:
    from pdf_extraction.asking import Progress
    from pdf_extraction.catalogue import Entry
    from pdf_extraction.finishing import Finished
    from pdf_extraction.tools import Workspace

    Entries = tuple[list[Entry], dict[str, str]]


@dataclass
class Session:
    """The command line's end of a run.

    Attributes:
        workspace: Settings and data folder in place of those that the resources would load.
        progress: Called for each document and page.
        on_interrupt: Called with the run's id when Ctrl-C or "Terminate" arrives.
        documents: Filled with each published document's row, but for its canonical text.
        verdicts: Filled with each document's checks.
    """

    workspace: "Workspace | None" = None
    progress: "Progress | None" = None
    on_interrupt: Callable[[str], None] = field(default=lambda _run_id: None)
    documents: dict[str, Row] = field(default_factory=dict)
    verdicts: dict[str, list[Verdict]] = field(default_factory=dict)
    _finished: "tuple[str, Mapping[str, Finished]]" = ("", MappingProxyType({}))
    _read: tuple[str, Collection[str]] = ("", ())
    _entries: "tuple[str, Entries | None]" = ("", None)

    def keep_entries(self, run_id: str, entries: "Entries") -> None:
        """Keep what a run's partitions stand for, in place of an earlier run's."""
        self._entries = run_id, entries

    def entries(self, run_id: str) -> "Entries | None":
        """What this very run has found its partitions to stand for: entries, and why some none."""
        of_run, entries = self._entries
        return entries if of_run == run_id else None

    def keep_finished(self, run_id: str, finished: "Mapping[str, Finished]") -> None:
        """Keep what a run has done ahead of its later steps, in place of an earlier run's."""
        self._finished = run_id, finished

    def keep_read(self, run_id: str, keys: Collection[str]) -> None:
        """Keep which documents a run has read from their files itself, every page of them."""
        self._read = run_id, frozenset(keys)

    def read(self, run_id: str) -> Collection[str]:
        """Documents of which this very run has read every page itself."""
        of_run, keys = self._read
        return keys if of_run == run_id else ()

    def finished(self, run_id: str, key: str) -> "Finished | None":
        """What this very run has done already of a document."""
        of_run, finished = self._finished
        return finished.get(key) if of_run == run_id else None
