"""Running heads that only the whole document shows."""

from dataclasses import replace
from pathlib import Path

from pdf_extraction.grounding import ground
from pdf_extraction.model import Document, GroundedPage, PageOutcome
from pdf_extraction.profiles.markdown import Markdown
from pdf_extraction_tests.profiles.test_markdown_reading import body, page

PROFILE = Markdown()
DOCUMENT = Document("d", "d", Path("d.pdf"), "0" * 64, 1)
WORDS = ("one", "two", "three", "four", "five")


def markdowns(*pages):
    """Each page's Markdown as its row has it, from lines of ``(x, y, size, bold, text)``."""
    grounded = []
    for number, lines in enumerate(pages, 1):
        image = replace(page(*lines), page_number=number)
        answer = PROFILE.parse(PROFILE.read(image), number)
        found = ground(PROFILE.claims(answer), image.text)
        grounded.append(GroundedPage(PageOutcome(image), answer, found, 0))
    rows = PROFILE.assemble(DOCUMENT, "", grounded)["page_markdown"]
    return [row["markdown"] for row in rows]


def text_of(number):
    return body(f"Text of page {WORDS[number]} that fills", "a line or another.", y=200)


def test_a_line_at_one_place_of_three_pages_stays_on_the_first_alone():
    """Letterheads are too large and too near the text to be told from one page."""
    head = (50, 60, 16, True, "Maxwell and Sons")
    found = markdowns(*[(head, *text_of(n)) for n in range(4)])
    assert found[0].startswith("# Maxwell and Sons\n\nText of page one")
    assert [text.split(" that")[0] for text in found[1:]] == [
        f"Text of page {word}" for word in WORDS[1:4]
    ]


def test_a_line_that_counts_with_the_pages_is_a_running_line():
    """Its number may be before or behind its words, and need not begin with one."""
    notice = (50, 770, 14, True, "No liability is taken")
    pages = [
        (
            (50, 60, 11, False, f"{45 + n} A. Author et al."),
            *text_of(n),
            (50, 730, 14, True, f"Page {n + 1} of 3"),
            notice,
        )
        for n in range(3)
    ]
    found = markdowns(*pages)
    assert [text.split(" that")[0] for text in found[1:]] == [
        f"Text of page {word}" for word in WORDS[1:3]
    ]
    assert all(text.endswith("a line or another.") for text in found[1:])


def test_what_only_looks_alike_is_kept():
    """Two pages are too few; another place, other words or another number are no repetition."""
    head = (50, 60, 16, True, "Maxwell and Sons")
    assert all("Maxwell" in text for text in markdowns(*[(head, *text_of(n)) for n in range(2)]))
    sums = [((50, 60, 16, False, f"Sum {7 * n + 3}"), *text_of(n)) for n in range(4)]
    assert [f"Sum {7 * n + 3}" in text for n, text in enumerate(markdowns(*sums))] == [True] * 4
    middle = [(*text_of(n), (50, 500, 11, False, "Dear customer,")) for n in range(4)]
    assert all("Dear customer," in text for text in markdowns(*middle))
