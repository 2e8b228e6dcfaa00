"""From printed lines to a device's own text: lines joined, hyphenation undone, dots dropped."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

#: First parts that keep their hyphen when a line breaks after it.
_KEEPS = frozenset(
    (
        "técnico", "sócio", "socio", "político", "econômico", "jurídico", "médico", "físico",
        "químico", "vice", "ex", "pós", "pré", "pró", "sub", "co", "não", "recém", "além", "aquém",
        "bem", "mal", "grã", "sem", "afro", "anglo", "euro", "greco", "luso", "nipo", "sino",
        "público", "histórico", "científico", "administrativo", "financeiro",
    )
)  # fmt: skip
_CLITIC = re.compile(
    r"^(?:se|lhes?|l[ao]s?|n[ao]s|me|te|vos|[ao]s?|á|ão|ia|iam|ei|emos|eis)(?:[^\w]|-|$)"
)
_OMISSIS = re.compile(r"\.(?:\s?\.){4,}\s?|……+|_(?:\s?_){4,}\s?")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def words_of(texts: Iterable[str]) -> set[str]:
    """Words as they are printed, hyphens kept, in small letters."""
    return {word.lower() for text in texts for word in _WORD.findall(text)}


class Hyphens:
    """Knows which words a text prints in one piece and which with a hyphen.

    Args:
        words: Brings ``words_of`` the whole document; asked at the first doubt.

    Attributes:
        doubts: How many joints the document's words had to decide.
    """

    def __init__(self, words: Callable[[], Collection[str]]) -> None:
        self._ask = words
        self.doubts = 0

    @cached_property
    def _words(self) -> Collection[str]:
        return self._ask()

    def join(self, left: str, right: str) -> str:
        """Join two lines, of which the first may end in a broken word."""
        if left.endswith("-") and re.search(r"\d-$", left) and re.match(r"[A-Z\d]", right):
            return left + right
        if not left.endswith("-") or len(left) < 2 or not left[-2].isalpha():
            return f"{left} {right}" if left and right else left + right
        if not right[:1].isalpha():
            return left + right if right[:1].isdigit() else f"{left} {right}"
        return left[:-1] + right if self._is_broken(left, right) else left + right

    def _is_broken(self, left: str, right: str) -> bool:
        """Whether the hyphen was put by the line break; the document's other words decide."""
        if not right[0].islower():
            return False
        self.doubts += 1
        head = re.split(r"[^\w-]", left)[-1].rstrip("-").lower()
        found = re.match(r"[^\W\d_]+(?:-[^\W\d_]+)*", right)
        tail = found[0].lower() if found else ""
        if head + tail in self._words:
            return True
        if f"{head}-{tail}" in self._words:
            return False
        return head not in _KEEPS and not _CLITIC.match(right)


def join_lines(lines: Iterable[str], hyphens: Hyphens) -> str:
    """One text from printed lines."""
    text = ""
    for line in lines:
        text = hyphens.join(text, line.strip())
    return " ".join(text.split())


def own_text(lines: Iterable[str], hyphens: Hyphens, *, quoted: bool) -> str:
    """A device's own text from its printed lines without the label."""
    text = join_lines(lines, hyphens)
    if quoted:
        text = unquoted(text)
    text = without_omissis(text).lstrip("-–—").strip()
    return text if not quoted or re.search(r"\w", text) else unquoted(text).strip('"” ;')


def without_omissis(text: str) -> str:
    """Text without the dots that stand for what a quoted wording leaves unchanged."""
    return " ".join(_OMISSIS.sub(" ", text).split())


def unquoted(text: str) -> str:
    """A quoted block's last text without its closing quote and ``(NR)``."""
    text = re.sub(r"\s*\(\s*NR\s*\)\s*(?P<quote>[\"”»]?)\s*[.;]?$", r"\g<quote>", text)
    opened = sum(text.count(sign) for sign in "“«")
    closed = sum(text.count(sign) for sign in "”»")
    if closed > opened or text.count('"') % 2:
        text = re.sub(r"\s*[\"”»]\s*([.;,]?)$", r"\1", text)
    return text.strip()


def device_status(text: str, *, struck: bool) -> str:
    """``riscado``, else ``vetado`` or ``revogado`` where only that word is printed."""
    if struck:
        return "riscado"
    folded = text.casefold()
    if "revogad" not in folded and "vetad" not in folded:
        return "vigente"
    bare = re.sub(r"\([^()]*\)", " ", text)
    bare = re.sub(r"\b(?:vig[êe]ncia|e|ou|vide|regulamento)\b", " ", bare, flags=re.IGNORECASE)
    if re.search(
        r"[^\W_]", re.sub(r"\b(?:revogad[oa]s?|vetad[oa]s?)\b", "", bare, flags=re.IGNORECASE)
    ):
        return "vigente"
    if re.search(r"\bvetad[oa]s?\b", text, re.IGNORECASE):
        return "vetado"
    if re.search(r"revogad[oa]s?\b", text, re.IGNORECASE):
        return "revogado"
    return "vigente"


def letters_and_digits(text: str) -> str:
    """What loose comparisons of texts look at."""
    return "".join(char for char in text.casefold() if char.isalnum())


def spans_text(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """Concatenation of ``text`` over ``spans``."""
    return "".join(text[start:end] for start, end in spans)
