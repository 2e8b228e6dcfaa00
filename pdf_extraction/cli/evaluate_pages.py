"""``evaluate`` on olmOCR-bench's unit tests. What passes is decided elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import click

from pdf_extraction.cli.console import Column, counted, err, out, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pdf_extraction.olmocr.running import Rate, Result, TestSet
    from pdf_extraction.tools import Workspace

_WORST = 15
_SHOWN = 110


def evaluate_pages(
    workspace: Workspace,
    found: TestSet,
    keys: Mapping[str, str],
    problems: Sequence[str],
    form: Literal["table", "json"],
) -> None:
    """Run the tests on pages that were extracted, and print what came of it.

    Args:
        workspace: Under the profile ``markdown``.
        found: The tests.
        keys: Partition key of each document by its name in the tests.
        problems: Documents that are not whole.
        form: How to print.
    """
    from pdf_extraction.olmocr.running import rates, run_tests  # noqa: PLC0415

    results = run_tests(workspace, keys, found.tests)
    by_kind = rates(results)
    failures = [result for result in results if result.failure]
    if form == "json":
        answer = {
            "tests": {kind: rate.as_json() for kind, rate in by_kind.items()},
            "failures": [_failure_json(result) for result in failures],
            "skipped": dict(found.skipped),
            "problems": list(problems),
        }
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    _print_rates(by_kind)
    if failures:
        out().heading("Failed tests")
        columns = [Column(title) for title in ("document", "page", "kind", "why")]
        out().table(columns, [_told(result) for result in failures[:_WORST]])
        if len(failures) > _WORST:
            out().line(f"and {counted(len(failures) - _WORST, 'more failure')}; see --format json")
    for kind, count in found.skipped.items():
        err().line(f"{counted(count, 'test')} of kind {visible(kind)} cannot be run here", "yellow")


def _print_rates(by_kind: Mapping[str, Rate]) -> None:
    out().heading("olmOCR-bench's unit tests")
    columns = [
        Column("kind"),
        Column("passed", right=True),
        Column("of", right=True),
        Column("pass rate", right=True),
        Column("95 % interval", right=True),
    ]
    out().table(columns, [_rate_line(kind, rate) for kind, rate in by_kind.items()])


def _rate_line(kind: str, rate: Rate) -> list[object]:
    low, high = rate.interval
    return [kind, rate.passed, rate.total, f"{rate.share:.3f}", f"{low:.2f}-{high:.2f}"]


def _failure_json(result: Result) -> dict[str, object]:
    test = result.test
    return {
        "document": test.pdf,
        "page_number": test.page,
        "id": test.name,
        "kind": test.kind,
        "why": result.failure,
    }


def _told(result: Result) -> list[object]:
    test = result.test
    return [test.pdf, test.page, test.kind, shortened(result.failure, _SHOWN)]
