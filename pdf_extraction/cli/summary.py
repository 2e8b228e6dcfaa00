"""What a run says at its end, on standard output. Nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pdf_extraction.cli.console import Column, Screen, counted, ratio, shortened, usd, visible
from pdf_extraction.cli.documents import LEFT_OUT, failed_whole, failure

if TYPE_CHECKING:
    from pdf_extraction.asking import Selection
    from pdf_extraction.backends.calls import Spent
    from pdf_extraction.cli.common import Common
    from pdf_extraction.cli.console import Style
    from pdf_extraction.cli.progress import Counts
    from pdf_extraction.defs.launch import LaunchResult
    from pdf_extraction.model import Row
    from pdf_extraction.quality import Verdict
    from pdf_extraction.tools import Workspace

#: Documents shown in a terminal besides those that are not done.
_MOST_DONE = 30
_FIRST_ROWS = 4
_MOST_IN_CELL = 44
#: Most failures that are told one by one in a terminal.
_MOST_FAILURES = 40
#: What is worth a column of 80 where a table's rows are previewed.
_PREVIEWED: Mapping[str, tuple[str, ...]] = {
    "devices": ("device_id", "page_number", "confidence", "grounding", "text"),
    "chunks": ("device_id", "page_number", "chunk_level", "citations", "text"),
    "page_markdown": ("page_number", "markdown"),
    "tables": ("page_number", "table_index", "row", "column", "text"),
}
#: Columns that a terminal cuts rather than folds in a preview.
_TEXTS = frozenset({"text", "markdown", "citations"})
#: Its failures are those of documents and pages, each with its reason, under "Failures".
_TOLD_BEFORE = "pages_complete"


@dataclass
class Ending:
    """How the documents of a command ended.

    Attributes:
        workspace: Where their rows are.
        keys: Partition keys, in the order asked for.
        selection: Which pages were asked for.
        documents: Rows of ``documents`` by partition key.
        checks: Verdicts by partition key.
        broken: Why runs broke, by run id.
        problems: Sentences about files that never became documents.
        interrupted: Stopped by Ctrl-C.
        counts: Pages as they went by.
        spent: In this command.
    """

    workspace: Workspace
    keys: Sequence[str]
    selection: Selection
    documents: dict[str, Row] = field(default_factory=dict)
    checks: dict[str, Sequence[Verdict]] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    interrupted: bool = False
    counts: Counts | None = None
    spent: Spent | None = None

    def take(self, result: LaunchResult) -> None:
        """Add what came of a launch."""
        self.documents.update(result.documents)
        self.checks.update(result.checks)
        self.broken.update(result.broken)
        self.interrupted |= result.interrupted

    def failed_pages(self, key: str) -> list[Row]:
        """Rows of pages that failed, those that ``--pages`` left out included."""
        if not self.documents[key]["pages_failed"]:
            return []
        rows = self.workspace.tables.read("pages", key)
        return [row for row in rows if row["status"] == "failed"]

    def asked_and_failed(self, key: str) -> list[Row]:
        """Rows of pages that were asked for and failed."""
        pages = self.selection.pages
        return [
            row
            for row in self.failed_pages(key)
            if row["error_type"] != LEFT_OUT and (pages is None or row["page_number"] in pages)
        ]

    def beyond(self, key: str) -> str:
        """Why none of the pages asked for is there; empty where one is."""
        pages, count = self.selection.pages, self.documents[key]["page_count"]
        if pages is None or count is None or min(pages) <= count:
            return ""
        return f"has {counted(count, 'page')}, none of those that --pages asks for"

    def missing(self) -> list[str]:
        """Keys without rows, where nothing else says why."""
        if self.interrupted or self.broken:
            return []
        return [key for key in self.keys if key not in self.documents]

    def has_failed(self) -> bool:
        """Whether something that was asked for failed: a document, a page, or a check.

        Checks that only warn do not count, nor do pages that ``--pages`` left out.
        """
        return bool(
            self.broken
            or self.problems
            or self.missing()
            or any(self._document_failed(key) for key in self.documents)
        )

    def _document_failed(self, key: str) -> bool:
        if failed_whole(self.documents[key]) or self.asked_and_failed(key) or self.beyond(key):
            return True
        wrong = [v for v in self.checks.get(key, ()) if v.is_error and not v.passed]
        if self.failed_pages(key):
            wrong = [verdict for verdict in wrong if verdict.check != "pages_complete"]
        return bool(wrong)


def show(screen: Screen, common: Common, ending: Ending) -> None:
    """Write everything that a person wants to know after a run."""
    if ending.documents:
        _documents(screen, ending)
    _failures(screen, ending)
    if ending.checks:
        _checks(screen, ending.checks)
    _first_rows(screen, ending)
    _bill(screen, ending)
    _next_steps(screen, common, ending)


def _documents(screen: Screen, ending: Ending) -> None:
    profile = ending.workspace.profile
    counted_table = "devices" if "devices" in profile.tables else profile.tables[0]
    rows = [
        (
            key,
            row["status"],
            row["pages_done"],
            row["pages_failed"],
            len(ending.workspace.tables.read(counted_table, key)),
            ratio(row["confidence"]),
            ratio(row["grounded_share"]),
            row["calls"],
            usd(row["cost_usd"]),
        )
        for key, row in ((key, ending.documents[key]) for key in _shown(screen, ending))
    ]
    heads = ("done", "failed", counted_table, "conf.", "found", "calls", "USD")
    columns = [
        Column("document"),
        Column("status", whole=True),
        *(Column(head, right=True, whole=True) for head in heads),
    ]
    screen.heading(
        "Documents (pages done and failed; records, confidence, share found on the page)"
    )
    screen.table(columns, rows)
    if left := len(ending.documents) - len(rows):
        screen.line(f"and {left:,} more, all done", "dim")


def _shown(screen: Screen, ending: Ending) -> list[str]:
    keys = [key for key in ending.keys if key in ending.documents]
    if not screen.is_terminal:
        return keys
    done = [key for key in keys if ending.documents[key]["status"] == "done"]
    hidden = set(done[_MOST_DONE:])
    return [key for key in keys if key not in hidden]


def _failures(screen: Screen, ending: Ending) -> None:
    told = [
        *ending.problems,
        *(f"run {id_[:8]} broke: {why}" for id_, why in ending.broken.items()),
    ]
    told += [f"{key}: no rows were published" for key in ending.missing()]
    told = [visible(sentence) for sentence in told]
    left_out = []
    for key, row in ending.documents.items():
        if ending.beyond(key):
            told.append(f"{visible(key)}: {ending.beyond(key)}")
            continue
        if failed_whole(row):
            told.append(failure(key, (), row["error_type"], row["error"]))
        failed = ending.failed_pages(key)
        told += _by_reason(key, [page for page in failed if page["error_type"] != LEFT_OUT])
        left_out += _by_reason(key, [page for page in failed if page["error_type"] == LEFT_OUT])
    _tell(screen, "Failures", told, "red")
    _tell(screen, "Left out", left_out, "yellow")


def _by_reason(key: str, pages: Sequence[Row]) -> list[str]:
    reasons: dict[tuple[str, str], list[int]] = {}
    for page in pages:
        error = "" if page["error_type"] == LEFT_OUT else page["error"]
        reasons.setdefault((page["error_type"], error), []).append(page["page_number"])
    return [failure(key, numbers, *reason) for reason, numbers in reasons.items()]


def _tell(screen: Screen, title: str, told: Sequence[str], style: Style) -> None:
    if not told:
        return
    screen.heading(title)
    most = _MOST_FAILURES if screen.is_terminal else len(told)
    for sentence in told[:most]:
        screen.item(sentence, style)
    if len(told) > most:
        screen.line(f"  and {len(told) - most:,} more; `status` has them", "dim")


def _checks(screen: Screen, checks: Mapping[str, Sequence[Verdict]]) -> None:
    tally: dict[str, list[int]] = {}
    failed: list[tuple[str, Verdict]] = []
    for key, verdicts in checks.items():
        for verdict in verdicts:
            counts = tally.setdefault(verdict.check, [0, 0, 0])
            counts[not verdict.passed if verdict.is_judged else 2] += 1
            failed += [(key, verdict)] if verdict.is_judged and not verdict.passed else []
    screen.heading("Checks")
    names = ("passed", "failed", "not judged")
    heads = [Column("check"), *(Column(name, right=True) for name in names)]
    screen.table(heads, [(name, *counts) for name, counts in tally.items()])
    for key, verdict in failed[: _MOST_FAILURES if screen.is_terminal else None]:
        if verdict.check == _TOLD_BEFORE:
            continue
        grade = "failed" if verdict.is_error else "warning"
        sentence = f"{grade}: {verdict.check} of {visible(key)}: {visible(verdict.sentence)}"
        screen.item(sentence, "red" if verdict.is_error else "yellow")


def _first_rows(screen: Screen, ending: Ending) -> None:
    tables = ending.workspace.tables
    for table in ending.workspace.profile.tables:
        for key in ending.documents:
            if rows := tables.read(table, key):
                screen.heading(
                    f"First rows of {table} ({visible(key)}, {counted(len(rows), 'row')})"
                )
                _preview(screen, table, rows[:_FIRST_ROWS])
                break


def _preview(screen: Screen, table: str, rows: Sequence[Row]) -> None:
    names = _PREVIEWED.get(table) or _scalars(rows)
    columns = [Column(name, whole=name not in _TEXTS, is_cut=name in _TEXTS) for name in names]
    screen.table(columns, [[_previewed(row[name]) for name in names] for row in rows])


def _scalars(rows: Sequence[Row]) -> tuple[str, ...]:
    said_apart = ("_id", "_bbox", "_grounding", "_confidence")
    names = [
        name
        for name, value in rows[0].items()
        if not isinstance(value, list | dict) and not name.endswith(said_apart)
    ]
    return tuple(names[:5])


def _previewed(value: Any) -> str:
    if isinstance(value, float):
        return ratio(value)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return "" if value is None else shortened(str(value), _MOST_IN_CELL)


def _bill(screen: Screen, ending: Ending) -> None:
    if ending.spent is None or ending.counts is None:
        return
    spent, cached = ending.spent, ending.counts.cached
    kept = f"; {counted(cached, 'page')} answered from the cache" if cached else ""
    if fallback := ending.counts.fallback:
        kept += f"; {counted(fallback, 'page')} answered by a later backend of the chain"
    screen.heading("Bill of this run")
    screen.line(
        f"  {usd(spent.cost_usd)} USD: {counted(spent.calls, 'call')}, {spent.input_tokens:,} "
        f"input and {spent.output_tokens:,} output tokens{kept}"
    )


def _verdict(screen: Screen, ending: Ending) -> None:
    total = len(ending.keys) + len(ending.problems)
    states = [row["status"] for row in ending.documents.values()]
    partly = f", {states.count('partial')} in part" if "partial" in states else ""
    sentence = f"{states.count('done')} of {counted(total, 'document')} done{partly}."
    screen.line()
    if ending.has_failed():
        screen.line(f"{sentence} Something failed: see Failures and Checks above.", "red")
    else:
        screen.line(sentence, "green")


def _next_steps(screen: Screen, common: Common, ending: Ending) -> None:
    from pdf_extraction.defs.instance import ui_command  # noqa: PLC0415

    tables = ending.workspace.profile.tables
    names = ", ".join(_PREVIEWED.get(tables[0], ("*",)))
    steps = {
        "SQL": common.command("sql", f"SELECT {names} FROM {tables[0]} LIMIT 10"),  # noqa: S608 - shown
        "Dagster UI": ui_command(ending.workspace.data, config=common.config),
    }
    if any(ending.asked_and_failed(key) for key in ending.documents):
        steps["Failed pages"] = common.command("retry")
    if not ending.interrupted:
        _verdict(screen, ending)
    screen.heading("Next")
    for name, command in steps.items():
        screen.line(f"  {name}:")
        screen.line(f"    {command}", "cyan")
