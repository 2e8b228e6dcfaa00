"""Labels that OCR misreads: ``$ 1º``, ``HI -``, ``VIl -``, ``Art. 1O``, ``£)``.

Each repair is one more reading with a doubt high enough that only a number which the
sequence expects takes it; alone it proves nothing. The confusions are those seen in
Tesseract 5 and PP-OCR on scans of Portuguese acts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pdf_extraction.assembly.labels import (
    QUOTES,
    SOLE,
    DeviceType,
    Label,
    letters_value,
    read_label,
    roman,
    roman_value,
)

#: Doubt of a label that is none as it was read: more than any oddity, less than a plain one.
MISREAD = 4.6
#: Doubt of another reading of what is a label already.
_OTHERWISE = 0.8
#: Doubt of a sign or letter that stands for another, its separator plain: with an oddity of
#: the numbering beside it, it is too much.
_MISTAKEN = 3.5
#: "$" for "§" is the rule rather than the exception.
_USUAL = 0.2

_LEAD = rf"(?P<lead>[\s•·*.,_'`~-]{{0,3}})(?P<quote>[{QUOTES}]{{0,2}})"
_DASH = "-‐‑‒–—―−=~"
_ONES = str.maketrans(dict.fromkeys("l1|!iíÍÎÏÌjJ][tT", "I") | {"U": "II", "M": "III"})
_DIGITS = str.maketrans(
    {"O": "0", "o": "0", "l": "1", "I": "1", "|": "1", "i": "1", "S": "5", "B": "8", "Z": "2"}
)
_ROMAN = re.compile(
    _LEAD
    + r"(?P<body>[IVXLCl1|!iíÍÎÏÌjJ\]\[tTHUM]{1,9})"
    + rf"(?:-(?P<suffix>[A-Z])(?=\s?[{_DASH}.:]))?\s?(?P<separator>[{_DASH}]+|[.:](?=\s))\s?"
)
_PARAGRAPH = re.compile(
    _LEAD + r"(?P<sign>[§$8&S5])\s?(?P<body>[0-9OolI|]{1,3}?)\s?"
    r"(?P<mark>[ºª°˚o*\"'’?®”]{1,2}|(?=\s|$))\s?[.\-–—]?\s?(?=[^\W\d_]|[(\"“]|$)"
)
_ARTICLE = re.compile(
    _LEAD + r"(?:A[rnt][tilfL1]?|Ã?[àÀáÁ]rt|Arti[gq]o)[.,:;]?\s?(?P<body>[0-9OolI|SB]{1,3}?)\s?"
    r"(?P<mark>[ºª°˚o*\"'’?®”]{1,2}|(?=[\s.]|$))[.,]?\s?[-–—]?(?=\s|$)"
)
_SOLE = re.compile(
    _LEAD + r"[PF]ar[áaàãé]gra[fltí]o\s+[úuüiíl][nm]ic[oa0]\s?[.,:]?\s?[-–—]?", re.IGNORECASE
)
_LETTER = re.compile(_LEAD + r"\(?(?P<body>[^\W_]|£|€|¢|@)\s?[)\]}](?=\s|$)")
_LETTERS = {
    "£": "fg", "€": "e", "¢": "c", "@": "a", "à": "a", "á": "a", "â": "a", "ã": "a", "é": "e",
    "ê": "e", "í": "i", "ó": "o", "ç": "c", "0": "o", "O": "o", "9": "g", "8": "g", "6": "b",
    "1": "il", "I": "il", "l": "i", "i": "l", "q": "g", "g": "q", "c": "e", "e": "c", "u": "n",
    "n": "u", "h": "b", "b": "h", "D": "b", "5": "s",
}  # fmt: skip


def read_scanned_label(text: str) -> list[Label]:
    """Readings of a label that begins an OCR line, as read and as it may have been printed."""
    plain = read_label(text)
    known = {(label.type, label.number) for label in plain}
    found = list(plain)
    for label in _repairs(text, plain[0] if plain else None):
        if (label.type, label.number) not in known:
            known.add((label.type, label.number))
            found.append(label)
    return found


def _repairs(text: str, plain: Label | None) -> Iterator[Label]:
    if plain is None:
        yield from _signs(text)
    if plain is None or plain.type in {"inciso", "item"} or plain.doubt:
        yield from _romans(text, plain)
    if plain is None or plain.type in {"alinea", "item"}:
        yield from _alineas(text, plain)
    if plain is not None and plain.type in {"artigo", "paragrafo"}:
        yield from _raised(plain)


def _signs(text: str) -> Iterator[Label]:
    if match := _SOLE.match(text):
        yield _label(match, "paragrafo", 1, _USUAL, SOLE)
    for pattern, kind in ((_PARAGRAPH, "paragrafo"), (_ARTICLE, "artigo")):
        match = pattern.match(text)
        if match is None:
            continue
        digits = match["body"].translate(_DIGITS)
        if not digits.isdigit() or int(digits) == 0:
            continue
        sure = kind == "artigo" or match["sign"] in "§$"
        if not sure and not match["mark"]:
            continue
        doubt = _USUAL if sure and match["body"].isdigit() else _MISTAKEN
        device_type: DeviceType = "paragrafo" if kind == "paragrafo" else "artigo"
        label = _label(match, device_type, int(digits), doubt if sure else MISREAD)
        yield label
        yield from _raised(label)


def _raised(label: Label) -> Iterator[Label]:
    """A raised ``º`` read as a figure: ``§ 10`` or ``§ 19`` for ``§ 1º``."""
    base, suffix = label.number
    if 10 <= base <= 99 and base % 10 in {0, 9, 2} and not suffix:
        yield Label(
            label.type, (base // 10, ""), label.start, label.end, label.quoted,
            label.doubt + _OTHERWISE,
        )  # fmt: skip


def _romans(text: str, plain: Label | None) -> Iterator[Label]:
    match = _ROMAN.match(text)
    if match is None:
        return
    spelled = [match["body"].replace("H", ones).translate(_ONES) for ones in ("II", "I")]
    spellings = [*spelled, *(one.replace("IL", "II") for one in spelled)]
    read = sorted({value for value in map(roman_value, spellings) if value and value <= 120})
    if plain is None or plain.type != "inciso":
        strokes = set(match["body"]) <= set("Il1|") and match["body"] not in {"1", "11", "l"}
        doubt = _MISTAKEN if match["separator"][0] in _DASH or strokes else MISREAD
        suffix = match["suffix"] or ""
        yield from (_label(match, "inciso", value, doubt, suffix) for value in read)
    if plain is None:
        return
    # A stroke lost: "II" for "III", "VI" for "VII". None is ever gained: "III" after "I"
    # means that the line before was not read as a label.
    for near in (value + 1 for value in read):
        if len(roman(near)) == len(match["body"]) + 1:
            yield _label(match, "inciso", near, _OTHERWISE)


def _alineas(text: str, plain: Label | None) -> Iterator[Label]:
    match = _LETTER.match(text)
    if match is None:
        return
    for letter in _LETTERS.get(match["body"], ""):
        base = letters_value(letter)
        if base is not None:
            yield _label(match, "alinea", base, _OTHERWISE if plain is not None else _MISTAKEN)


def _label(
    match: re.Match[str], device_type: DeviceType, base: int, doubt: float, suffix: str = ""
) -> Label:
    quoted = bool(match["quote"])
    start = match.start("quote") if quoted else match.end("lead")
    return Label(device_type, (base, suffix), start, match.end(), quoted, doubt)
