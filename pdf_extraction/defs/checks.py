"""The asset checks: what ``quality`` decides, stored for each partition. No rule is here.

A run over a range stores an ``AssetCheckResult`` without partition and leaves each key's check
planned for ever; so each key gets its evaluation first. A document that fails is a failed
check and nothing more: blocking checks would stop the range.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from pdf_extraction import quality
from pdf_extraction.defs import failures, partitions, runs, together
from pdf_extraction.defs.history import EventLog, Materialized
from pdf_extraction.defs.resources import Backends, DataFolder
from pdf_extraction.defs.session import Session
from pdf_extraction.quality import Verdict

if TYPE_CHECKING:
    from pdf_extraction.catalogue import Entry
    from pdf_extraction.tools import Workspace

CHUNKS = dg.AssetKey("document_chunks")
#: Partitions that are looked up together.
_KEYS_AT_ONCE = 500
_MEANINGS: Mapping[str, str] = {
    "pages_complete": "Each page has one row, few enough failed, the bill adds up.",
    "confidence": "Few enough records are of low confidence.",
    "canonical_hash": "The source's bytes still give the text that offsets count in.",
    "hierarchy": "Ids are unique, parents exist, numbers have no gaps.",
    "grounding": "Records stand on their pages, and their spans give their text.",
}


@dg.multi_asset_check(
    name="document_checks",
    can_subset=True,
    specs=[
        dg.AssetCheckSpec(
            name, asset=CHUNKS, description=_MEANINGS[name], partitions_def=partitions.documents
        )
        for name in quality.CHECKS
    ],
)
def document_checks(
    context: dg.AssetCheckExecutionContext,
    backends: Backends,
    folder: DataFolder,
    session: dg.ResourceParam[Session],
) -> Iterator[dg.AssetCheckResult]:
    """Judge the published rows of each of the run's documents."""
    names = [key.name for key in context.selected_asset_check_keys]
    checks = [name for name in quality.CHECKS if name in names]
    with failures.translated():
        workspace = runs.open_workspace(context, folder, session, [backends.changes()])
        entries, unknown = runs.entries_of(context, workspace, session)
        found = _found(context, session, workspace, entries, unknown, checks)
    session.verdicts.update(found)
    if partitions.PARTITION in context.run.tags:
        yield from _results(found)
    else:
        yield from _evaluations(context, found, checks)


def _found(
    context: dg.AssetCheckExecutionContext,
    session: Session,
    workspace: "Workspace",
    entries: "Sequence[Entry]",
    unknown: Iterable[str],
    checks: Sequence[str],
) -> dict[str, list[Verdict]]:
    """What the checks say of each document, as far as that is not known already."""
    from pdf_extraction import judging  # noqa: PLC0415

    run_id = context.run.run_id
    judged = {
        key: [verdict for verdict in done.judged.verdicts if verdict.check in checks]
        for key in (entry.document.partition_key for entry in entries)
        if (done := session.finished(run_id, key)) is not None
        and done.judged is not None
        # Another run may have replaced the rows since.
        and done.judged.mark == workspace.tables.mark(key)
    }
    left = [entry for entry in entries if entry.document.partition_key not in judged]
    hashes = {}
    if left and "canonical_hash" in checks:
        work = judging.rehash(workspace, left, session.read(run_id))
        hashes = runs.to_its_end(context, session, work)

    def verdicts(key: str) -> list[Verdict]:
        rows = judging.published_rows(workspace, key)
        return judging.verdicts(workspace, rows, hashes.get(key), checks)

    keys = [*(entry.document.partition_key for entry in entries), *unknown]
    return {key: judged[key] if key in judged else verdicts(key) for key in keys}


def _results(found: Mapping[str, Sequence[Verdict]]) -> Iterator[dg.AssetCheckResult]:
    """What a run of one partition yields: Dagster stores it under that partition itself."""
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    for verdicts in found.values():
        for verdict in verdicts:
            yield dg.AssetCheckResult(
                passed=verdict.passed,
                check_name=verdict.check,
                asset_key=CHUNKS,
                severity=_severity(verdict),
                metadata=metadata.of_verdict(verdict),
                description=verdict.sentence,
            )


def _evaluations(
    context: dg.AssetCheckExecutionContext,
    found: Mapping[str, Sequence[Verdict]],
    checks: Sequence[str],
) -> Iterator[dg.AssetCheckResult]:
    from pdf_extraction.defs import metadata  # noqa: PLC0415

    by_check = {
        check: {key: verdicts[index] for key, verdicts in found.items()}
        for index, check in enumerate(checks)
    }
    targets = _targets(context.instance, list(found))
    for check, verdicts in by_check.items():
        evaluations = [
            dg.AssetCheckEvaluation(
                asset_key=CHUNKS,
                check_name=check,
                passed=verdict.passed,
                severity=_severity(verdict),
                metadata=metadata.of_verdict(verdict),
                description=verdict.sentence,
                partition=key,
                target_materialization_data=targets.get(key),
            )
            for key, verdict in verdicts.items()
        ]
        together.evaluate(context, evaluations)
        yield _summary(check, verdicts)


def _targets(
    instance: dg.DagsterInstance, keys: Sequence[str]
) -> dict[str, AssetCheckEvaluationTargetMaterializationData]:
    """The materialisations that were judged; without it the UI shows a check as missing."""
    found = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = set(keys[start : start + _KEYS_AT_ONCE])
        latest = instance.get_latest_storage_id_by_partition(
            CHUNKS, dg.DagsterEventType.ASSET_MATERIALIZATION, some
        )
        for id_, run_id, partition, timestamp in _materialized(instance, list(latest.values())):
            found[partition] = AssetCheckEvaluationTargetMaterializationData(
                storage_id=id_, run_id=run_id, timestamp=timestamp
            )
    return found


def _materialized(instance: dg.DagsterInstance, ids: Sequence[int]) -> Iterator[Materialized]:
    log = instance.event_log_storage
    if not ids:  # no id at all would mean any
        return
    if isinstance(log, EventLog):
        yield from log.materialized(ids)
        return
    wanted = dg.AssetRecordsFilter(asset_key=CHUNKS, storage_ids=ids)
    for record in instance.fetch_materializations(wanted, limit=len(ids)).records:
        run_id, key = record.event_log_entry.run_id, str(record.partition_key)
        yield Materialized(record.storage_id, run_id, key, record.timestamp)


def _summary(check: str, verdicts: Mapping[str, Verdict]) -> dg.AssetCheckResult:
    from pdf_extraction.defs import markdown  # noqa: PLC0415

    failed = {key: verdict for key, verdict in verdicts.items() if not verdict.passed}
    severe = any(verdict.is_error for verdict in failed.values())
    rows = [{"document": key, "result": verdict.sentence} for key, verdict in failed.items()]
    return dg.AssetCheckResult(
        passed=not failed,
        check_name=check,
        asset_key=CHUNKS,
        severity=dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN,
        metadata={
            "documents": len(verdicts),
            "failed": len(failed),
            **({"worst": dg.MetadataValue.md(markdown.table(rows[:25]))} if rows else {}),
        },
        description=f"{len(failed)} of {len(verdicts)} documents fail",
    )


def _severity(verdict: Verdict) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if verdict.is_error else dg.AssetCheckSeverity.WARN
