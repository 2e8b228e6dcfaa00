"""Documents materialised in the caller's own process, seen in the UI afterwards.

What the command line's ``run`` and ``retry`` call. No option is parsed and nothing is printed
here.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from pdf_extraction.defs import abandoned, partitions
from pdf_extraction.defs.session import Session
from pdf_extraction.errors import SettingsError
from pdf_extraction.page_ranges import format_pages

if TYPE_CHECKING:
    from pdf_extraction.asking import Progress, Selection
    from pdf_extraction.model import Row
    from pdf_extraction.quality import Verdict
    from pdf_extraction.tools import Workspace

#: Documents of one run in the caller's process. A larger run shares its window of pages and
#: its workers over more documents; a smaller one is sooner complete in the UI.
DOCUMENTS_PER_RUN = 100
#: Of short ones: a hundred pages would wait longer for their run's two ends than for a server,
#: and what is finished comes to SQL users while others are asked about.
SHORT_DOCUMENTS_PER_RUN = 1_000
_SHORT_BYTES = 100_000
#: Says in the UI where a run came from.
_TAGS = {"pdf_extraction/launched_by": "command line"}
#: Dagster's own lines go to the event log and not to the terminal.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


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
    documents: "Mapping[str, Row]" = field(default_factory=dict)
    checks: "Mapping[str, Sequence[Verdict]]" = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False


def run_documents(
    instance: dg.DagsterInstance,
    workspace: "Workspace",
    keys: Sequence[str],
    selection: "Selection | None" = None,
    *,
    force: bool = False,
    progress: "Progress | None" = None,
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
    from pdf_extraction.defs.build import build_definitions  # noqa: PLC0415
    from pdf_extraction.pdf.memory import collect_seldom  # noqa: PLC0415

    collect_seldom()  # before Dagster makes what it plans for each document
    abandoned.sweep(instance, workspace.data)
    partitions.register(instance, keys)
    launch = _Launch(instance, Session(workspace, progress), workspace.data)
    job = build_definitions().resolve_job_def("extract_documents")
    config = {**_run_config(workspace, selection, force=force), **_QUIET}
    registered = instance.get_dynamic_partitions(partitions.DOCUMENTS)
    for part in partitions.ranges(keys, registered, _documents_per_run(workspace, keys)):
        launch.run(job, part, config)
        if launch.interrupted:
            break
    return launch.result()


def _documents_per_run(workspace: "Workspace", keys: Sequence[str]) -> int:
    sizes = []
    for key in keys:
        with suppress(SettingsError):  # the run itself says of which partition there is no file
            sizes.append(workspace.catalogue.document(key).byte_size)
    are_short = sum(sizes) <= _SHORT_BYTES * len(sizes)
    return SHORT_DOCUMENTS_PER_RUN if are_short else DOCUMENTS_PER_RUN


def _run_config(
    workspace: "Workspace", selection: "Selection | None", *, force: bool
) -> dict[str, Any]:
    """What this run was told, so that the UI shows it and can launch the like again."""
    asked: dict[str, Any] = {"profile": workspace.settings.profile, "force": force}
    if selection is not None:
        asked["only_failed"] = selection.only_failed
        if selection.pages is not None:
            asked["pages"] = format_pages(selection.pages)
    return {
        "ops": {"read_and_ask": {"config": asked}},
        "resources": {
            "backends": {"config": {"chain": list(workspace.settings.chain)}},
            "folder": {"config": {"data_dir": str(workspace.data.resolve())}},
        },
    }


class _Launch:
    def __init__(self, instance: dg.DagsterInstance, session: Session, data: Path) -> None:
        self.instance, self.session, self.data = instance, session, data
        self.run_ids: list[str] = []
        self.broken: dict[str, str] = {}
        self.interrupted = False
        session.on_interrupt = self._interrupt

    def run(
        self, job: dg.JobDefinition, part: partitions.KeyRange, config: Mapping[str, Any]
    ) -> None:
        run_id = dg.DagsterRun(job_name=job.name).run_id
        self.run_ids.append(run_id)
        abandoned.hold(self.data, run_id)
        try:
            done = job.execute_in_process(
                instance=self.instance,
                run_id=run_id,
                run_config=config,
                tags={**part.tags, **_TAGS},
                resources={"session": self.session},
                raise_on_error=False,
            )
        except KeyboardInterrupt:
            self.interrupted = True
        else:
            self._judge(done)
        if self.interrupted:
            self._cancelled(run_id)
        abandoned.let_go(self.data, run_id)

    def _judge(self, done: dg.ExecuteInProcessResult) -> None:
        if done.success:
            return
        failures = [event.step_failure_data for event in done.all_events if event.is_step_failure]
        sources = [data.error_source for data in failures]
        self.interrupted |= any(str(source).endswith("INTERRUPT") for source in sources)
        if not self.interrupted:
            self.broken[done.run_id] = _reason(failures)

    def _interrupt(self, run_id: str) -> None:
        self.interrupted = True
        run = self.instance.get_run_by_id(run_id)
        if run is not None:
            # Dagster calls a run cancelled only if somebody had asked for it before it ended.
            self.instance.report_run_canceling(run)

    def _cancelled(self, run_id: str) -> None:
        run = self.instance.get_run_by_id(run_id)
        if run is not None and run.status is not dg.DagsterRunStatus.CANCELED:
            self.instance.report_run_canceled(run, message="Stopped by Ctrl-C.")

    def result(self) -> LaunchResult:
        session = self.session
        return LaunchResult(
            run_ids=tuple(self.run_ids),
            documents=session.documents,
            checks=session.verdicts,
            broken=self.broken,
            interrupted=self.interrupted,
        )


def _reason(failures: Sequence[Any]) -> str:
    for data in failures:
        if data.user_failure_data is not None and data.user_failure_data.description:
            return str(data.user_failure_data.description)
    # Dagster's own sentence only says in which op; what happened there is its cause.
    errors = [data.error.cause or data.error for data in failures if data.error is not None]
    return errors[0].message.strip() if errors else "the run failed; see it in the Dagster UI"
