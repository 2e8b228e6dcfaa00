"""Ink on pages: text, rectangles and curves as PDF operators, then the file itself.

The operators are written by hand because PyMuPDF's own `insert_text` knows no word
spacing: a justified line would fall into one text object a word, which no word
processor does and which would make the samples easier to segment than real acts.
Measures are points, origin at the top left of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from making.mupdf import Font, Pdf, mupdf

if TYPE_CHECKING:
    from pathlib import Path

Color = tuple[float, float, float]

BLACK: Color = (0.0, 0.0, 0.0)
LINK_BLUE: Color = (0.0, 0.0, 0.93)
A4 = (595.0, 842.0)
# A fixed date: the same run must give the same bytes on any day.
PDF_DATE = "D:20240318090000-03'00'"


@cache
def _metrics(name: str) -> Font:
    return mupdf.Font(name)


def text_width(text: str, name: str, size: float) -> float:
    """Width in points of `text` in a base-14 font, by its PyMuPDF short name (`tiro`, ...)."""
    return float(_metrics(name).text_length(text, size))


@dataclass(slots=True)
class Canvas:
    """One page's operators, collected in drawing order."""

    width: float = A4[0]
    height: float = A4[1]
    fonts: set[str] = field(default_factory=set)
    _ops: list[bytes] = field(default_factory=list)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        name: str = "helv",
        size: float = 10,
        *,
        spacing: float = 0,
        color: Color = BLACK,
    ) -> None:
        """Set one run with its baseline's start at `at`; `spacing` widens each blank."""
        self.fonts.add(name)
        x, y = at
        self._ops.append(
            b"BT %s /%s %.2f Tf %.3f Tw %.2f %.2f Td (%s) Tj ET"
            % (_rgb(color, "rg"), name.encode(), size, spacing, x, self.height - y, _escape(text))
        )

    def centered(self, y: float, text: str, name: str, size: float) -> None:
        """Set one run in the middle of the page."""
        self.text(((self.width - text_width(text, name, size)) / 2, y), text, name, size)

    def right(self, at: tuple[float, float], text: str, name: str, size: float) -> None:
        """Set one run that ends at `at`."""
        self.text((at[0] - text_width(text, name, size), at[1]), text, name, size)

    def rect(self, box: tuple[float, float, float, float], color: Color = BLACK) -> None:
        """Fill a box given as x, y, width, height; thin boxes are how browsers draw lines."""
        x, y, w, h = box
        bottom = self.height - y - h
        self._ops.append(b"%s %.2f %.2f %.2f %.2f re f" % (_rgb(color, "rg"), x, bottom, w, h))

    def path(
        self, points: list[tuple[float, float]], *, fill: Color | None = None, width: float = 0.8
    ) -> None:
        """Draw a closed polygon, stroked in black and filled where a colour is given."""
        steps = [
            b"%.2f %.2f %s" % (x, self.height - y, b"l" if index else b"m")
            for index, (x, y) in enumerate(points)
        ]
        paint = b"s" if fill is None else _rgb(fill, "rg") + b" b"
        self._ops.append(b"%.2f w 0 G %s %s" % (width, b" ".join(steps), paint))

    @property
    def content(self) -> bytes:
        """The page's content stream."""
        return b"\n".join(self._ops)


def to_document(canvases: list[Canvas], title: str, author: str) -> Pdf:
    """Bind the canvases into a PDF in memory."""
    document = mupdf.open()
    for canvas in canvases:
        page = document.new_page(width=canvas.width, height=canvas.height)
        for name in sorted(canvas.fonts):
            page.insert_font(fontname=name)
        xref = document.get_new_xref()
        document.update_object(xref, "<<>>")
        document.update_stream(xref, canvas.content)
        page.set_contents(xref)
    describe(document, title, author)
    return document


def describe(document: Pdf, title: str, author: str) -> None:
    """Write the fixed metadata that keep two runs alike."""
    dates = {"creationDate": PDF_DATE, "modDate": PDF_DATE}
    document.set_metadata({"title": title, "author": author, "producer": "make_samples", **dates})


def to_bytes(document: Pdf) -> bytes:
    """Write without the random file id that PyMuPDF would add."""
    return bytes(document.tobytes(garbage=3, deflate=True, no_new_id=True))


def save(canvases: list[Canvas], title: str, author: str, path: Path) -> None:
    """Write the canvases as one PDF file."""
    path.write_bytes(to_bytes(to_document(canvases, title, author)))


def _rgb(color: Color, operator: str) -> bytes:
    return b"%.2f %.2f %.2f %s" % (*color, operator.encode())


def _escape(text: str) -> bytes:
    """Base-14 fonts are written in WinAnsi, where curly quotes and en dashes have a place."""
    raw = text.encode("cp1252")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
