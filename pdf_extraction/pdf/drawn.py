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

#: Levels of 255 by which red, green and blue differ in what passes for grey: CMYK's black is
#: 35, 31, 32 on a screen.
GREY_WITHIN = 5


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
        pixels: Pixels = np.asarray(_Samples(pixmap))
        return pixels[:, :, 0] if grey else pixels

    @cached_property
    def is_grey(self) -> bool:
        """Whether nothing is painted in colour; False where only an image's pixels could tell."""
        # The device writes there while the list runs; its usual wrapper looks before that.
        found = mupdf.ll_fz_new_test_device_outparams()
        device = mupdf.ll_fz_new_test_device_outparams_fn(GREY_WITHIN / 255, 0, None, found)
        self._run(mupdf.FzDevice(device))
        return bool(found.is_color == 0)

    @cached_property
    def images(self) -> list[BBox]:
        """Boxes of all images in points, also of those that reach over the page's edge."""
        device = _ImageBoxes()
        self._run(device)
        return device.boxes

    def _run(self, device: mupdf.FzDevice) -> None:
        everywhere = mupdf.FzRect(mupdf.FzRect.Fixed_INFINITE)
        mupdf.fz_run_display_list(
            self._list.this, device, mupdf.FzMatrix(), everywhere, mupdf.FzCookie()
        )
        mupdf.fz_close_device(device)


class _Samples:
    """A pixmap as numpy sees it: an array of this keeps the pixmap, and copies nothing.

    A view of ``samples_mv`` outlived its pixmap and showed whatever was written there next, so
    that OCR lost lines at random.
    """

    def __init__(self, pixmap: pymupdf.Pixmap) -> None:
        self._pixmap = pixmap
        self.__array_interface__ = {
            "version": 3,
            "typestr": "|u1",
            "shape": (pixmap.height, pixmap.width, pixmap.n),
            "strides": (pixmap.stride, pixmap.n, 1),
            "data": (pixmap.samples_ptr, True),
        }


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
