"""What helps an OCR engine that is no engine's own: specks and shadows, lines it passed over.

Pictures and words in, pictures and words out; no page here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from pdf_extraction.pdf.drawn import Pixels
from pdf_extraction.pdf.engines import Engine, OcrWord

#: Share of the paper's grey level under which a pixel is ink.
_INK = 0.6
#: A speck is ink of at most so many pixels in a square of that side, at 300 dpi; a full stop
#: of 7 points has more.
_SPECK_PIXELS, _SPECK_SIDE = 8, 9
#: Share of the ink that is specks from which a scan is noisy: 0.011 on the noisiest sound one
#: of six, 0.041 with one pixel in a hundred black or white.
_NOISY = 0.02
#: Side of the filter that takes specks away, and of the part looked at, in pixels.
_FILTER, _SAMPLE = 5, 1_500
#: Heights, in words of the page, of what may be a line; a drawing is higher.
_LOWEST, _HIGHEST = 0.5, 1.7
#: Mean confidence from which what was read there is text and not part of a drawing.
_SURE = 0.75
#: At most so many lines are read again: a page with more is a drawing.
_MOST_LINES = 30

#: Share of a side along the picture's edge on which nothing is printed (4 mm of A4's width),
#: and the confidence under which a word there is the shadow of the page's own edge.
_EDGE, _SHADOW_AT_MOST = 0.02, 0.6

Mask = npt.NDArray[np.bool_]


def without_specks(pixels: Pixels) -> Pixels:
    """The picture, filtered where salt and pepper would be read as letters and stops."""
    if _speck_share(_centre(pixels)) <= _NOISY:
        return pixels
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(_FILTER)))


def _centre(pixels: Pixels) -> Pixels:
    top, left = (max(0, (side - _SAMPLE) // 2) for side in pixels.shape)
    return pixels[top : top + _SAMPLE, left : left + _SAMPLE]


def _ink(pixels: Pixels) -> Mask:
    return np.asarray(pixels < _INK * np.median(pixels))


def _speck_share(pixels: Pixels) -> float:
    ink = _ink(pixels)
    half = _SPECK_SIDE // 2
    sums = np.pad(ink.astype(np.int32), ((half + 1, half), (half + 1, half))).cumsum(0).cumsum(1)
    side = _SPECK_SIDE
    around = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return float((ink & (around <= _SPECK_PIXELS)).sum() / max(1, ink.sum()))


def without_shadows(words: Sequence[OcrWord], width: int, height: int) -> list[OcrWord]:
    """The words, without those that an engine saw in the dark edge of a scan.

    Tesseract ends lines with them, over the margin: a provision went on with ``ai i Ta``.
    """
    x, y = _EDGE * width, _EDGE * height
    return [
        word
        for word in words
        if word.confidence >= _SHADOW_AT_MOST
        or (word.bbox[0] < width - x and word.bbox[2] > x
            and word.bbox[1] < height - y and word.bbox[3] > y)
    ]  # fmt: skip


def with_passed_over(
    engine: Engine, pixels: Pixels, words: Sequence[OcrWord], dpi: int
) -> list[OcrWord]:
    """The words, with those of lines that the engine saw no text in.

    Tesseract takes a line of dots for a drawn rule, and with it goes the line it stands in
    (``Art. 5º .......``) or the next: in amending acts whole devices were lost.
    """
    found = list(words)
    if not words:
        return found
    height = median(word.bbox[3] - word.bbox[1] for word in words)
    places = list(_uncovered(pixels, words, height))
    for x0, y0, x1, y1 in places if len(places) <= _MOST_LINES else ():
        strip = _without_leaders(pixels[y0:y1, x0:x1], height)
        again = engine.words(np.ascontiguousarray(strip), dpi)
        letters = sum(len(word.text) for word in again)
        if letters < 3 or sum(w.confidence * len(w.text) for w in again) < _SURE * letters:
            continue
        line = max(word.line for word in found) + 1
        for word in again:
            a, b, c, d = word.bbox
            found.append(word._replace(bbox=(a + x0, b + y0, c + x0, d + y0), line=line))
    return found


def _uncovered(
    pixels: Pixels, words: Sequence[OcrWord], height: float
) -> Iterator[tuple[int, int, int, int]]:
    """Places as high as a line with ink and without words, a margin around each."""
    ink = _ink(pixels)
    rows, columns = ink.shape
    edge = columns // 25
    ink[:, :edge] = ink[:, columns - edge :] = False
    for word in words:
        x0, y0, x1, y1 = (round(part) for part in word.bbox)
        ink[max(0, y0 - 4) : y1 + 4, max(0, x0 - 4) : x1 + 4] = False
    margin = round(height / 2)
    for first, last in _runs(ink.sum(axis=1) > 2, gap=round(height / 4)):
        across = np.flatnonzero(ink[first:last].any(axis=0))
        high_enough = _LOWEST * height <= last - first <= _HIGHEST * height
        if not high_enough or across[-1] - across[0] < 3 * height:
            continue
        # What is left of a line that was read, above or beside its words' boxes.
        if any(
            word.bbox[1] < last and word.bbox[3] > first
            and word.bbox[0] < across[-1] and word.bbox[2] > across[0]
            for word in words
        ):  # fmt: skip
            continue
        yield (
            max(0, int(across[0]) - margin),
            max(0, first - margin),
            min(columns, int(across[-1]) + margin),
            min(rows, last + margin),
        )


def _runs(rows: Mask, gap: int) -> Iterator[tuple[int, int]]:
    """First and one past the last of each run of true rows, gaps up to ``gap`` bridged."""
    at = np.flatnonzero(rows)
    for part in np.split(at, np.flatnonzero(np.diff(at) > max(gap, 1)) + 1):
        if part.size:
            yield int(part[0]), int(part[-1]) + 1


def _without_leaders(strip: Pixels, height: float) -> Pixels:
    """The strip, white where nothing is as high as half a letter: rows of dots."""
    ink = _ink(strip)
    run = max(3, round(height / 3))
    tall = ink[run:].copy()
    for shift in range(run):
        tall &= ink[shift : shift + tall.shape[0]]
    near = np.zeros(strip.shape[1], dtype=bool)
    reach = round(height / 2)
    for at in np.flatnonzero(tall.any(axis=0)):
        near[max(0, at - reach) : at + reach] = True
    return np.where(near[None, :], strip, np.uint8(255)).astype(np.uint8)
