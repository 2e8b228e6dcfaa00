"""What starts runs by itself: the drop folder and documents that failed.

What is taken or tried again is decided in ``inbox``. Cursors hold what is waited for, so they
stay small however many documents there are.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from pdf_extraction.defs import abandoned, jobs, partitions
from pdf_extraction.defs.resources import DataFolder
from pdf_extraction.settings import InboxSettings

if TYPE_CHECKING:
    from pdf_extraction.inbox import Inbox, Look, Taken, Troubled
    from pdf_extraction.tools import Workspace

_BUSY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
#: Runs that are looked at for what a person has stopped.
_STOPPED_RUNS = 50
#: Documents tried again in one tick.
_MOST_RETRIES = 200


@dg.sensor(
    name="inbox",
    job=jobs.extract_documents,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Runs the files of DATA/inbox: new and changed ones, once they have settled.",
)
def inbox(context: dg.SensorEvaluationContext, folder: DataFolder) -> dg.SensorResult:
    """Take what has settled in the drop folder and ask for runs of it."""
    from pdf_extraction.inbox import Watched  # noqa: PLC0415

    settings = folder.settings().inbox
    drop = _inbox(folder.path().resolve(), settings)
    watched = {path: Watched(**one) for path, one in json.loads(context.cursor or "{}").items()}
    look = drop.look(watched, time.time(), set(_registered(context)))
    for problem in look.news:
        context.log.warning(problem)
    requests = _requests(context, look.taken, settings)
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=_partition_requests(context, look.taken),
        skip_reason=None if requests else _waiting(look),
        cursor=json.dumps({path: asdict(one) for path, one in look.watched.items()}),
    )


@lru_cache(maxsize=4)
def _inbox(data: Path, settings: InboxSettings) -> "Inbox":
    from pdf_extraction.catalogue import Catalogue  # noqa: PLC0415
    from pdf_extraction.inbox import Inbox  # noqa: PLC0415

    return Inbox(data / "inbox", Catalogue(data), settings)


def _waiting(look: "Look") -> str:
    if look.problems:
        more = f" (and {len(look.problems) - 1} more)" if len(look.problems) > 1 else ""
        return f"{look.problems[0]}{more}"
    if waiting := len(look.watched) + look.left:
        return f"{waiting} files are new; waiting until they have settled"
    return "nothing new"


def _gone(taken: "Sequence[Taken]") -> set[str]:
    """Partitions whose file has another name now, and whose key no file has taken since."""
    keys = {one.entry.document.partition_key for one in taken}
    return {key for one in taken for key in one.entry.superseded} - keys


def _partition_requests(
    context: dg.SensorEvaluationContext, taken: "Sequence[Taken]"
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    registered = set(_registered(context))
    new = [one.entry.document.partition_key for one in taken]
    gone = _gone(taken) & registered
    added = [key for key in dict.fromkeys(new) if key not in registered]
    return [
        *([partitions.documents.build_add_request(added)] if added else []),
        *([partitions.documents.build_delete_request(sorted(gone))] if gone else []),
    ]


def _requests(
    context: dg.SensorEvaluationContext, taken: "Sequence[Taken]", settings: InboxSettings
) -> list[dg.RunRequest]:
    from pdf_extraction.inbox import content_key  # noqa: PLC0415

    by_key = {one.entry.document.partition_key: one for one in taken}
    gone = _gone(taken)
    order = [key for key in dict.fromkeys([*_registered(context), *by_key]) if key not in gone]
    return [
        _request(part, f"inbox:{content_key([by_key[key] for key in part.keys])}")
        for part in partitions.ranges(by_key, order, settings.max_documents_per_run)
    ]


def _request(
    part: partitions.KeyRange, run_key: str, run_config: Mapping[str, Any] | None = None
) -> dg.RunRequest:
    return dg.RunRequest(run_key=run_key, run_config=run_config or {}, **part.request)


def _registered(context: dg.SensorEvaluationContext) -> Sequence[str]:
    return context.instance.get_dynamic_partitions(partitions.DOCUMENTS)


@dg.sensor(
    name="retry_failed",
    job=jobs.extract_documents,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tries failed pages again, with growing delay and a limit; see [inbox].",
)
def retry_failed(context: dg.SensorEvaluationContext, folder: DataFolder) -> dg.SensorResult:
    """Ask for runs of documents that failed, or whose run broke, and that may be mended."""
    from pdf_extraction import steps  # noqa: PLC0415
    from pdf_extraction.inbox import Attempted, due_retries, remember  # noqa: PLC0415
    from pdf_extraction.tools import Workspace  # noqa: PLC0415

    workspace = Workspace(folder.path(), folder.settings())
    for run_id in abandoned.sweep(context.instance, workspace.data):
        context.log.warning("run %s had been killed", run_id)
    settings = workspace.settings.inbox
    registered = _registered(context)
    known = set(registered)
    troubled = [one for one in steps.troubled(workspace) if one.key in known]
    before = {key: Attempted(**one) for key, one in json.loads(context.cursor or "{}").items()}
    due, after = due_retries(
        troubled,
        before,
        settings.retry_delays_s,
        time.time(),
        busy=_keys_of_runs(context.instance, registered),
        most=_MOST_RETRIES,
    )
    if after != before:
        remember(workspace.data, after)
    # The due time, because a document that was in order for a while is counted anew.
    names = {
        one.key: f"{one.key}:{one.version}:{after[one.key].attempts}:{before[one.key].due!r}"
        for one in due
    }
    requests = [
        _request(part, "retry:" + _digest(names[key] for key in part.keys), _retry(profile))
        for profile, keys in _by_profile(workspace, due).items()
        for part in partitions.ranges(keys, registered, settings.max_documents_per_run)
    ]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else f"{len(after)} documents wait for another try",
        cursor=json.dumps({key: asdict(one) for key, one in after.items()}),
    )


def _retry(profile: str) -> Mapping[str, Any]:
    # Nobody is there to ask: pages that were kept out cost money that no one has granted.
    asked = {"only_failed": True, "unattended": True, "profile": profile}
    return {"ops": {"read_and_ask": {"config": asked}}}


def _by_profile(workspace: "Workspace", due: "Iterable[Troubled]") -> dict[str, list[str]]:
    """Keys under the profile that their rows are of: another would replace them."""
    profiles: dict[str, list[str]] = {}
    for one in due:
        rows = workspace.tables.read("documents", one.key)
        profile = rows[0]["profile"] if rows else workspace.settings.profile
        profiles.setdefault(profile, []).append(one.key)
    return profiles


def _digest(parts: Iterable[str]) -> str:
    from pdf_extraction.model import digest  # noqa: PLC0415

    return digest(*parts)[:32]


def _keys_of_runs(instance: dg.DagsterInstance, registered: Sequence[str]) -> set[str]:
    """Keys that a run is about to do or doing, and those whose run a person has stopped."""
    stopped = dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELED])
    records = [
        *instance.get_run_records(dg.RunsFilter(statuses=list(_BUSY))),
        *instance.get_run_records(stopped, limit=_STOPPED_RUNS),
    ]
    places = {key: place for place, key in enumerate(registered)}
    keys: set[str] = set()
    for record in records:
        tags = record.dagster_run.tags
        first = tags.get(partitions.RANGE_START) or tags.get(partitions.PARTITION)
        last = tags.get(partitions.RANGE_END) or first
        if first in places and last in places:
            keys.update(registered[places[first] : places[last] + 1])
    return keys
