"""A page interpreted once, for its pictures and the places of its images.

The text is not taken from here: a display list leaves out text of blanks alone, and
``6.3 As propostas`` became ``6.3As propostas``.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pymupdf
from numpy.typing import NDArray
from pymupdf import mupdf

from pdf_extraction.model import BBox

Pixels = NDArray[np.uint8]


class Drawn:
    """What a page draws, on the displayed page.

    Args:
        page: A page of an open document.
    """

    def __init__(self, page: pymupdf.Page) -> None:
        self.width, self.height = page.rect.width, page.rect.height
        self._list = page.get_displaylist()

    def pixels(self, scale: float, *, grey: bool = False) -> Pixels:
        """Rows, columns, and three channels unless ``grey``.

        Args:
            scale: Pixels a point.
            grey: Render luminance alone.
        """
        space = pymupdf.csGRAY if grey else pymupdf.csRGB
        pixmap = self._list.get_pixmap(pymupdf.Matrix(scale, scale), space, 0)
        # ``samples`` is a copy; a view of ``samples_mv`` outlived its pixmap and showed whatever
        # was written there next, so that OCR lost lines at random.
        flat = np.frombuffer(pixmap.samples, dtype=np.uint8)
        rows = flat.reshape(pixmap.height, pixmap.stride)[:, : pixmap.width * pixmap.n]
        return rows if grey else rows.reshape(pixmap.height, pixmap.width, 3)

    @cached_property
    def images(self) -> list[BBox]:
        """Boxes of all images in points, also of those that reach over the page's edge."""
        device = _ImageBoxes()
        everywhere = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
        mupdf.fz_run_display_list(
            self._list.this, device, mupdf.FzMatrix(), everywhere, mupdf.FzCookie()
        )
        mupdf.fz_close_device(device)
        return device.boxes


class _ImageBoxes(mupdf.FzDevice2):  # type: ignore[misc]
    """Told of images and of nothing else.

    PyMuPDF's own list of boxes names every path too: 44 ms on a page of vectors, this 0.1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.use_virtual_fill_image()
        self.use_virtual_fill_image_mask()
        self.boxes: list[BBox] = []

    def fill_image(self, _context: Any, _image: Any, matrix: Any, *_: Any) -> None:
        self._add(matrix)

    def fill_image_mask(self, _context: Any, _image: Any, matrix: Any, *_: Any) -> None:
        self._add(matrix)

    def _add(self, matrix: Any) -> None:
        box = mupdf.ll_fz_transform_rect(mupdf.fz_unit_rect, matrix)
        self.boxes.append((box.x0, box.y0, box.x1, box.y1))
