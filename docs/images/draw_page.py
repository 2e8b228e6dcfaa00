"""Draw a page with the boxes of its devices, coloured by kind, for the README.

Run after the samples: ``python docs/images/draw_page.py data OUT.png DOCUMENT PAGE``.
"""

import sys
from pathlib import Path

import pymupdf

from pdf_extraction.catalogue import Catalogue
from pdf_extraction.storage.tables import Tables

COLOURS = {
    "artigo": (0.10, 0.35, 0.75),
    "paragrafo": (0.75, 0.35, 0.05),
    "inciso": (0.05, 0.50, 0.30),
    "alinea": (0.55, 0.15, 0.60),
    "item": (0.60, 0.10, 0.15),
}


def main(data: str, out: str, key: str, number: str) -> None:
    """Write the picture of one page of one extracted document."""
    file = Catalogue(Path(data)).document(key).path
    page = pymupdf.open(file)[int(number) - 1]
    for device in Tables(Path(data)).read("devices", key):
        for span in device["bbox_spans"]:
            if span["page_number"] == int(number):
                _draw(page, device, span["bbox"])
    page.get_pixmap(dpi=110).save(out)


def _draw(page: pymupdf.Page, device: dict, bbox: list[float]) -> None:
    width, height = page.rect.width, page.rect.height
    x0, y0, x1, y1 = bbox
    box = pymupdf.Rect(x0 * width - 2, y0 * height - 1, x1 * width + 2, y1 * height + 1)
    colour = COLOURS[device["device_type"]]
    page.draw_rect(box, color=colour, fill=colour, fill_opacity=0.08, width=0.7)
    page.insert_text((box.x1 + 2, box.y0 + 8), device["device_id"], fontsize=6, color=colour)


if __name__ == "__main__":
    main(*sys.argv[1:])
