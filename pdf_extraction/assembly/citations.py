"""Other devices and acts that a device's text names, in one normal form.

Only what the words say: no other row is looked up, and whether a cited device exists is
not asked. The form is ``Art. 5º, § 1º, II`` for this act's devices and
``Lei nº 14.133/2021, Art. 75, II`` for another's, the act first so that all citations of
an act begin alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from pdf_extraction.assembly.cited_acts import NAMED_ACT, NUMBERED_ACT, named_act, numbered_acts
from pdf_extraction.assembly.labels import (
    Number,
    identifier,
    letters_value,
    roman_value,
)

MAX_CITATIONS = 200
MAX_RANGE = 60
"""A longer range ("arts. 1º a 90") is named by its ends alone."""

_ORDINAL = r"(?:\s?(?:[ºª°]|o(?![^\W\d_])))?"
_SUFFIX = r"(?:[-‐‑–][A-Z]\b)?"
_ARTICLE = rf"(?:\d{{1,3}}(?:\.\d{{3}})+|\d{{1,4}})(?!\d){_ORDINAL}{_SUFFIX}"
_PARAGRAPH = rf"\d{{1,3}}(?!\d){_ORDINAL}{_SUFFIX}"
_ROMAN = rf"\b[IVXLCDM]+\b{_SUFFIX}"
_LETTER = r"(?:[\"“‘'][a-z]{1,2}[\"”’']|\b[a-z]{1,2}\)|\b[b-z]\b|\ba\b(?!\s+[a-z]{2}))"
_QUOTED = r"[\"“‘'][a-z]{1,2}[\"”’']"
_AND = r"(?:,\s*|,?\s+(?:e|ou|a)\s+)(?:[oa]s?\s+)?"


def _list_of(one: str) -> str:
    return rf"{one}(?:{_AND}{one})*"


# What is none of these cites nothing: a part needs a number, a sign or its own name.
_FIGURE = re.compile(r"[\d§]")
_NAMES = (
    "arágraf",
    "nciso",
    "línea",
    "caput",
    "esta",
    "este",
    "presente",
    "Cons",
    "Código",
    "Ato",
)
# Every one of them begins so; without it each place of a text was tried for all twelve.
_BEGINS = (
    r"(?=[§\"“‘']|\b(?:[\dIVXLCDM]|[Aa](?:[Rr]|[Ll][iíIÍ]|[Tt][Oo])|c(?:[Aa][Pp]|[Ii][Rr])"
    r"|d(?:[Ee][CcLlSs]|[Oo]\s)|[Ee](?:[Cc]|[Mm][Ee]|[Ss][Tt])|i[NnTt]|l[CcEe]|m(?:[Ee][Dd]|[Pp])"
    r"|[Nn][Ee][Ss]|[Pp](?:[Aa][Rr]|[Oo][Rr]|[Rr][Oo][Vv])|[Rr][Ee][Ss]))"
)
_TOKEN = re.compile(
    _BEGINS
    + "(?:"
    + "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "act": NUMBERED_ACT,
            "this": r"\b(?i:d|n)?est[ae]\s+(?P<kind>Lei|Decreto|Constituição|Portaria|Resolução"
            r"|Instrução|Medida\s+Provisória|Regulamento|Regimento|Estatuto|Código|artigo"
            r"|parágrafo|inciso|alínea)\b|\bdo\s+presente\s+(?P<present>artigo|parágrafo|inciso)\b",
            "named": NAMED_ACT,
            "artigo": rf"(?P<plural>\b[Aa]rt(?:s\.?|igos))\s*{_list_of(_ARTICLE)}"
            rf"|\b[Aa]rt(?:igo|\.)?\s*{_ARTICLE}",
            "paragrafo": rf"(?:§\s?§|\b[Pp]arágrafos)\s*{_list_of(_PARAGRAPH)}"
            rf"|(?:§|\b[Pp]arágrafo)\s*(?:único\b|{_PARAGRAPH})",
            "inciso": rf"\b[Ii]ncisos\s+{_list_of(_ROMAN)}|\b[Ii]nciso\s+{_ROMAN}",
            "alinea": rf"\b[Aa]líneas\s+{_list_of(_LETTER)}|\b[Aa]línea\s+(?:{_LETTER}|a\b)",
            "item": r"\b[Ii]tem\s+\d{1,2}\b",
            "caput": r"\bcaput\b",
            "bare_inciso": _list_of(_ROMAN),
            "bare_alinea": _list_of(_QUOTED),
            "bare_artigo": rf"\b{_ARTICLE}(?=\s*(?:[,;.)]|$|\se\s))",
        }.items()
    )
    + ")"
)
# What may stand between two parts of one citation.
_LINK = re.compile(
    r"[\s,]*(?P<and>(?:\be\b|\bou\b|\bc/c\b)\s*)?(?P<of>\b(?:d[oae]s?|n[oa]s?)\b\s*)?"
    r"(?:\b[oa]s?\b\s*)?(?:\b(?:referid|mesm|citad)[oa]\b\s*)?[\"“”]?\s*,?\s*"
)
_RANKS = {"artigo": 0, "caput": 1, "paragrafo": 1, "inciso": 2, "alinea": 3, "item": 4}
_CONNECTORS = frozenset({",", "e", "ou", "a"})
_WORD = re.compile(r"^\s*(?:[^\W\d_]{3,}\.?(?=[\s\d])(?<!único)|§\s?§?)\s*")
_PIECE = re.compile(r",|[^\s,]+")


@dataclass
class _Group:
    """The parts of one citation, as they are met.

    Attributes:
        parts: Identifiers by level.
        acts: Whose devices they are, where of another act.
        own: "act", "artigo", "parágrafo" or "inciso" of the citing device.
        rank: Of the part met last.
        climbs: Outer parts came after inner ones ("inciso II do art. 5º").
        joined: "and" alone stands between the group before and this one.
        plural: It is one of "arts. 37, XI, 39, § 4º, e 150, II".
    """

    parts: dict[str, list[str]] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)
    own: str = ""
    rank: int = -1
    climbs: bool = False
    joined: bool = False
    plural: bool = False

    def takes(self, level: str) -> bool:
        """Whether a part of ``level`` can belong to this citation."""
        taken = level in self.parts or self.own or (self.acts and self.climbs)
        return not taken and not (self.climbs and _RANKS[level] > self.rank)

    def add(self, level: str, identifiers: list[str]) -> None:
        """Take a part."""
        self.climbs = self.climbs or _RANKS[level] < self.rank
        self.rank = _RANKS[level]
        self.parts[level] = identifiers

    def close(self, *, acts: Sequence[str] = (), own: str = "") -> None:
        """Say whose devices the parts are."""
        self.acts, self.own = list(acts), own
        self.climbs = self.climbs or bool(self.parts)


def citations(text: str, path: Sequence[str] = ()) -> list[str]:
    """Citations in ``text``, in order, without repeats.

    Args:
        text: A device's own text.
        path: The device's path, such as ``["Art. 11", "§ 1º"]``: paragraphs and incisos
            cited without an article are then given the article they stand in.

    Returns:
        At most ``MAX_CITATIONS``; lists and ranges ("arts. 10 a 12") are spelt out.
    """
    if not (_FIGURE.search(text) or any(map(text.__contains__, _NAMES))):
        return []
    groups = list(_groups(text))
    for group, following in zip(groups[-2::-1], groups[:0:-1], strict=True):
        _share(group, following)
    found: dict[str, None] = {}
    for citation in (citation for group in groups for citation in _named(group, path)):
        if len(found) >= MAX_CITATIONS:
            break
        found[citation] = None
    return list(found)


def _share(group: _Group, following: _Group) -> None:
    """In "o inciso II e o § 3º do art. 10" both are of article 10."""
    if not following.joined or group.acts or group.own or not following.climbs:
        return
    group.acts, group.own = following.acts, following.own
    if "artigo" not in group.parts and "artigo" in following.parts:
        group.parts["artigo"] = following.parts["artigo"]


def _groups(text: str) -> Iterator[_Group]:
    group, end = _Group(), 0
    for match in _TOKEN.finditer(text):
        name = match.lastgroup or ""
        link = _LINK.fullmatch(text, end, match.start())
        if name.startswith("bare_"):
            name = name.removeprefix("bare_")
            if not _continues(group, name, link):
                continue
        if link is None or link["and"] or not _fits(group, name, link):
            yield group
            alike = link is not None and not link["of"]
            plural = alike and group.plural and name == "artigo"
            joined = plural or (alike and link is not None and bool(link["and"]))
            group = _Group(joined=joined, plural=plural)
        _put(group, name, match)
        group.plural = group.plural or match["plural"] is not None
        end = match.end()
    yield group


def _continues(group: _Group, level: str, link: re.Match[str] | None) -> bool:
    """Whether a bare "IV" or "a" is a device: only right after the device above it."""
    if level == "artigo":
        return group.plural and link is not None and not link["of"]
    if link is None or link["and"] or link["of"] or not group.takes(level):
        return False
    return (0 <= group.rank < 2) if level == "inciso" else group.rank == 2


def _fits(group: _Group, name: str, link: re.Match[str]) -> bool:
    if name in {"act", "named", "this"}:
        return bool(group.parts) and not group.acts and not group.own
    if group.acts and not group.parts:
        return name == "artigo" and not link["of"]
    return group.takes(name)


def _put(group: _Group, name: str, match: re.Match[str]) -> None:
    if name == "act":
        group.close(acts=list(numbered_acts(match["type"], match["issuer"], match["numbers"])))
    elif name == "named":
        group.close(acts=[named_act(match["named"])])
    elif name == "this":
        kind = match["kind"] or match["present"]
        group.close(own=kind if kind[0].islower() else "act")
    elif name == "caput":
        group.add("caput", ["caput"])
    else:
        group.add(name, _identifiers(name, match[0]))


def _identifiers(level: str, printed: str) -> list[str]:
    found: list[str] = []
    last: Number | None = None
    for value, is_range in _values(level, printed):
        number = _number(level, value)
        if number is None:
            continue
        if is_range and last is not None and 1 < number[0] - last[0] <= MAX_RANGE:
            between = range(last[0] + 1, number[0])
            found += [identifier(level, (base, "")) for base in between]
        found.append(identifier(level, number))
        last = number
    return found


def _values(level: str, printed: str) -> Iterator[tuple[str, bool]]:
    """The numbers of a list as printed, each with whether "a" (to) stands before it.

    Letters are told from the words "a" and "e" by where they stand: "d, e e f".
    """
    pieces = _PIECE.findall(_WORD.sub("", printed))
    due, is_range = True, False
    for position, piece in enumerate(pieces):
        following = pieces[position + 1] if position + 1 < len(pieces) else ","
        joins = piece in _CONNECTORS and not (
            due and level == "alinea" and piece != "," and following in _CONNECTORS
        )
        if joins:
            due, is_range = True, piece == "a"
        elif due:
            yield piece, is_range
            due = is_range = False


def _number(level: str, printed: str) -> Number | None:
    if printed == "único":
        return (1, "u")
    if level == "alinea":
        printed = printed.strip("\"“”‘’')")
        value = letters_value(printed) if printed.isalpha() and len(printed) <= 2 else None
        return None if value is None else (value, "")
    base, _, suffix = re.sub("[‐‑–]", "-", printed).partition("-")
    suffix = re.sub(r"[^A-Z]", "", suffix)
    if level == "inciso":
        value = roman_value(base)
        return None if value is None else (value, suffix)
    digits = re.sub(r"\D", "", base)
    return (int(digits), suffix) if digits else None


def _named(group: _Group, path: Sequence[str]) -> Iterator[str]:
    if not group.parts:
        yield from group.acts
        return
    parts = dict(group.parts)
    if len(parts) > 1 and {"paragrafo", "inciso", "alinea", "item"} & parts.keys():
        parts.pop("caput", None)
    levels = sorted(parts, key=lambda level: _RANKS[level])
    outer = _outer(group, path)
    for act in group.acts or [""]:
        for chain in product(*(parts[level] for level in levels)):
            yield ", ".join([*([act] if act else []), *outer, *chain])


def _outer(group: _Group, path: Sequence[str]) -> list[str]:
    """The part of the citing device's own path that the words leave out."""
    if group.acts or group.own == "act" or "artigo" in group.parts:
        return []
    article = next((i for i, part in enumerate(path) if part.startswith("Art.")), None)
    if article is None:
        return []
    own = list(path[article:])
    if group.own == "parágrafo":
        return [part for part in own[:2] if part.startswith(("Art.", "§", "Parágrafo"))]
    if group.own in {"inciso", "alínea"}:
        first_letter = next((i for i, p in enumerate(own) if p.endswith(")")), len(own))
        return own[: first_letter + (group.own == "alínea")]
    return own[:1]
