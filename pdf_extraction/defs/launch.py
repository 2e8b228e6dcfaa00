"""Documents materialised in the caller's own process, seen in the UI afterwards.

What the command line's ``run`` and ``retry`` call. No option is parsed and nothing is printed
here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pdf_extraction.defs import partitions
from pdf_extraction.defs.session import Session
from pdf_extraction.extraction import Progress, Selection
from pdf_extraction.model import Row
from pdf_extraction.quality import Verdict
from pdf_extraction.tools import Workspace

#: Documents of one run in the caller's process. A larger run shares its window of pages and
#: its workers over more documents; a smaller one is sooner complete in the UI.
DOCUMENTS_PER_RUN = 100


@dataclass(frozen=True)
class LaunchResult:
    """What came of the documents.

    Attributes:
        run_ids: Dagster's runs, oldest first.
        documents: Row of ``documents`` by partition key, but for its canonical text; a key is
            missing where its run broke or was stopped before its rows were published.
        checks: Verdicts of the asset checks by partition key.
        broken: Why runs broke (settings, disk: no document's own fault), by run id.
        interrupted: Stopped by Ctrl-C; answers that had come are kept.
    """

    run_ids: tuple[str, ...] = ()
    documents: Mapping[str, Row] = field(default_factory=dict)
    checks: Mapping[str, Sequence[Verdict]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False


def run_documents(
    instance: dg.DagsterInstance,
    workspace: Workspace,
    keys: Sequence[str],
    selection: Selection | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> LaunchResult:
    """Materialise the partitions of ``keys``, checks and warehouse included.

    Keys that are no partitions yet become some; each must be in the workspace's catalogue.
    A document that fails is a row and a failed check; the others go on. Ctrl-C ends the run in
    order, marks it cancelled and returns.

    Args:
        instance: From ``open_instance``.
        workspace: Settings (the command line's options merged in) and data folder.
        keys: Partition keys.
        selection: Which pages.
        force: Ask again also where an answer is kept.
        progress: Called in this thread for each document and page.
    """
    raise NotImplementedError
