"""``doctor``: what would make a run fail, in words. Most is looked at in the library."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

from pdf_extraction.cli.common import FAILED, Common, choice_options, common_options
from pdf_extraction.cli.console import Screen, counted, out, visible
from pdf_extraction.errors import ExtractionError

if TYPE_CHECKING:
    from pdf_extraction.cli.console import Style
    from pdf_extraction.health import Finding, Grade
    from pdf_extraction.settings import Settings

_STYLES: dict[Grade, Style] = {"ok": "green", "warning": "yellow", "failed": "red"}
#: Columns before the detail: grade and subject.
_GRADE, _SUBJECT = 9, 20


@click.command(short_help="Look for what would make a run fail.")
@choice_options
@common_options
@click.pass_context
def doctor(context: click.Context, profile: str | None, backend: str | None) -> None:
    """Check folders, settings, the chain's backends, OCR, versions and Dagster.

    Each failure says what to do. Exit status 1 if something failed.
    """
    from pdf_extraction.health import examine  # noqa: PLC0415

    # What libraries log of a server that is down is said here in our words.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    common, screen = context.ensure_object(Common), out()
    failed = 0

    def settings() -> Settings:
        found = common.settings()
        return common.changed(found, profile, backend) if profile or backend else found

    for finding in examine(common.data_dir, settings):
        _show(screen, finding)
        failed += finding.grade == "failed"
    finding = _dagster(common)
    _show(screen, finding)
    failed += finding.grade == "failed"
    screen.line()
    if failed:
        screen.line(f"{counted(failed, 'check')} failed.", "red")
        context.exit(FAILED)
    screen.line("All is well.", "green")


def _show(screen: Screen, finding: Finding) -> None:
    lines = [visible(line) for line in finding.detail.splitlines()] or [""]
    if screen.is_terminal:
        lines = [part for line in lines for part in _wrapped(line, screen.width)]
    grade = screen.styled(finding.grade.ljust(_GRADE), _STYLES[finding.grade])
    screen.line(f"{grade}{finding.subject.ljust(_SUBJECT)}{lines[0]}")
    for line in lines[1:]:
        screen.line(f"{' ' * (_GRADE + _SUBJECT)}{line}")


def _wrapped(line: str, width: int) -> list[str]:
    import textwrap  # noqa: PLC0415

    room = max(30, width - _GRADE - _SUBJECT)
    return textwrap.wrap(line, room, break_long_words=False, break_on_hyphens=False) or [""]


def _dagster(common: Common) -> Finding:
    """Open the instance that ``run`` and ``dagster dev`` share, and read its partitions."""
    import dagster as dg  # noqa: PLC0415

    from pdf_extraction.defs import partitions  # noqa: PLC0415
    from pdf_extraction.defs.instance import open_instance  # noqa: PLC0415
    from pdf_extraction.health import Finding  # noqa: PLC0415

    try:
        with open_instance(common.data_dir) as instance:
            keys = instance.get_dynamic_partitions(partitions.DOCUMENTS)
            return Finding(
                "dagster", "ok", f"{instance.root_directory}, {counted(len(keys), 'partition')}"
            )
    except ExtractionError as error:
        return Finding("dagster", "failed", str(error))
    except (dg.DagsterError, OSError) as error:
        advice = "mend or unset DAGSTER_HOME, or make the folder writable"
        return Finding("dagster", "failed", f"{error}; {advice}")
