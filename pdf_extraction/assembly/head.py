"""The beginning of a document that is assembled once more: whole articles, taken over as they are.

A long document is assembled again and again while its last pages are still asked about, and the
last time somebody waits for it. Up to some article all is as it was then: the pages and their
lines, what was taken for a device, its text and its id. These devices are the same objects again,
and so are their rows; whoever makes something of rows takes again what it made of the same ones.
Nothing of a device is worked out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pdf_extraction.assembly.extents import LOOKED_AHEAD
from pdf_extraction.assembly.structure import Node, Tree

if TYPE_CHECKING:
    from pdf_extraction.assembly.candidates import Candidate
    from pdf_extraction.assembly.devices import Assembled, Cut
    from pdf_extraction.assembly.layout import FlowLine
    from pdf_extraction.assembly.sequence import Taken


class Absent(NamedTuple):
    """A row of a claim that stands nowhere.

    Attributes:
        claim: Its index among the document's.
        place: The index of the device that it goes before.
        item: The row.
    """

    claim: int
    place: int
    item: Assembled


@dataclass(frozen=True)
class Same:
    """How far an assembly found what the one before had found; of none, nothing.

    Attributes:
        document_id: For the rows.
        candidates: The first that can be read in the same ways.
        lines: The first that are the same, and left out or not as they were.
        page: Number of the last page up to which all are the same, with their answers.
    """

    document_id: str
    candidates: int = 0
    lines: int = 0
    page: int = 0


class Head:
    """What the assembly before came to; empty where there was none.

    Attributes:
        tree: Its devices, strays too.
        first: How many of them stay.
        cuts: What the pages print for each that is no stray.
        found: Their rows.
        absent: Its other rows.
        absent_stay: Whether they stay with the devices that they are among.
    """

    def __init__(self) -> None:
        self.tree = Tree()
        self.first = 0
        self.cuts: Sequence[Cut] = ()
        self.found: Sequence[Assembled] = ()
        self.absent: Sequence[Absent] = ()
        self._document_id = ""
        self._keys: Sequence[tuple[Any, ...]] = ()
        self._ids: Sequence[str] = ()
        self._several = False
        self.absent_stay = False

    def begin(
        self,
        taken: Sequence[Taken],
        candidates: Sequence[Candidate],
        lines: Sequence[FlowLine],
        same: Same,
    ) -> None:
        """Find how many devices stay: those before an article that stands where it stood.

        Args:
            taken: What was taken for a device now.
            candidates: Of what.
            lines: The flow.
            same: What is known to be the same.
        """
        places = ((how, candidates[how.candidate]) for how in taken)
        keys = [(how, c.line, c.start, c.claim) for how, c in places]
        shared = alike(keys, self._keys) if same.document_id == self._document_id else 0
        self._document_id, self._keys = same.document_id, keys

        def stays(at: int) -> bool:
            how, line, *_ = keys[at]
            far = line + LOOKED_AHEAD <= same.lines and lines[line].page < same.page
            return far and how.candidate < same.candidates

        openings = (at for at in reversed(self.tree.openings) if at < shared and stays(at))
        self.first = next(openings, 0)

    def rows(self, nodes: Sequence[Node], cuts: Sequence[Cut]) -> int:
        """How many of the devices' rows stay: of a later wording an earlier one has another id.

        Args:
            nodes: All devices that are no strays, with ids.
            cuts: What the pages print for each.
        """
        ids = [node.device_id for node in nodes]
        several = any(node.scope.act > 1 for node in nodes)
        most = max(self.first - (len(self.tree.nodes) - len(nodes)), 0)
        stay = min(alike(ids[:most], self._ids), alike(cuts[:most], self.cuts))
        stay = stay if several == self._several else 0
        # An absent claim's row has an id that no device has, of those after it, too.
        other = {_plain(name) for name in {*ids[stay:]} ^ {*self._ids[stay:]}}
        rows = (row.item.row for row in self.absent)
        self.absent_stay = stay > 0 and not any(_plain(row["device_id"]) in other for row in rows)
        self._ids, self._several, self.cuts = ids, several, cuts
        return stay


def _plain(device_id: str) -> str:
    """An id without what tells it from another like it."""
    return device_id.partition("~")[0]


def alike(now: Sequence[Any], before: Sequence[Any]) -> int:
    """How many of the first items are equal."""
    both = zip(now, before, strict=False)
    shared = min(len(now), len(before))
    return next((at for at, (new, old) in enumerate(both) if new != old), shared)
