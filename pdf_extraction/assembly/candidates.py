"""Places where a device may begin, each with how strongly its own line speaks for it.

Local knowledge only: the line, the one above, and what follows the label. Which candidates
are devices is decided in ``sequence`` by the numbering of the whole document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pdf_extraction.assembly.headings import (
    TAIL,
    Heading,
    is_heading_line,
    is_upper,
    read_heading,
)
from pdf_extraction.assembly.labels import QUOTES, Label, read_label
from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.assembly.ocrlabels import read_scanned_label

_ENDED = re.compile(
    rf"(?:[.;:!?…]|\.\.)[{QUOTES})\]\s]*$|[)\]{QUOTES}]\s*[.;,]?$|(?:^|[;,]\s*)(?:e|ou|e/ou)$|\(NR\)\.?$"
)
_LINKED = re.compile(
    r"(?:^|[\s(])(?:art|arts|artigos?|§|§§|incisos?|al[íi]neas?|par[áa]grafos?|itens|item|d[aeo]s?|"
    r"n[ao]s?|pel[ao]s?|ao?s?|à|com|e|ou|c/c|desta?|no\s+caput\s+d[oe]|lei|nº)\.?$",
    re.IGNORECASE,
)
#: What follows the label of a citation, not of a device: "§ 2º do art. 5º", "art. 3º, inciso I".
_CITES = re.compile(
    r"^\s*(?:[,;)]|d[aeo]s?\s|dest[ae]\s|dess[ae]\s|e\s|ou\s|a\s+\d|c/c|ao?s?\s+(?:art|§)|"
    r"n[ao]s?\s+(?:art|§|lei)|incisos?\s|al[íi]neas?\s|caput\b|combinado|[ºo°]?\s*,)"
)
_INLINE = re.compile(
    r"(?:(?<=[.;:])|(?<=;\se)|(?<=;\sou)|(?<=,\se))\s+"
    r"(?=[\"“]?(?:Art\.\s?\d|§\s?\d|Par[áa]grafo\s+[úu]nico|[IVXLC]+\s?[-–—]\s|[a-z]\)\s))"
)
#: One of them stands in whatever ``_INLINE`` looks for.
_INLINE_SIGNS = ("Art.", "§", "nico", ")", "-", "–", "—")
_NOTE = re.compile(
    r"\((?:[^()]*\b(?:reda[çc][ãa]o|inclu[íi]d|revogad|acrescid|vetad|renumerad|vide|dispositivo|"
    r"altera)|veto)",
    re.IGNORECASE,
)
_AMENDS = re.compile(
    r"passa(?:m|r[áã]o?)?\s+a\s+(?:vigorar|viger|ter|constar|conter|ser)|seguintes?\s+"
    r"(?:reda[çc]|altera|modifica|dispositiv|artigo|par[áa]grafo|inciso|al[íi]nea|art\.|§|acr[ée]sc)|"
    r"acrescid[oa]s?|acrescentad[oa]s?|acrescenta|acresce\b|com\s+a\s+reda[çc][ãa]o|inclu[ií]",
    re.IGNORECASE,
)

#: Lines from a label on in which its note is looked for, where no other label comes before.
LINES_AFTER = 60


@dataclass(slots=True)
class Candidate:
    """A place where a device may begin.

    Attributes:
        line: Index in the flow.
        start: Offset in the canonical text, an opening quote included.
        readings: Ways to read the label, offsets relative to the line.
        strength: Cost of taking it for running text.
        against: Further cost of taking it: what follows or precedes it reads as a citation.
        colon: What stands before it ends with a colon.
        inline: It stands inside its line.
        event: Number of the last annex, act or closing line before it; -1 for none.
        closes: Closing quotes counted up to its line.
        amends: The words before it announce another act's new wording; looked for only where
            a colon or a quote stands.
        noted: An editorial note (redação dada, incluído, revogado) follows its label.
        struck: Its label is struck through.
        led: A line between it and the candidate before opens a quotation, such as the heading
            of a quoted chapter, and none closes it.
        claim: Index of the page's claim that stands here; -1 for none.
    """

    line: int
    start: int
    readings: list[Label]
    strength: float
    colon: bool
    inline: bool
    event: int = -1
    closes: int = 0
    amends: bool = False
    noted: bool = False
    struck: bool = False
    led: bool = False
    against: float = 0.0
    claim: int = -1

    def cut(self, lines: Sequence[FlowLine]) -> int:
        """Canonical offset where the device before ends: bullets before a label are nobody's."""
        return self.start if self.inline else min(self.start, lines[self.line].start)

    def as_found(self) -> Candidate:
        """The same as its line alone makes it, for another look at what is around it."""
        place = (self.line, self.start, self.readings, self.strength, self.colon, self.inline)
        return Candidate(*place, against=self.against)

    def label_end(self, reading: int, lines: Sequence[FlowLine]) -> int:
        """Canonical offset one past the label and its separator."""
        return lines[self.line].start + self.readings[reading].end


@dataclass(frozen=True)
class Event:
    """An annex, act or closing line between devices."""

    line: int
    heading: Heading


def find_candidates(
    lines: Sequence[FlowLine], known: Sequence[Candidate] = (), settled: int = 0
) -> list[Candidate]:
    """Candidates of every line that is part of the flow, in order.

    Args:
        lines: The flow.
        known: What was found before, where its first lines were the same.
        settled: How many those are; what stands on a line is decided by lines above it alone.
    """
    found = list(known[: bisect_left(known, settled, key=lambda candidate: candidate.line)])
    above = _last_read(lines, settled)
    for index in range(settled, len(lines)):
        line = lines[index]
        if line.skip:
            above = None if line.skip == "unread" else above
            continue
        readings = read_scanned_label(line.text) if line.ocr else read_label(line.text)
        if readings and not _is_title(readings[0], line, above):
            found.append(_at_margin(index, line, above, readings))
        found += _inside(index, line, readings)
        above = line
    return found


def _last_read(lines: Sequence[FlowLine], stop: int) -> FlowLine | None:
    """The last line of the flow before ``stop``; None where an unread page comes after it."""
    above = (lines[index] for index in range(stop - 1, -1, -1))
    last = next((line for line in above if line.skip in {"", "unread"}), None)
    return None if last is None or last.skip else last


def find_events(lines: Sequence[FlowLine]) -> list[Event]:
    """Annex, act and closing lines of the flow, in order."""
    events = []
    above: FlowLine | None = None
    for index, line in enumerate(lines):
        if line.skip:
            continue
        heading = read_heading(line)
        if heading is not None and heading.kind != "division" and is_heading_line(line, above):
            events.append(Event(index, heading))
        above = line
    return events


def _at_margin(
    index: int, line: FlowLine, above: FlowLine | None, readings: list[Label]
) -> Candidate:
    first = readings[0]
    ended = above is None or ends_sentence(above)
    opens = above is not None and (above.page == line.page) and (above.short or line.gap > 1.9)
    strength = 6.0 if ended else 3.0 if opens else 1.2
    follows = line.text[first.end :]
    against = 0.0
    citable = first.type in {"artigo", "paragrafo"}
    if citable and _CITES.match(follows):
        strength -= 3.0 if ended else 1.0
        against += 1.5
    if citable and above is not None and not ended and _links(above.text):
        strength *= 0.3
        against += 1.5
    # A misread label is as plain on its line as any; its doubt is paid when it is taken.
    if not line.ocr:
        strength -= first.doubt
    if first.type == "item":
        strength = min(strength, 1.0)
    elif first.type == "alinea" and 0 < first.doubt < 2:
        strength = min(strength, 2.5 if ended else 0.5)
    colon = above is not None and above.text.rstrip(QUOTES + " ").endswith(":")
    start = line.start + first.start
    strength = max(strength, 0.3)
    return Candidate(index, start, readings, strength, colon, inline=False, against=against)


def _links(text: str) -> bool:
    """A line ends in a word that a citation follows."""
    return _LINKED.search(text, len(text) - TAIL) is not None


def _is_title(label: Label, line: FlowLine, above: FlowLine | None) -> bool:
    """After "Capítulo II", on the next line "II - DO PODER EXECUTIVO": the heading's own words."""
    if above is None or label.type != "inciso":
        return False
    heading = read_heading(above)
    return (
        heading is not None
        and heading.kind == "division"
        and not heading.rest
        and heading.name.split()[-1] == label.identifier
        and (is_upper(line.text[label.end :].split("(")[0]) or line.centred)
    )


def ends_sentence(line: FlowLine) -> bool:
    """The line ends a sentence, an enumerated part, or is a heading."""
    text = line.text
    if _ENDED.search(text, len(text) - TAIL):
        return True
    return read_heading(line) is not None or is_upper(text) or (line.centred and line.short)


def _inside(index: int, line: FlowLine, margin: list[Label]) -> list[Candidate]:
    found: list[Candidate] = []
    if not any(map(line.text.__contains__, _INLINE_SIGNS)):
        return found
    for match in _INLINE.finditer(line.text):
        if margin and match.end() < margin[0].end:
            continue
        readings = [
            Label(r.type, r.number, match.end() + r.start, match.end() + r.end, r.quoted, r.doubt)
            for r in read_label(line.text[match.end() :])
        ]
        if not readings:
            continue
        cites = _CITES.match(line.text[readings[0].end :])
        strength = 0.2 if cites and readings[0].type in {"artigo", "paragrafo"} else 0.5
        colon = line.text[: match.start()].endswith(":")
        start = line.start + readings[0].start
        found.append(Candidate(index, start, readings, strength, colon, inline=True))
    return found


def describe(
    candidates: list[Candidate],
    events: Sequence[Event],
    lines: Sequence[FlowLine],
    struck: Sequence[bool],
    known: Sequence[Candidate] = (),
) -> None:
    """Fill what needs the neighbourhood: events, closing quotes, phrases, notes, strokes.

    Args:
        candidates: In order.
        events: Annex, act and closing lines between them.
        lines: The flow.
        struck: Which of them begin struck through.
        known: The first candidates, where these and all around them were described before.
    """
    first = len(known)
    candidates[:first] = known
    closes = _closing_counts(lines, candidates, first)
    next_event = candidates[first - 1].event + 1 if first else 0
    for number, candidate in enumerate(candidates[first:], first):
        while next_event < len(events) and events[next_event].line < candidate.line:
            next_event += 1
        candidate.event = next_event - 1
        candidate.closes = next(closes)
        previous = candidates[number - 1].line if number else 0
        candidate.led = _quotation_open(
            lines[max(previous + 1, candidate.line - 8) : candidate.line]
        )
        # Of no other is it asked, and looking for it takes as long as all the rest.
        if candidate.led or candidate.colon or any(label.quoted for label in candidate.readings):
            before = _text_between(lines, max(previous, candidate.line - 6), candidate.line)
            candidate.amends = bool(_AMENDS.search(before[-400:]))
        following = candidates[number + 1].line if number + 1 < len(candidates) else len(lines)
        after = _text_between(lines, candidate.line, max(following, candidate.line + 1))
        candidate.noted = bool(_NOTE.search(after))
        candidate.struck = struck[candidate.line]


def _quotation_open(lines: Sequence[FlowLine]) -> bool:
    """A line begins with a quote that no line after it closes: more than a quoted name."""
    texts = [line.text for line in lines if not line.skip]
    return any(
        text[:1] in '"“„«' and not closes_quote(text) and _stays_open(" ".join(texts[number:]))
        for number, text in enumerate(texts)
    )


def _stays_open(text: str) -> bool:
    """Whether the quote that ``text`` begins with is open at its end; straight ones pair up."""
    opened = sum(text.count(sign) for sign in "“„«") - sum(text.count(sign) for sign in "”»")
    straight = text.count('"') % 2
    return opened + (straight if text[0] == '"' else -straight) > 0


def _text_between(lines: Sequence[FlowLine], first: int, last: int) -> str:
    return " ".join(
        line.text for line in lines[first : min(last, first + LINES_AFTER)] if not line.skip
    )


def _closing_counts(
    lines: Sequence[FlowLine], candidates: Sequence[Candidate], first: int
) -> Iterator[int]:
    """For each candidate from ``first`` on, how many lines before it close a quoted block."""
    begin, total = 0, 0
    if first:
        begin, total = candidates[first - 1].line, candidates[first - 1].closes
    for candidate in candidates[first:]:
        before = lines[begin : candidate.line]
        total += sum(not line.skip and closes_quote(line.text) for line in before)
        begin = max(begin, candidate.line)
        yield total


def closes_quote(text: str) -> bool:
    """The line ends a quoted block: an unpaired closing quote, or ``(NR)``."""
    if "(NR)" in text or "( NR )" in text:
        return True
    if not any(map(text.__contains__, '"”»')):
        return False
    opened = text[:1] in '"“„«'
    ended = re.search(r"[\"”»]\s*[.;,]?$", text) is not None
    if opened and ended:
        return True
    net = text.count("”") + text.count("»") - text.count("“") - text.count("«")
    if net > 0:
        return True
    return ended and not opened and text.count('"') % 2 == 1
