"""The grammar of device labels in Brazilian acts, and their normalised identifiers.

Only what a label looks like on its line. Whether it opens a device there (or is a citation
that a line break put at the margin) is for the sequence to say.

Numbers are ``(base, suffix)``: ``Art. 337-E`` is ``(337, "E")``, ``II`` is ``(2, "")``,
alinea ``aa)`` is ``(27, "")``; ``Parágrafo único`` is ``(1, "u")``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

DeviceType = Literal["artigo", "paragrafo", "inciso", "alinea", "item"]
Number = tuple[int, str]

#: From the outermost to the innermost.
DEVICE_TYPES: tuple[DeviceType, ...] = ("artigo", "paragrafo", "inciso", "alinea", "item")
RANK: dict[str, int] = {name: rank for rank, name in enumerate(DEVICE_TYPES)}
SOLE = "u"
#: Doubt of a label written as citations are.
CITED = 4.0

QUOTES = "\"“”„‟«»‘’'"
_DASH = "-‐‑‒–—―−"
_OPENING = r"(?P<lead>[\s•▪●■◦·*]*)(?P<quote>[\"“”„‟«‘'’]{0,2})\s*"
_ORDINAL = r"(?:\.?[oO](?![^\W\d_])|\s?\.?\s?[ºª°˚])?"
_SUFFIX = rf"(?:\s?[{_DASH}]\s?(?P<suffix>[A-Z]{{1,2}})(?![^\W_]))?"
_SEPARATOR = rf"(?P<separator>\s*[.:,)]?(?:\s*[{_DASH}]+(?=\s|$|[^\W\d_]))?[.:]?)"

_ARTICLE = re.compile(
    _OPENING
    + r"(?P<word>ART|Art|art)(?:igo|IGO)?\s?[.,]?\s?"
    + r"(?P<number>\d{1,3}(?:\.\d{3})+(?!\d)|\d{1,4}(?![\d]))"
    + _ORDINAL
    + _SUFFIX
    + _SEPARATOR
)
_PARAGRAPH = re.compile(
    _OPENING + r"(?P<word>§)\s?(?P<number>\d{1,3})(?!\d)" + _ORDINAL + _SUFFIX + _SEPARATOR
)
_SOLE = re.compile(
    _OPENING
    + r"(?P<word>(?:Par[áa]grafo|PAR[ÁA]GRAFO|par[áa]grafo|§)\s*[úuÚU](?:nico|NICO))(?![^\W_])"
    + _SEPARATOR
)
_UNITS = ("primeir", "segund", "terceir", "quart", "quint", "sext", "sétim", "oitav", "non")
_TENS = ("décim", "vigésim", "trigésim", "quadragésim", "quinquagésim")
_SPELLED_NUMBER = (
    rf"(?P<tens>(?:{'|'.join(_TENS)})[oa])?(?:(?<=[oa])[\s-]+(?=\w))?"
    rf"(?P<units>(?:{'|'.join(_UNITS)})[oa])?"
)
_SPELLED = re.compile(
    _OPENING
    + r"(?P<word>Par[áa]grafo|Artigo|Art\.)\s+(?:(?P<number>\d{1,2})"
    + _ORDINAL
    + rf"|(?=[pstqondv]){_SPELLED_NUMBER})(?![^\W_])"
    + _SEPARATOR,
    re.IGNORECASE,
)
_ROMAN = r"(?P<number>[IVXLCDM]{1,10})"
_ITEM_NUMBER = re.compile(
    _OPENING
    + _ROMAN
    + rf"(?:[{_DASH}]\s?(?P<suffix>[A-Z]{{1,2}})(?=\s*[{_DASH}.:)]|\s))?"
    + rf"(?P<separator>\s*(?:[{_DASH}]+|[.:)](?:\s*[{_DASH}])?)(?=\s|$|[^\W\d_]|[\"“(\d]))"
)
_LETTER = re.compile(
    _OPENING
    + r"\(?(?P<number>[a-z]{1,2})(?:[-–](?P<suffix>[A-Z]))?[\"”’']?"
    + rf"(?P<separator>\s?\)(?:\s*[{_DASH}])?|\.(?=\s)|\s[{_DASH}](?=\s))"
)
_DIGITS = re.compile(
    _OPENING + rf"(?P<number>\d{{1,2}})(?P<separator>\s?[.)](?:\s*[{_DASH}])?|\s[{_DASH}])(?=\s|$)"
)
# What every label begins with: nearly no line does, and one pattern says so sooner than seven.
_BEGINS = re.compile(
    _OPENING + r"(?:(?i:art|par)|§|[IVXLCDM]+(?![^\W\d_])|\(?[a-z]{1,2}(?![^\W_])|\d{1,2}(?!\d))"
)


@dataclass(frozen=True)
class Label:
    """One way to read a label.

    Attributes:
        type: Device type.
        number: See the module.
        start: First character in the line, an opening quote included.
        end: One past the label and its separator.
        quoted: An opening quotation mark stands before it.
        doubt: Cost of this reading before anything around it is looked at; 0 is certain.
    """

    type: DeviceType
    number: Number
    start: int
    end: int
    quoted: bool = False
    doubt: float = 0.0

    @property
    def identifier(self) -> str:
        """Normalised, as in ``devices.identifier``."""
        return identifier(self.type, self.number)


@lru_cache(maxsize=4096)
def identifier(device_type: str, number: Number) -> str:
    """Normalised identifier: ``Art. 5º``, ``Art. 1.240-A``, ``§ 3º-A``, ``I-A``, ``aa)``, ``1``."""
    base, suffix = number
    tail = f"-{suffix}" if suffix else ""
    if device_type == "artigo":
        return f"Art. {_ordinal(base)}{tail}"
    if device_type == "paragrafo":
        return "Parágrafo único" if suffix == SOLE else f"§ {_ordinal(base)}{tail}"
    if device_type == "inciso":
        return roman(base) + tail
    if device_type == "alinea":
        return f"{letters(base)}{tail})"
    return f"{base}{tail}"


def _ordinal(base: int) -> str:
    return f"{base}º" if base < 10 else f"{base:,}".replace(",", ".")


def roman(number: int) -> str:
    """Roman numeral of 1 to 3999."""
    digits = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    signs = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    out = ""
    for value, sign in zip(digits, signs, strict=True):
        count, number = divmod(number, value)
        out += sign * count
    return out


@lru_cache(maxsize=1024)
def roman_value(text: str) -> int | None:
    """Value of a well-formed Roman numeral; None for ``IIX`` and the like."""
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    total = 0
    for here, following in zip(text, [*text[1:], "I"], strict=True):
        total += -values[here] if values[here] < values[following] else values[here]
    return total if 0 < total < 4000 and roman(total) == text else None


def letters(number: int) -> str:
    """Alinea letters: 1 ``a``, 26 ``z``, 27 ``aa``, 28 ``bb``."""
    turn, place = divmod(number - 1, 26)
    return chr(ord("a") + place) * (turn + 1)


def letters_value(text: str) -> int | None:
    """Place of alinea letters; ``aa``, ``bb`` follow ``z``, other pairs are no label."""
    if len(text) == 2 and text[0] != text[1]:
        return None
    return ord(text[0]) - ord("a") + 1 + 26 * (len(text) - 1)


@lru_cache(maxsize=4096)
def parse_identifier(device_type: str, text: str) -> Number | None:
    """Number of an identifier as a model writes it, whatever its dashes and ordinals."""
    text = unicodedata.normalize("NFC", text).strip().strip(QUOTES).strip()
    probe = text if device_type != "item" else f"{text.rstrip('.)')}) "
    if device_type == "inciso":
        probe = re.sub(r"^inciso\s+", "", text, flags=re.IGNORECASE).rstrip(" -–—.):") + " - "
        probe = probe.upper()
    elif device_type == "alinea":
        probe = re.sub(r"^al[íi]nea\s+", "", text, flags=re.IGNORECASE)
        probe = probe.strip(QUOTES).rstrip(" )") + ") "
    elif device_type == "artigo" and text[:1].isdigit():
        probe = f"Art. {text}"
    elif device_type == "paragrafo" and text[:1].isdigit():
        probe = f"§ {text}"
    found = [label for label in read_label(probe) if label.type == device_type]
    return found[0].number if found else None


def read_label(text: str) -> list[Label]:
    """Every reading of a label that begins ``text``, the likeliest first; none for no label."""
    if _BEGINS.match(text) is None:
        return []
    for reader in (_articles, _soles, _paragraphs, _spelled, _incisos, _alineas, _items):
        if found := reader(text):
            return found
    return []


def _label(
    match: re.Match[str], device_type: DeviceType, number: Number, doubt: float = 0.0
) -> Label:
    quote = match["quote"]
    start = match.start("quote") if quote else match.end("lead")
    return Label(device_type, number, start, match.end(), bool(quote), doubt)


def _with_suffix(
    match: re.Match[str], device_type: DeviceType, base: int, doubt: float = 0.0
) -> list[Label]:
    """``Art. 3º -A manutenção`` may be article 3-A, or article 3 that begins with ``A``."""
    plain = _label(match, device_type, (base, ""), doubt)
    suffix = match["suffix"]
    if not suffix:
        return [plain]
    dash = re.search(rf"(\s?)[{_DASH}](\s?)$", match.string[: match.start("suffix")])
    assert dash is not None
    suffixed = _label(match, device_type, (base, suffix), doubt)
    apart = Label(device_type, (base, ""), plain.start, dash.end(), plain.quoted, doubt)
    if not dash[1] and not dash[2]:
        articles = suffix in "AEO" and not match["separator"].strip()
        return [suffixed, replace(apart, doubt=doubt + 0.3)] if articles else [suffixed]
    closed = match["separator"].strip() != ""
    return [apart, replace(suffixed, doubt=doubt + (0.3 if closed else 2.0))]


def _articles(text: str) -> list[Label]:
    match = _ARTICLE.match(text)
    if match is None:
        return []
    base = int(match["number"].replace(".", ""))
    # Acts print "Art."; "art. 5º" at a margin is a citation, unless it has the line to itself.
    alone = not text[match.end() :].strip()
    doubt = 0.0 if match["word"] != "art" else 1.0 if alone else CITED
    found = _with_suffix(match, "artigo", base, doubt)
    # "Art. 5 7." stands in a browser print of a federal law for article 57.
    split = re.match(r"\s(\d)(?=[.\sº°-])", text[match.end("number") :])
    if split:
        end = match.end("number") + split.end()
        tail = re.match(rf"{_ORDINAL}{_SEPARATOR}", text[end:])
        number = (int(f"{base}{split[1]}"), "")
        stop = end + (tail.end() if tail else 0)
        found.append(Label("artigo", number, found[0].start, stop, found[0].quoted, doubt + 1.0))
    return found


def _paragraphs(text: str) -> list[Label]:
    match = _PARAGRAPH.match(text)
    return _with_suffix(match, "paragrafo", int(match["number"])) if match else []


def _soles(text: str) -> list[Label]:
    match = _SOLE.match(text)
    if match is None:
        return []
    doubt = 2.0 if match["word"][0] == "p" else 0.0
    return [_label(match, "paragrafo", (1, SOLE), doubt)]


def _spelled(text: str) -> list[Label]:
    match = _SPELLED.match(text)
    if match is None or not match["word"][0].isupper():
        return []
    base = int(match["number"] or 0) or _spelled_value(match["tens"], match["units"])
    # "Artigo segundo o qual" and "Parágrafo primeiro do art. 5º" are prose.
    closed = bool(match["separator"].strip())
    kind: DeviceType = "paragrafo" if match["word"][0] == "P" else "artigo"
    if not base or (kind == "artigo" and not closed):
        return []
    return [_label(match, kind, (base, ""))]


def _spelled_value(tens: str | None, units: str | None) -> int:
    """Value of a written ordinal: ``décimo`` and ``primeiro`` give 11."""
    ten = _TENS.index(tens.lower()[:-1]) + 1 if tens else 0
    return 10 * ten + (_UNITS.index(units.lower()[:-1]) + 1 if units else 0)


def _incisos(text: str) -> list[Label]:
    match = _ITEM_NUMBER.match(text)
    if match is None:
        return []
    base = roman_value(match["number"])
    if base is None:
        return []
    weak = 0.0 if any(dash in match["separator"] for dash in _DASH) else 0.5
    if match["suffix"] and match.end("suffix") == match.start("separator"):
        found = [_label(match, "inciso", (base, match["suffix"]), weak)]
    else:
        found = [_label(match, "inciso", (base, ""), weak)]
    return found


def _alineas(text: str) -> list[Label]:
    match = _LETTER.match(text)
    if match is None:
        return []
    base = letters_value(match["number"])
    if base is None:
        return []
    weak = 0.0 if ")" in match["separator"] else 1.5
    return [_label(match, "alinea", (base, match["suffix"] or ""), weak)]


def _items(text: str) -> list[Label]:
    match = _DIGITS.match(text)
    if match is None or int(match["number"]) == 0:
        return []
    return [_label(match, "item", (int(match["number"]), ""), 0.5)]
