import json
from pathlib import Path

import pytest

from pdf_extraction.errors import Malformed, OutputError
from pdf_extraction.grounding import ground
from pdf_extraction.model import Document, GroundedPage, PageImage, PageOutcome, PageText
from pdf_extraction.profiles.markdown import Markdown
from pdf_extraction.profiles.markdown.profile import PageMarkdown
from pdf_extraction.storage.checked import to_table
from pdf_extraction_tests.profiles.test_markdown_reading import body, page

PROFILE = Markdown()
DOCUMENT = Document("d", "d", Path("d.pdf"), "0" * 64, 1)
TEXT = "# Título\n\nCorpo."


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"page_number": 1, "markdown": TEXT}),
        "```json\n" + json.dumps({"page_number": 1, "markdown": TEXT}) + "\n```",
        "Here it is: " + json.dumps({"page_number": 1, "markdown": TEXT}),
        json.dumps({"page_number": 1, "markdown": TEXT})[:-1],
        f"<think>hm</think>\n{TEXT}",
        f"```markdown\n{TEXT}\n```",
        f"```markdown\n{TEXT}",
        TEXT,
    ],
)
def test_answers_in_json_and_in_plain_markdown_are_read(answer):
    """A model that ignores the schema has still transcribed the page."""
    assert PROFILE.parse(answer, 1) == PageMarkdown(1, TEXT)


def test_prose_with_brackets_is_markdown():
    """Task lists, citations and braces do not make JSON of a text."""
    text = "- [ ] item {a}\n\nver [1]"
    assert PROFILE.parse(text, 1).markdown == text


def test_an_empty_page_is_an_answer_and_an_empty_answer_is_none():
    """Saying that a page is empty differs from saying nothing."""
    assert PROFILE.parse('{"page_number": 1, "markdown": ""}', 1).markdown == ""
    with pytest.raises(Malformed):
        PROFILE.parse("<think>vazia</think>  ", 1)


@pytest.mark.parametrize("answer", ['{"page_number": 1}', '{"page_number": 1, "markdown": 7}'])
def test_json_without_markdown_cannot_be_used(answer):
    """It is asked again, with the reason."""
    with pytest.raises(OutputError):
        PROFILE.parse(answer, 1)


def test_the_prompt_is_the_same_for_the_same_page_and_names_it():
    """The cache depends on it; neighbours are named as context."""
    alone = PROFILE.prompt(PageImage(3))
    assert alone.prompt_hash == PROFILE.prompt(PageImage(3)).prompt_hash
    assert "page 3" in alone.user
    assert "2, 4" in PROFILE.prompt(PageImage(3), [PageImage(2), PageImage(4)]).user


def test_reading_parsing_grounding_and_assembling_meet():
    """A page's own text goes the way of a model's answer, to rows that the tables take."""
    image = page(
        *body("Texto antes da tabela."),
        (50, 300, 10, False, "Item  Preço  Total"),
        (50, 314, 10, False, "Vaso  12,50  25,00"),
        (50, 328, 10, False, "Mesa  99,00  98,00"),
    )
    answer = PROFILE.parse(PROFILE.read(image), 1)
    claims = PROFILE.claims(answer)
    assert claims[0] == "Texto antes da tabela."
    assert claims[1:4] == ["Item", "Preço", "Total"]
    groundings = ground(claims, image.text)
    assert all(grounding.spans for grounding in groundings)
    rows = PROFILE.assemble(
        DOCUMENT, image.text.text, [GroundedPage(PageOutcome(image), answer, groundings, 0)]
    )
    assert to_table("page_markdown", rows["page_markdown"]).num_rows == 1
    assert to_table("tables", rows["tables"]).num_rows == 9
    first = rows["tables"][0]
    assert (first["row"], first["column"], first["text"], first["is_header"]) == (
        0,
        0,
        "Item",
        True,
    )
    x0, y0, _, y1 = first["bbox"]
    assert (x0, y0, y1) == pytest.approx((50 / 600, 300 / 800, 338 / 800))


def test_a_table_that_is_not_on_the_page_has_no_box():
    """Where most cells are absent, no place is claimed."""
    answer = PageMarkdown(1, "| a | b |\n|---|---|\n| c | d |")
    text = PageText("text_layer", "nada disso")
    pages = [
        GroundedPage(
            PageOutcome(PageImage(1, text=text)), answer, ground(PROFILE.claims(answer), text), 0
        )
    ]
    assert {row["bbox"] for row in PROFILE.assemble(DOCUMENT, "", pages)["tables"]} == {None}


def test_pages_without_an_answer_give_no_rows():
    """Failed and blank pages are rows of ``pages`` alone."""
    rows = PROFILE.assemble(DOCUMENT, "", [GroundedPage(PageOutcome(PageImage(1)), None, [], 0)])
    assert rows == {"page_markdown": [], "tables": []}
