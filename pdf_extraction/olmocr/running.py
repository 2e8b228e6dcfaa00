"""Test files with their documents, run on published Markdown; and what came of it.

What a test means is ``definition``'s business, what is printed the command line's. Nothing is
extracted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from pdf_extraction.errors import SettingsError
from pdf_extraction.olmocr.definition import (
    NEEDED,
    PageTest,
    failure,
    is_test_file,
    read_tests,
    with_baselines,
)
from pdf_extraction.tools import Workspace

PROFILE = "markdown"
#: Normal quantile of a two-sided interval of 95 %.
_Z = 1.96


@dataclass(frozen=True)
class TestSet:
    """Tests and their documents.

    Attributes:
        tests: That can be run.
        files: Each document's file by its name in the tests.
        missing: Names of documents that were not found.
        skipped: Tests of kinds that are not known here, by kind.
    """

    tests: tuple[PageTest, ...]
    files: Mapping[str, Path]
    missing: tuple[str, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True)
class Result:
    """How a test ended.

    Attributes:
        test: Which.
        failure: Why it failed; empty where it passed.
    """

    test: PageTest
    failure: str


@dataclass(frozen=True)
class Rate:
    """A pass rate.

    Attributes:
        passed: Tests.
        total: Tests.
    """

    passed: int
    total: int

    @property
    def share(self) -> float:
        """Of tests that passed, 0-1."""
        return self.passed / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of 95 % for the share."""
        if not self.total:
            return 0.0, 1.0
        spread = _Z * _Z / self.total
        middle = self.share + spread / 2
        reach = _Z * sqrt(self.share * (1 - self.share) / self.total + spread / self.total / 4)
        low, high = ((middle + side * reach) / (1 + spread) for side in (-1, 1))
        return max(low, 0.0), min(high, 1.0)

    def as_json(self) -> dict[str, Any]:
        """Plain values for a program."""
        low, high = self.interval
        return {
            "passed": self.passed,
            "total": self.total,
            "pass_rate": round(self.share, 4),
            "interval_95": [round(low, 4), round(high, 4)],
        }


def test_files(path: Path) -> list[Path]:
    """Files of tests that a path names: itself, or those in the folder."""
    found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    return [file for file in found if is_test_file(file)]


def find_tests(files: Sequence[Path]) -> TestSet:
    """Tests of some files with their documents, beside the file or in ``pdfs`` beside it.

    Raises:
        SettingsError: A line is no test, or no document is there.
    """
    every = [(file.parent, test) for file in files for test in read_tests(file)]
    paths = {test.pdf: _document(folder, test.pdf) for folder, test in every}
    found = {pdf: path for pdf, path in paths.items() if path is not None}
    if not found:
        raise SettingsError(
            f"{files[0]}: none of its documents is beside it or in {files[0].parent / 'pdfs'}"
        )
    tests = with_baselines(test for _, test in every)
    skipped = [test.kind for test in tests if test.kind not in NEEDED]
    return TestSet(
        tuple(test for test in tests if test.kind in NEEDED and test.pdf in found),
        found,
        tuple(sorted(paths.keys() - found.keys())),
        {kind: skipped.count(kind) for kind in sorted(set(skipped))},
    )


def _document(folder: Path, name: str) -> Path | None:
    places = (folder / name, folder / "pdfs" / name)
    return next((place for place in places if place.is_file()), None)


def run_tests(
    workspace: Workspace, keys: Mapping[str, str], tests: Iterable[PageTest]
) -> list[Result]:
    """Run tests on the published pages.

    Args:
        workspace: The tables.
        keys: Partition key of each document by its name in the tests.
        tests: Of those documents.
    """
    pages = {
        name: {
            row["page_number"]: row["markdown"]
            for row in workspace.tables.read("page_markdown", key)
        }
        for name, key in keys.items()
    }
    return [Result(test, failure(test, pages[test.pdf].get(test.page, ""))) for test in tests]


def rates(results: Iterable[Result]) -> dict[str, Rate]:
    """Pass rates by kind of test, and over ``all``."""
    results = list(results)
    kinds = [kind for kind in NEEDED if any(result.test.kind == kind for result in results)]
    groups = {kind: [r for r in results if r.test.kind == kind] for kind in kinds}
    return {
        name: Rate(sum(not result.failure for result in group), len(group))
        for name, group in {**groups, "all": results}.items()
    }
