from pdf_extraction_tests.assembly.acts import devices_of, page, paths, texts


def test_parents_follow_the_state_of_the_text():
    """Incisos belong to the open paragraph, alíneas to the open inciso, items to the alínea."""
    rows = devices_of(
        page(
            "Art. 1º Compete ao Município:",
            "I - legislar;",
            "II - administrar:",
            "a) bens;",
            "b) serviços:",
            "1. próprios;",
            "2. delegados;",
            "III - prestar contas.",
            "§ 1º O disposto no inciso I abrange:",
            "I - as feiras;",
            "a) livres;",
            "§ 2º Aplica-se o § 1º aos distritos.",
            "Art. 2º Revogam-se as disposições em contrário.",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/I",
        "Art. 1º/II",
        "Art. 1º/II/a)",
        "Art. 1º/II/b)",
        "Art. 1º/II/b)/1",
        "Art. 1º/II/b)/2",
        "Art. 1º/III",
        "Art. 1º/§ 1º",
        "Art. 1º/§ 1º/I",
        "Art. 1º/§ 1º/I/a)",
        "Art. 1º/§ 2º",
        "Art. 2º",
    ]
    ids = [row["device_id"] for row in rows]
    assert ids[3] == "art1_cpt_inc2_ali1"
    assert ids[5] == "art1_cpt_inc2_ali2_ite1"
    assert ids[9] == "art1_par1_inc1"


def test_ordinals_and_suffixes_are_normalised():
    """Numbers 1 to 9 get their ordinal whatever is printed; suffixes keep their place."""
    rows = devices_of(
        page(
            "Art. 1o Um.",
            "§ 1o Parágrafo.",
            "§ 1º-A. Outro.",
            "Art. 2.º - A manutenção é devida.",
            "Art. 2º-A. Acrescido.",
            "Art. 3 Sem ordinal.",
            "I-A – inciso acrescido sem o anterior;",
            "Artigo 4º",
            "Rótulo sozinho na linha.",
        )
    )
    assert [row["identifier"] for row in rows] == [
        "Art. 1º",
        "§ 1º",
        "§ 1º-A",
        "Art. 2º",
        "Art. 2º-A",
        "Art. 3º",
        "I-A",
        "Art. 4º",
    ]
    assert texts(rows)["Art. 2º"] == "A manutenção é devida."
    assert texts(rows)["Art. 4º"] == "Rótulo sozinho na linha."
    assert rows[4]["device_id"] == "art2-1"


def test_a_wrapped_citation_opens_no_device():
    """A citation that a line break put at the margin stays in its sentence."""
    rows = devices_of(
        page(
            "Art. 1º O pedido será feito nos termos do que dispõem os arts. 4º e o",
            "art. 5º desta Lei, observado o que consta da alínea a do inciso II do",
            "§ 2º do art. 7º e do disposto no",
            "Art. 9º da Lei nº 10, de 3 de maio de 1990.",
            "Art. 2º Cabe recurso.",
            "Parágrafo único. O prazo é o do",
            "§ 2º do art. 1º desta Lei.",
            "Art. 3º Esta Lei entra em vigor na data de sua publicação.",
        )
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º", "Art. 2º/Parágrafo único", "Art. 3º"]
    assert rows[0]["text"].endswith("Art. 9º da Lei nº 10, de 3 de maio de 1990.")


def test_several_devices_stand_on_one_line():
    """Labels inside a line open devices where the numbering expects them."""
    rows = devices_of(
        page(
            "Art. 1º São órgãos: I - o Conselho; II - a Diretoria; e III - o Fisco.",
            "§ 1º Cada um tem regimento. § 2º O regimento é público, conforme o § 1º do art. 3º.",
            "Art. 2º Nada mais.",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/I",
        "Art. 1º/II",
        "Art. 1º/III",
        "Art. 1º/§ 1º",
        "Art. 1º/§ 2º",
        "Art. 2º",
    ]
    assert texts(rows)["Art. 1º/II"] == "a Diretoria; e"


def test_headings_make_the_section_path_and_no_text():
    """Headings end the device above them and stand in ``section_path`` with their names."""
    rows = devices_of(
        page(
            "^TÍTULO I",
            "^DOS PRINCÍPIOS",
            "^CAPÍTULO I",
            "^Da Ordem",
            "Art. 1º A ordem é livre.",
            "^CAPÍTULO II",
            "^Do Progresso",
            "^Seção Única",
            "Art. 2º O progresso é devido.",
            "^TÍTULO II",
            "^DO FIM",
            "Art. 3º Fim.",
        )
    )
    assert [row["section_path"] for row in rows] == [
        ["TÍTULO I - DOS PRINCÍPIOS", "CAPÍTULO I - Da Ordem"],
        ["TÍTULO I - DOS PRINCÍPIOS", "CAPÍTULO II - Do Progresso", "SEÇÃO ÚNICA"],
        ["TÍTULO II - DO FIM"],
    ]
    assert [row["text"] for row in rows] == [
        "A ordem é livre.",
        "O progresso é devido.",
        "Fim.",
    ]


def test_an_annex_numbers_its_articles_anew():
    """Articles after an annex heading are the annex's, with ids of their own."""
    rows = devices_of(
        page(
            "DECRETO Nº 12, DE 4 DE MAIO DE 2020.",
            "Art. 1º Fica aprovado o Regimento, na forma do Anexo Único.",
            "Art. 2º Este Decreto entra em vigor na data de sua publicação.",
            "Brejo Alto, 4 de maio de 2020.",
            "^ANEXO ÚNICO",
            "^REGIMENTO",
            "Art. 1º O órgão é colegiado.",
            "I - tem presidente;",
            "Art. 2º Reúne-se às segundas.",
        )
    )
    assert paths(rows, "anexo") == [
        "ANEXO ÚNICO/Art. 1º",
        "ANEXO ÚNICO/Art. 1º/I",
        "ANEXO ÚNICO/Art. 2º",
    ]
    assert rows[2]["device_id"] == "anx1_art1"
    assert rows[2]["context_name"] == "ANEXO ÚNICO"
    assert rows[1]["text"] == "Este Decreto entra em vigor na data de sua publicação."


def test_lists_of_an_annex_without_articles_are_no_devices():
    """Tables and forms under an annex heading do not continue the act's last article."""
    rows = devices_of(
        page(
            "Art. 1º Ficam criados os cargos do Anexo I.",
            "Art. 2º Esta Lei entra em vigor na data de sua publicação.",
            "^ANEXO I",
            "I - Documentos do servidor",
            "a) identidade",
            "b) residência",
            "II - Tabela de cargos",
            "1. Assessor 02",
        )
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º"]


def test_several_acts_of_a_gazette_are_kept_apart():
    """Each act's devices begin with its short name where a file holds several."""
    rows = devices_of(
        page(
            "^PORTARIA SEMOB Nº 58, DE 12 DE MARÇO DE 2024",
            "Art. 1º As carroças são livres.",
            "Art. 2º Vigora hoje.",
            "Brejo Alto, 12 de março de 2024.",
            "^FULANO DE TAL",
            "^RESOLUÇÃO COMPAC Nº 4, DE 13 DE MARÇO DE 2024",
            "Art. 1º As festas são tombadas.",
            "Art. 2º Vigora amanhã.",
        )
    )
    assert paths(rows) == [
        "Portaria SEMOB nº 58/2024/Art. 1º",
        "Portaria SEMOB nº 58/2024/Art. 2º",
        "Resolução COMPAC nº 4/2024/Art. 1º",
        "Resolução COMPAC nº 4/2024/Art. 2º",
    ]
    assert [row["device_id"] for row in rows] == ["art1", "art2", "ato2_art1", "ato2_art2"]
    assert rows[1]["text"] == "Vigora hoje."


def test_a_list_without_any_article_is_no_act():
    """The numbered lists of a notice that has no articles give no devices."""
    assert (
        devices_of(
            page(
                "EDITAL DE CHAMADA",
                "1. OBJETO",
                "São elegíveis:",
                "a) associações;",
                "b) cooperativas; e",
                "I - outras, nos termos do",
                "art. 5º da Lei nº 9.790, de 1999.",
            )
        )
        == []
    )


def test_an_excerpt_names_the_article_that_it_cuts_off():
    """Devices before the first article of an excerpt belong to the article before that one."""
    rows = devices_of(
        page(
            "§ 1º A prescrição recomeça a correr.",
            "§ 2º O prazo é de cinco anos.",
            "Art. 20. Aplica-se o Código Civil.",
        )
    )
    assert paths(rows) == ["Art. 19/§ 1º", "Art. 19/§ 2º", "Art. 20"]
    assert rows[0]["parent_id"] is None


def test_transitory_provisions_stand_beside_the_constitution():
    """The ADCT numbers its articles from 1 and is no other act."""
    rows = devices_of(
        page(
            "Art. 1º A República é una.",
            "Art. 2º São poderes três.",
            "^ATO DAS DISPOSIÇÕES CONSTITUCIONAIS TRANSITÓRIAS",
            "Art. 1º O Presidente prestará compromisso.",
        )
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º", "ADCT/Art. 1º"]
    assert rows[2]["device_id"] == "adct_art1"


def test_successive_wordings_are_versions_of_one_device():
    """The wording in force has the plain id; struck ones before it are numbered."""
    rows = devices_of(
        page(
            "Art. 1º A lei vale:",
            "~I~ ~-~ ~para~ ~todos;~",
            "~I~ ~-~ ~para~ ~alguns;~ (Redação dada pela Lei nº 2, de 2001)",
            "I - para muitos; (Redação dada pela Lei nº 3, de 2002)",
            "II - (VETADO);",
            "III - (Revogado pela Lei nº 4, de 2003)",
        )
    )
    assert [(row["device_id"], row["status"]) for row in rows] == [
        ("art1", "vigente"),
        ("art1_cpt_inc1@1", "riscado"),
        ("art1_cpt_inc1@2", "riscado"),
        ("art1_cpt_inc1", "vigente"),
        ("art1_cpt_inc2", "vetado"),
        ("art1_cpt_inc3", "revogado"),
    ]


def test_printing_errors_of_the_numbering_are_kept():
    """A repeated and a skipped number stay as printed, with unique ids."""
    rows = devices_of(
        page(
            "Art. 1º Haverá conselho.",
            "§ 1º Um.",
            "§ 2º Dois.",
            "§ 2º Outra vez dois.",
            "§ 4º Quatro.",
            "Art. 3º Pulou.",
        )
    )
    assert [row["identifier"] for row in rows] == [
        "Art. 1º",
        "§ 1º",
        "§ 2º",
        "§ 2º",
        "§ 4º",
        "Art. 3º",
    ]


def test_a_citation_is_never_the_article_of_a_list():
    """A notice that wraps "Art. 159 da Lei" to a margin does not become an act."""
    lettered = [f"{letter}) documento de identidade;" for letter in "abcdefghijklm"]
    assert (
        devices_of(
            page(
                "8.1 - A identificação se dá por documento com foto, na forma do",
                "Art. 159 da Lei nº 9.503, de 23 de setembro de 1997, como:",
                *lettered,
            )
        )
        == []
    )


def test_two_annexes_have_ids_of_their_own():
    """Each annex's articles stand under its name and numeral."""
    rows = devices_of(
        page(
            "LEI Nº 5, DE 2 DE MAIO DE 2020",
            "Art. 1º Ficam aprovados os anexos.",
            "^ANEXO I",
            "^REGULAMENTO",
            "Art. 1º Um.",
            "^ANEXO II",
            "^ESTATUTO",
            "Art. 1º Outro.",
        )
    )
    assert [row["device_id"] for row in rows] == ["art1", "anx1_art1", "anx2_art1"]
    assert paths(rows, "anexo") == ["ANEXO I/Art. 1º", "ANEXO II/Art. 1º"]


def test_a_date_in_an_inciso_closes_nothing():
    """Devices after "II - em 30 de dezembro de 2023" still belong to the article."""
    rows = devices_of(
        page(
            "Art. 193. Revogam-se:",
            "I - os arts. 89 a 108, na data de publicação desta Lei;",
            "II - em 30 de dezembro de 2023:",
            "a) a Lei nº 8.666, de 21 de junho de 1993;",
            "b) a Lei nº 10.520, de 17 de julho de 2002.",
        )
    )
    assert paths(rows)[-2:] == ["Art. 193/II/a)", "Art. 193/II/b)"]


def test_devices_revoked_together_end_the_one_before():
    """What "Arts. 2º a 4º (Revogados)" says is no text of article 1."""
    rows = devices_of(page("Art. 1º Um.", "Arts. 2º a 4º (Revogados).", "Art. 5º Cinco."))
    assert [row["text"] for row in rows] == ["Um.", "Cinco."]
