"""Words whose spelling speaks against them."""

import pytest

from pdf_extraction.grounding import Spelling


def doubts(text, *others):
    return Spelling([text, *others]).doubts(text)


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("aprovados pelo Orgão Estadual", ["orgão"]),
        ("apresentar o Indice Mosca", ["indice"]),
        ("o Diretor Cientifico;", ["cientifico"]),
        ("os municipios de Sao Gabriel", ["municipios", "sao"]),
        ("E considerado revisor", ["e"]),
    ],
)
def test_lost_accents_are_seen(text, odd):
    """Capitals lose their accents first, and some endings have one always."""
    assert doubts(text) == odd


@pytest.mark.parametrize(
    "text",
    [
        "O órgão e a entidade, com seus índices, são únicos; o caos não",
        "É vedado; e a mão que, no ar, o rio ou o frio",
        "A Secretaria publica a portaria e a categoria anuncia",
        "ORGANIZAÇÃO DO ESTADO, ÚLTIMO, ÁREA",
    ],
)
def test_what_is_spelt_rightly_is_not_doubted(text):
    """Words that may stand without an accent are let be."""
    assert doubts(text) == []


def test_the_documents_own_words_speak_against_another_spelling():
    """One ``réspeito`` among many ``respeito`` is a misreading; one of each is not."""
    assert doubts("a réspeito", "respeito, respeito, respeito") == ["réspeito"]
    assert doubts("a réspeito", "respeito") == []
