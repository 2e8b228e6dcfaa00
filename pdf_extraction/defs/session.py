"""What a caller in the very process hands to its run and gets back. No setting lives here.

Runs that Dagster starts have an empty one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pdf_extraction.model import Row
from pdf_extraction.quality import Verdict

if TYPE_CHECKING:
    from pdf_extraction.asking import Progress
    from pdf_extraction.tools import Workspace


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
