"""Measure the features of a page that ``trust`` judges; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pdf_extraction.model import BBox
from pdf_extraction.pdf.drawn import Drawn, Pixels
from pdf_extraction.pdf.pagetext import RawWord
from pdf_extraction.pdf.picture import Canvas, scale_for
from pdf_extraction.pdf.textlayer import TextLayer
from pdf_extraction.pdf.trust import PageFeatures

#: Dots an inch at which ink is looked for, and at most how many pixels.
_INK_DPI, _INK_PIXELS = 60, 500_000
#: Parts of 256 that red, green and blue have in grey, as MuPDF takes them.
_LUMINANCE = np.array([77, 151, 28], np.uint16)
#: Share of each side left out, where scans have black edges and holes.
_INK_MARGIN = 0.03
#: Grey levels below the paper's own from which a pixel is ink.
_INK_CONTRAST = 48
#: Fewer pixels of ink than this share are specks: a single printed digit has 4e-5.
_INK_SHARE = 2e-5
#: Share of the page at each edge that holds stamps and running heads.
_MARGIN = 0.12


def features_of(layer: TextLayer, drawn: Drawn, canvas: Canvas | None = None) -> PageFeatures:
    """Features of a parsed page; looks for ink only where no word is painted.

    Args:
        layer: The page's words.
        drawn: The page.
        canvas: Its picture, where somebody wants one anyway.
    """
    images = drawn.images
    area = (layer.width * layer.height) or 1.0
    shown = [word for word in layer.words if word.visible]
    features = PageFeatures(
        visible=[word.text for word in shown],
        hidden=[word.text for word in layer.words if not word.visible],
        image_share=min(1.0, sum(_on_page(box, layer) for box in images) / area),
        bare_image_share=max(
            (
                _on_page(box, layer) / area
                for box in images
                if not any(_holds(box, word.bbox) for word in shown)
            ),
            default=0.0,
        ),
        inner_tokens=_inner(shown, layer) if images else None,
        paths=len(layer.drawings),
    )
    if not features.needs_ink:
        return features
    ink = ink_share(small_picture(drawn, canvas))
    return PageFeatures(**{**vars(features), "has_ink": ink > 0, "ink": ink})


def small_picture(drawn: Drawn, canvas: Canvas | None) -> Pixels:
    """A small grey rendering, of the large one where there is one: a scan is decoded once."""
    scale = scale_for(drawn.width, drawn.height, _INK_DPI, _INK_PIXELS)
    if canvas is None:
        return drawn.pixels(scale, grey=True)
    return _reduced(canvas.pixels, max(1, round(canvas.scale / scale)))


def _reduced(pixels: Pixels, factor: int) -> Pixels:
    """Every ``factor`` x ``factor`` pixels as their mean, in grey."""
    rows, columns = (side // factor * factor for side in pixels.shape[:2])
    sums = np.zeros((rows // factor, columns // factor, *pixels.shape[2:]), np.uint16)
    for row in range(factor):
        for column in range(factor):
            sums += pixels[row:rows:factor, column:columns:factor]
    means = sums // (factor * factor)
    if means.ndim == 3:
        means = means @ _LUMINANCE >> 8
    return means.astype(np.uint8)


def ink_share(pixels: Pixels) -> float:
    """Share of a small grey picture that is ink, 0-1; 0 for paper and specks alone."""
    rows, columns = (int(side * _INK_MARGIN) for side in pixels.shape)
    inner = pixels[rows : pixels.shape[0] - rows, columns : pixels.shape[1] - columns]
    if not inner.size:
        return 0.0
    shades = np.bincount(inner.ravel(), minlength=256)
    paper = int(np.searchsorted(np.cumsum(shades), (inner.size + 1) // 2))
    near = shades[max(0, paper - _INK_CONTRAST) : paper + _INK_CONTRAST + 1]
    ink = inner.size - int(near.sum())
    return float(ink / inner.size) if ink > max(3, _INK_SHARE * inner.size) else 0.0


def _on_page(box: BBox, layer: TextLayer) -> float:
    """Square points of the box that lie on the page."""
    width = min(box[2], layer.width) - max(box[0], 0.0)
    height = min(box[3], layer.height) - max(box[1], 0.0)
    return max(width, 0.0) * max(height, 0.0)


def _middle(box: BBox) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _holds(image: BBox, word: BBox) -> bool:
    x, y = _middle(word)
    return image[0] <= x <= image[2] and image[1] <= y <= image[3]


def _inner(words: Iterable[RawWord], layer: TextLayer) -> int:
    left, right = _MARGIN * layer.width, (1 - _MARGIN) * layer.width
    top, foot = _MARGIN * layer.height, (1 - _MARGIN) * layer.height
    middles = [_middle(word.bbox) for word in words]
    return sum(left <= x <= right and top <= y <= foot for x, y in middles)
