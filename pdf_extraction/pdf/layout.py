"""What of a page is no running text: tables, figures. The page is read once, by ``textlayer``.

Words and lines come from that one parse. PyMuPDF's own table finder costs 20 to 230 ms a page
and so is asked only where drawn lines cross; its layout model costs 400 ms and more, found no
table here that the rules do not find, and is asked only where the settings say ``model``.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pymupdf

from pdf_extraction.model import BBox, Region, RegionKind, TableCell, union
from pdf_extraction.pdf.allowance import lifted
from pdf_extraction.pdf.formulas import SIGNS, Symbols, formulas_in
from pdf_extraction.pdf.pagetext import RawWord
from pdf_extraction.pdf.tables import Grid, bands, grid_in, lines_of
from pdf_extraction.pdf.tasks import LayoutEngine
from pdf_extraction.pdf.textlayer import TextLayer, turned

#: Lines either way from which a grid is worth PyMuPDF's finder, and from which it is a drawing.
_LEAST_LINES, _MOST_LINES = 3, 2_000
#: Points that lines at one place go down in all, in a grid of two rows.
_LEAST_HEIGHT = 18.0
#: Word heights of white that part two columns where no line does.
_APART = 3.0
#: Words on a picture from which it is the ground that text is set on.
_MOST_WORDS = 20
#: Share of the page from which a picture is a figure.
_FIGURE_SHARE = 0.01
_SPANS = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
_BOLD = pymupdf.TEXT_FONT_BOLD
#: Blanks and what never prints; a prose span keeps its words for all that they are glued.
_NO_SYMBOL = re.compile(r"[\s\u200b-\u200f\u2060-\u2064]+")
#: What PyMuPDF's layout model calls what we keep.
_KINDS: dict[str, RegionKind] = {
    "picture": "figure",
    "table": "table",
    "page-header": "furniture",
    "page-footer": "furniture",
}


def regions_of(
    page: pymupdf.Page, layer: TextLayer, images: Iterable[BBox], engine: LayoutEngine
) -> tuple[Region, ...]:
    """Tables and figures of a page whose text layer is taken.

    Args:
        page: As parsed.
        layer: Its words and drawings.
        images: Boxes of its pictures, in points.
        engine: ``none`` finds nothing.
    """
    if engine == "none":
        return ()
    words = [word for word in layer.words if word.visible]
    found = [Region("figure", box) for box in images if _is_figure(box, layer, words)]
    if engine == "model":
        found += _by_model(page)
    tables = _tables(page, layer, words)
    found += [Region("table", grid.bbox, grid.cells) for grid in tables]
    found += _formulas(page, layer, [grid.bbox for grid in tables])
    return tuple(
        _fraction(region, layer) for region in found if region.kind != "table" or region.cells
    )


def _tables(page: pymupdf.Page, layer: TextLayer, words: Sequence[RawWord]) -> list[Grid]:
    drawn = [drawing.bbox for drawing in layer.drawings if not drawing.is_white]
    if not drawn or len(drawn) > _MOST_LINES:
        return []
    lines = lines_of(drawn)
    found = _in_grids(page, words) if _has_grid(drawn) else []
    for band in sorted(bands(lines, drawn), key=_area, reverse=True):
        grid = grid_in(band, words, lines)
        if grid is not None and not any(_overlap(grid.bbox, other.bbox) > 0.5 for other in found):
            found.append(grid)
    return found


def _has_grid(drawn: Sequence[BBox]) -> bool:
    """Whether lines cross: two places at least where they go down over three that go across."""
    across = sorted({round(b[1]) for b in drawn if b[3] - b[1] <= 3 and b[2] - b[0] > 15})
    down: dict[int, float] = {}
    for x0, y0, x1, y1 in drawn:
        if x1 - x0 <= 3:
            down[round(x0 / 3)] = down.get(round(x0 / 3), 0.0) + y1 - y0
    return (
        len(across) >= _LEAST_LINES and sum(height > _LEAST_HEIGHT for height in down.values()) > 1
    )


def _in_grids(page: pymupdf.Page, words: Sequence[RawWord]) -> list[Grid]:
    """Tables that PyMuPDF finds by their lines, with the words of our own parse."""
    found = []
    for table in page.find_tables(use_layout=False).tables:
        grid = _grid(table, page, words)
        if grid is not None:
            found.append(grid)
    return found


def _grid(table: Any, page: pymupdf.Page, words: Sequence[RawWord]) -> Grid | None:
    matrix = page.rotation_matrix if page.rotation else None
    boxes = [turned(cell, matrix) for row in table.rows for cell in row.cells if cell is not None]
    tops, lefts = _edges(box[1] for box in boxes), _edges(box[0] for box in boxes)
    if len(tops) * len(lefts) < 4 or len(lefts) < 2:
        return None
    boxes = [part for box in boxes for part in _split(box, lefts, words)]
    cells = [_cell(box, tops, lefts, words) for box in sorted(boxes, key=lambda b: (b[1], b[0]))]
    if sum(bool(cell.text) for cell in cells) < 4:
        return None
    # The head is as deep as its deepest cell: what stands beside that cell's lower part heads too.
    depth = max(cell.rows for cell in cells if cell.row == 0)
    cells = [cell._replace(is_header=cell.row < depth < len(tops)) for cell in cells]
    x0, y0 = min(b[0] for b in boxes), min(b[1] for b in boxes)
    x1, y1 = max(b[2] for b in boxes), max(b[3] for b in boxes)
    return Grid((x0, y0, x1, y1), tuple(cells))


def _split(box: BBox, lefts: Sequence[float], words: Sequence[RawWord]) -> list[BBox]:
    """A cell of one line as those of the columns that its words keep to, wide apart."""
    inside = [w.bbox for w in words if _holds(box, w.bbox)]
    around = union(inside)
    if around is None:
        return [box]
    height = max(w[3] - w[1] for w in inside)
    edges = [left for left in lefts if box[0] + 3 < left < box[2] - 3]
    for edge in edges if around[3] - around[1] < 1.5 * height else ():
        left = [w[2] for w in inside if w[0] < edge]
        right = [w[0] for w in inside if w[0] >= edge]
        apart = left and right and min(right) - max(left) > _APART * height
        if apart and max(left) <= edge:
            first = box[0], box[1], edge, box[3]
            return [first, *_split((edge, box[1], box[2], box[3]), lefts, words)]
    return [box]


def _edges(values: Iterable[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > 3:
            found.append(value)
    return found


def _cell(
    box: BBox, tops: Sequence[float], lefts: Sequence[float], words: Sequence[RawWord]
) -> TableCell:
    rows = [i for i, top in enumerate(tops) if box[1] - 3 < top < box[3] - 3]
    columns = [i for i, left in enumerate(lefts) if box[0] - 3 < left < box[2] - 3]
    inside = [w for w in words if _holds(box, w.bbox)]
    text = " ".join(word.text for word in inside)
    return TableCell(rows[0], columns[0], len(rows), len(columns), text)


def _formulas(page: pymupdf.Page, layer: TextLayer, tables: Sequence[BBox]) -> list[Region]:
    """Displayed formulas outside tables; the page is parsed again only where signs are."""
    if page.rotation or not any(SIGNS.search(word.text) for word in layer.words):
        return []
    blocks = page.get_text("dict", flags=_SPANS)["blocks"]
    symbols = [
        Symbols(text, span["bbox"], span["size"], span["origin"][1], bool(span["flags"] & _BOLD))
        for block in blocks
        for line in block["lines"]
        for span in line["spans"]
        if (text := _NO_SYMBOL.sub("", span["text"])) and line["dir"][0] > 0.99
    ]
    bars = lines_of(drawing.bbox for drawing in layer.drawings)
    return [
        Region("formula", formula.bbox, latex=formula.latex)
        for formula in formulas_in(symbols, bars)
        if not any(_overlap(formula.bbox, table) > 0.5 for table in tables)
    ]


def _by_model(page: pymupdf.Page) -> list[Region]:
    """Figures, running heads and feet that PyMuPDF's layout model sees."""
    with lifted():
        importlib.import_module("pymupdf.layout")  # see ``library``
        page.get_layout()
    matrix = page.rotation_matrix if page.rotation else None
    seen: list[Any] = page.layout_information or []
    return [Region(_KINDS[kind], turned(box, matrix)) for *box, kind in seen if kind in _KINDS]


def _is_figure(box: BBox, layer: TextLayer, words: Sequence[RawWord]) -> bool:
    """A picture that is no ornament, no scan of the whole page and no ground under text."""
    share = _area(box) / ((layer.width * layer.height) or 1.0)
    return _FIGURE_SHARE < share < 0.9 and (
        sum(_holds(box, word.bbox) for word in words) < _MOST_WORDS
    )


def _fraction(region: Region, layer: TextLayer) -> Region:
    x0, y0, x1, y1 = region.bbox
    width, height = layer.width or 1.0, layer.height or 1.0
    inside = [min(max(v, 0.0), 1.0) for v in (x0 / width, y0 / height, x1 / width, y1 / height)]
    return Region(
        region.kind, (inside[0], inside[1], inside[2], inside[3]), region.cells, region.latex
    )


def _area(box: BBox) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _overlap(box: BBox, other: BBox) -> float:
    """Share of the smaller of two boxes that the other covers."""
    shared = (
        max(box[0], other[0]),
        max(box[1], other[1]),
        min(box[2], other[2]),
        min(box[3], other[3]),
    )
    return _area(shared) / (min(_area(box), _area(other)) or 1.0)


def _holds(box: BBox, word: BBox) -> bool:
    x, y = (word[0] + word[2]) / 2, (word[1] + word[3]) / 2
    return box[0] <= x < box[2] and box[1] <= y < box[3]
