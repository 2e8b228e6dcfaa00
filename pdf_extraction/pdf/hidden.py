"""What a page says that its reader does not see, or says to the model; marks, nothing more.

The words themselves stay where ``textlayer`` puts them. Which signs speak to a model is
``suspicion``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pdf_extraction.model import PageFlag
from pdf_extraction.pdf.drawn import Drawn
from pdf_extraction.pdf.pagetext import RawWord
from pdf_extraction.pdf.picture import scale_for
from pdf_extraction.pdf.textlayer import TextLayer
from pdf_extraction.pdf.trust import FULL_IMAGE
from pdf_extraction.suspicion import speaks_to_the_model

#: Fewer characters than a sentence has are specks: blanks drawn white, marks of a print shop.
_LEAST_CHARACTERS = 20
#: Points below which nobody reads a letter; footnotes have 5 and more.
_TINY = 2.0
#: Each of a colour's three parts from which it may be that of the paper.
_PALE = 0xE0
#: Dots an inch and most pixels of the rendering in which pale words are looked for, and the
#: grey levels by which the lightest and the darkest pixel of a word that can be seen differ.
_DPI, _PIXELS, _CONTRAST = 100, 1_000_000, 24
#: Dots an inch of a picture below which small print cannot be read.
_LEGIBLE_DPI = 72


def flags_of(layer: TextLayer, drawn: Drawn, text: str, image_share: float) -> tuple[PageFlag, ...]:
    """Marks of a page by its words.

    Args:
        layer: As parsed.
        drawn: The same page as it looks.
        text: The text that was taken of it, by OCR too.
        image_share: Share of the page that images cover, 0-1: text that nobody sees over the
            picture of a page is what a program read there.
    """
    invisible = [word for word in layer.words if not word.visible]
    hidden = [] if image_share >= FULL_IMAGE else invisible
    hidden = [*hidden, *_tiny(layer), *_pale(layer, drawn)]
    said = "\n".join((text, *_joined(invisible)))
    flags: list[PageFlag] = []
    if speaks_to_the_model(said):
        flags.append("possible_injection")
    if sum(len(word.text) for word in hidden) >= _LEAST_CHARACTERS:
        flags.append("hidden_text")
    return tuple(flags)


def is_reduced(width_pt: float, height_pt: float, dpi: float, max_pixels: int) -> bool:
    """Whether a page is so large that its picture, within all limits, cannot be read."""
    return 72 * scale_for(width_pt, height_pt, dpi, max_pixels) < min(dpi, _LEGIBLE_DPI)


def _joined(words: Iterable[RawWord]) -> Iterator[str]:
    """Lines of words; some signs begin one."""
    for _, line in groupby(words, key=lambda word: word.run):
        yield " ".join(word.text for word in line)


def _tiny(layer: TextLayer) -> list[RawWord]:
    """Words too small to be read; on a poster, small is what is small for its size."""
    least = _TINY * max(1.0, max(layer.width, layer.height) / 2_000)
    return [word for word in layer.words if word.visible and 0 < word.size < least]


def _pale(layer: TextLayer, drawn: Drawn) -> list[RawWord]:
    """Words in the colour of what is behind them, among those in a pale one."""
    colours = {colour for colour in {word.colour for word in layer.words} if _is_pale(colour)}
    pale = [word for word in layer.words if word.visible and word.colour in colours]
    if sum(len(word.text) for word in pale) < _LEAST_CHARACTERS:
        return []
    scale = scale_for(layer.width, layer.height, _DPI, _PIXELS)
    pixels = drawn.pixels(scale, grey=True)
    unseen = []
    for word in pale:
        x0, y0, x1, y1 = (max(0, round(side * scale)) for side in word.bbox)
        shown = pixels[y0 : y1 + 1, x0 : x1 + 1]
        if not shown.size or int(shown.max()) - int(shown.min()) < _CONTRAST:
            unseen.append(word)
    return unseen


def _is_pale(colour: int) -> bool:
    return all((colour >> shift) & 0xFF >= _PALE for shift in (0, 8, 16))
