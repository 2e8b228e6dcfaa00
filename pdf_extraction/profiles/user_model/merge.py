"""Pages' partial objects to the one object of their document. Nothing is validated here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from pdf_extraction.profiles.user_model.cells import Cell, Other, Tree
from pdf_extraction.profiles.user_model.parts import overlap, signature
from pdf_extraction.profiles.user_model.shape import Group, Scalar


def merged(group: Group, trees: Sequence[Tree]) -> Tree:
    """One tree of several, in page order.

    A field takes what most pages say, then what is surest, then what comes first; the others
    are kept with their pages and lower its confidence. Lists follow one another, without what
    a page repeats of the one before; with a declared key, items of one key are one item.
    """
    return {
        one.name: _merged(one.node, [tree.get(one.name) for tree in trees]) for one in group.fields
    }


def _merged(node: Scalar | Group, found: Sequence[Any]) -> Any:
    present = [one for one in found if one is not None]
    if isinstance(node, Group) and not node.is_list:
        return merged(node, present) if present else None
    if node.is_list:
        whole: list[Any] = []
        for items in present:
            whole = _continued(node, whole, items)
        return whole
    if isinstance(node, Scalar) and node.kind == "json":
        return _json(present)
    return _voted(present)


def _continued(node: Scalar | Group, whole: list[Any], items: list[Any]) -> list[Any]:
    if isinstance(node, Group) and node.key:
        return _keyed(node, whole, items)
    repeated = overlap(whole, items)
    return [*whole, *items[repeated:]]


def _keyed(node: Group, whole: list[Any], items: list[Any]) -> list[Any]:
    places = {key: n for n, item in enumerate(whole) if (key := _key(node, item)) is not None}
    result = list(whole)
    for item in items:
        key = _key(node, item)
        if key is not None and key in places:
            result[places[key]] = merged(node, [result[places[key]], item])
        else:
            if key is not None:
                places[key] = len(result)
            result.append(item)
    return result


def _key(node: Group, item: Tree) -> Hashable | None:
    """What identifies an item; None where a part of its key is missing."""
    parts = [item.get(name) for name in node.key]
    if any(part is None or (isinstance(part, Cell) and part.value is None) for part in parts):
        return None
    return tuple(signature(part) for part in parts)


def _json(found: Sequence[Cell]) -> Cell:
    present = [cell for cell in found if cell.value is not None]
    if present and all(isinstance(cell.value, list) for cell in present):
        return replace(present[0], value=[item for cell in present for item in cell.value])
    return present[0] if present else Cell()


def _voted(found: Sequence[Cell]) -> Cell:
    typed = [cell for cell in found if cell.value is not None]
    present = typed or [cell for cell in found if cell.error]
    if not present:
        return Cell()
    votes: dict[Hashable, list[Cell]] = {}
    for cell in present:
        votes.setdefault(signature(cell), []).append(cell)
    # Sorting is stable: of equals the first page's comes first.
    ranked = sorted(
        votes.values(), key=lambda same: (-len(same), -max(c.confidence or 0.0 for c in same))
    )
    best = max(ranked[0], key=lambda cell: cell.confidence or 0.0)
    others = [cell for same in ranked[1:] for cell in same]
    if not others:
        return best
    share = len(ranked[0]) / len(present)
    told = tuple(Other(cell.text or str(cell.value), cell.page_number) for cell in others)
    sure = None if best.confidence is None else round(best.confidence * share, 3)
    method = f"{best.method}+conflict" if best.method else "conflict"
    return replace(best, confidence=sure, method=method, others=(*best.others, *told))
