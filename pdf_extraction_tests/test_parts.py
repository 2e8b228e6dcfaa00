"""Answers about halves and turned pages become answers about the page."""

import json

import pytest

from pdf_extraction.model import View
from pdf_extraction.parts import joined_text, merged_answers, on_page, turn_asked
from pdf_extraction.profiles.legal_ptbr.profile import LegalPtBr
from pdf_extraction.profiles.markdown.profile import Markdown

LINES = [
    f"Esta é a linha de número {n} da página, com palavras que só ela tem: v{n}x."
    for n in range(20)
]


def device(identifier, text, kind="inciso", parent="Art. 1º", bbox=None):
    return {
        "device_type": kind,
        "identifier": identifier,
        "text": text,
        "parent_identifier": parent,
        "bbox": bbox,
        "confidence": 0.9,
    }


def answer(*devices):
    return json.dumps({"page_number": 3, "devices": list(devices)}, ensure_ascii=False)


def merged(upper, lower):
    return json.loads(LegalPtBr().merge(answer(*upper), answer(*lower), 3))["devices"]


@pytest.mark.parametrize(
    ("turn", "box"),
    [
        (0, (0.1, 0.2, 0.3, 0.4)),
        (90, (0.2, 0.7, 0.4, 0.9)),
        (180, (0.7, 0.6, 0.9, 0.8)),
        (270, (0.6, 0.1, 0.8, 0.3)),
    ],
)
def test_boxes_of_a_turned_picture_come_back_to_the_page(turn, box):
    """A box on the picture turned clockwise is the box of the same print on the page."""
    assert View(turn).on_page((0.1, 0.2, 0.3, 0.4)) == pytest.approx(box)


def test_boxes_of_a_half_are_fractions_of_the_page():
    """The lower half's top is the page's middle."""
    found = View(0, (0.0, 0.5, 1.0, 1.0)).on_page((0.1, 0.0, 0.9, 1.0))
    assert found == pytest.approx((0.1, 0.5, 0.9, 1.0))


def test_only_boxes_of_an_answer_change():
    """Fences, order and texts stay; a box that is no fraction is unknown."""
    text = '```json\n{"text": "bbox: [1, 2]", "bbox": [0.5, 0.5, 1, 1]}, {"bbox": [12, 1, 99, 2]}\n'
    assert on_page(text, View(0, (0.0, 0.0, 1.0, 0.5))) == (
        '```json\n{"text": "bbox: [1, 2]", "bbox": [0.5, 0.25, 1.0, 0.5]}, {"bbox": null}\n'
    )
    assert on_page(text, View()) == text


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ('{"rotation_correction": 90}', 90),
        ('{"rotation_correction":"270"', 270),
        ('{"rotation_correction": 0}', 0),
        ('{"rotation_correction": 45}', 0),
        ("{}", 0),
    ],
)
def test_a_model_may_ask_for_quarter_turns(text, turn):
    """Anything else than a quarter turn is none."""
    assert turn_asked(text) == turn


def test_lines_that_both_halves_show_stand_once():
    """The band around the cut is said once, and the line that was cut through is dropped."""
    upper = "\n".join([*LINES[:11], "Esta ó a linno de núm"])
    lower = "\n".join(["emún ed ahnil a è atsE", *LINES[9:]])
    assert joined_text(upper, lower) == "\n".join(LINES)


def test_halves_that_share_nothing_follow_each_other():
    """A gap between two blocks of text needs no common words."""
    assert joined_text("um dois três", "quatro cinco", " ") == "um dois três quatro cinco"


def test_a_device_in_both_halves_is_one():
    """What the band shows twice is kept once, whole, around both boxes."""
    upper = [
        device("I", "I - a primeira disposição da lista;", bbox=[0.1, 0.3, 0.9, 0.4]),
        device("II", "II - a segunda disposição da li", bbox=[0.1, 0.5, 0.9, 0.55]),
    ]
    lower = [
        device("II", "II - a segunda disposição da lista;", bbox=[0.1, 0.5, 0.9, 0.6]),
        device("III", "III - a terceira disposição da lista."),
    ]
    found = merged(upper, lower)
    assert [item["text"] for item in found] == [
        "I - a primeira disposição da lista;",
        "II - a segunda disposição da lista;",
        "III - a terceira disposição da lista.",
    ]
    assert found[1]["bbox"] == [0.1, 0.5, 0.9, 0.6]


def test_a_device_that_the_cut_goes_through_is_whole_again():
    """Its beginning above and its end below, with some lines in both, become one text."""
    whole = " ".join(LINES)
    upper = [device("Art. 1º", " ".join(LINES[:11]), "artigo", None)]
    lower = [device("Art. 1º", " ".join(LINES[9:]), "artigo", None), device("I", "I - outro;")]
    assert [item["text"] for item in merged(upper, lower)] == [whole, "I - outro;"]


def test_a_fragment_without_shared_words_joins_its_namesake():
    """The lower half names the device that it goes on with."""
    upper = [device("I", "I - o começo do texto")]
    assert merged(upper, [device("I", "e o seu fim.")])[0]["text"] == (
        "I - o começo do texto e o seu fim."
    )


def test_devices_of_the_same_name_further_down_stay_two():
    """Another article's first item is another item."""
    upper = [
        device("I", "I - casas;"),
        device("Art. 2º", "Art. 2º São bens móveis:", "artigo", None),
    ]
    lower = [device("I", "I - carros e barcos;", parent="Art. 2º")]
    assert len(merged(upper, lower)) == 3


def test_an_empty_half_leaves_the_other():
    """A half without devices adds none."""
    only = [device("I", "I - a única disposição;")]
    assert merged(only, []) == only
    assert [d["identifier"] for d in merged([], only)] == ["I"]


def test_markdown_of_two_halves_is_one_text():
    """Paragraphs in the shared band stand once."""
    halves = (
        json.dumps({"page_number": 3, "markdown": "\n\n".join(lines)})
        for lines in (LINES[:11], LINES[9:])
    )
    whole = json.loads(Markdown().merge(*halves, 3))
    assert whole == {"page_number": 3, "markdown": "\n\n".join(LINES)}


def test_an_answer_of_any_shape_joins_its_lists():
    """Lists without what both halves show, of other values the one that says something."""
    item = {"name": "a", "bbox": [0, 0, 1, 1]}
    upper = {"page_number": 1, "total": None, "seller": "ACME", "items": [{"name": "z"}, item]}
    lower = {"page_number": 1, "total": 9.5, "seller": "x", "items": [{"name": "a"}, {"name": "b"}]}
    assert json.loads(merged_answers(json.dumps(upper), json.dumps(lower), 1)) == {
        "page_number": 1,
        "total": 9.5,
        "seller": "ACME",
        "items": [{"name": "z"}, item, {"name": "b"}],
    }
