"""The unit tests of olmOCR-bench: read from JSON lines, run on a page's Markdown; pure.

Semantics are those of ``olmocr/bench/tests.py`` (github.com/allenai/olmocr, November 2026),
but for formulas, which are compared without rendering; see ``latex``. No document is opened
and no row read here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdf_extraction.json_lines import read_objects
from pdf_extraction.olmocr.latex import formulas, holds
from pdf_extraction.olmocr.matching import alikeness, fewest_differences, normalised, starts
from pdf_extraction.profiles.markdown.cells import Cell, blocks

#: What each kind of test must say, beside ``pdf``, ``page``, ``id`` and ``type``.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "present": ("text",),
    "absent": ("text",),
    "order": ("before", "after"),
    "table": ("cell",),
    "math": ("math",),
    "baseline": (),
}
_COMMON = ("pdf", "page", "id", "type")
#: Letters of languages that the benchmark's pages have none of, and emoji.
_FOREIGN = re.compile("[\u4e00-\u9fff\u3040-\u30ff\U0001f600-\U0001f64f\U0001f300-\U0001f5ff]")
_MAX_REPEATS = 30
_Place = tuple[int, int]


@dataclass(frozen=True)
class PageTest:
    """One fact about one page.

    Attributes:
        pdf: The document's path below its folder.
        page: From 1.
        name: Its id.
        kind: One of ``NEEDED``, or a kind that cannot be run here.
        facts: The test's line.
    """

    pdf: str
    page: int
    name: str
    kind: str
    facts: Mapping[str, Any]


def is_test_file(path: Path) -> bool:
    """Whether a file's first line is a test."""
    try:
        with path.open(encoding="utf-8") as file:
            first = json.loads(next((line for line in file if line.strip()), "null"))
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and all(name in first for name in _COMMON)


def read_tests(path: Path) -> list[PageTest]:
    """Tests of a file, in order; those that people rejected are left out.

    Raises:
        SettingsError: A line is no test.
    """
    return [
        PageTest(facts["pdf"], int(facts["page"]), str(facts["id"]), facts["type"], facts)
        for facts in read_objects(path, _needed)
        if facts.get("checked") != "rejected"
    ]


def _needed(facts: Mapping[str, Any]) -> tuple[str, ...]:
    return (*_COMMON, *NEEDED.get(str(facts.get("type")), ()))


def with_baselines(tests: Iterable[PageTest]) -> list[PageTest]:
    """The tests, and for each document without one the test that its page is sound at all."""
    tests = list(tests)
    have = {test.pdf for test in tests if test.kind == "baseline"}
    first = {test.pdf: test for test in reversed(tests)}
    return tests + [
        PageTest(pdf, test.page, f"{pdf}_baseline", "baseline", {})
        for pdf, test in sorted(first.items())
        if pdf not in have
    ]


def failure(test: PageTest, markdown: str) -> str:
    """Why a test fails on its page's Markdown; empty where it passes."""
    return _RUN[test.kind](test.facts, markdown)


def _presence(facts: Mapping[str, Any], markdown: str) -> str:
    wanted, text = normalised(facts["text"]), normalised(markdown)
    if not facts.get("case_sensitive", True):
        wanted, text = wanted.lower(), text.lower()
    first, last = facts.get("first_n") or 0, facts.get("last_n") or 0
    if first or last:
        text = text[:first] + (text[-last:] if last else "")
    allowed = facts.get("max_diffs", 0)
    differences = fewest_differences(wanted, text)
    is_there = len(text) >= len(wanted) - allowed and differences <= allowed
    if is_there == (facts["type"] == "present"):
        return ""
    if is_there:
        return f"{wanted!r} stands there"
    return f"{wanted!r} is not there: {differences} differences, {allowed} allowed"


def _order(facts: Mapping[str, Any], markdown: str) -> str:
    text, allowed = normalised(markdown), facts.get("max_diffs", 0)
    before = starts(normalised(facts["before"]), text, allowed)
    after = starts(normalised(facts["after"]), text, allowed)
    for name, found in (("before", before), ("after", after)):
        if not found:
            return f"{facts[name]!r} is not there"
    if before[0] < after[-1]:
        return ""
    return f"{facts['before']!r} stands after {facts['after']!r}"


def _baseline(facts: Mapping[str, Any], markdown: str) -> str:
    letters = sum(character.isalnum() for character in markdown)
    limit = facts.get("max_length")
    if limit is not None:
        return f"{letters} letters on a blank page" if letters > limit else ""
    if not letters:
        return "no letter or digit"
    for size in range(1, 6):
        tail, count = markdown[-size:], 0
        while tail and markdown.endswith(tail * (count + 1)):
            count += 1
        if count > _MAX_REPEATS:
            return f"ends with {tail!r} {count} times"
    if facts.get("check_disallowed_characters", True) and (found := _FOREIGN.findall(markdown)):
        return f"holds {''.join(found[:10])}"
    return ""


def _math(facts: Mapping[str, Any], markdown: str) -> str:
    found = formulas(markdown)
    if any(holds(formula, facts["math"]) for formula in found):
        return ""
    return f"{facts['math']!r} is in none of {len(found)} formulas"


def _table(facts: Mapping[str, Any], markdown: str) -> str:
    tables = [_Grid(block.cells) for block in blocks(markdown) if block.cells]
    if not tables:
        return "no table"
    allowed = facts.get("max_diffs", 0)
    wanted = {side: facts[side] for side in _SIDES if facts.get(side)}
    seen = False
    for table in tables:
        for place in table.like(facts["cell"], allowed):
            seen = True
            if all(table.has(text, _SIDES[side](table, place), allowed)
                   for side, text in wanted.items()):  # fmt: skip
                return ""
    said = ", ".join(f"{side} {text!r}" for side, text in wanted.items())
    return f"{facts['cell']!r} has not {said}" if seen else f"no cell {facts['cell']!r}"


class _Grid:
    """A table's cells by place; one that reaches over several places is one cell."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        cells = list(cells)
        self.at = {(cell.row, cell.column): cell for cell in cells}
        self.texts = {
            place: normalised(cell.text) for place, cell in self.at.items() if cell.is_origin
        }
        self.rows = 1 + max(cell.row for cell in cells)
        self.columns = 1 + max(cell.column for cell in cells)
        is_plain = not any(cell.origin for cell in cells)
        self.heads = {
            cell.place for cell in cells if cell.is_header or (is_plain and cell.column == 0)
        }

    def like(self, text: str, allowed: int) -> list[_Place]:
        """Cells with this text."""
        wanted = normalised(text)
        return [p for p, found in self.texts.items() if _is_like(wanted, found, allowed)]

    def has(self, text: str, places: set[_Place], allowed: int) -> bool:
        """Whether one of some cells has this text."""
        wanted = normalised(text)
        return any(_is_like(wanted, self.texts[place], allowed) for place in places)

    def beside(self, place: _Place, down: int, right: int) -> set[_Place]:
        """The nearest other cells in a direction, from every place that a cell reaches over."""
        found = set()
        for here in [p for p, cell in self.at.items() if cell.place == place]:
            row, column = here[0] + down, here[1] + right
            while 0 <= row < self.rows and 0 <= column < self.columns:
                other = self.at.get((row, column))
                if other is not None and other.place != place:
                    found.add(other.place)
                    break
                row, column = row + down, column + right
        return found

    def heading(self, place: _Place, down: int, right: int) -> set[_Place]:
        """Headings met on the way in a direction; without any, the cells at its end."""
        heads, ends = set[_Place](), set[_Place]()
        seen, waiting = set[_Place](), {place}
        while waiting:
            here = waiting.pop()
            seen.add(here)
            further = self.beside(here, down, right)
            if here in self.heads:
                heads.add(here)
            if not further:
                ends.add(here)
            waiting |= further - seen
        return (heads - {place}) or (ends - {place})


def _is_like(wanted: str, found: str, allowed: int) -> bool:
    threshold = max(0.5, 1 - allowed / max(len(wanted), 1))
    return wanted == found if threshold >= 1 else alikeness(wanted, found) >= threshold


_SIDES: Mapping[str, Callable[[_Grid, _Place], set[_Place]]] = {
    "up": lambda table, place: table.beside(place, -1, 0),
    "down": lambda table, place: table.beside(place, 1, 0),
    "left": lambda table, place: table.beside(place, 0, -1),
    "right": lambda table, place: table.beside(place, 0, 1),
    "top_heading": lambda table, place: table.heading(place, -1, 0),
    "left_heading": lambda table, place: table.heading(place, 0, -1),
}
_RUN: Mapping[str, Callable[[Mapping[str, Any], str], str]] = {
    "present": _presence,
    "absent": _presence,
    "order": _order,
    "table": _table,
    "math": _math,
    "baseline": _baseline,
}
