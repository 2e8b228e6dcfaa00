"""Rules over features; no page is opened here."""

import pytest

from pdf_extraction.pdf.trust import PageFeatures, Source, judge
from pdf_extraction_tests.pdf.made import PROSE

WORDS = PROSE.split()


def features(**changed):
    return PageFeatures(**{"visible": WORDS, "inner_tokens": len(WORDS), **changed})


def scrambled(words):
    """Letters shifted, as a wrong ToUnicode table gives them."""
    table = str.maketrans("aeioutrsnl", "zdhntsqrmk")
    return [word.lower().translate(table) for word in words]


@pytest.mark.parametrize(
    ("case", "rule", "source"),
    [
        ({}, "text_layer", Source.TEXT_LAYER),
        ({"visible": (), "has_ink": False}, "blank", Source.NONE),
        ({"visible": (), "has_ink": True}, "ink_without_text", Source.OCR),
        (
            {"visible": (), "image_share": 0.9, "has_ink": True},
            "image_without_text",
            Source.OCR,
        ),
        ({"visible": (), "paths": 500, "has_ink": True}, "outlined_text", Source.OCR),
        ({"visible": ["ANEXO", "I"]}, "few_characters", Source.TEXT_LAYER),
        ({"visible": ["\ufffd\ufffd\ufffd"] * 20 + WORDS}, "unmapped_characters", Source.OCR),
        ({"visible": ["\ue000\ue001"] * 20 + WORDS}, "unmapped_characters", Source.OCR),
        ({"visible": ["%$#&", "*+=<"] * 20}, "mostly_symbols", Source.OCR),
        ({"visible": list("palavrassoltas") * 6}, "scattered_letters", Source.OCR),
        ({"visible": scrambled(WORDS)}, "wrong_letters", Source.OCR),
        ({"image_share": 0.9, "inner_tokens": 0}, "stamped_scan", Source.OCR),
        (
            {"visible": (), "hidden": WORDS, "image_share": 1.0, "has_ink": True},
            "ocr_layer",
            Source.TEXT_LAYER,
        ),
        ({"bare_image_share": 0.3}, "image_beside_text", Source.TEXT_LAYER),
    ],
)
def test_each_rule_decides_its_case(case, rule, source):
    verdict = judge(features(**case))
    assert (verdict.rule, verdict.source) == (rule, source)


@pytest.mark.parametrize(
    "visible",
    [
        [*WORDS, *["." * 60] * 10],
        ["Itaquaquecetuba", "seletivo.itq@ifsp.edu.br"] * 30,
        [f"{n},00" for n in range(1000, 1100)],
        ["条例第一章总则", "为了规范行政行为"] * 20,
    ],
)
def test_leaders_addresses_figures_and_other_scripts_are_no_damage(visible):
    assert judge(features(visible=visible)).source is Source.TEXT_LAYER


def test_invisible_words_count_only_where_they_lie_over_a_scan():
    assert judge(features(hidden=WORDS)).invisible is False
    over = judge(features(visible=(), hidden=WORDS, image_share=1.0, has_ink=True))
    assert over.invisible is True


def test_a_bad_ocr_layer_is_read_again():
    hidden = scrambled(WORDS)
    verdict = judge(features(visible=(), hidden=hidden, image_share=1.0, has_ink=True))
    assert verdict.source is Source.OCR
