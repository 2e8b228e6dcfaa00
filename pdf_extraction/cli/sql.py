"""``sql``: asks the warehouse. What an answer looks like is ``formats``' business."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pdf_extraction.cli.common import Common, common_options
from pdf_extraction.cli.console import counted, err, out, visible
from pdf_extraction.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

    from pdf_extraction.storage.warehouse import Warehouse

#: DuckDB's picture of the place in the statement, which one line cannot show.
_POINTS_AT = re.compile(r"LINE \d+:|\^+$")
_SNAPSHOT = re.compile(r' on database "[^"]*" which is attached in read-only mode!?')
Format = Literal["table", "csv", "json", "parquet"]


@click.command(short_help="Ask the warehouse.")
@click.argument("statement", metavar='"SELECT ..."')
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default=None,
    help="[default: table]",
)
@click.option(
    "--out",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there instead of to standard output; parquet needs it.",
)
@common_options
@click.pass_obj
def sql(common: Common, statement: str, form: Format | None, file: Path | None) -> None:
    """Ask the warehouse one reading statement.

    The tables are described in docs/tables.md; `SHOW TABLES` and `DESCRIBE devices` work too.

    In CSV a text that a spreadsheet would take for a formula gets an apostrophe before it;
    JSON and Parquet hold texts exactly.
    """
    from pdf_extraction.storage.warehouse import Warehouse  # noqa: PLC0415

    if form == "parquet" and file is None:
        raise click.UsageError("--format parquet needs --out FILE")
    warehouse = Warehouse(common.data_dir)
    table = _asked(warehouse, statement)
    if not warehouse.file.exists():
        hint = common.command("run", "FOLDER")
        err().line(f"{warehouse.file} does not exist yet; make it with: {hint}", "yellow")
    if file is None:
        _print(table, form or "table")
    else:
        _write(table, form or _by_ending(file), file)
        err().line(f"{counted(table.num_rows, 'row')} written to {visible(file)}")


def _asked(warehouse: Warehouse, statement: str) -> pa.Table:
    """The answer; what DuckDB says over several lines, with a caret, as one sentence."""
    try:
        return warehouse.query(statement)
    except SettingsError as error:
        told = [line.strip() for line in str(error).splitlines()]
        kept = [line for line in told if line and not _POINTS_AT.match(line)]
        sentence = _SNAPSHOT.sub("; the warehouse is only read", "; ".join(kept))
        raise SettingsError(sentence) from error


def _by_ending(file: Path) -> Format:
    endings: dict[str, Format] = {".csv": "csv", ".json": "json", ".parquet": "parquet"}
    return endings.get(file.suffix.lower(), "table")


def _print(table: pa.Table, form: Format) -> None:
    from pdf_extraction.cli import formats  # noqa: PLC0415

    screen = out()
    if form == "csv":
        click.echo(formats.as_csv(table), nl=False)
    elif form == "json":
        click.echo(formats.as_json(table), nl=False)
    else:
        formats.show_table(screen, table)
        _count(table.num_rows, is_cut=screen.is_terminal and table.num_rows > formats.MOST_ROWS)


def _count(rows: int, *, is_cut: bool) -> None:
    if is_cut:
        err().line(f"the first of {rows:,} rows; take all with --out FILE, or add a LIMIT", "dim")
    elif sys.stderr.isatty():
        err().line(counted(rows, "row"), "dim")


def _write(table: pa.Table, form: Format, file: Path) -> None:
    from pdf_extraction.cli import formats  # noqa: PLC0415

    if form == "parquet":
        from pdf_extraction.storage.export import write_parquet  # noqa: PLC0415

        write_parquet(table, file)
    elif form == "table":
        with file.open("w", encoding="utf-8") as stream:
            from pdf_extraction.cli.console import Screen  # noqa: PLC0415

            formats.show_table(Screen(stream), table)
    else:
        text = formats.as_csv(table) if form == "csv" else formats.as_json(table)
        file.write_text(text, encoding="utf-8", newline="")
