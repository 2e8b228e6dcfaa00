from dataclasses import replace

from pdf_extraction.model import PageText, Word
from pdf_extraction_tests.assembly.acts import devices_of, filled, page, texts

_LONG = (
    "O Município manterá, em cooperação com o Estado e a União, programas de educação "
    "infantil e de ensino fundamental, e destinará recursos à conservação das estradas "
    "vicinais, na forma da lei orçamentária."
)


def test_a_device_crosses_pages_and_furniture_is_cut_out():
    """Running heads, feet and page numbers leave a hole between the spans of a device."""
    lines = filled("Art. 2º " + _LONG)
    pages = [
        page(
            "<<Diário do Município de Brejo Alto",
            "Art. 1º Esta Lei é boa.",
            *lines[:2],
            ">>Rua das Flores, 1 - página 1",
        ),
        page(
            "<<Diário do Município de Brejo Alto",
            *lines[2:],
            "Art. 3º Fim.",
            ">>Rua das Flores, 1 - página 2",
        ),
        page(
            "<<Diário do Município de Brejo Alto",
            "Parágrafo único. Nada.",
            ">>Rua das Flores, 1 - página 3",
        ),
    ]
    rows = devices_of(*pages)
    row = rows[1]
    assert row["text"] == _LONG
    assert (row["page_number"], row["page_end"]) == (1, 2)
    assert len(row["canonical_spans"]) == 2
    assert [box["page_number"] for box in row["bbox_spans"]] == [1, 2]
    assert row["bbox"] == row["bbox_spans"][0]["bbox"]
    assert row["source_text"].startswith("Art. 2º O Município")
    assert "Diário" not in row["source_text"]


def test_a_head_printed_once_cuts_no_sentence():
    """Lines apart at a page's edge that interrupt a sentence are no part of it."""
    lines = filled("Art. 1º " + _LONG)
    rows = devices_of(
        page(*lines[:2]),
        page("<<segunda-feira, 18 de março de 2024", "<<Poder Executivo", *lines[2:]),
    )
    assert rows[0]["text"] == _LONG


def test_hyphenation_is_undone_and_real_hyphens_stay():
    """Words broken at a line end are joined; compounds and clitics keep their hyphen."""
    rows = devices_of(
        page(
            "Art. 1º A administração municipal promoverá o desenvolvimento técnico-",
            "científico e a conser-",
            "vação das estradas, e regular-",
            "se-á por esta Lei, ouvido o Diretor-",
            "Presidente, nos termos dos arts. 55-",
            "K e 56.",
        )
    )
    assert rows[0]["text"] == (
        "A administração municipal promoverá o desenvolvimento técnico-científico e a conservação "
        "das estradas, e regular-se-á por esta Lei, ouvido o Diretor-Presidente, nos termos dos "
        "arts. 55-K e 56."
    )


def test_signatures_dates_and_notes_end_the_last_article():
    """Place and date, names and publication notes are no part of the last device."""
    rows = devices_of(
        page(
            "Art. 1º Fica criada a feira.",
            "Art. 2º Esta Lei entra em vigor na data de sua publicação.",
            "Palácio dos Tropeiros, em Brejo Alto, 3 de abril de 2024.",
            "^FULANO DE TAL",
            "^Prefeito",
            "Este texto não substitui o publicado no Diário de 4.4.2024",
        )
    )
    assert rows[-1]["text"] == "Esta Lei entra em vigor na data de sua publicação."


def test_editorial_notes_stay_in_the_text():
    """Notes such as "(Redação dada ...)" on a line of their own belong to the device."""
    rows = devices_of(
        page(
            "Art. 1º A feira é livre.",
            "(Redação dada pela Lei nº 3, de 2020)",
            "Parágrafo único. A feira é diária. (Incluído pela Lei nº 4, de 2021)",
            "Vigência",
            "Art. 2º Fim.",
        )
    )
    found = texts(rows)
    assert found["Art. 1º"] == "A feira é livre. (Redação dada pela Lei nº 3, de 2020)"
    assert found["Art. 1º/Parágrafo único"].endswith("de 2021) Vigência")


def test_a_table_of_contents_gives_no_device():
    """Entries with leaders and page numbers are no devices, whatever they begin with."""
    rows = devices_of(
        page(
            "SUMÁRIO",
            "I - DO PODER EXECUTIVO (arts. 1º a 7º) ..................... 3",
            "II - DOS SERVIDORES ........................................ 9",
            "Art. 5º ................................................... 12",
        ),
        page("Art. 1º O Poder Executivo é do Prefeito.", "I - que o exerce;"),
    )
    assert [row["identifier"] for row in rows] == ["Art. 1º", "I"]


def test_the_text_of_a_failed_page_belongs_to_nobody():
    """A page without an answer gives no device and ends the one before it."""
    rows = devices_of(
        page("Art. 1º A feira, instalada na praça,"),
        page("é diária.", "Art. 2º Perdido."),
        page("Art. 3º Fim."),
        failed={2},
    )
    assert [row["identifier"] for row in rows] == ["Art. 1º", "Art. 3º"]
    assert rows[0]["text"] == "A feira, instalada na praça,"


def test_numbers_beside_the_lines_are_nobodys_text():
    """Bills number their lines in the margin; labels and texts stand behind those numbers."""
    lines = [
        "Art. 1º Fica criado o Conselho, que terá a seguinte",
        "composição e será presidido por um deles:",
        "I - dois vereadores; e",
        "II - um servidor.",
        "Art. 2º Esta Lei entra em vigor na data de sua",
        "publicação.",
    ]
    rows = devices_of(page(*(f"{n} {line}" for n, line in enumerate(lines, start=7))))
    assert texts(rows) == {
        "Art. 1º": "Fica criado o Conselho, que terá a seguinte composição e será presidido por "
        "um deles:",
        "Art. 1º/I": "dois vereadores; e",
        "Art. 1º/II": "um servidor.",
        "Art. 2º": "Esta Lei entra em vigor na data de sua publicação.",
    }


def test_a_text_across_the_page_is_no_part_of_a_device():
    """A watermark's box is nearly as high as wide, a stamp's in the margin higher."""
    whole = page("Art. 1º Fica criado o Conselho de Águas de Brejo Alto,", "com sede própria")
    for box in ((0.2, 0.3, 0.7, 0.7), (0.96, 0.2, 0.98, 0.6)):
        start = len(whole.text.text) + 1
        word = Word(start, start + 6, box, 2, 60.0)
        text = PageText("text_layer", whole.text.text + "\nMINUTA", (*whole.text.words, word))
        rows = devices_of(replace(whole, text=text))
        assert rows[0]["text"].endswith("com sede própria")


def test_the_foot_of_a_single_page_is_no_part_of_its_last_device():
    """Small letters far below a full stop begin no further line of the device."""
    rows = devices_of(page("Art. 1º Fim da lei.", ">>www.brejoalto.gov.br/diario - 1"))
    assert texts(rows) == {"Art. 1º": "Fim da lei."}
