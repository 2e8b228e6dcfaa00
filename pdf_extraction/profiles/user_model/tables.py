"""A model's tables and the rows of its objects. What SQL makes of them is storage's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pdf_extraction.errors import SettingsError
from pdf_extraction.model import BBox, Row, union
from pdf_extraction.profiles.user_model.cells import Cell, Tree
from pdf_extraction.profiles.user_model.shape import Group, Scalar, columns, snake_case
from pdf_extraction.tablespec import ColumnSpec, TableSpec

_HEAD = (
    ColumnSpec("record_id", "text", "The record, unique over all documents.", nullable=False),
    ColumnSpec("parent_record_id", "text", "`record_id` of the record it is part of."),
    ColumnSpec("position", "int", "Place among its siblings, from 0.", nullable=False),
    ColumnSpec("document_id", "text", "The document, as in `documents`.", nullable=False),
    ColumnSpec("page_number", "int", "First page with one of its values, from 1.", nullable=False),
)
_TAIL = (
    ColumnSpec("confidence", "float", "Of the least sure value, 0-1; NULL without evidence."),
    ColumnSpec(
        "grounding",
        "text",
        "How the worst value was found: exact, normalised, fuzzy "
        "or absent; NULL where nothing was looked for.",
    ),
    ColumnSpec(
        "bbox",
        "bbox",
        "Around the values on `page_number`: [x0, y0, x1, y1], 0-1 of the "
        "displayed page, origin top left.",
    ),
    ColumnSpec(
        "errors",
        "text",
        "Values that could not be typed and what the model's validation "
        "objects to; NULL where all is well.",
        is_list=True,
    ),
    ColumnSpec(
        "evidence",
        "evidence",
        "By column: text (as answered, else as printed), page_number, grounding, "
        "confidence, confidence_method, bbox, error, and others where pages differ.",
    ),
)
#: Columns of every record, which a field of the same name makes room for.
RESERVED = frozenset(column.name for column in (*_HEAD, *_TAIL))
_WORST = ("exact", "normalised", "fuzzy", "absent")


class Layout:
    """Tables of one model.

    Args:
        name: Of the main table.
        group: The model's shape.
        description: Of the main table.

    Raises:
        SettingsError: Two fields would be one column or one table.
    """

    def __init__(self, name: str, group: Group, description: str) -> None:
        self.name, self.group = name, group
        found: dict[str, TableSpec] = {}
        for table, inner, said in _tables(name, group, description):
            if table in found:
                raise SettingsError(f"{name}: two lists would be the table {table!r}; rename one")
            found[table] = TableSpec(table, said, (*_HEAD, *_columns(table, inner), *_TAIL))
        self.specs = tuple(found.values())

    def rows(
        self, record_id: str, position: int, document_id: str, tree: Tree, errors: Sequence[str]
    ) -> dict[str, list[Row]]:
        """Rows of one object.

        Args:
            record_id: Of the object.
            position: Its place in the document, from 0.
            document_id: The document.
            tree: Its cells.
            errors: What the model's validation objects to.
        """
        found: dict[str, list[Row]] = {spec.name: [] for spec in self.specs}
        first = min((c.page_number for c in _own(self.group, tree, deep=True)), default=1)
        head = {
            "record_id": record_id,
            "parent_record_id": None,
            "position": position,
            "document_id": document_id,
            "page_number": first,
        }
        _write(found, self.name, self.group, tree, head, errors)
        return found


def _tables(name: str, group: Group, description: str) -> Iterator[tuple[str, Group, str]]:
    yield name, group, description
    for path, one in _children(group):
        node = one.node
        assert isinstance(node, Group)
        said = one.description or f"Items of `{path}` of `{name}`."
        yield from _tables(f"{name}_{path}", node, said)


def _children(group: Group, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Lists of models in a group, with the path from its table."""
    for one in group.fields:
        if isinstance(one.node, Group):
            path = f"{prefix}{snake_case(one.name)}"
            if one.node.is_list:
                yield path, one
            else:
                yield from _children(one.node, f"{path}_")


def column_name(name: str) -> str:
    """A field's column; one that every record has by itself gets out of its way."""
    return f"{name}_" if name in RESERVED else name


def _columns(table: str, group: Group) -> Iterator[ColumnSpec]:
    seen: set[str] = set()
    for path, one in columns(group):
        name, node = column_name(path), one.node
        assert isinstance(node, Scalar)
        if name in seen:
            raise SettingsError(f"{table}: two fields would be the column {name!r}; rename one")
        seen.add(name)
        yield ColumnSpec(
            name,
            node.kind,
            one.description or f"`{one.key}` of the model.",
            is_list=node.is_list,
            values=node.values,
            precision=node.precision,
            scale=node.scale,
        )


def _write(
    found: dict[str, list[Row]],
    table: str,
    group: Group,
    tree: Tree,
    head: Row,
    errors: Sequence[str],
) -> None:
    own = dict(_named(group, tree))
    evidence = {name: cell for path, held in own.items() for name, cell in _each(path, held)}
    told = [f"{name}: {cell.error}" for name, cell in evidence.items() if cell.error]
    found[table].append(
        {
            **head,
            **{path: _value(held) for path, held in own.items()},
            **_proof(evidence, head["page_number"]),
            "errors": [*told, *errors] or None,
            "evidence": [
                (name, _told(cell))
                for name, cell in evidence.items()
                if cell.value is not None or cell.error
            ],
        }
    )
    for path, node, items in _lists(group, tree):
        for position, item in enumerate(items):
            pages = (c.page_number for c in _own(node, item, deep=True) if c.page_number)
            child = {
                **head,
                "record_id": f"{head['record_id']}/{path}/{position + 1}",
                "parent_record_id": head["record_id"],
                "position": position,
                "page_number": min(pages, default=head["page_number"]),
            }
            _write(found, f"{table}_{path}", node, item, child, ())


def _named(
    group: Group, tree: Mapping[str, Any] | None, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Cells, or lists of such, by column."""
    for one in group.fields:
        name, held = f"{prefix}{snake_case(one.name)}", (tree or {}).get(one.name)
        if isinstance(one.node, Scalar):
            empty: Any = None if one.node.is_list else Cell()
            yield column_name(name), _as_json(held) if one.node.kind == "json" else held or empty
        elif not one.node.is_list:
            yield from _named(one.node, held, f"{name}_")


def _as_json(cell: Cell | None) -> Cell:
    if cell is None or cell.value is None:
        return Cell()
    text = json.dumps(cell.value, ensure_ascii=False, default=str)
    return Cell(text, page_number=cell.page_number)


def _lists(
    group: Group, tree: Mapping[str, Any] | None, prefix: str = ""
) -> Iterator[tuple[str, Group, list[Tree]]]:
    for one in group.fields:
        if not isinstance(one.node, Group):
            continue
        path, held = f"{prefix}{snake_case(one.name)}", (tree or {}).get(one.name)
        if one.node.is_list:
            yield path, one.node, held or []
        else:
            yield from _lists(one.node, held, f"{path}_")


def _own(group: Group, tree: Mapping[str, Any], *, deep: bool) -> Iterator[Cell]:
    for path, held in _named(group, tree):
        yield from (cell for _, cell in _each(path, held) if cell.page_number)
    if deep:
        for _, node, items in _lists(group, tree):
            for item in items:
                yield from _own(node, item, deep=True)


def _each(path: str, held: Any) -> Iterator[tuple[str, Cell]]:
    if isinstance(held, list):
        yield from ((f"{path}[{index}]", cell) for index, cell in enumerate(held))
    elif isinstance(held, Cell):
        yield path, held


def _value(held: Any) -> Any:
    if isinstance(held, list):
        return [cell.value for cell in held if cell.value is not None]
    return held.value if isinstance(held, Cell) else None


def _proof(evidence: Mapping[str, Cell], page_number: int) -> Row:
    known = [cell.confidence for cell in evidence.values() if cell.confidence is not None]
    methods = [cell.grounding for cell in evidence.values() if cell.grounding is not None]
    placed: list[BBox] = [
        cell.bbox for cell in evidence.values() if cell.bbox and cell.page_number == page_number
    ]
    return {
        "confidence": min(known, default=None),
        "grounding": max(methods, key=_WORST.index, default=None),
        "bbox": union(placed),
    }


def _told(cell: Cell) -> Row:
    return {
        "text": cell.text or None,
        "page_number": cell.page_number or None,
        "grounding": cell.grounding,
        "confidence": cell.confidence,
        "confidence_method": cell.method or None,
        "bbox": cell.bbox,
        "error": cell.error or None,
        "others": [vars(one) for one in cell.others] or None,
    }
