import pytest

from pdf_extraction_tests.assembly.acts import devices_of, page, paths


def scan(*lines):
    return page(*lines, source="ocr")


def test_misread_labels_are_repaired_where_the_numbering_proves_it():
    """The usual confusions of OCR take the number that the sequence expects."""
    rows = devices_of(
        scan(
            "Art. l° Compete ao Conselho:",
            "l - opinar sobre as contas;",
            "Il - dar parecer;",
            "HI - fiscalizar;",
            "IV - reunir-se.",
            "$ 1º O Conselho é gratuito.",
            "§ 2° O mandato é de um ano.",
            "8 3º Cabe recondução.",
            "Art. 2º O Conselho terá:",
            "a) sede;",
            "b) foro.",
            "Art. 3º Fim.",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/I",
        "Art. 1º/II",
        "Art. 1º/III",
        "Art. 1º/IV",
        "Art. 1º/§ 1º",
        "Art. 1º/§ 2º",
        "Art. 1º/§ 3º",
        "Art. 2º",
        "Art. 2º/a)",
        "Art. 2º/b)",
        "Art. 3º",
    ]


@pytest.mark.parametrize("line", ["HI - fiscalizar;", "8 3º andar do prédio da sede;"])
def test_nothing_is_repaired_against_the_numbering(line):
    """A line that could be a misread label stays text where its number is not expected."""
    rows = devices_of(scan("Art. 1º Haverá Conselho.", line, "Art. 2º Fim."))
    assert paths(rows) == ["Art. 1º", "Art. 2º"]


def test_a_text_layer_is_taken_at_its_word():
    """On a text layer nothing is read as a label but a label."""
    rows = devices_of(page("Art. 1º O Conselho:", "I - opina;", "Il - não é rótulo;"))
    assert paths(rows) == ["Art. 1º", "Art. 1º/I"]


def test_a_raised_ordinal_read_as_a_figure_is_seen_through():
    """``§ 19`` after nothing and ``§ 29`` after it are the first and second paragraphs."""
    rows = devices_of(scan("Art. 1º Haverá feira.", "§ 19 É livre.", "§ 29 É diária."))
    assert paths(rows) == ["Art. 1º", "Art. 1º/§ 1º", "Art. 1º/§ 2º"]


def test_strokes_and_suffixes_of_incisos_are_repaired():
    """``ll.`` is II where II must come, ``IL-A`` is II-A, ``$ 30 (Revogado)`` is § 3º."""
    rows = devices_of(
        scan(
            "Art. 1º Compete ao Conselho:",
            "|. opinar sobre as contas;",
            "ll. dar parecer;",
            "lll. fiscalizar.",
            "Art. 2º São deveres:",
            "I - a clareza;",
            "II - a pressa;",
            "IL-A - a objetividade.",
            "§ 1º Nada.",
            "§ 2º Tudo.",
            "$ 30 (Revogado)",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/I",
        "Art. 1º/II",
        "Art. 1º/III",
        "Art. 2º",
        "Art. 2º/I",
        "Art. 2º/II",
        "Art. 2º/II-A",
        "Art. 2º/§ 1º",
        "Art. 2º/§ 2º",
        "Art. 2º/§ 3º",
    ]
