import pytest

from pdf_extraction.assembly.citations import MAX_CITATIONS, citations

PATH = ["Art. 11", "§ 1º", "I"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Na forma do art. 5º, § 1º, inciso II, desta Lei.", ["Art. 5º, § 1º, II"]),
        ("no inciso IV do caput do art. 4º desta Lei.", ["Art. 4º, IV"]),
        ("o art. 7º, IV, VII e XXX, podendo", ["Art. 7º, IV", "Art. 7º, VII", "Art. 7º, XXX"]),
        ("o disposto no art. 60, parágrafo único, e", ["Art. 60, Parágrafo único"]),
        ("o art. 337-E e o artigo 1.240-A", ["Art. 337-E", "Art. 1.240-A"]),
        ("arts. 10 a 12 e 14-A", ["Art. 10", "Art. 11", "Art. 12", "Art. 14-A"]),
        ("§§ 1º e 2º do art. 40", ["Art. 40, § 1º", "Art. 40, § 2º"]),
        ("o inciso II e o § 3º do art. 10", ["Art. 10, II", "Art. 10, § 3º"]),
        ("alíneas “a” e “b” do inciso II do art. 3º", ["Art. 3º, II, a)", "Art. 3º, II, b)"]),
        ("alíneas d, e e f do inciso I do art. 3º", [f"Art. 3º, I, {x})" for x in "def"]),
        ("item 2 da alínea a do inciso I do art. 8º", ["Art. 8º, I, a), 2"]),
        ("o caput do art. 5o", ["Art. 5º, caput"]),
        ("art. 84, XIX; art. 84, XIX", ["Art. 84, XIX"]),
        (
            "nos arts. 37, XI, 39, § 4º, 150, II, e 153, § 2º, I;",
            ["Art. 37, XI", "Art. 39, § 4º", "Art. 150, II", "Art. 153, § 2º, I"],
        ),
    ],
)
def test_devices_are_named_from_the_article_down(text, expected):
    """Whichever way the parts are cited, the article comes first; lists are spelt out."""
    assert citations(text, PATH) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("incisos I a III do caput deste artigo", ["Art. 11, I", "Art. 11, II", "Art. 11, III"]),
        ("no § 2º deste artigo, ou no § 9º", ["Art. 11, § 2º", "Art. 11, § 9º"]),
        ("no inciso II deste parágrafo", ["Art. 11, § 1º, II"]),
        ("na alínea b deste inciso", ["Art. 11, § 1º, I, b)"]),
        ("no parágrafo único do presente artigo", ["Art. 11, Parágrafo único"]),
        ("nos termos deste artigo e desta Lei", []),
    ],
)
def test_what_is_cited_within_the_article_gets_its_article(text, expected):
    """Relative citations are resolved by the citing device's own path."""
    assert citations(text, PATH) == expected


def test_without_a_path_relative_citations_stay_relative():
    """Nothing is guessed where the article is unknown."""
    assert citations("no § 2º deste artigo") == ["§ 2º"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a Lei nº 14.133, de 1º de abril de 2021, e", "Lei nº 14.133/2021"),
        ("o Decreto nº 45.678/2022.", "Decreto nº 45.678/2022"),
        ("a Lei 8.112/90", "Lei nº 8.112/1990"),
        ("a LC n.º 846/2012", "Lei Complementar nº 846/2012"),
        ("LEI Nº 13709, DE 14 DE AGOSTO DE 2018", "Lei nº 13.709/2018"),
        ("a Emenda Constitucional nº 20, de 1998)", "Emenda Constitucional nº 20/1998"),
        ("a Emenda Constitucional nº 20, 1998)", "Emenda Constitucional nº 20/1998"),
        ("o Decreto-Lei nº 2.848, de 7/12/1940", "Decreto-Lei nº 2.848/1940"),
        ("a MP nº 2.200-2, de 24 de agosto de 2001", "Medida Provisória nº 2.200-2/2001"),
        ("a Lei Municipal n. 321", "Lei Municipal nº 321"),
        (
            "a Portaria do Ministério da Fazenda nº 464, de 19 de novembro de 2018",
            "Portaria do Ministério da Fazenda nº 464/2018",
        ),
        ("a Constituição da República", "Constituição Federal"),
        ("o Código de Processo\nCivil", "Código de Processo Civil"),
    ],
)
def test_acts_have_one_normal_form(text, expected):
    """Type, issuer, number and year, however they are printed."""
    assert citations(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "o inciso I, do parágrafo único, do art. 2º, da Lei Complementar Estadual n.º 257/03",
            ["Lei Complementar Estadual nº 257/2003, Art. 2º, Parágrafo único, I"],
        ),
        ("artigo 37, inciso XXI, da Constituição Federal", ["Constituição Federal, Art. 37, XXI"]),
        ('Lei nº 8.112/90, art. 5º, II, "a"', ["Lei nº 8.112/1990, Art. 5º, II, a)"]),
        (
            "as Leis nºs 8.666, de 21 de junho de 1993, e 10.520, de 17 de julho de 2002",
            ["Lei nº 8.666/1993", "Lei nº 10.520/2002"],
        ),
        (
            "no art. 5º e no art. 6º da Lei nº 1/2020",
            ["Art. 5º", "Lei nº 1/2020, Art. 6º"],
        ),
        ("a Lei e o Decreto nº 5.000, de 2004", ["Decreto nº 5.000/2004"]),
    ],
)
def test_devices_of_another_act_begin_with_that_act(text, expected):
    """All citations of an act share their beginning."""
    assert citations(text, PATH) == expected


@pytest.mark.parametrize(
    "text",
    ["", "em 5 de maio, a 10 dias, VI da turma", "a Lei disporá sobre o tema", "no ato nomeado"],
)
def test_text_without_citations_gives_none(text):
    """Numbers, Roman numerals and the word law alone are no citation."""
    assert citations(text, PATH) == []


def test_a_text_of_endless_citations_is_bounded():
    """Ranges and lists multiply; the result does not."""
    text = "arts. 1º a 60, §§ 1 a 60, incisos I a LX; " * 50
    assert len(citations(text)) == MAX_CITATIONS
