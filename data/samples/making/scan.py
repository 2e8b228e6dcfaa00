"""Turns set pages into a bad scan: no text layer, a slight turn, noise, uneven light.

The bytes depend on the JPEG encoder inside Pillow: the same on every run with one
Pillow, not promised between two versions of it.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from making.canvas import describe
from making.mupdf import Page, Pdf, mupdf

DPI = 170
TURN_DEGREES = (0.55, -0.4)
JPEG_QUALITY = 45
PAPER = 242
NOISE = 4.5
SPECKS = 260
SEED = 31_2021

Grey = NDArray[np.float64]


def scanned(source: Pdf, title: str) -> Pdf:
    """Return pages of the same size that hold nothing but one grey JPEG each."""
    random = np.random.default_rng(SEED)
    target = mupdf.open()
    for index, page in enumerate(source):
        turn = TURN_DEGREES[index % len(TURN_DEGREES)]
        jpeg = _encode(_aged(_raster(page, turn), random))
        sheet = target.new_page(width=page.rect.width, height=page.rect.height)
        sheet.insert_image(sheet.rect, stream=jpeg)
    describe(target, title, "Scanner do Protocolo Geral")
    return target


def _raster(page: Page, turn: float) -> Image.Image:
    pixmap = page.get_pixmap(dpi=DPI, colorspace=mupdf.csGRAY)
    image = Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)
    return image.rotate(turn, resample=Image.Resampling.BICUBIC, fillcolor=255)


def _aged(image: Image.Image, random: np.random.Generator) -> Grey:
    """Fade the ink, tint the paper, then add light, grain and specks of dust."""
    ink = np.asarray(image, dtype=np.float64)
    grey = 52 + ink * (PAPER - 52) / 255
    grey *= _light(*grey.shape)
    grey += random.normal(0, NOISE, grey.shape)
    rows = random.integers(2, grey.shape[0] - 2, SPECKS)
    columns = random.integers(2, grey.shape[1] - 2, SPECKS)
    grey[rows, columns] -= random.uniform(40, 120, SPECKS)
    return grey


def _light(height: int, width: int) -> Grey:
    """Brighter at the top left, with a shadow along the right edge, as under a lid ajar."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    falloff = 1 - 0.06 * y - 0.05 * x
    shadow: Grey = falloff - 0.22 * np.exp(-((1 - x) / 0.03))
    return shadow


def _encode(grey: Grey) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    image.save(buffer, "JPEG", quality=JPEG_QUALITY, dpi=(DPI, DPI))
    return buffer.getvalue()
