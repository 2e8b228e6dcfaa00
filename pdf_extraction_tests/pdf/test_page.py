"""One page by the way its text can be trusted: layer, OCR, or blank."""

import re

import numpy as np
import pymupdf
import pytest
from PIL import Image

from pdf_extraction.errors import Unavailable
from pdf_extraction.model import PageText
from pdf_extraction.pdf import engines
from pdf_extraction.pdf.ocr import read_by_ocr, skew_of
from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.tasks import PageOptions
from pdf_extraction.words import PackedWords
from pdf_extraction_tests.pdf.made import PROSE, scan_of

LANGUAGES = ("por", "eng")
needs_tesseract = pytest.mark.skipif(
    engines.ocr_engine_status(LANGUAGES).engine != "tesserocr",
    reason="no Tesseract language data for por and eng on this machine",
)


def sheet():
    page = pymupdf.open().new_page(width=420, height=595)
    page.insert_text((40, 60), "DECRETO MUNICIPAL", fontsize=16)
    page.insert_textbox((40, 80, 380, 300), PROSE, fontsize=12)
    return page


def letters(text):
    return re.sub(r"\W", "", text).lower()


def test_a_text_layer_is_taken_as_it_is():
    read = read_page(sheet(), PageOptions())
    assert (read.text.source, read.text_verdict) == ("text_layer", "text_layer")
    assert read.picture is None
    assert (read.width_pt, read.height_pt) == (420, 595)


def test_a_page_with_nothing_on_it_is_blank_and_gets_no_picture():
    page = pymupdf.open().new_page()
    read = read_page(page, PageOptions(want_picture=True))
    assert read.is_blank
    assert read.picture is None


def test_a_scanned_empty_sheet_with_specks_is_blank():
    noise = np.full((1169, 827), 250, dtype=np.uint8)
    noise[::97, ::89] = 235
    page = pymupdf.open().new_page()
    picture = pymupdf.Pixmap(pymupdf.csGRAY, 827, 1169, noise.tobytes(), False)
    page.insert_image(page.rect, pixmap=picture)
    assert read_page(page, PageOptions()).is_blank


def test_a_single_printed_number_is_no_blank_page():
    page = pymupdf.open().new_page()
    page.insert_text((300, 800), "7")
    read = read_page(page, PageOptions())
    assert not read.is_blank
    assert read.text.text == "7"


def test_text_known_already_is_not_read_again():
    known = PageText("ocr", "sabido")
    read = read_page(pymupdf.open().new_page(), PageOptions(), known)
    assert read.text is known


def test_without_languages_nothing_is_recognised():
    page = scan_of(sheet()).load_page(0)
    read = read_page(page, PageOptions(ocr_languages=()))
    assert (read.text.source, read.is_blank) == ("none", False)


def test_no_engine_is_an_error_that_names_both_fixes():
    missing = engines._fixes(("xyz",))
    assert "pip install rapidocr" in missing
    assert "tesseract-ocr-xyz" in missing
    error = Unavailable(missing, backend="embedded")
    assert error.backend == "embedded"


def test_language_data_is_looked_for_where_the_environment_says(tmp_path, monkeypatch):
    (tmp_path / "xyz.traineddata").write_bytes(b"")
    assert engines.tessdata_folder(("xyz",)) is None
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert engines.tessdata_folder(("xyz",)) == tmp_path


@pytest.mark.parametrize("degrees", [0.9, -0.6, 0.0])
def test_skew_is_measured_to_a_fifth_of_a_degree(degrees):
    pixmap = sheet().get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)
    image = Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)
    turned = np.asarray(image.rotate(degrees, fillcolor=255))
    assert skew_of(turned) == pytest.approx(-degrees, abs=0.2)


@needs_tesseract
@pytest.mark.parametrize("turned", [0, 0.8, 90, 180, 270])
def test_a_scan_is_read_whichever_way_up_and_boxes_fit_the_displayed_page(turned):
    read = read_page(scan_of(sheet(), turned=turned).load_page(0), PageOptions())
    assert read.text.source == "ocr"
    assert letters(read.text.text) == letters("DECRETO MUNICIPAL" + PROSE)
    first = read.text.words[0]
    assert read.text.text[: first.end] == "DECRETO"
    assert first.confidence > 0.8
    x, y = (first.bbox[0] + first.bbox[2]) / 2, (first.bbox[1] + first.bbox[3]) / 2
    upright = {90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}.get(turned, (x, y))
    assert upright == pytest.approx((0.185, 0.092), abs=0.02)


@needs_tesseract
def test_words_leave_as_bytes_whether_parsed_or_recognised():
    """Another process unpacks them when it looks at one; as objects they cost more than finding."""
    for page in (sheet(), scan_of(sheet()).load_page(0)):
        assert isinstance(read_page(page, PageOptions()).text.words, PackedWords)


@needs_tesseract
def test_text_drawn_as_outlines_is_recognised():
    page = pymupdf.open().new_page(width=420, height=595)
    outlines = pymupdf.open("pdf", sheet().parent.convert_to_pdf())
    svg = outlines.load_page(0).get_svg_image(text_as_path=True)
    drawn = pymupdf.open("pdf", pymupdf.open("svg", svg.encode()).convert_to_pdf())
    page.show_pdf_page(page.rect, drawn, 0)
    read = read_page(page, PageOptions())
    assert read.text_verdict in {"outlined_text", "ink_without_text"}
    assert letters("DECRETO MUNICIPAL") in letters(read.text.text)


@pytest.mark.slow
def test_the_engine_of_pip_alone_reads_a_scan():
    engine = engines.Rapid(LANGUAGES)
    text = read_by_ocr(scan_of(sheet()).load_page(0), engine)
    assert letters("interesse local") in letters(text.text)
    assert text.engine == "rapidocr"
    assert all(word.confidence is not None for word in text.words)
