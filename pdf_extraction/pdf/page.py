"""Read one page of an open document: text by the trusted way, blank or not, and picture."""

from __future__ import annotations

from dataclasses import replace

import pymupdf

from pdf_extraction.errors import Unavailable
from pdf_extraction.model import PageFlag, PageImage, PageText
from pdf_extraction.pdf.allowance import lifted
from pdf_extraction.pdf.drawn import Drawn
from pdf_extraction.pdf.engines import engine_for
from pdf_extraction.pdf.hidden import flags_of, is_reduced
from pdf_extraction.pdf.layout import regions_of
from pdf_extraction.pdf.measure import features_of
from pdf_extraction.pdf.ocr import read_by_ocr
from pdf_extraction.pdf.picture import Canvas, Thumbnail
from pdf_extraction.pdf.tasks import PageOptions, PictureOptions
from pdf_extraction.pdf.textlayer import TextLayer, read_layer
from pdf_extraction.pdf.trust import PageFeatures, Source, Verdict, judge

NO_TEXT = PageText("none")


def read_page(
    page: pymupdf.Page, options: PageOptions, known_text: PageText | None = None
) -> PageImage:
    """Everything the journey needs of one page.

    Args:
        page: A page of an open document.
        options: What is read.
        known_text: Text that an earlier run found; neither parsed nor recognised again.

    A page that needs OCR where no engine is installed comes without text.
    """
    read = PageImage(
        page_number=page.number + 1,
        width_pt=page.rect.width,
        height_pt=page.rect.height,
        rotation=page.rotation,
        is_text=bool(page.parent.is_reflowable),
    )
    drawn = Drawn(page)
    wants_picture = options.want_picture and not read.is_text
    canvas = Canvas(drawn, options.picture) if wants_picture else None
    if known_text is not None:
        read = replace(read, text=known_text, text_verdict="known")
    else:
        features = features_of(layer := read_layer(page), drawn, canvas)
        verdict = judge(features)
        try:
            text = _text_of(page, layer, verdict, options)
        except Unavailable:
            # A model may still look at the picture; the embedded backend says what is missing.
            text = NO_TEXT
        read = replace(
            read,
            text=text,
            is_blank=verdict.is_blank,
            text_verdict=verdict.rule,
            ink=features.ink,
            regions=regions_of(page, layer, drawn.images, options.layout)
            if verdict.source is Source.TEXT_LAYER
            else (),
            flags=_flags(layer, drawn, text, features, options.picture),
        )
    if canvas is not None and not read.is_blank:
        read = replace(read, picture=canvas.picture())
        if options.thumbnail is not None and page.number == 0:
            read = replace(read, thumbnail=Thumbnail(canvas, options.thumbnail).picture())
    return read


def _flags(
    layer: TextLayer,
    drawn: Drawn,
    text: PageText,
    features: PageFeatures,
    limits: PictureOptions,
) -> tuple[PageFlag, ...]:
    found = flags_of(layer, drawn, text.text, features.image_share)
    too_large = is_reduced(layer.width, layer.height, limits.dpi, limits.max_pixels)
    return (*found, "reduced") if too_large else found


def _text_of(
    page: pymupdf.Page, layer: TextLayer, verdict: Verdict, options: PageOptions
) -> PageText:
    """The page's text from the layer where it can be trusted, else by OCR.

    Raises:
        Unavailable: The page needs OCR and no engine is installed.
    """
    if verdict.source is Source.TEXT_LAYER:
        return layer.page_text(invisible=verdict.invisible)
    if verdict.source is Source.OCR and options.ocr_languages:
        with lifted():
            engine = engine_for(options.ocr_languages, options.ocr_engine)
        return read_by_ocr(page, engine)
    return NO_TEXT
