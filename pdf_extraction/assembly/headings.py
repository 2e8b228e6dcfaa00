"""Lines that structure an act without being devices: headings, annexes, acts, closings.

One line at a time, with what its place says; the state of the document is kept elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from pdf_extraction.assembly.labels import QUOTES, read_label
from pdf_extraction.assembly.layout import FlowLine

HeadingKind = Literal["division", "annex", "act", "part", "closing"]

_NUMERAL = r"(?:[IVXLCDM]+(?:-[A-Z])?|[UÚuú](?:NIC|nic)[OAoa]|\d{1,3}[ºo°ª]?|[A-Z])"
_ORDINALS = r"(?:PRIMEIR|SEGUND|TERCEIR|QUART|QUINT|SEXT|S[ÉE]TIM|OITAV|NON|D[ÉE]CIM)[OA]"
_DIVISION = re.compile(
    rf"^[\"“]?(?P<kind>PARTE|LIVRO|T[ÍI]TULO|SUBT[ÍI]TULO|CAP[ÍI]TULO|SE[ÇC][ÃA]O|SUBSE[ÇC][ÃA]O)"
    rf"\s+(?P<number>{_NUMERAL}|{_ORDINALS}|GERAL|ESPECIAL|COMPLEMENTAR)"
    r"(?P<rest>\s*[-–—:.]\s*.*|\s+\(.*\)|)$",
    re.IGNORECASE,
)
_ANNEX = re.compile(
    r"^[\"“]?(?P<name>AN[EÊ]XOS?(?:\s+(?:[UÚ]NICO|[IVXLC]+(?:-[A-Z])?|\d{1,2}|[A-Z]))?)"
    r"(?P<rest>\s*[-–—:(.].*|\s+(?:[ÀA]O?|D[AO])\s.*|)$",
)
_ANNEX_MIXED = re.compile(
    r"^(?P<name>Anexo(?:\s+(?:[ÚU]nico|[IVXLC]+(?:-[A-Z])?|\d{1,2}))?)(?P<rest>\s*[-–—:]\s.*|)$"
)
_TYPES = (
    r"LEI(?:\s+(?:COMPLEMENTAR|DELEGADA|ORDIN[ÁA]RIA|ORG[ÂA]NICA|MUNICIPAL|ESTADUAL|DISTRITAL|"
    r"PROMULGADA))*"
    r"|DECRETO(?:[\s-]+LEI|\s+LEGISLATIVO|\s+MUNICIPAL|\s+ESTADUAL|\s+JUDICI[ÁA]RIO)?"
    r"|MEDIDA\s+PROVIS[ÓO]RIA"
    r"|PORTARIA(?:\s+(?:CONJUNTA|NORMATIVA|INTERMINISTERIAL|DE\s+PESSOAL))?"
    r"|RESOLU[ÇC][ÃA]O(?:\s+(?:CONJUNTA|NORMATIVA|ADMINISTRATIVA))?"
    r"|INSTRU[ÇC][ÃA]O\s+NORMATIVA(?:\s+CONJUNTA)?"
    r"|EMENDA\s+(?:[ÀA]\s+(?:CONSTITUI[ÇC][ÃA]O|LEI\s+ORG[ÂA]NICA)|CONSTITUCIONAL)"
    r"|ATO(?:\s+(?:NORMATIVO|CONJUNTO|DECLARAT[ÓO]RIO))?"
    r"|DELIBERA[ÇC][ÃA]O|PROVIMENTO|ORDEM\s+DE\s+SERVI[ÇC]O|CIRCULAR|REGIMENTO\s+INTERNO"
    r"|EDITAL(?:\s+DE\s+\w+)?"
)
_NUMBER = r"\d{1,3}(?:\.\d{3})+|\d+"
_ACT = re.compile(
    rf"^[\"“]?(?P<type>{_TYPES})(?P<org>(?:[\s/–-]+(?!N[ºo°.]|n[ºo°.]|DE\b|de\b)[A-Z][\w.]*){{0,6}})"
    rf"[\s,–-]*[Nn]\s?[.ºo°˚]{{0,3}}\s*(?P<number>{_NUMBER})"
    r"(?P<rest>.*)$",
    re.IGNORECASE,
)
_TRANSITORY = re.compile(
    r"^(?:T[ÍI]TULO\s+.{0,20}?[-–—]\s*)?ATO\s+DAS\s+DISPOSI[ÇC][ÕO]ES(?:\s+GERAIS\s+E)?"
    r"(?P<kind>\s+CONSTITUCIONAIS|\s+ORG[ÂA]NICAS)?(?:\s+GERAIS)?(?:\s+(?:E\s+)?TRANSIT[ÓO]RIAS)?$"
)
_MONTHS = (
    r"janeiro|fevereiro|mar[çc]o|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro"
)
_DATE = re.compile(
    rf"^[A-ZÀ-Ú][\w\sÀ-ú.'’/()-]{{1,70}}?\s?[,–-]\s*(?:(?:em|aos)\s+)?\d{{1,2}}[ºo°]?\s+de\s+"
    rf"(?:{_MONTHS})\s+de\s+\d{{4}}\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:(?:Pal[áa]cio|Sala\s+d[ae]s?\s+Sess[õo]es|Gabinete\s+d[oae]|Pa[çc]o\s+|Plen[áa]rio\s)"
    r".{0,120}|Publique-se.{0,80}|Registre-se.{0,80}|Mesa\s+da\s+C[âa]mara.{0,60}"
    r"|Este\s+texto\s+n[ãa]o\s+substitui.*|Publicad[oa]\s+(?:em|por|no).{0,80}"
    r"|DOE\s+N[ºo°].*|C[óo]digo\s+Identificador.*|\*+$)",
)
_YEAR = re.compile(r"(?:de|/)\s*(\d{4})\b", re.IGNORECASE)


#: Characters of a line that mostly say whether it is in capitals.
_FIRST_LETTERS = 12
#: Characters at a line's end that say whether a sentence ends there.
TAIL = 40
_ENDED = re.compile(rf"[.;:!?…][{QUOTES})\]\s]*$|\)$|(?:^|[;,]\s*)(?:e|ou|e/ou)$|\(NR\)\.?$")


@dataclass(frozen=True)
class Heading:
    """A structuring line.

    Attributes:
        kind: ``division`` is a título, capítulo, seção...; ``part`` the transitory provisions
            of a constitution; ``closing`` ends an act (place and date,
            signatures, publication notes).
        name: Normalised: ``CAPÍTULO I``, ``ANEXO ÚNICO``, ``Portaria SEMOB nº 58/2024``.
        rest: What follows on the line.
        rank: Of divisions: 0 parte, 1 livro, 2 título ... 6 subseção.
    """

    kind: HeadingKind
    name: str
    rest: str = ""
    rank: int = 0


_RANKS = {
    "PARTE": 0,
    "LIVRO": 1,
    "TITULO": 2,
    "SUBTITULO": 3,
    "CAPITULO": 4,
    "SECAO": 5,
    "SUBSECAO": 6,
}


def read_heading(line: FlowLine) -> Heading | None:
    """What structuring line this is by its words; None for running text."""
    if line.heading is False:  # the question comes four times about each line
        line.heading = _heading(line)
    return line.heading


def _heading(line: FlowLine) -> Heading | None:
    text = line.text
    first = text.lstrip('"“ ')[:1]
    if not first.isupper() and first != "*":
        return None
    return (
        _transitory(text)
        or _division(text, line)
        or _annex(text)
        or _act(text, line)
        or _closing(text)
    )


def _closing(text: str) -> Heading | None:
    # "II - em 30 de dezembro de 2023" has a place and a date, too.
    if (_DATE.match(text) or _CLOSING.match(text)) and not read_label(text):
        return Heading("closing", text)
    return None


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.upper())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _division(text: str, line: FlowLine) -> Heading | None:
    match = _DIVISION.match(text)
    if match is None:
        return None
    kind, rest = match["kind"], match["rest"].strip(" -–—:.")
    plain = not kind.isupper() and not line.centred and not line.bold
    # "Título I desta Lei" and "Seção II, ..." wrapped to a margin are citations.
    if plain and match["rest"].lstrip()[:1] == "." and rest:
        return None
    name = f"{kind.upper()} {match['number'].upper()}"
    return Heading("division", name, rest, _RANKS[_fold(kind)])


def _annex(text: str) -> Heading | None:
    match = _ANNEX.match(text) or _ANNEX_MIXED.match(text)
    if match is None:
        return None
    name = re.sub(r"\s+", " ", match["name"].upper()).replace("UNICO", "ÚNICO")
    return Heading("annex", name, match["rest"].strip(" -–—:.()"))


def _transitory(text: str) -> Heading | None:
    """The transitory provisions of a constitution: numbered anew, part of the same act."""
    match = _TRANSITORY.match(text.strip())
    if match is None:
        return None
    kind = (match["kind"] or "").strip()
    wrapped = "TRANSIT" not in text.upper()
    return Heading("part", "ADCT" if kind[:1].upper() == "C" or wrapped else "ADT")


def _act(text: str, line: FlowLine) -> Heading | None:
    match = _ACT.match(text)
    if match is None:
        return None
    loud = match["type"].isupper()
    rest = match["rest"].strip()
    quiet = re.fullmatch(
        rf"(?:/\d{{2,4}})?[\s–,/A-Z-]*(?:,?\s*de\s+\d{{1,2}}[ºo°]?\s+de\s+(?:{_MONTHS})\s+de\s+"
        rf"\d{{4}}\s*[.:]?)?",
        rest,
        re.IGNORECASE,
    )
    apart = line.centred or line.bold or (quiet is not None and bool(rest))
    if not loud and not (apart and quiet):
        return None
    return Heading("act", _act_name(match), rest)


def _act_name(match: re.Match[str]) -> str:
    kind = " ".join(
        word.lower() if word.lower() in {"à", "de"} else word.capitalize()
        for word in match["type"].split()
    )
    org = match["org"].strip(" -–/")
    year = _YEAR.search(match["rest"])
    number = match["number"] + (f"/{year[1]}" if year else "")
    return " ".join(part for part in (kind, org, f"nº {number}") if part)


def is_ended(text: str) -> bool:
    """Whether a line ends a sentence or an enumerated part."""
    return _ENDED.search(text, len(text) - TAIL) is not None


def is_upper(text: str) -> bool:
    """At least four letters, at most one in twenty of them small (OCR reads ``POLÍTlCO``)."""
    if sum(map(str.islower, text[:_FIRST_LETTERS])) * 20 > len(text):
        return False  # as of nearly every line
    letters = list(filter(str.isalpha, text))
    return len(letters) >= 4 and sum(map(str.islower, letters)) * 20 <= len(letters)


def is_heading_line(line: FlowLine, above: FlowLine | None) -> bool:
    """Whether a structuring line stands here, and not a citation wrapped to a margin."""
    heading = read_heading(line)
    if heading is None:
        return False
    ended = above is None or is_ended(above.text) or above.skip != ""
    apart = line.centred or (line.bold and above is not None and not above.bold)
    if heading.kind == "division":
        return ended or apart or is_upper(line.text) or (above is not None and above.short)
    if heading.kind in {"annex", "act", "part"}:
        return ended or apart
    return ended
