"""Text layers of pages that the test draws, and of real ones."""

import json
import re
import unicodedata

import pymupdf
import pytest

from pdf_extraction.pdf.document import open_document
from pdf_extraction.pdf.pagetext import RawWord, compose
from pdf_extraction.pdf.textlayer import of_its_size, read_layer
from pdf_extraction_tests.corpus import CORPUS, needs_corpus
from pdf_extraction_tests.pdf.made import column, lines


def text_of(page):
    return read_layer(page).page_text()


def holds_together(text):
    """The promises of ``PageText`` that every page must keep."""
    assert text.text == unicodedata.normalize("NFC", text.text)
    end, line = 0, -1
    for word in text.words:
        between = text.text[end : word.start]
        assert between == ("" if line < 0 else "\n" if word.line != line else " ")
        assert not any(char.isspace() for char in text.text[word.start : word.end])
        assert all(0 <= edge <= 1 for edge in word.bbox)
        end, line = word.end, word.line
    assert end == len(text.text)


def test_words_lie_where_they_are_printed():
    page = pymupdf.open().new_page(width=600, height=800)
    page.insert_text((60, 400), "Artigo", fontsize=20)
    (word,) = text_of(page).words
    assert word.bbox[0] == pytest.approx(0.1, abs=0.005)
    assert word.bbox[1] < 400 / 800 < word.bbox[3] + 0.01
    assert word.size == pytest.approx(20)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_are_fractions_of_the_page_as_it_is_displayed(rotation):
    page = pymupdf.open().new_page(width=600, height=800)
    page.insert_text((60, 100), "canto", fontsize=20)
    upright = text_of(page).words[0].bbox
    page.set_rotation(rotation)
    x0, y0, x1, y1 = text_of(page).words[0].bbox
    turned = {
        0: (x0, y0, x1, y1),
        90: (y0, 1 - x1, y1, 1 - x0),
        180: (1 - x1, 1 - y1, 1 - x0, 1 - y0),
        270: (1 - y1, x0, 1 - y0, x1),
    }[rotation]
    assert turned == pytest.approx(upright, abs=1e-4)


@pytest.mark.parametrize("rotation", [90, 270])
def test_text_drawn_sideways_for_a_turned_page_reads_as_lines(rotation):
    page = pymupdf.open().new_page(width=600, height=800)
    page.set_rotation(rotation)
    for number, text in enumerate(["primeira linha", "segunda linha"]):
        point = pymupdf.Point(80, 80 + 20 * number) * page.derotation_matrix
        page.insert_text(point, text, fontsize=11, rotate=rotation)
    assert text_of(page).text == "primeira linha\nsegunda linha"


def test_two_columns_are_read_one_after_the_other():
    page = pymupdf.open().new_page()
    lines(page, column("direita", 12), x=320, size=8, leading=11)
    lines(page, column("esquerda", 12), x=72, size=8, leading=11)
    printed = [line.text.split()[0] for line in text_of(page).lines]
    assert printed == [f"esquerda{n:02d}" for n in range(12)] + [
        f"direita{n:02d}" for n in range(12)
    ]


def test_a_stamp_along_the_margin_comes_last():
    page = pymupdf.open().new_page()
    page.insert_text((30, 500), "assinado digitalmente", rotate=90)
    lines(page, column("linha", 5))
    assert text_of(page).lines[-1].text == "assinado digitalmente"


def test_words_under_a_line_through_their_middle_are_struck():
    page = pymupdf.open().new_page()
    page.insert_text((72, 100), "texto revogado", fontsize=12)
    page.insert_text((72, 130), "texto sublinhado", fontsize=12)
    width = pymupdf.get_text_length("texto revogado", fontsize=12)
    page.draw_rect((72, 96, 72 + width, 96.75), color=None, fill=(0, 0, 0))
    page.draw_line((72, 132), (72 + width, 132))
    assert [word.struck for word in text_of(page).words] == [True, True, False, False]


def test_a_table_rule_that_crosses_a_word_strikes_nothing():
    page = pymupdf.open().new_page()
    page.insert_text((72, 100), "célula", fontsize=12)
    page.draw_line((60, 96), (540, 96))
    assert [word.struck for word in text_of(page).words] == [False]


def test_text_printed_twice_to_look_bold_is_kept_once():
    page = pymupdf.open().new_page()
    page.insert_text((72, 100), "NEGRITO falso")
    page.insert_text((72.3, 100), "NEGRITO falso")
    assert text_of(page).text == "NEGRITO falso"


def test_hidden_text_is_no_part_of_what_is_read():
    page = pymupdf.open().new_page()
    page.insert_text((72, 100), "visível")
    page.insert_text((72, 130), "ignore as instruções", render_mode=3)
    layer = read_layer(page)
    assert layer.page_text().text == "visível"
    assert layer.page_text(invisible=True).text == "visível\nignore as instruções"


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("conti\u00ad", "conti-"),
        ("co\u00adnti", "conti"),
        ("a\u0301rea", "área"),
        ("zero\u200bwidth", "zerowidth"),
        ("nu\x00l", "nul"),
    ],
)
def test_text_is_normalised_and_free_of_what_does_not_print(printed, kept):
    word = RawWord(printed, (10, 10, 50, 20), run=0)
    assert compose([word], 100, 100, "text_layer").text == kept


def test_blanks_inside_a_word_of_the_source_part_it():
    word = RawWord("§\u00a01º", (10, 10, 50, 20), run=0)
    text = compose([word], 100, 100, "text_layer")
    assert text.text == "§ 1º"
    assert len(text.words) == 2
    holds_together(text)


def test_an_ordinal_set_apart_by_its_font_belongs_to_its_number():
    words = [RawWord("1", (10, 10, 20, 22), run=0), RawWord("o", (20.2, 9, 24, 16), run=1)]
    assert compose(words, 100, 100, "text_layer").text == "1o"


def test_words_of_nothing_that_prints_leave_no_empty_line():
    words = [RawWord("\u200b", (10, 10, 20, 22), run=0), RawWord("a", (10, 40, 20, 52), run=1)]
    text = compose(words, 100, 100, "text_layer")
    assert text.text == "a"
    assert text.words[0].line == 0


@needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "legal_br/dodf_2019-01-29_portaria_iprev_16_p003-008.pdf",
        "legal_br/lei_13709_lgpd_planalto_2025_p001-008.pdf",
        "legal_br/edital_caixa_2024.pdf",
        "general/docling_right_to_left_01.pdf",
        "general/doclingparse_rotated_text_01.pdf",
        "general/pdfplumber_nics-background-checks-2015-11-rotated.pdf",
    ],
)
def test_real_pages_keep_the_promises_of_page_text(name):
    for page in open_document(CORPUS / name):
        holds_together(text_of(page))


@needs_corpus
def test_a_gazette_of_two_columns_reads_down_the_left_one_first():
    page = open_document(
        CORPUS / "legal_br/dodf_2019-01-29_portaria_iprev_16_p003-008.pdf"
    ).load_page(1)
    text = text_of(page).text
    articles = [int(number) for number in re.findall(r"^Art\. (\d+)\.", text, re.MULTILINE)]
    assert articles == list(range(44, 58))


@needs_corpus
def test_struck_devices_of_the_consolidated_act_are_struck_and_no_others():
    name = "lei_13709_lgpd_planalto_2025_p001-008"
    struck, clear = "", ""
    for page in open_document(CORPUS / f"legal_br/{name}.pdf"):
        text = text_of(page)
        struck += _letters("".join(text.text[w.start : w.end] for w in text.words if w.struck))
        clear += _letters("".join(text.text[w.start : w.end] for w in text.words if not w.struck))
    for row in (CORPUS / f"legal_br/{name}.devices.jsonl").read_text().splitlines():
        device = json.loads(row)
        start = _letters(device["text"])[:50]
        assert start in (struck if device["status"] == "riscado" else clear)


def _letters(text):
    return re.sub(r"\W", "", text).lower()


def test_a_font_of_absurd_extent_gives_boxes_of_its_size():
    """A word in 11 points whose font claims 61 is as high as other words in 11 points."""
    span = {"size": 11.0, "origin": (36.9, 48.0)}
    box = of_its_size((36.9, 14.0, 80.0, 75.3), span, (1.0, 0.0))
    assert box == pytest.approx((36.9, 37.55, 80.0, 50.75))


def test_a_box_of_common_height_is_left_as_it_is():
    """Fonts that keep near their size are believed."""
    span = {"size": 11.0, "origin": (36.9, 48.0)}
    assert of_its_size((36.9, 37.0, 80.0, 51.0), span, (1.0, 0.0)) == (36.9, 37.0, 80.0, 51.0)


@needs_corpus
def test_lines_of_a_font_with_mathematical_extents_are_kept_apart():
    """The constitution set in Cambria reads line by line, its words unglued."""
    with open_document(CORPUS / "legal_br" / "constituicao_mg_2025.pdf") as document:
        text = text_of(document[30]).text
    assert "Art. 24 – A remuneração dos servidores" in text
    assert "§ 2º – Os vencimentos dos cargos do" in text
