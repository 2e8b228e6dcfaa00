"""A tree of cells held against the user's model, and what is told of what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from pdf_extraction.errors import SchemaMismatch
from pdf_extraction.profiles.user_model.cells import (
    Cell,
    Tree,
    as_text,
    column_value,
    has_values,
    plain,
)
from pdf_extraction.profiles.user_model.shape import Group, Scalar, ShapeField
from pdf_extraction.repair import excerpt

_MOST_PROBLEMS = 5


def validated(model: type[BaseModel], group: Group, tree: Tree, *, partial: bool) -> Tree:
    """The tree with the values that the model's own validation gives.

    Args:
        model: The user's.
        group: Its shape.
        tree: Cells.
        partial: A page that has not all of it: what is missing is no problem, and what
            compares fields is not asked yet.

    Raises:
        SchemaMismatch: Names each field and its problem, for a model to mend.
    """
    try:
        instance = model.model_validate(_filled(group, plain(group, tree)))
    except ValidationError as error:
        untyped = dict(_untyped(group, tree))
        problems = [
            one
            for one in error.errors(include_url=False)
            if not _is_excused(one, untyped, partial=partial)
        ]
        if problems:
            raise SchemaMismatch(_told(problems)) from None
        return tree
    except RecursionError:
        raise
    except Exception as error:  # a validator of the user's may raise anything
        if partial:
            return tree
        raise SchemaMismatch(
            f"The model's validation broke: {type(error).__name__}: {excerpt(str(error), 300)}"
        ) from error
    return _taken(group, tree, instance)


def _filled(group: Group, found: dict[str, Any]) -> dict[str, Any]:
    """With null where a field takes null and has no default: "absent" and "null" are one."""
    for one in group.fields:
        if one.key in found:
            inner = found[one.key]
            if isinstance(one.node, Group):
                for item in inner if isinstance(inner, list) else [inner]:
                    _filled(one.node, item)
        elif one.nullable:
            if len(group.models) == 1 and _is_required(group, one):
                found[one.key] = None
        elif one.node.is_list and _is_required(group, one):
            found[one.key] = []
    return found


def _is_required(group: Group, one: ShapeField) -> bool:
    return any(
        m.model_fields[one.name].is_required() for m in group.models if one.name in m.model_fields
    )


def _is_excused(problem: Mapping[str, Any], untyped: Mapping[str, str], *, partial: bool) -> bool:
    path = [str(part) for part in problem["loc"]]
    if any(_is_within(known.split("."), path) for known in untyped):
        return True
    if not partial:
        return False
    compares = problem["type"] in {"value_error", "assertion_error"} and isinstance(
        problem.get("input"), Mapping
    )
    return problem["type"] == "missing" or problem.get("input") is None or compares


def _is_within(known: list[str], path: list[str]) -> bool:
    """Whether all steps of ``known`` are in ``path``, which names the members of unions too."""
    steps = iter(path)
    return all(step in steps for step in known)


def _untyped(group: Group, tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for one in group.fields:
        found, here = tree.get(one.name), f"{path}{one.key}"
        items = list(enumerate(found)) if isinstance(found, list) else [("", found)]
        for index, item in items:
            place = f"{here}.{index}" if index != "" else here
            if isinstance(item, Cell):
                if item.error:
                    yield place, item.error
            elif isinstance(item, Mapping) and isinstance(one.node, Group):
                yield from _untyped(one.node, item, f"{place}.")


def _told(problems: list[Any]) -> str:
    lines = []
    for one in problems[:_MOST_PROBLEMS]:
        where = ".".join(str(part) for part in one["loc"]) or "the whole"
        given = one.get("input")
        shown = (
            ""
            if isinstance(given, Mapping | list) or given is None
            else (f" (got {excerpt(as_text(given), 60)})")
        )
        lines.append(f"{where}: {one['msg']}{shown}")
    more = len(problems) - _MOST_PROBLEMS
    tail = f"; and {more} more" if more > 0 else ""
    return f"The JSON does not fit the model: {'; '.join(lines)}{tail}"


def _taken(group: Group, tree: Mapping[str, Any], instance: BaseModel) -> Tree:
    taken: Tree = {}
    for one in group.fields:
        value = getattr(instance, one.name, None)
        taken[one.name] = _taken_node(one.node, tree.get(one.name), value)
    return taken


def _taken_node(node: Scalar | Group, found: Any, value: Any) -> Any:
    if isinstance(node, Group):
        if node.is_list:
            items = list(value or ())
            old = (
                found if isinstance(found, list) and len(found) == len(items) else [{}] * len(items)
            )
            return [_taken(node, cells, item) for cells, item in zip(old, items, strict=True)]
        if not isinstance(value, BaseModel):
            return None
        taken = _taken(node, found if isinstance(found, Mapping) else {}, value)
        return taken if has_values(taken) else None
    if node.is_list:
        items = list(value or ())
        same = isinstance(found, list) and len(found) == len(items)
        cells = found if same else [Cell()] * len(items)
        return [replace(c, value=column_value(node, v)) for c, v in zip(cells, items, strict=True)]
    cell = found if isinstance(found, Cell) else Cell()
    return cell if cell.error else replace(cell, value=column_value(node, value))
