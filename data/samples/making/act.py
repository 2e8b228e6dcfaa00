"""The structured description of an act: the one source of both the PDF and the gold.

No measures and no fonts here; a text may hold two marks only: a line feed forces a line
to end there (which is how a trap is set on purpose), and `*...*` in prose prints bold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["artigo", "paragrafo", "inciso", "alinea", "item"]
Status = Literal["vigente", "riscado", "revogado", "vetado"]
Align = Literal["left", "center", "right"]

KINDS: tuple[Kind, ...] = ("artigo", "paragrafo", "inciso", "alinea", "item")
LAST_ORDINAL = 9


@dataclass(frozen=True, slots=True)
class Device:
    """One article, paragraph, inciso, alínea or item, as printed once."""

    kind: Kind
    identifier: str
    label: str
    text: str
    status: Status = "vigente"
    quoted: bool = False
    closes: str = ""

    @property
    def omissis(self) -> bool:
        """Only dots are printed after the label."""
        return not self.text

    @property
    def plain_text(self) -> str:
        """The text as a reader would join it: forced line ends are not part of it."""
        return plain(self.text)


@dataclass(frozen=True, slots=True)
class Prose:
    """Anything printed that is no device; `role` names its style in the sheet."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Dots:
    """A line of dots for devices that the quotation leaves out."""

    closes: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """From here on devices belong to this act of the file or to this annex."""

    name: str
    annex: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table of one-line cells; `widths` are shares of the column's width."""

    widths: tuple[float, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin rule across the column, as gazettes put between acts."""


@dataclass(frozen=True, slots=True)
class PageBreak:
    """The next block starts a new page; two in a row leave a blank page."""


Block = Device | Prose | Dots | Scope | Table | Rule | PageBreak


def plain(text: str) -> str:
    """Take the forced line ends out, those after a real hyphen without a space."""
    return text.replace("-\n", "-").replace("\n", " ")


def numeral(number: int | str) -> str:
    """`1` -> `1º`, `10` -> `10`, `3-A` -> `3º-A`: ordinals end at nine."""
    digits, dash, suffix = str(number).partition("-")
    mark = "º" if int(digits) <= LAST_ORDINAL else ""
    return f"{digits}{mark}{dash}{suffix}"


def art(number: int | str, text: str) -> Device:
    """Describe an article; the printed label has a point only after a cardinal."""
    shown = f"Art. {numeral(number)}"
    point = "" if shown.endswith("º") else "."
    return Device("artigo", shown, shown + point, text)


def par(number: int | str, text: str) -> Device:
    """Describe a numbered paragraph."""
    shown = f"§ {numeral(number)}"
    point = "" if "º" in shown else "."
    return Device("paragrafo", shown, shown + point, text)


def unico(text: str) -> Device:
    """Describe an article's only paragraph."""
    return Device("paragrafo", "Parágrafo único", "Parágrafo único.", text)


def inc(roman: str, text: str, dash: str = "–") -> Device:
    """Describe an inciso; `dash` because real acts print either dash."""
    return Device("inciso", roman, f"{roman} {dash}", text)


def ali(letter: str, text: str) -> Device:
    """Describe an alínea."""
    return Device("alinea", f"{letter})", f"{letter})", text)


def item(number: int, text: str) -> Device:
    """Describe an item of an alínea."""
    return Device("item", str(number), f"{number}.", text)


def struck(device: Device) -> Device:
    """Print an old wording, with a line drawn through it."""
    return replace(device, status="riscado")


def revoked(device: Device) -> Device:
    """Describe a device of which only the note of its revocation is left."""
    return replace(device, status="revogado")


def vetoed(device: Device) -> Device:
    """Describe a device of which only the word VETADO is printed."""
    return replace(device, status="vetado")


def quoted(*blocks: Device | Dots, closes: str = "” (NR)") -> tuple[Block, ...]:
    """Put a new wording in curly quotes, from its first label to `closes`."""
    first, *others = (replace(b, quoted=True) if isinstance(b, Device) else b for b in blocks)
    if isinstance(first, Device):
        first = replace(first, label=f"“{first.label}")
    *head, last = [first, *others]
    return (*head, replace(last, closes=closes))
