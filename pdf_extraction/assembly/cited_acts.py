"""Names of acts as Brazilian legal texts cite them, and their normal form.

Only the grammar of names; which devices of an act are cited is for ``citations``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TYPES = (
    "Lei Complementar",
    "Lei Orgânica",
    "Lei Delegada",
    "Lei",
    "Decreto-Lei",
    "Decreto Legislativo",
    "Decreto",
    "Medida Provisória",
    "Emenda Constitucional de Revisão",
    "Emenda Constitucional",
    "Emenda à Lei Orgânica",
    "Instrução Normativa",
    "Portaria",
    "Resolução",
    "Deliberação",
    "Provimento",
    "Ato",
    "Circular",
)
_OTHER_FORMS = {
    "Leis Complementares": "Lei Complementar",
    "Leis": "Lei",
    "Decretos-Leis": "Decreto-Lei",
    "Decretos": "Decreto",
    "Medidas Provisórias": "Medida Provisória",
    "Emendas Constitucionais": "Emenda Constitucional",
    "Portarias": "Portaria",
    "Resoluções": "Resolução",
    "Instruções Normativas": "Instrução Normativa",
    "LC": "Lei Complementar",
    "EC": "Emenda Constitucional",
    "MP": "Medida Provisória",
    "IN": "Instrução Normativa",
}
_FULL = {form.casefold(): form for form in _TYPES} | {
    form.casefold(): full for form, full in _OTHER_FORMS.items()
}
# Most words begin no act's type: three letters say so sooner than thirty names.
_BEGINS = "|".join(
    "".join(f"[{letter.upper()}{letter.lower()}]" for letter in letters)
    for letters in sorted({form[:3] for form in (*_TYPES, *_OTHER_FORMS)})
)
_ANY_TYPE = "|".join(
    re.escape(form).replace(r"\ ", r"\s+").replace(r"\-", "[- ]")
    for form in sorted([*_TYPES, *_OTHER_FORMS], key=len, reverse=True)
)
_SIGN = r"(?:(?i:n)\s?\.?\s?(?:[ºª°]|o(?=[\s.s]))s?\.?|(?i:n)\.)\s?"
_NUMBER = r"(?:\d{1,3}(?:\.\d{3})+(?!\d)|\d{1,6})"
_SUFFIX = r"(?:-(?:[A-Z]|\d{1,2})\b(?!/))"
_DATE = (
    r"(?:\s?/\s?(?:\d{4}|\d{2})(?!\d)"
    r"|\s?,?\s+(?i:de)\s+(?:\d{1,2}\s?[ºª°o]?\s+(?i:de)\s+[^\W\d_]+\s+(?i:de)\s+"
    r"|\d{1,2}[/.]\d{1,2}[/.])?\d{4}(?!\d)"
    r"|,\s(?:19|20)\d{2}(?!\d))"
)
_DATED = rf"{_NUMBER}{_SUFFIX}?{_DATE}?"
# Whose act it is: "Estadual", "do Ministério da Fazenda", "GM/MS". No other act's type.
_ISSUER = rf"(?:\s+(?!(?:{_ANY_TYPE})\b)(?:d[aoe]s?\b|[A-ZÀ-Ý][\w./-]*)){{0,7}}?"

#: One or several numbered acts of a type; groups ``type``, ``issuer`` and ``numbers``.
NUMBERED_ACT = (
    rf"(?={_BEGINS})(?P<type>\b(?i:{_ANY_TYPE})\b)(?P<issuer>{_ISSUER})\s+"
    rf"(?:{_SIGN}|(?=\d{{1,3}}\.\d{{3}}|\d+\s?/\s?\d{{2,4}}))"
    rf"(?P<numbers>{_DATED}(?:(?:,|,?\s+e)\s+(?:{_SIGN})?{_NUMBER}{_DATE})*)"
)
#: An act known by its name.
NAMED_ACT = (
    r"\bConstituição(?:\s+(?:Federal|da\s+República(?:\s+Federativa\s+do\s+Brasil)?|Estadual"
    r"|do\s+Estado(?:\s+d[eoa](?:\s+[A-ZÀ-Ý]\w+)+)?))?(?!\w)"
    r"|\bCódigo\s+(?:Civil|Penal(?:\s+Militar)?|Eleitoral|Florestal|Tributário\s+Nacional"
    r"|de\s+Processo\s+(?:Civil|Penal)|de\s+Defesa\s+do\s+Consumidor"
    r"|de\s+Trânsito\s+Brasileiro)\b"
    r"|\bConsolidação\s+das\s+Leis\s+do\s+Trabalho\b"
    r"|\bAto\s+das\s+Disposições\s+Constitucionais\s+Transitórias\b"
)
_ONE = re.compile(rf"(?P<number>{_NUMBER})(?P<suffix>{_SUFFIX})?(?P<date>{_DATE})?")


def numbered_acts(act_type: str, issuer: str, numbers: str) -> Iterator[str]:
    """Normal forms such as ``Lei nº 14.133/2021`` of a match of ``NUMBERED_ACT``."""
    key = re.sub(r"\s+", " ", act_type).casefold()
    full = _FULL.get(key) or _FULL.get(key.replace("decreto lei", "decreto-lei"), act_type)
    whose = re.sub(r"\s+", " ", issuer).strip()
    name = f"{full} {whose}".strip()
    for match in _ONE.finditer(numbers):
        number = f"{int(match['number'].replace('.', '')):,}".replace(",", ".")
        year = _year(match["date"] or "")
        yield f"{name} nº {number}{match['suffix'] or ''}{year}"


def _year(date: str) -> str:
    digits = re.search(r"(\d{4}|\d{2})\Z", date)
    if digits is None:
        return ""
    year = digits[1]
    if len(year) == 2:  # "8.112/90"; no act in force cites the 2040s yet
        year = ("19" if year >= "40" else "20") + year
    return f"/{year}"


def named_act(printed: str) -> str:
    """Normal form of a match of ``NAMED_ACT``."""
    name = re.sub(r"\s+", " ", printed)
    federal = name.startswith("Constituição da República")
    return "Constituição Federal" if federal else name
