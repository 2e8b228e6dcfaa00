import json
from dataclasses import replace

import pytest

from pdf_extraction.model import PageImage, PageText, Region, TableCell, Word
from pdf_extraction.profiles.markdown.reading import escaped, join_lines, read_markdown


def page(*lines, width=600.0, height=800.0):
    """A page of ``(x, y, size, bold, text)`` lines in points; two blanks part cells by 40 pt."""
    text, words = "", []
    for number, (left, y, size, bold, printed) in enumerate(lines):
        x = left
        for cell in printed.split("  "):
            for token in cell.split(" "):
                end = x + 0.5 * size * len(token)
                box = (x / width, y / height, end / width, (y + size) / height)
                at = len(text)
                words.append(Word(at, at + len(token), box, number, size, bold))
                text += token + " "
                x = end + 0.25 * size
            x += 40
        text = text.rstrip() + "\n"
    return PageImage(1, width, height, 0, PageText("text_layer", text.rstrip(), tuple(words)))


def body(*texts, x=50, y=200, step=14, size=11):
    return [(x, y + step * n, size, False, text) for n, text in enumerate(texts)]


def test_headings_are_ranked_by_size_and_then_weight():
    """The largest size is the first level; a bold line of the body's size comes last."""
    markdown = read_markdown(
        page(
            (50, 50, 20, True, "Relatório"),
            (50, 100, 14, False, "Parte um"),
            *body("Texto comum que enche a", "linha toda da página."),
            (50, 260, 11, True, "Destaque"),
            *body("Mais texto comum aqui.", y=300),
        )
    )
    assert markdown.split("\n\n") == [
        "# Relatório",
        "## Parte um",
        "Texto comum que enche a linha toda da página.",
        "### Destaque",
        "Mais texto comum aqui.",
    ]


def test_gaps_part_paragraphs_and_hyphenation_is_undone():
    """Lines of one paragraph are joined; a wider gap begins the next."""
    markdown = read_markdown(
        page(*body("O prazo de con-", "tratação corre."), *body("Outro parágrafo.", y=250))
    )
    assert markdown == "O prazo de contratação corre.\n\nOutro parágrafo."


def test_bullets_are_list_items():
    """Whatever sign the page uses; the items stand together."""
    markdown = read_markdown(page(*body("• um item", "• outro que vai", "além", "1. numerado")))
    assert markdown == "- um item\n- outro que vai além\n1. numerado"


def test_aligned_columns_are_a_table():
    """Rows with wide gaps at the same places; a missing cell stays empty."""
    markdown = read_markdown(
        page(
            *body("Antes."),
            (50, 300, 10, False, "Item  Preço  Total"),
            (50, 314, 10, False, "Vaso  12,50  25,00"),
            (50, 328, 10, False, "Mesa  99,00  99,00"),
            *body("Depois.", y=380),
        )
    )
    assert markdown == (
        "Antes.\n\n| Item | Preço | Total |\n| --- | --- | --- |\n| Vaso | 12,50 | 25,00 |\n"
        "| Mesa | 99,00 | 99,00 |\n\nDepois."
    )


def test_labels_set_apart_from_their_text_are_no_table():
    """Lists with hanging labels look like two columns."""
    markdown = read_markdown(page(*body("a)  primeiro", "b)  segundo", "c)  terceiro")))
    assert "|" not in markdown


def test_ocr_text_without_sizes_has_no_headings():
    """Unknown sizes prove nothing."""
    lines = [(50, 50, 0.0, False, "x")]
    image = page(*body("Texto lido."), *lines)
    assert "#" not in read_markdown(image)


def test_a_page_without_words_is_empty():
    """Nothing is made up."""
    assert read_markdown(PageImage(1)) == ""


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("# não é título", "\\# não é título"),
        ("a*b <script> `x`", "a\\*b \\<script> \\`x\\`"),
        ("R$ 10,00 e [1]", "R$ 10,00 e [1]"),
        ("> citação", "\\> citação"),
        ("assinatura ________", "assinatura ________"),
    ],
)
def test_the_page_s_own_signs_are_text(text, markdown):
    """A document cannot write Markdown or HTML by printing it."""
    assert escaped(text) == markdown


def test_a_real_hyphen_before_a_capital_stays():
    """Only a small letter goes on with a broken word."""
    assert join_lines(["Rio-", "Niterói e pro-", "cesso"]) == "Rio- Niterói e processo"
    assert json.dumps(join_lines(["a"])) == '"a"'


def test_running_heads_feet_and_page_numbers_are_left_out():
    """A number in a cell of its own, an address, what stands apart at the edge; notes stay."""
    prose = [f"linha {n} de um texto comum que enche a página" for n in range(30)]
    markdown = read_markdown(
        page(
            (50, 30, 11, False, "HISTÓRIA DO BRASIL  [Cap. II  40"),
            *body(*prose, y=90),
            (50, 735, 8, False, "1 Nota de rodapé que fica, pois é do texto."),
            (50, 760, 8, False, "Baixado de www.exemplo.org"),
            (290, 775, 11, False, "41"),
        )
    )
    assert markdown.startswith("linha 0")
    assert markdown.endswith("1 Nota de rodapé que fica, pois é do texto.")


def test_a_page_that_is_only_a_title_keeps_it():
    """Few rows prove nothing about what is usual; large type is no running head."""
    assert read_markdown(page((50, 30, 24, True, "RELATÓRIO ANUAL"))) == "RELATÓRIO ANUAL"
    text = read_markdown(page((50, 30, 24, True, "RELATÓRIO"), *body("Texto comum.", "Mais.")))
    assert text.startswith("# RELATÓRIO")


def test_a_large_initial_begins_the_word_beside_its_top():
    """It is as high as three lines and is found beside the second."""
    lines = [
        (80, 200, 11, False, "ver the past three decades"),
        (50, 200, 33, False, "O"),
        (80, 214, 11, False, "pressure from all sides"),
    ]
    first, initial, second = lines
    markdown = read_markdown(page(first, initial, second, *body("has grown.", y=240)))
    assert "Over the past three decades" in markdown


def test_regions_take_the_place_of_their_words():
    """A table with cells over others is HTML, a plain one is pipes, a picture a placeholder."""
    plain = tuple(TableCell(r, c, 1, 1, f"{r}{c}", r == 0) for r in range(2) for c in range(2))
    wide = (TableCell(0, 0, 1, 2, "a < b", True), TableCell(1, 0, 1, 1, "c"),
            TableCell(1, 1, 1, 1, "d"))  # fmt: skip
    base = page(*body("Antes.", "00 01", "10 11", "a < b", "c d", "Depois.", step=40))
    regions = (
        Region("table", (0, 235 / 800, 1, 295 / 800), plain),
        Region("table", (0, 315 / 800, 1, 375 / 800), wide),
        Region("figure", (0, 380 / 800, 1, 395 / 800)),
    )
    markdown = read_markdown(replace(base, regions=regions))
    assert markdown.split("\n\n") == [
        "Antes.",
        "| 00 | 01 |\n| --- | --- |\n| 10 | 11 |",
        '<table>\n<tr><th colspan="2">a &lt; b</th></tr>\n<tr><td>c</td><td>d</td></tr>\n</table>',
        "<FIGURE>",
        "Depois.",
    ]


def test_a_formula_is_shown_as_latex_in_place_of_its_words():
    """Its symbols as the page has them would be glued in the wrong order."""
    region = Region("formula", (0, 235 / 800, 1, 255 / 800), latex="a^{2}=b")
    found = read_markdown(
        replace(page(*body("Antes.", "a2=b", "Depois.", step=40)), regions=(region,))
    )
    assert found.split("\n\n") == ["Antes.", "$$a^{2}=b$$", "Depois."]


def test_numbers_that_count_every_line_are_no_text():
    """Transcripts and pleadings number their lines; lines without text keep nothing."""
    texts = [f"words of line {'abcdefghijklmnopqrst'[n]}" if n != 5 else "" for n in range(20)]
    lines = [
        (50, 60 + 30 * n, 12, False, f"{n + 1}  {text}".strip()) for n, text in enumerate(texts)
    ]
    markdown = read_markdown(page(*lines))
    assert not any(character.isdecimal() for character in markdown)
    assert "line e words of line g" in " ".join(markdown.split())


def test_numbers_of_a_tables_rows_are_kept():
    """Where most rows have further cells, the first column is data."""
    lines = [(50, 60 + 30 * n, 12, False, f"{n + 1}  Town  {n}.5") for n in range(22)]
    assert "| 22 | Town | 21.5 |" in read_markdown(page(*lines))


def test_paragraphs_of_a_letter_stay_apart():
    """A letter has more gaps between its paragraphs than lines in them."""
    ys = (100, 128, 156, 170, 198, 226)
    texts = ("May 5", "Dear all:", "There were bottles of water", "and blankets.", "Regards,", "M.")
    markdown = read_markdown(
        page(*((50, y, 11, False, text) for y, text in zip(ys, texts, strict=True)))
    )
    assert markdown.split("\n\n") == [
        "May 5",
        "Dear all:",
        "There were bottles of water and blankets.",
        "Regards,",
        "M.",
    ]


def test_signs_of_symbol_fonts_before_larger_text_make_a_list():
    """They come as private characters; their size makes no headings of the items."""
    markdown = read_markdown(
        page(
            (50, 100, 14, False, "\uf0a7 Demand grows"),
            (50, 130, 14, False, "\uf0a7 Supply follows"),
            *body("Plain text of the page that is longer", "than its items are.", y=200),
        )
    )
    assert markdown.startswith("- Demand grows\n- Supply follows\n\n")


def test_an_address_in_larger_type_is_no_heading():
    """Headings have few lines; only titles much larger than the body may have more."""
    address = [
        (50, 100 + 16 * n, 13, False, t) for n, t in enumerate(("A Ltd.", "B Road", "C", "D"))
    ]
    text = body(*["Plain text of the page that is longer than an address."] * 4, y=300)
    assert "#" not in read_markdown(page(*address, *text))
