from pdf_extraction_tests.assembly.acts import devices_of, page, paths, texts


def test_quoted_devices_belong_to_the_act_that_is_amended():
    """A quoted block is ``alteracao`` under its article, with the amended act's name."""
    rows = devices_of(
        page(
            "Art. 1º A Lei Complementar nº 257, de 14 de novembro de 2003, passa a",
            "vigorar com as seguintes alterações:",
            "“Art. 3º .......................................................",
            "................................................................",
            "III - conceder auxílios;",
            "........................................................” (NR)",
            "“Art. 5º .......................................................",
            "II - ...........................................................",
            "c) a Universidade;",
            "........................................................” (NR)",
            "Art. 2º Esta Lei entra em vigor na data de sua publicação.",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/«Art. 3º»",
        "Art. 1º/«Art. 3º»/«III»",
        "Art. 1º/«Art. 5º»",
        "Art. 1º/«Art. 5º»/«II»",
        "Art. 1º/«Art. 5º»/«II»/«c)»",
        "Art. 2º",
    ]
    quoted = rows[1:6]
    assert {row["context"] for row in quoted} == {"alteracao"}
    name = "Lei Complementar nº 257, de 14 de novembro de 2003"
    assert {row["context_name"] for row in quoted} == {name}
    assert quoted[0]["device_id"] == "art1_cpt_alt1_art3"
    assert texts(rows)["Art. 1º/«Art. 3º»"] == ""
    assert texts(rows)["Art. 1º/«Art. 3º»/«III»"] == "conceder auxílios;"


def test_the_numbering_resumes_after_a_block_without_closing_quotes():
    """A successor of the amending article ends a block that was never closed."""
    rows = devices_of(
        page(
            "Art. 3º A Lei nº 6.558, de 1993, passa a vigorar com a seguinte redação:",
            '"Art. 1º Serão feitas pesquisas.',
            '"Art. 9º Cabe recurso.',
            "Art. 4º Esta Lei entra em vigor na data de sua publicação.",
        )
    )
    assert paths(rows) == ["Art. 3º", "Art. 3º/«Art. 1º»", "Art. 3º/«Art. 9º»", "Art. 4º"]


def test_a_quoted_chapter_opens_the_block_of_its_articles():
    """Articles under a quoted heading are the amended act's, without quotes of their own."""
    rows = devices_of(
        page(
            "Art. 8º O Título XI do Decreto-Lei nº 2.848, de 7 de dezembro de 1940,",
            "passa a vigorar acrescido do seguinte Capítulo II-B:",
            "^“CAPÍTULO II-B",
            "^DOS CRIMES EM LICITAÇÕES",
            "Contratação direta ilegal",
            "Art. 337-E. Admitir contratação direta ilegal:",
            "Pena - reclusão, de quatro a oito anos, e multa.",
            "Frustração do caráter competitivo",
            "Art. 337-F. Frustrar a licitação:",
            "Pena - reclusão, de dois anos, e multa.”",
            "Art. 9º Esta Lei entra em vigor na data de sua publicação.",
        )
    )
    assert paths(rows) == ["Art. 8º", "Art. 8º/«Art. 337-E»", "Art. 8º/«Art. 337-F»", "Art. 9º"]
    assert rows[1]["device_id"] == "art8_cpt_alt1_art337-5"
    assert rows[1]["text"].endswith("Pena - reclusão, de quatro a oito anos, e multa.")
    assert rows[3]["section_path"] == []


def test_a_quoted_paragraph_stands_under_the_inciso_that_amends():
    """Blocks hang below the deepest open device of the amending act."""
    rows = devices_of(
        page(
            "Art. 1º A Lei nº 10, de 1990, passa a vigorar com as seguintes alterações:",
            "I - o art. 5º passa a vigorar com a seguinte redação:",
            "“Art. 5º É livre a feira.” (NR)",
            "II - o art. 7º fica acrescido do seguinte parágrafo:",
            "“§ 3º A feira é diária.” (NR)",
            "Art. 2º Fim.",
        )
    )
    assert paths(rows) == [
        "Art. 1º",
        "Art. 1º/I",
        "Art. 1º/I/«Art. 5º»",
        "Art. 1º/II",
        "Art. 1º/II/«§ 3º»",
        "Art. 2º",
    ]
    assert texts(rows)["Art. 1º/II/«§ 3º»"] == "A feira é diária."


def test_quotation_marks_around_a_name_open_no_block():
    """A quoted term inside a device leaves the numbering where it was."""
    rows = devices_of(
        page(
            "Art. 1º Fica criado o Programa denominado",
            "“Semiárido Mais Científico”.",
            "Art. 2º O Programa terá:",
            "I - sede na Rua “B”;",
            "II - bolsas.",
        )
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º", "Art. 2º/I", "Art. 2º/II"]
    assert rows[0]["text"] == "Fica criado o Programa denominado “Semiárido Mais Científico”."


def test_a_quoted_name_at_the_beginning_of_a_line_opens_no_block():
    """Closed again before the next article, on its line or on the one below, it quotes no more."""
    rows = devices_of(
        page(
            "Art. 1º A Seção III do Capítulo I, integrada pelo art. 39, passa a vigorar como",
            "Seção VI, passando as Seções VI,",
            "“Dos Serviços Públicos”, e VII, “Da Regionalização”, a Seções VII e VIII,",
            "respectivamente.",
            "Art. 2º O Capítulo II passa a ter a denominação",
            "“Dos Serviços Públicos e da",
            "Regionalização”, com a vigência nele prevista.",
            "Art. 3º O § 1º do art. 39 passa a vigorar com a seguinte redação:",
            "“Art. 39. ................................................",
            "§ 1º O prazo é de dez dias.”",
            "Art. 4º Fim.",
        )
    )
    assert paths(rows, "corpo") == ["Art. 1º", "Art. 2º", "Art. 3º", "Art. 4º"]
    assert "Art. 3º/«Art. 39»/«§ 1º»" in paths(rows)


def test_nr_within_the_closing_quote_is_no_text():
    """``(NR)"`` ends the block as ``" (NR)`` does."""
    rows = devices_of(
        page(
            "Art. 1º A Lei nº 5, de 2 de maio de 2001, passa a vigorar com a seguinte redação:",
            '"Art. 3º O prazo é de dez dias. (NR)"',
            "Art. 2º Fim.",
        )
    )
    assert texts(rows)["Art. 1º/«Art. 3º»"] == "O prazo é de dez dias."


def test_wordings_without_quotes_go_on_past_the_nr_of_the_one_before():
    """Without quotes each wording ends with its own ``(NR)``; the act's numbering ends them all."""
    rows = devices_of(
        page(
            "Art. 1º A Lei nº 5, de 2 de maio de 2001, passa a vigorar com as seguintes",
            "alterações:",
            "Art. 5º ........................................................",
            "II - a execução de obras; (NR)",
            "Art. 12-A. É vedada a contratação:",
            "I - pela União; ou",
            "II - pelos Estados. (NR)",
            "Art. 2º Esta Lei entra em vigor na data de sua publicação.",
        )
    )
    assert paths(rows, "corpo") == ["Art. 1º", "Art. 2º"]
    assert "Art. 1º/«Art. 12-A»/«II»" in paths(rows)


def test_the_ementa_says_which_act_is_amended_where_the_article_does_not():
    """``Altera a Lei nº 5`` above, and below only ``O art. 3º passa a vigorar``."""
    rows = devices_of(
        page(
            "^LEI Nº 77, DE 3 DE MAIO DE 2012",
            "Altera a Lei nº 5, de 2 de maio de 2001, que cria o Conselho.",
            "O PREFEITO sanciona a seguinte Lei:",
            "Art. 1º O art. 3º passa a vigorar com a seguinte redação:",
            "“Art. 3º O prazo é de dez dias.” (NR)",
            "Art. 2º Fim.",
        )
    )
    assert rows[1]["context_name"] == "Lei nº 5, de 2 de maio de 2001"
