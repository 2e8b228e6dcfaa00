"""Render a page straight to the size that is sent, and encode it.

How large a page may get is decided here; who looks at the picture is not known here.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import pymupdf
from numpy.typing import NDArray

from pdf_extraction.model import Picture

ImageFormat = Literal["jpeg", "png", "webp"]
Pixels = NDArray[np.uint8]

#: No side is longer, however thin the page: encoders and models refuse more.
MAX_SIDE = 8_000
#: Smaller pictures cannot be read; below, quality goes first.
MIN_PIXELS = 500_000
#: JPEG and WebP quality at first, and what is tried when the bytes are too many.
QUALITIES = (85, 70, 55, 40, 25)
#: Channels that differ by less than this everywhere are a grey page.
_GREY_TOLERANCE = 6


@dataclass(frozen=True)
class PictureOptions:
    """How large a picture may be.

    Attributes:
        dpi: Pixels an inch, never more than ``max_pixels`` in all.
        max_pixels: Width times height.
        image_format: Encoding.
        max_image_bytes: Of the picture in base64.
    """

    dpi: int = 300
    max_pixels: int = 2_000_000
    image_format: ImageFormat = "jpeg"
    max_image_bytes: int = 4_000_000


def picture_of(page: pymupdf.Page, options: PictureOptions) -> Picture:
    """The page's picture within all limits, pixels given up first, then quality."""
    scale = scale_for(page.rect.width, page.rect.height, options.dpi, options.max_pixels)
    quality = 0
    while True:
        pixels = render(page, scale)
        data = encode(pixels, options.image_format, QUALITIES[quality])
        excess = _base64_size(data) / options.max_image_bytes
        count = pixels.shape[0] * pixels.shape[1]
        if excess <= 1 or (count <= 64 * 64 and quality == len(QUALITIES) - 1):
            return _picture(pixels, data, options.image_format)
        if (count > MIN_PIXELS or quality == len(QUALITIES) - 1) or options.image_format == "png":
            scale *= max(0.5, 0.95 / sqrt(excess))
        else:
            quality += 1


def scale_for(width_pt: float, height_pt: float, dpi: float, max_pixels: int) -> float:
    """Pixels a point for a page, whatever its size.

    Args:
        width_pt: Displayed width in points.
        height_pt: Displayed height in points.
        dpi: Wanted pixels an inch.
        max_pixels: Upper limit of width times height.
    """
    width, height = max(width_pt, 1.0), max(height_pt, 1.0)
    return min(dpi / 72, sqrt(max_pixels / (width * height)), MAX_SIDE / max(width, height))


def render(page: pymupdf.Page, scale: float, *, grey: bool = False) -> Pixels:
    """Pixels of the displayed page: rows, columns, and three channels unless ``grey``."""
    space = pymupdf.csGRAY if grey else pymupdf.csRGB
    pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=space, alpha=False)
    # ``samples`` is a copy; a view of ``samples_mv`` outlived its pixmap and showed whatever
    # was written there next, so that OCR lost lines at random.
    flat = np.frombuffer(pixmap.samples, dtype=np.uint8)
    rows = flat.reshape(pixmap.height, pixmap.stride)[:, : pixmap.width * pixmap.n]
    return rows if grey else rows.reshape(pixmap.height, pixmap.width, 3)


def encode(pixels: Pixels, image_format: ImageFormat, quality: int = QUALITIES[0]) -> bytes:
    """Encoded picture; pages without colour are encoded grey."""
    if pixels.ndim == 3 and _is_grey(pixels):
        pixels = np.ascontiguousarray(pixels[:, :, 1])
    if image_format == "jpeg":
        import simplejpeg  # noqa: PLC0415

        flat = pixels if pixels.ndim == 3 else pixels[:, :, None]
        colour = "RGB" if pixels.ndim == 3 else "GRAY"
        subsampling = "420" if pixels.ndim == 3 else "Gray"
        return bytes(
            simplejpeg.encode_jpeg(
                np.ascontiguousarray(flat), quality, colour, subsampling, fastdct=True
            )
        )
    from PIL import Image  # noqa: PLC0415

    buffer = io.BytesIO()
    if image_format == "png":
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    else:
        Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=0)
    return buffer.getvalue()


def _is_grey(pixels: Pixels) -> bool:
    sample = pixels[::3, ::3].astype(np.int16)
    spread = sample.max(axis=2) - sample.min(axis=2)
    return bool(spread.max() < _GREY_TOLERANCE) if spread.size else True


def _base64_size(data: bytes) -> int:
    return 4 * ((len(data) + 2) // 3)


def _picture(pixels: Pixels, data: bytes, image_format: ImageFormat) -> Picture:
    return Picture(
        width=pixels.shape[1],
        height=pixels.shape[0],
        byte_size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=f"image/{image_format}",
        data=data,
    )
