"""Which pages' answers leave a gap in the document's numbering, and how to say so to a model.

Gaps that the page's own labels fill are none: those devices have rows already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pdf_extraction.assembly.claims import DeviceClaim
from pdf_extraction.assembly.gaps import Gap, find_gaps
from pdf_extraction.assembly.labels import RANK
from pdf_extraction.model import Doubt, Row

#: A gap over more pages than this says where nothing is missing.
_MOST_PAGES = 4
#: A list that lacks more than this at one place was cut, or one of its labels was misread.
_MOST_NUMBERS = 40

#: Columns of ``devices`` that are looked at: a long document's texts are not held for it.
_OF_GAPS = (
    *("device_id", "device_type", "identifier", "parent_id", "parent_identifier", "path"),
    *("position", "context", "page_number", "page_end"),
)


def claims_leave_gaps(answers: Iterable[Sequence[DeviceClaim]]) -> bool:
    """Whether the identifiers alone, in order, skip a number anywhere."""
    last: list[int | None] = [None] * len(RANK)
    for claim in (claim for devices in answers for claim in devices):
        label = claim.label
        rank, number = RANK[label.type], label.number[0]
        before = last[rank]
        expected = before + 1 if before is not None else number if rank == 0 else 1
        if number == 0 or number > expected:
            return True
        last[rank:] = [number, *(None for _ in last[rank + 1 :])]
    return False


def gap_doubts(
    rows: Iterable[Row], textless: frozenset[int], failed: frozenset[int]
) -> dict[int, Doubt]:
    """Doubts by page number.

    Args:
        rows: Of ``devices``, in order.
        textless: Pages without text of their own. Elsewhere a device that does not stand on
            its page was invented, and fills no gap.
        failed: Pages without an answer; they explain the gaps around them.
    """
    standing = [
        {name: row[name] for name in _OF_GAPS}
        for row in rows
        if row["canonical_spans"] or row["page_number"] in textless
    ]
    by_page: dict[int, list[Gap]] = {}
    for gap in find_gaps(standing):
        first, last = gap.pages
        pages = range(first, last + 1)
        likely = len(pages) <= _MOST_PAGES and len(gap.missing) <= _MOST_NUMBERS
        if likely and failed.isdisjoint(pages):
            for page in pages:
                by_page.setdefault(page, []).append(gap)
    return {page: _doubt(gaps) for page, gaps in by_page.items()}


def _doubt(gaps: Sequence[Gap]) -> Doubt:
    told = "; ".join(_told(gap) for gap in gaps)
    sentence = (
        f"a numeração do documento tem falhas nesta página ou na vizinha: {told}. Olhe a imagem "
        "de novo e inclua o que faltar e estiver impresso nesta página. Não invente: o que não "
        "estiver impresso nela continua de fora, e o resto da resposta fica como estava."
    )
    return Doubt(sentence, frozenset(name for gap in gaps for name in gap.names))


def _told(gap: Gap) -> str:
    missing = ", ".join(gap.missing)
    before = gap.before["identifier"]
    above = gap.before["parent_identifier"]
    where = f" ({' / '.join(gap.before['path'][:-1])})" if above else ""
    if gap.after["device_id"] != gap.before["parent_id"]:
        return f"falta {missing} entre {gap.after['identifier']} e {before}{where}"
    return f"falta {missing} antes de {before}{where}"
