"""The document's devices as a tree: parents, scopes, sections, ids.

Takes what ``sequence`` decided; no text is cut here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pdf_extraction.assembly import lexml
from pdf_extraction.assembly.candidates import Candidate, Event
from pdf_extraction.assembly.headings import is_heading_line, is_upper, read_heading
from pdf_extraction.assembly.labels import RANK, Label, identifier, read_label, roman_value
from pdf_extraction.assembly.layout import FlowLine
from pdf_extraction.assembly.sequence import Taken


@dataclass(eq=False, slots=True)
class Scope:
    """One run of numbering: an act's body or one of its annexes.

    Attributes:
        act: Number of the act in the file, from 1.
        act_name: Short name, such as ``Portaria SEMOB nº 58/2024``; empty where not printed.
        annex: Name of the annex; empty for the act's body.
        part: ``ADCT`` for the transitory provisions of a constitution, else empty.
        annex_number: Its own numeral, else its place among the act's annexes.
    """

    act: int
    act_name: str = ""
    annex: str = ""
    annex_number: int = 0
    part: str = ""


@dataclass(eq=False, slots=True)
class Node:
    """A device in the tree.

    Attributes:
        candidate: Index of its candidate; -1 where nothing on the page stands for it.
        label: How its label reads.
        scope: Act or annex it belongs to.
        parent: The device above it.
        quoted: It belongs to a quoted amendment.
        opens: It opens a quoted block under its parent.
        block: Number of that block under its base device.
        sections: Headings above it.
        device_id: LexML fragment.
        cost: What its number broke.
        orphan_article: Identifier of the article outside the excerpt that it belongs to.
    """

    candidate: int
    label: Label
    scope: Scope
    parent: Node | None
    quoted: bool
    opens: bool
    block: int = 0
    sections: tuple[str, ...] = ()
    device_id: str = ""
    cost: float = 0.0
    orphan_article: str = ""
    struck: bool = False
    text: str = ""

    @property
    def name(self) -> str:
        """Identifier as a part of ``path``."""
        plain = self.label.identifier
        return f"«{plain}»" if self.quoted else plain

    @property
    def above(self) -> Iterator[Node]:
        """Devices above this one, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def ancestors(self) -> list[str]:
        """Names from the article down to this device."""
        names: list[str] = []
        node: Node | None = self
        top = self
        while node is not None:
            names.append(node.name)
            top, node = node, node.parent
        if top.orphan_article:
            names.append(top.orphan_article)
        return names[::-1]


@dataclass(frozen=True)
class Opening:
    """Where an article of the act itself begins, and nothing above it is looked at any more.

    Attributes:
        scopes: Which act or annex it stands in, before it says anything of that.
        sections: Which headings are open above it.
    """

    scopes: _Scopes
    sections: _Sections


class Tree:
    """Devices in document order, with parents and scopes; it grows at its end, or from a place.

    Attributes:
        nodes: One for each candidate that was taken.
        openings: By the index of its node, each place from which the tree can be grown anew.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.openings: dict[int, Opening] = {}

    def grow(
        self,
        taken: Sequence[Taken],
        candidates: Sequence[Candidate],
        events: Sequence[Event],
        lines: Sequence[FlowLine],
        first: int = 0,
    ) -> list[Node]:
        """The document's devices, in order.

        Args:
            taken: All of them.
            candidates: That they were taken of.
            events: Annex, act and closing lines between these.
            lines: The flow.
            first: How many of the nodes stay; one of ``openings``, or 0.
        """
        scopes, sections = _Scopes(events), _Sections(lines)
        if first:
            opening = self.openings[first]
            scopes, sections = opening.scopes.on(events), opening.sections.on(lines)
        del self.nodes[first:]
        self.openings = {at: known for at, known in self.openings.items() if at < first}
        open_ = _Open()
        for at, how in enumerate(taken[first:], first):
            candidate = candidates[how.candidate]
            label = candidate.readings[how.reading]
            if label.type == "artigo" and not how.quoted:
                self.openings[at] = Opening(scopes.on(events), sections.on(lines))
            if how.restarts:
                open_ = _Open()
                sections.restart(events[how.event].line if how.event >= 0 else candidate.line)
            scope = scopes.at(how, candidate)
            node = Node(how.candidate, label, scope, None, how.quoted, how.opens, cost=how.cost)
            open_.take(node)
            node.sections = sections.at(candidate.line)
            self.nodes.append(node)
        return _without_strays(self.nodes)


class _Open:
    """Devices that others may stand below: the act's own, and those of the act that it quotes."""

    def __init__(self) -> None:
        self._outer: list[Node | None] = [None] * 5
        self._inner: list[Node | None] = [None] * 5
        self._blocks: Counter[int] = Counter()

    def take(self, node: Node) -> None:
        """Give the next device its parent; others may stand below it then."""
        rank = RANK[node.label.type]
        if node.opens:
            node.parent = _deepest(self._outer)
            self._blocks[id(node.parent)] += 1
            node.block = self._blocks[id(node.parent)]
            self._inner = [None] * 5
        elif node.quoted:
            node.parent = _above(self._inner, rank)
            if node.parent is None:
                node.parent, node.opens = _deepest(self._outer), True
                node.block = max(self._blocks[id(node.parent)], 1)
        else:
            node.parent = _above(self._outer, rank)
        stack = self._inner if node.quoted else self._outer
        stack[rank] = node
        stack[rank + 1 :] = [None] * (4 - rank)


def _deepest(stack: Sequence[Node | None]) -> Node | None:
    return next((node for node in reversed(stack) if node is not None), None)


def _above(stack: Sequence[Node | None], rank: int) -> Node | None:
    if rank == 1:
        return stack[0]
    return next((node for node in reversed(stack[:rank]) if node is not None), None)


def _without_strays(nodes: Sequence[Node]) -> list[Node]:
    """Devices without an article, kept only where an excerpt cut their article off.

    Then the first article printed says which one it was: the one before it. The numbered
    lists of a notice that has no articles are no devices.
    """
    first = next((node for node in nodes if node.label.type == "artigo"), None)
    strays = set()
    for node in nodes:
        if node is first:
            break
        if node.parent is not None and id(node.parent) not in strays:
            continue
        if first is None or first.label.number[0] < 2 or first.scope is not node.scope:
            strays.add(id(node))
        elif node.parent is None:
            node.orphan_article = identifier("artigo", (first.label.number[0] - 1, ""))
    return [node for node in nodes if id(node) not in strays]


class _Scopes:
    """Names the acts and annexes as the numbering enters them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._current: Scope | None = None
        self._annexes = 0

    def on(self, events: Sequence[Event]) -> _Scopes:
        """The same at the same place, between events of which the first are those."""
        other = _Scopes(events)
        other._current, other._annexes = self._current, self._annexes
        return other

    def at(self, how: Taken, candidate: Candidate) -> Scope:
        if self._current is None:
            self._current = self._first(candidate)
        elif how.restarts:
            self._current = self._next(how, self._current)
        return self._current

    def _first(self, candidate: Candidate) -> Scope:
        before = self._events[: candidate.event + 1]
        annex = next((e for e in reversed(before) if e.heading.kind in {"annex", "act"}), None)
        act = next((e for e in reversed(before) if e.heading.kind == "act"), None)
        scope = Scope(1, act.heading.name if act else "")
        if annex is not None and annex.heading.kind == "annex" and act is None:
            return scope
        if annex is not None and annex.heading.kind == "annex":
            self._enter_annex(scope, annex.heading.name)
        return scope

    def _next(self, how: Taken, current: Scope) -> Scope:
        heading = self._events[how.event].heading if how.event >= 0 else None
        if heading is not None and heading.kind == "annex":
            scope = Scope(current.act, current.act_name)
            self._enter_annex(scope, heading.name)
            return scope
        if heading is not None and heading.kind == "part":
            return Scope(current.act, current.act_name, part=heading.name)
        self._annexes = 0
        return Scope(current.act + 1, heading.name if heading else "")

    def _enter_annex(self, scope: Scope, name: str) -> None:
        self._annexes += 1
        scope.annex = name
        numeral = name.removeprefix("ANEXO").strip()
        value = roman_value(numeral) if re.fullmatch(r"[IVXLC]+", numeral) else None
        scope.annex_number = value or (int(numeral) if numeral.isdigit() else self._annexes)


class _Sections:
    """Open headings at each line; a heading closes those of its rank and below."""

    def __init__(self, lines: Sequence[FlowLine]) -> None:
        self._lines = lines
        self._line = 0
        self._open: list[tuple[int, str]] = []
        self._above: FlowLine | None = None

    def on(self, lines: Sequence[FlowLine]) -> _Sections:
        """The same at the same place, of lines of which the first are those."""
        other = _Sections(lines)
        other._line, other._open, other._above = self._line, [*self._open], self._above
        return other

    def restart(self, line: int) -> None:
        """Forget the headings above ``line``, where another act or annex begins."""
        self.at(line)
        self._open = []

    def at(self, line: int) -> tuple[str, ...]:
        """Names of the headings open at ``line``; called with growing lines."""
        while self._line < line:
            self._read(self._line)
            self._line += 1
        return tuple(name for _, name in self._open)

    def _read(self, index: int) -> None:
        line = self._lines[index]
        if line.skip:
            return
        heading = read_heading(line)
        if (
            heading is not None
            and heading.kind == "division"
            and line.text[:1] not in '"“«'
            and is_heading_line(line, self._above)
        ):
            while self._open and self._open[-1][0] >= heading.rank:
                self._open.pop()
            title = _title(self._lines, index, heading.rest)
            name = f"{heading.name} - {title}" if title else heading.name
            self._open.append((heading.rank, name))
        self._above = line


def _title(lines: Sequence[FlowLine], index: int, rest: str) -> str:
    """The heading's own words: on its line, or on the up to four lines below it."""
    words = [rest] if rest else []
    above = lines[index]
    for line in lines[index + 1 : index + 6]:
        if line.skip:
            continue
        other = read_label(line.text) or read_heading(line)
        like = line.centred or line.bold or is_upper(line.text) or (above.centred and line.short)
        goes_on = bool(words) and not words[-1].endswith((".", ";"))
        if other or not (like or (not words and line.short)) or (rest and not goes_on):
            break
        words.append(line.text)
        above = line
    return re.sub(r"\s+", " ", " ".join(words)).strip(" -–—")


def assign_ids(nodes: Sequence[Node]) -> None:
    """Unique LexML ids, parents before children."""
    several = any(node.scope.act > 1 for node in nodes)
    groups: dict[tuple[int, int, str], list[Node]] = defaultdict(list)
    for node in nodes:
        groups[_family(node)].append(node)
    used: set[str] = set()
    for node in nodes:
        base = _plain_id(node, several)
        family = groups[_family(node)]
        if len(family) > 1:
            standing = next((n for n in reversed(family) if not n.struck), family[-1])
            if node is not standing:
                base = f"{base}@{family.index(node) + 1}"
        node.device_id = _unique(base, used)
        used.add(node.device_id)


def _family(node: Node) -> tuple[int, int, str]:
    """Wordings of one device share their parent, block and fragment."""
    own = lexml.fragment(node.label.type, node.label.number)
    if node.parent is None:
        return id(node.scope), 0, own
    return id(node.parent), node.block, own


def _plain_id(node: Node, several: bool) -> str:
    own = lexml.fragment(node.label.type, node.label.number)
    parent = node.parent
    if parent is None:
        act = f"ato{node.scope.act}_" if several and node.scope.act > 1 else ""
        annex = f"anx{node.scope.annex_number}_" if node.scope.annex else ""
        part = f"{node.scope.part.lower()}_" if node.scope.part else ""
        return f"{act}{part}{annex}{own}"
    if node.opens:
        return lexml.quoted_id(parent.device_id, parent.label.type, node.block, own)
    return lexml.child_id(parent.device_id, parent.label.type, node.label.type, own)


def _unique(base: str, used: set[str]) -> str:
    if base not in used:
        return base
    number = 2
    while f"{base}~{number}" in used:
        number += 1
    return f"{base}~{number}"


def path(node: Node, *, several: bool) -> list[str]:
    """Ancestors and own identifier, the act (where a file holds several) and annex first."""
    names = node.ancestors
    if node.scope.annex or node.scope.part:
        names = [node.scope.annex or node.scope.part, *names]
    if several:
        names = [node.scope.act_name or f"Ato {node.scope.act}", *names]
    return names
