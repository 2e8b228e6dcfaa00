"""Prints ``docs/tables.md`` from the schemas.

``python -m pdf_extraction.storage.document > docs/tables.md``
"""

from __future__ import annotations

import sys

from pdf_extraction.storage.ddl import columns_of
from pdf_extraction.storage.schemas import DESCRIPTIONS, SCHEMAS, describe
from pdf_extraction.storage.views import VIEWS

_HEAD = """\
# Tables

Printed by `python -m pdf_extraction.storage.document`; do not edit.

`DATA/warehouse.duckdb` has these tables, with these types and comments; each stands as Parquet
in `DATA/tables/TABLE/PARTITION.parquet` too, one file a document. The Parquet files are the
truth. The DuckDB file is made from them and swapped in whole: open it as you like, for as long
as you like; a session keeps what it opened and a new one sees the newest. Rows that you write
into it are lost at the next refresh: keep your own tables in a file that attaches it
(`ATTACH 'data/warehouse.duckdb' AS pdf (READ_ONLY)`).

The warehouse takes whole documents only. Somebody who reads the Parquet files themselves while
a document is being replaced may, for some milliseconds, find one table newer than another.

`bbox` is `[x0, y0, x1, y1]`, 0-1 of the displayed page (after /Rotate), origin top left. Offsets
count Unicode code points. Times are UTC. NULL means that there is none, never "not looked".
"""


def render() -> str:
    """The whole page as Markdown."""
    views = (_view_section(name) for name in VIEWS)
    return "\n".join([_HEAD, *(_section(name) for name in SCHEMAS), *views])


def _section(table: str) -> str:
    types = columns_of(SCHEMAS[table])
    rows = [
        f"| `{field.name}` | `{types[field.name]}` | {'' if field.nullable else 'never'} "
        f"| {describe(field)} |"
        for field in SCHEMAS[table]
    ]
    head = ["| column | type | NULL | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## `{table}`\n", f"{DESCRIPTIONS[table]}\n", *head, *rows]) + "\n"


def _view_section(name: str) -> str:
    view = VIEWS[name]
    rows = [f"| `{column}` | `{kind}` | {meaning} |" for column, kind, meaning in view.columns]
    head = ["| column | type | meaning |", "| --- | --- | --- |"]
    return "\n".join([f"## `{name}` (view)\n", f"{view.description}\n", *head, *rows]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
