"""Render a page straight to the size that is sent, and encode it.

How large a page may get is decided here; who looks at the picture is not known here.
"""

from __future__ import annotations

import hashlib
import io
from functools import cached_property
from math import ceil, sqrt

import numpy as np
import pymupdf
from PIL import Image

from pdf_extraction.model import WHOLE_PAGE, Picture, View
from pdf_extraction.pdf.drawn import GREY_WITHIN, Drawn, Pixels
from pdf_extraction.pdf.tasks import ImageFormat, PictureOptions

#: No side is longer, however thin the page: encoders and models refuse more.
MAX_SIDE = 8_000
#: Smaller pictures cannot be read; below, quality goes first.
MIN_PIXELS = 500_000
#: JPEG and WebP quality at first, and what is tried when the bytes are too many.
QUALITIES = (85, 70, 55, 40, 25)


class Canvas:
    """One page's picture in the making; what is rendered first serves to look for ink too.

    Args:
        drawn: The page.
        options: Limits of the picture.
        view: What of the page is shown.
    """

    def __init__(self, drawn: Drawn, options: PictureOptions, view: View = WHOLE_PAGE) -> None:
        self.drawn, self.options, self.view = drawn, options, view
        width, height = view.size(drawn.width, drawn.height)
        self.scale = scale_for(width, height, options.dpi, options.max_pixels)

    @cached_property
    def pixels(self) -> Pixels:
        """At the largest size allowed: rows, columns, and three channels where it has colour."""
        return self._rendered(self.scale)

    def _rendered(self, scale: float) -> Pixels:
        # Grey is a third of the work; where an image may be in colour its pixels are looked at.
        is_grey = self.drawn.is_grey
        pixels = seen(self.drawn.pixels(scale, grey=is_grey), self.view)
        return pixels if is_grey else without_colour(pixels)

    def picture(self) -> Picture:
        """The picture within all limits, pixels given up first, then quality."""
        options, scale, quality, pixels = self.options, self.scale, 0, self.pixels
        while True:
            data = encode(pixels, options.image_format, QUALITIES[quality])
            excess = _base64_size(data) / options.max_image_bytes
            count = pixels.shape[0] * pixels.shape[1]
            if excess <= 1 or (count <= 64 * 64 and quality == len(QUALITIES) - 1):
                return _picture(pixels, data, options.image_format)
            only_size_helps = options.image_format == "png" or quality == len(QUALITIES) - 1
            # Whole pixels: a few more than wanted are left by rounding.
            if count > 1.05 * MIN_PIXELS or only_size_helps:
                least = 0.0 if only_size_helps else sqrt(MIN_PIXELS / count)
                scale *= max(0.5, 0.95 / sqrt(excess), least)
                pixels = self._rendered(scale)
            else:
                quality += 1


class Thumbnail(Canvas):
    """A picture that is there already, made small.

    Args:
        larger: The picture.
        options: Limits of the small one.
    """

    def __init__(self, larger: Canvas, options: PictureOptions) -> None:
        super().__init__(larger.drawn, options, larger.view)
        self.larger = larger

    def _rendered(self, scale: float) -> Pixels:
        factor = max(1, ceil(self.larger.scale / scale))
        return np.asarray(Image.fromarray(self.larger.pixels).reduce(factor))


def picture_of(page: pymupdf.Page, options: PictureOptions, view: View = WHOLE_PAGE) -> Picture:
    """The page's picture, or that of a part of it, within all limits."""
    return Canvas(Drawn(page), options, view).picture()


def seen(pixels: Pixels, view: View) -> Pixels:
    """Pixels of what a view shows of the whole page's."""
    if view == WHOLE_PAGE:
        return pixels
    turned = np.rot90(pixels, -view.turn // 90)
    height, width = turned.shape[:2]
    x0, y0, x1, y1 = view.part
    return np.ascontiguousarray(
        turned[round(y0 * height) : round(y1 * height), round(x0 * width) : round(x1 * width)]
    )


def scale_for(width_pt: float, height_pt: float, dpi: float, max_pixels: int) -> float:
    """Pixels a point for a page, whatever its size.

    Args:
        width_pt: Displayed width in points.
        height_pt: Displayed height in points.
        dpi: Wanted pixels an inch.
        max_pixels: Upper limit of width times height.
    """
    width, height = max(width_pt, 1.0), max(height_pt, 1.0)
    scale = min(dpi / 72, sqrt(max_pixels / (width * height)), MAX_SIDE / max(width, height))
    # Rendering takes whole pixels, outwards: 1,189 x 1,683 for 2,000,000.
    while ceil(width * scale) * ceil(height * scale) > max_pixels and scale * height > 1:
        scale *= 0.999
    return scale


def render(page: pymupdf.Page, scale: float, *, grey: bool = False) -> Pixels:
    """Pixels of the displayed page: rows, columns, and three channels unless ``grey``."""
    return Drawn(page).pixels(scale, grey=grey)


def without_colour(pixels: Pixels) -> Pixels:
    """One channel of a picture whose three say the same; else the picture as it is."""
    return np.ascontiguousarray(pixels[:, :, 1]) if _is_grey(pixels) else pixels


def encode(pixels: Pixels, image_format: ImageFormat, quality: int = QUALITIES[0]) -> bytes:
    """Encoded picture, grey where the pixels have one channel."""
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
    buffer = io.BytesIO()
    if image_format == "png":
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    else:
        Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=0)
    return buffer.getvalue()


def _is_grey(pixels: Pixels) -> bool:
    sample = pixels[::3, ::3]
    red, green, blue = sample[:, :, 0], sample[:, :, 1], sample[:, :, 2]
    # Along the axis of channels numpy's own max and min took longer than all the encoding.
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    return bool((most - least <= GREY_WITHIN).all())


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
