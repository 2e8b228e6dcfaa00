import pytest

from pdf_extraction.assembly.labels import (
    letters,
    letters_value,
    parse_identifier,
    read_label,
    roman,
    roman_value,
)
from pdf_extraction.assembly.lexml import fragment


@pytest.mark.parametrize(
    ("line", "identifier", "rest"),
    [
        ("Art. 1º Fica", "Art. 1º", "Fica"),
        ("Art. 1o Fica", "Art. 1º", "Fica"),
        ("Art. 2.º Os", "Art. 2º", "Os"),
        ("Art 3 - As", "Art. 3º", "As"),
        ("ARTIGO 12 – As", "Art. 12", "As"),
        ("Art. 20 O pedido", "Art. 20", "O pedido"),
        ("Art. 1.240-A. Aquele", "Art. 1.240-A", "Aquele"),
        ("Art. 337-E. Admitir", "Art. 337-E", "Admitir"),
        ("Art. 5º-A. Dos", "Art. 5º-A", "Dos"),
        ("Art. 3º - A manutenção", "Art. 3º", "A manutenção"),
        ("Art. 1º – O Governador", "Art. 1º", "O Governador"),
        ("§ 1º A", "§ 1º", "A"),
        ("§1o A", "§ 1º", "A"),
        ("§ 3º-A. A", "§ 3º-A", "A"),
        ("§ 10. A", "§ 10", "A"),
        ("• Parágrafo único - A", "Parágrafo único", "A"),
        ("§ único. A", "Parágrafo único", "A"),
        ("Parágrafo segundo. A", "§ 2º", "A"),
        ("I - a", "I", "a"),
        ("IV – a", "IV", "a"),
        ("II) a", "II", "a"),
        ("V: a", "V", "a"),
        ("I. a", "I", "a"),
        ("I-A – a", "I-A", "a"),
        ("a) a", "a)", "a"),
        ("aa) a", "aa)", "a"),
        ("“b) a", "b)", "a"),
        ("1. a", "1", "a"),
        ("1) a", "1", "a"),
    ],
)
def test_a_label_is_read_with_its_number_and_its_end(line, identifier, rest):
    """The printed forms of labels give one normal identifier, and where the text begins."""
    label = read_label(line)[0]
    assert label.identifier == identifier
    assert line[label.end :].strip() == rest


@pytest.mark.parametrize(
    "line",
    ["1.1 Do objeto", "IIX - não é romano", "ab) nada", "Artesanato 5", "X", "2023 foi", "MMC"],
)
def test_what_is_no_label_is_not_read(line):
    """Decimal numbers, malformed numerals and words give nothing."""
    assert read_label(line) == []


def test_a_lower_case_article_is_doubted():
    """Acts print ``Art.``; ``art.`` at a margin is most likely a citation."""
    assert read_label("art. 5º da Lei")[0].doubt > read_label("Art. 5º A Lei")[0].doubt


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("artigo", "Art. 5º", (5, "")),
        ("artigo", "5", (5, "")),
        ("artigo", "Artigo 10-A", (10, "A")),
        ("paragrafo", "Parágrafo único", (1, "u")),
        ("paragrafo", "§ 2o", (2, "")),
        ("inciso", "inciso iv", (4, "")),
        ("inciso", "I-A", (1, "A")),
        ("alinea", "a", (1, "")),
        ("alinea", "alínea b)", (2, "")),
        ("item", "3", (3, "")),
        ("artigo", "caput", None),
    ],
)
def test_identifiers_of_models_are_understood(kind, text, number):
    """A model's identifier is read however it writes it."""
    assert parse_identifier(kind, text) == number


def test_numerals_and_letters_go_both_ways():
    """Roman numerals and alinea letters are inverse to their values."""
    assert [roman_value(roman(n)) for n in range(1, 200)] == list(range(1, 200))
    assert [letters_value(letters(n)) for n in range(1, 53)] == list(range(1, 53))


def test_fragments_are_those_of_lexml():
    """Parts of ids, suffixes by their place in the alphabet."""
    assert fragment("artigo", (337, "E")) == "art337-5"
    assert fragment("paragrafo", (1, "u")) == "par1u"
    assert fragment("inciso", (2, "")) == "inc2"
    assert fragment("alinea", (27, "")) == "ali27"
    assert fragment("item", (1, "")) == "ite1"


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("ARTIGO PRIMEIRO - Fica", "Art. 1º"),
        ("Artigo Décimo Segundo. Os", "Art. 12"),
        ("Artigo vigésimo - O", "Art. 20"),
        ("Parágrafo décimo primeiro - A", "§ 11"),
        ("PARÁGRAFO NONO: É", "§ 9º"),
    ],
)
def test_written_ordinals_are_numbers(text, identifier):
    """Old acts and statutes write the ordinals of their articles and paragraphs out."""
    assert [label.identifier for label in read_label(text)] == [identifier]


@pytest.mark.parametrize(
    "text", ["artigo primeiro - da lei", "Artigo segundo o qual", "Artigo de lei.", "Parágrafo do"]
)
def test_an_article_written_out_in_prose_is_no_label(text):
    """Small letters, and an ordinal without its separator, are running text."""
    assert read_label(text) == []
