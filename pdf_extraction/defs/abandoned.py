"""Runs whose process is gone, so that none is "started" for ever. Nothing is run here.

Dagster's code server notices when a run's process dies, but nobody notices when the code server
dies with it, or a run of the command line: such a run stood in the UI as started for good, took
one of the two places in the queue, and its documents passed for being worked on.

    DATA/.running/RUN_ID    locked by the run's process as long as that lives
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

_GONE = (
    "The run's process is gone: it was killed, or the machine was restarted. What was answered "
    "is kept; the next run of its documents goes on from there."
)
#: Locks of this process's own runs, which end with it.
_held: dict[str, FileLock] = {}


def hold(data: Path, run_id: str) -> None:
    """Show that this process works on a run, until it ends or lets go."""
    if run_id not in _held:
        file = _folder(data) / run_id
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, is_singleton=False)
        lock.acquire()
        _held[run_id] = lock


def let_go(data: Path, run_id: str) -> None:
    """This process has ended a run in order."""
    lock = _held.pop(run_id, None)
    if lock is not None:
        lock.release()
        (_folder(data) / run_id).unlink(missing_ok=True)


def sweep(instance: dg.DagsterInstance, data: Path) -> list[str]:
    """End the runs of killed processes in the history; their ids."""
    if not _folder(data).exists():
        return []
    return [
        file.name
        for file in sorted(_folder(data).iterdir())
        if _is_free(file) and _end(instance, file)
    ]


def _folder(data: Path) -> Path:
    return data.resolve() / ".running"


def _is_free(file: Path) -> bool:
    try:
        with FileLock(file, is_singleton=False, timeout=0):
            return True
    except Timeout:
        return False


def _end(instance: dg.DagsterInstance, file: Path) -> bool:
    """Whether a run had to be ended."""
    run = instance.get_run_by_id(file.name)
    is_open = run is not None and not run.is_finished
    if run is not None and is_open:
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, message=_GONE)
        else:
            instance.report_run_failed(run, message=_GONE)
    with suppress(FileNotFoundError):
        file.unlink()
    return is_open
