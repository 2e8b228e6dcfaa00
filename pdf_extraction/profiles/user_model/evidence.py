"""What of an answer must stand on its page, and what finding it there proves of each field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from pdf_extraction.grounding import boxes, confidence
from pdf_extraction.logprobs import probability
from pdf_extraction.model import Grounding, PageText, union
from pdf_extraction.profiles.user_model.cells import Cell, Tree, cells, map_cells
from pdf_extraction.profiles.user_model.shape import Group
from pdf_extraction.profiles.user_model.values import printed_forms
from pdf_extraction.together import on_its_page, one_text

_MOST_FORMS = 24


def claims(group: Group, tree: Mapping[str, Any], page: PageText) -> list[str]:
    """Printed texts of a tree's cells, in the model's order."""
    return [claim for cell in cells(group, tree) if (claim := claim_of(cell, page)) is not None]


def claim_of(cell: Cell, page: PageText) -> str | None:
    """The text that must stand on the page for a cell; None where none must.

    What was given as text is claimed as given. A number or a date is claimed in the first of
    its usual printed forms that the page has.
    """
    if not cell.claimed or (cell.value is None and not cell.error):
        return None
    forms = list(islice(_forms(cell), _MOST_FORMS))
    if not forms:
        return None
    there = next((form for form in forms if _stands(form, page.text)), None)
    if there is None and cell.concluded:
        return None
    return there or forms[0]


def _forms(cell: Cell) -> Iterator[str]:
    is_text = isinstance(cell.value, str) or cell.value is None
    given = [cell.text.strip()] if cell.text.strip() else []
    if is_text:
        yield from given or ([cell.value] if cell.value else [])
        return
    typed = list(printed_forms(cell.value))
    # Of an ISO date that the page has not as such, the printed form is what may be there.
    yield from dict.fromkeys([*given, *typed] if given else typed)


def _stands(form: str, text: str) -> bool:
    pattern = r"\s+".join(map(re.escape, form.split()))
    return re.search(rf"(?<![\w.,]){pattern}(?!\w|[.,]\d)", text, re.IGNORECASE) is not None


def located(
    group: Group,
    tree: Tree,
    pages: Mapping[int, PageText],
    groundings: Sequence[Grounding],
    logprobs: str = "",
) -> Tree:
    """The tree with each cell's page, place and confidence.

    Args:
        group: The shape.
        tree: Cells of one answer.
        pages: Texts of the pages that it is about, by number, in page order.
        groundings: One for each of ``claims`` of all their text.
        logprobs: ``Completion.token_logprobs`` of the answer.
    """
    numbers, texts = list(pages), list(pages.values())
    whole = one_text(texts)
    found = iter(groundings)
    differ = sum(one.method not in {"exact", "normalised"} for one in groundings)
    disagreement = (differ + 1) / (len(groundings) + 2)

    def proven(cell: Cell) -> Cell:
        claim = claim_of(cell, whole)
        if claim is None:
            has = cell.value is not None or cell.error
            return replace(cell, page_number=numbers[0]) if has else cell
        index, grounding = on_its_page(texts, next(found))
        page = texts[index]
        value, method = confidence(
            claim,
            grounding,
            page,
            copied=False,
            token_probability=probability(logprobs, cell.text or claim),
            disagreement=disagreement,
        )
        box = union(boxes(page, grounding.spans)) if grounding.spans else None
        return replace(
            cell,
            text=cell.text or (claim if grounding.spans else ""),
            page_number=numbers[index],
            # Without any text of the page nothing was looked for.
            grounding=grounding.method if whole.text else None,
            confidence=0.0 if cell.error else value,
            method="untyped" if cell.error else method,
            bbox=box,
        )

    return map_cells(group, tree, proven)
