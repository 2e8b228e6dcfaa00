"""Read a page's picture with the OCR engine that is there.

Which engine that is lies in ``engines``; turning and straightening of scans happen here;
ordering of what was read is ``reading_order``'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pymupdf
from PIL import Image

from pdf_extraction.model import BBox, PageText
from pdf_extraction.pdf.allowance import lifted
from pdf_extraction.pdf.drawn import Pixels
from pdf_extraction.pdf.engines import Engine, OcrWord
from pdf_extraction.pdf.memory import give_back
from pdf_extraction.pdf.pagetext import RawWord, compose
from pdf_extraction.pdf.picture import render, scale_for
from pdf_extraction.pdf.rescue import with_passed_over, without_shadows, without_specks
from pdf_extraction.pdf.trust import stop_share
from pdf_extraction.words import packed

#: Tesseract's own advice; at 200 dpi a native 200-dpi scan is read as well, at 300 small
#: print of photographs is.
OCR_DPI = 300
#: A0 at 100 dpi; larger pages are rendered smaller.
OCR_PIXELS = 16_000_000
#: Longest side on which turns are tried and skew is measured.
_TRIAL_SIDE = 1_600
_SKEW_SIDE = 900
#: Degrees of skew looked for, and from which a page is straightened.
_MAX_SKEW, _SKEW_STEP, _MIN_SKEW = 2.4, 0.15, 0.2
#: Below this mean confidence, or share of frequent words, other turns are tried.
_SURE_CONFIDENCE, _SURE_STOP_SHARE = 0.75, 0.08
#: Quarter turns of text that runs up the page.
_UP = 3


class _Pose(NamedTuple):
    """How a picture was turned before it was read.

    Attributes:
        turns: Quarter turns clockwise that the text stood rotated by.
        skew: Degrees by which the rest was rotated counter-clockwise to stand straight.
    """

    turns: int
    skew: float = 0.0


def read_by_ocr(page: pymupdf.Page, engine: Engine) -> PageText:
    """Text of the displayed page, whichever way up it was scanned.

    Raises:
        Unavailable: The engine cannot work after all.
    """
    width, height = page.rect.width, page.rect.height
    scale = scale_for(width, height, OCR_DPI, OCR_PIXELS)
    pixels = without_specks(render(page, scale, grey=True))
    # Decoded images of the page are not needed any more, and an engine needs the memory.
    pymupdf.TOOLS.store_shrink(100)
    give_back()
    dpi = round(scale * 72)
    turns = _sideways(pixels)
    words, pose = _read(engine, pixels, turns, dpi)
    if _is_doubtful(words):
        better = _best_turn(engine, pixels, dpi)
        if better != turns:
            other, other_pose = _read(engine, pixels, better, dpi)
            words, pose = max(((words, pose), (other, other_pose)), key=lambda r: _score(r[0]))
    return _composed(words, pose, pixels, engine.name)


def _read(engine: Engine, pixels: Pixels, turns: int, dpi: int) -> tuple[list[OcrWord], _Pose]:
    upright = np.rot90(pixels, turns)
    skew = skew_of(upright)
    if abs(skew) >= _MIN_SKEW:
        upright = np.asarray(
            Image.fromarray(np.ascontiguousarray(upright)).rotate(
                skew, Image.Resampling.BILINEAR, fillcolor=255
            )
        )
    else:
        skew = 0.0
    upright = np.ascontiguousarray(upright)
    return _words(engine, upright, dpi, again=True), _Pose(turns, skew)


def _words(engine: Engine, pixels: Pixels, dpi: int, *, again: bool = False) -> list[OcrWord]:
    with lifted():
        read = engine.words(np.ascontiguousarray(pixels), dpi)
        words = without_shadows(read, pixels.shape[1], pixels.shape[0])
        return with_passed_over(engine, pixels, words, dpi) if again else words


def _sideways(pixels: Pixels) -> int:
    """1 where the print runs up or down the page, 0 where across."""
    small = _reduced(pixels, _SKEW_SIDE)
    return int(_stripes(small.T) > 1.6 * _stripes(small))


def _stripes(pixels: Pixels) -> float:
    """How sharply rows of ink alternate with rows of paper."""
    ink = (255.0 - pixels).mean(axis=1)
    return float(np.square(np.diff(ink)).mean())


def skew_of(pixels: Pixels) -> float:
    """Degrees counter-clockwise by which turning the picture makes its lines level."""
    small = Image.fromarray(_reduced(pixels, _SKEW_SIDE))

    def stripes(angle: float) -> float:
        turned = small.rotate(angle, Image.Resampling.BILINEAR, fillcolor=255)
        return _stripes(np.asarray(turned))

    coarse = max(np.arange(-_MAX_SKEW, _MAX_SKEW + 0.01, 3 * _SKEW_STEP), key=stripes)
    fine = coarse + np.arange(-2, 3) * _SKEW_STEP
    best = max(fine, key=stripes)
    return float(best) if stripes(best) > 1.05 * stripes(0.0) else 0.0


def _reduced(pixels: Pixels, side: int) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(image)


def _best_turn(engine: Engine, pixels: Pixels, dpi: int) -> int:
    small = _reduced(pixels, _TRIAL_SIDE)
    trial_dpi = max(70, round(dpi * small.shape[0] / pixels.shape[0]))
    scores = [_score(_words(engine, np.rot90(small, turns), trial_dpi)) for turns in range(4)]
    return int(np.argmax(scores))


def _score(words: Sequence[OcrWord]) -> float:
    """Letters read with confidence; words upside down come out short and doubtful."""
    return sum(
        word.confidence**2 * len(word.text)
        for word in words
        if len(word.text) > 1 and word.text.strip(".,;:()").isalnum() and not _stands(word)
    )


def _stands(word: OcrWord) -> bool:
    """Whether a word runs up or down: Tesseract reads such words too, in no order."""
    x0, y0, x1, y1 = word.bbox
    return len(word.text) > 3 and y1 - y0 > x1 - x0


def _standing_lines(words: Sequence[OcrWord]) -> set[int]:
    """Lines that run up the page beside upright ones: stamps of signatures in the margin."""
    letters: Counter[int] = Counter()
    for word in words:
        if len(word.text) > 3:
            letters[word.line] += len(word.text) if _stands(word) else -len(word.text)
    standing = {line for line, count in letters.items() if count > 0}
    return standing if 2 * len(standing) < len(letters) else set()


def _is_doubtful(words: Sequence[OcrWord]) -> bool:
    letters = sum(len(word.text) for word in words)
    lying = [word for word in words if not _stands(word)]
    if 2 * len(lying) <= len(words):
        return True
    mean = sum(word.confidence * len(word.text) for word in words) / letters
    return mean < _SURE_CONFIDENCE or stop_share([w.text for w in words]) < _SURE_STOP_SHARE


def _composed(words: Sequence[OcrWord], pose: _Pose, pixels: Pixels, engine: str) -> PageText:
    height, width = pixels.shape if pose.turns % 2 == 0 else pixels.shape[::-1]
    standing = _standing_lines(words)
    raw = [
        RawWord(w.text, w.bbox, w.line, turn=_UP * (w.line in standing), confidence=w.confidence)
        for w in words
    ]
    text = compose(raw, width, height, "ocr", engine=engine)
    placed = (word._replace(bbox=_displayed(word.bbox, pose, width, height)) for word in text.words)
    return PageText(text.source, text.text, packed(placed), engine)


def _displayed(bbox: BBox, pose: _Pose, width: int, height: int) -> BBox:
    """A box of the straightened picture as fractions of the page as it is displayed."""
    x0, y0, x1, y1 = _tilted(bbox, pose.skew, width, height)
    if pose.turns == 1:
        return 1 - y1, x0, 1 - y0, x1
    if pose.turns == 2:
        return 1 - x1, 1 - y1, 1 - x0, 1 - y0
    if pose.turns == 3:
        return y0, 1 - x1, y1, 1 - x0
    return x0, y0, x1, y1


def _tilted(bbox: BBox, skew: float, width: int, height: int) -> BBox:
    """The box moved to where its middle stood before straightening, same size."""
    if not skew:
        return bbox
    radians = np.deg2rad(skew)
    cos, sin = float(np.cos(radians)), float(np.sin(radians))
    x = (bbox[0] + bbox[2] - 1) / 2 * width
    y = (bbox[1] + bbox[3] - 1) / 2 * height
    dx = ((cos * x - sin * y) - x) / width
    dy = ((sin * x + cos * y) - y) / height
    x0, y0, x1, y1 = bbox[0] + dx, bbox[1] + dy, bbox[2] + dx, bbox[3] + dy
    return max(x0, 0.0), max(y0, 0.0), min(x1, 1.0), min(y1, 1.0)
