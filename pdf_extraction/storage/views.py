"""Views of the warehouse over its tables. Nothing is stored of them, and nothing executed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class View(NamedTuple):
    """A view.

    Attributes:
        description: One line for its documentation and for SQL users.
        columns: Name, type and meaning of each.
        sql: What it selects.
    """

    description: str
    columns: tuple[tuple[str, str, str], ...]
    sql: str


# A table goes on where the next page begins with one of as many columns that repeats its heads,
# or where it stood at its page's foot and the next one stands at the head. What then passes for
# a head without repeating one is a row: on each page the first row of a plain table is a head.
_JOINED = """
WITH shapes AS (
    SELECT document_id, page_number, table_index, max("column") AS last_column,
        any_value(bbox) AS bbox,
        list(text ORDER BY "row", "column") FILTER (is_header) AS heads
    FROM "tables" GROUP BY document_id, page_number, table_index
), neighbours AS (
    SELECT *, lag(page_number) OVER in_order AS page_before,
        lag(last_column) OVER in_order AS last_column_before,
        lag(bbox) OVER in_order AS bbox_before, lag(heads) OVER in_order AS heads_before
    FROM shapes
    WINDOW in_order AS (PARTITION BY document_id ORDER BY page_number, table_index)
), linked AS (
    SELECT *, coalesce(table_index = 0 AND page_before = page_number - 1
        AND last_column = last_column_before
        AND (heads = heads_before OR (bbox_before[4] > 0.75 AND bbox[2] < 0.25)), false) AS goes_on
    FROM neighbours
), counted AS (
    SELECT *, count_if(NOT goes_on) OVER (
        PARTITION BY document_id ORDER BY page_number, table_index) AS number
    FROM linked
), chained AS (
    SELECT *, first_value(heads) OVER whole AS first_heads,
        first_value(page_number || '.' || table_index) OVER whole AS table_id
    FROM counted
    WINDOW whole AS (PARTITION BY document_id, number ORDER BY page_number, table_index)
)
SELECT cells.document_id, table_id,
    dense_rank() OVER (PARTITION BY cells.document_id, table_id
        ORDER BY cells.page_number, cells.table_index, cells."row") - 1 AS "row",
    cells."column", cells.text, cells.page_number, cells.is_header AND NOT goes_on AS is_header
FROM "tables" AS cells JOIN chained USING (document_id, page_number, table_index)
WHERE NOT (goes_on AND cells.is_header AND heads = first_heads)
"""

VIEWS: Mapping[str, View] = {
    "joined_tables": View(
        "Tables that go on over page breaks as one; repeated heads are left out. A view over "
        "`tables`, whose rows stay as each page has them.",
        (
            ("document_id", "VARCHAR", "The document, as in `documents`."),
            ("table_id", "VARCHAR", "Page and `table_index` where the table begins: `3.0`."),
            ("row", "BIGINT", "From 0 over all its pages."),
            ("column", "BIGINT", "From 0."),
            ("text", "VARCHAR", "Of the cell."),
            ("page_number", "BIGINT", "The page that this row stands on."),
            ("is_header", "BOOLEAN", "The cell heads its column or row."),
        ),
        _JOINED,
    ),
}
