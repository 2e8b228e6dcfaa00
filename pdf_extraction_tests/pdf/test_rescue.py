"""What helps an OCR engine, with an engine that is scripted."""

import numpy as np
import pymupdf

from pdf_extraction.pdf.engines import OcrWord
from pdf_extraction.pdf.rescue import with_passed_over, without_shadows, without_specks


def picture(*lines, dpi=300):
    """Grey levels of a page with lines of 11 points, 20 points apart."""
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=200)
        for number, line in enumerate(lines):
            page.insert_text((40, 40 + 20 * number), line, fontsize=11)
        made = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    return np.frombuffer(made.samples, np.uint8).reshape(made.height, made.width).copy()


def box_of(number, dpi=300):
    scale = dpi / 72
    return (40 * scale, (30 + 20 * number) * scale, 300 * scale, (44 + 20 * number) * scale)


class Scripted:
    """An engine that says the same of every picture, and keeps what it was shown."""

    name = "scripted"

    def __init__(self, *words):
        self.said, self.shown = words, []

    def words(self, pixels, dpi):  # noqa: ARG002
        self.shown.append(pixels)
        return list(self.said)


def test_a_line_that_the_engine_passed_over_is_read_by_itself():
    """Its words come back in the page's own pixels, on a line of their own."""
    pixels = picture("Art. 1o Fica criado o Conselho", "II - a execucao de obras", "Art. 2o Fim")
    read = [OcrWord("Art.", box_of(0), 0, 0.9), OcrWord("Art.", box_of(2), 1, 0.9)]
    engine = Scripted(OcrWord("execucao", (50.0, 10.0, 120.0, 40.0), 0, 0.95))
    found = with_passed_over(engine, pixels, read, 300)
    assert len(engine.shown) == 1
    assert (found[-1].text, found[-1].line) == ("execucao", 2)
    top, bottom = box_of(1)[1], box_of(1)[3]
    assert top - 30 < found[-1].bbox[1] < found[-1].bbox[3] < bottom + 30


def test_rows_of_dots_are_white_in_what_is_read_again():
    """Tesseract takes them for a drawn rule, and loses the line with them."""
    pixels = picture("Art. 1o Fica criado", "Art. 5o " + "." * 60, "Art. 2o Fim")
    read = [OcrWord("Art.", box_of(0), 0, 0.9), OcrWord("Art.", box_of(2), 1, 0.9)]
    engine = Scripted()
    with_passed_over(engine, pixels, read, 300)
    dark = np.flatnonzero((engine.shown[0] < 128).any(axis=0))
    assert 100 < dark.max() - dark.min() < 260


def test_doubtful_words_and_drawings_are_left_out():
    """What is read without confidence was no text; what is higher than a line is not tried."""
    pixels = picture("Art. 1o Fica criado", "II - a execucao de obras")
    read = [OcrWord("Art.", box_of(0), 0, 0.9)]
    assert with_passed_over(Scripted(OcrWord("ai i Ta", (5, 5, 9, 9), 0, 0.4)), pixels, read, 300)
    drawing = picture("Art. 1o Fica criado")
    drawing[350:600, 300:700] = 0
    engine = Scripted()
    assert with_passed_over(engine, drawing, read, 300) == read
    assert engine.shown == []


def test_salt_and_pepper_are_filtered_and_a_sound_scan_is_not():
    """The same picture comes back where nothing is wrong with it."""
    pixels = picture("Art. 1o Fica criado o Conselho Municipal", "Art. 2o Revoga-se a lei.")
    assert without_specks(pixels) is pixels
    dice = np.random.default_rng(7)
    noisy = pixels.copy()
    noisy[dice.random(pixels.shape) < 0.005] = 0
    cleaned = without_specks(noisy)
    paper = pixels == 255
    assert (cleaned[paper] < 128).sum() < 0.02 * (noisy[paper] < 128).sum()


def test_the_dark_edge_of_a_scan_is_no_word():
    """What is doubtful and wholly in the outermost 4 mm goes; what is sure or printed stays."""
    shadow = OcrWord("Ta", (990.0, 676.0, 1000.0, 687.0), 3, 0.19)
    reaching = OcrWord("veículo.", (900.0, 676.0, 995.0, 687.0), 3, 0.3)
    sure = OcrWord("12", (985.0, 20.0, 999.0, 32.0), 4, 0.9)
    assert without_shadows([shadow, reaching, sure], 1_000, 1_400) == [reaching, sure]
