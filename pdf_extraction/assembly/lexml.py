"""LexML fragment ids of devices: ``art5_par1u_inc2_ali1``, ``art5_cpt_inc1``.

Built from the parent's id, so that an id says its device's place:

- ``art5``, ``par1``, ``par1u`` (Parágrafo único), ``inc2``, ``ali1``, ``ite1``; children of an
  article that are no paragraphs stand under ``cpt``;
- suffixes by their place in the alphabet: ``Art. 337-E`` is ``art337-5``, ``I-AA`` is ``inc1-27``;
- an annex begins with ``anx1_`` (its own numeral, else its place among the act's annexes);
- the transitory provisions of a constitution begin with ``adct_``;
- where a file holds several acts, each but the first begins with ``ato2_``, ``ato3_``...;
- a quoted amendment stands under its device as ``_alt1``, ``_alt2``...: ``art1_cpt_alt1_art3``;
- of several printed wordings of one device the one in force has the plain id, the others
  ``@1``, ``@2``... in print order: ``art3_cpt_inc2@1``;
- what is left equal by the source's own errors gets ``~2``, ``~3``...
"""

from __future__ import annotations

from pdf_extraction.assembly.labels import SOLE, Number

_SHORT = {"artigo": "art", "paragrafo": "par", "inciso": "inc", "alinea": "ali", "item": "ite"}


def fragment(device_type: str, number: Number) -> str:
    """One part of an id."""
    base, suffix = number
    short = _SHORT[device_type]
    if suffix == SOLE:
        return f"{short}{base}u"
    return f"{short}{base}" + (f"-{_place(suffix)}" if suffix else "")


def _place(suffix: str) -> int:
    value = 0
    for char in suffix:
        value = value * 26 + ord(char) - ord("A") + 1
    return value


def child_id(parent_id: str | None, parent_type: str | None, device_type: str, own: str) -> str:
    """Id of a device under its parent; ``own`` is its fragment."""
    if parent_id is None:
        return own
    caput = parent_type == "artigo" and device_type != "paragrafo"
    return f"{parent_id}_cpt_{own}" if caput else f"{parent_id}_{own}"


def quoted_id(base_id: str, base_type: str, block: int, own: str) -> str:
    """Id of a device that opens the ``block``-th quoted block under its base device."""
    caput = "_cpt" if base_type == "artigo" else ""
    return f"{base_id}{caput}_alt{block}_{own}"
