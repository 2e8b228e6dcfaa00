"""Which act a quoted device belongs to, as the document prints its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.assembly.structure import Node

_ACT_CITED = re.compile(
    r"\b(?:C[óo]digo(?: d[aeo]s?)?(?: [A-Z][\w-]+)+|Constitui[çc][ãa]o (?:Federal|Estadual|d[aeo])"
    r"[^,.;:()]{0,40}|Regimento Interno[^,.;:()]{0,60}|Estatuto d[aeo]s? [^,.;:()]{0,60}"
    r"|Lei Org[âa]nica[^,.;:()]{0,60}|Ato das Disposi[çc][õo]es Constitucionais Transit[óo]rias)"
)
_ACT_NUMBERED = re.compile(
    r"\b(?:Lei|Decreto|Portaria|Resolu[çc][ãa]o|Medida|Instru[çc][ãa]o|Emenda|Delibera[çc][ãa]o)\b"
    r"[^,.;:()]{0,60}?\b[nN]\s?[ºo°.]+\s*[\d.]*\d(?:/\d{2,4})?"
    r"(?:,?\s*de\s+\d{1,2}[ºo°]?\s*de\s+\w+\s+de\s+\d{4}|,?\s*de\s+\d{4})?"
)
#: How an ementa begins that says which act is changed.
_CHANGES = re.compile(
    r"\b(?:altera(?:ndo)?|modifica|acrescenta|acresce|inclui|introduz|d[áa]\s+nova\s+reda[çc][ãa]o)\b",
    re.IGNORECASE,
)
#: Lines above an act's first article in which its ementa stands.
_EMENTA_LINES = 30


def amended_act(node: Node, ementa: str) -> str | None:
    """Name of the act that a quoted device belongs to; None where none is printed.

    The device that quotes says it, or one above it; else the act's ementa.

    Args:
        node: The quoted device.
        ementa: From ``ementa_above`` the first article of its act.
    """
    base: Node | None = node
    while base is not None and base.quoted:
        base = base.parent
    while base is not None:
        if found := _ACT_NUMBERED.search(base.text) or _ACT_CITED.search(base.text):
            return found[0].strip()
        base = base.parent
    changes = _CHANGES.search(ementa)
    if changes is None:
        return None
    rest = ementa[changes.end() :]
    found = _ACT_NUMBERED.search(rest) or _ACT_CITED.search(rest)
    return found[0].strip() if found else None


def ementa_above(lines: Sequence[FlowLine], first: int) -> str:
    """What is printed between an act's title and its first article, on line ``first``."""
    above = lines[max(0, first - _EMENTA_LINES) : first]
    return " ".join(line.text for line in above if not line.skip)
