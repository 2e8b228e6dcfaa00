"""Tables and formulas of a page shown to a model once more, each alone."""

import asyncio
import json

import pymupdf
import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.catalogue import Found
from pdf_extraction.estimate import estimate
from pdf_extraction.model import ANSWER_SEPARATOR
from pdf_extraction.profiles.markdown import Markdown
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.pdf.made import scan_of
from pdf_extraction_tests.pdf.test_page import needs_tesseract
from pdf_extraction_tests.test_extraction import rows_of, run

ROWS = [("Item", "Price", "Stock"), ("Vase", "12.50", "7"), ("Table", "99.00", "3")]
PIPES = "| Item | Price | Stock |\n|---|---|---|\n| Vase | 12.60 | 7 |\n| Table | 99.00 | 3 |"
FIRST = f"# Goods\n\n{PIPES}\n\n$$E=mc$$\n\nProse."
HTML = (
    "<table><tr><th>Item</th><th>Price</th><th>Stock</th></tr>"
    "<tr><td>Vase</td><td>12.50</td><td>7</td></tr>"
    "<tr><td>Table</td><td>99.00</td><td>3</td></tr></table>"
)
BOTH = ["tables", "formulas"]


def goods(path, *, scanned=False):
    """A page with a table that no line frames, a displayed formula and prose."""
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((72, 80), "Goods", fontsize=20)
        for number, row in enumerate(ROWS):
            for x, text in zip((100, 220, 340), row, strict=True):
                page.insert_text((x, 150 + 16 * number), text)
        page.insert_text((250, 300), "E = m")
        page.insert_text((280.5, 295), "2", fontsize=7)
        page.insert_text((72, 400), "Prose.")
        if scanned:
            scan_of(page).save(path)
        else:
            document.save(path)
    return path


class Model:
    """Transcribes the page with a wrong price and no exponent, and each part rightly."""

    def __init__(self, **answers):
        self.answers = {
            "page_markdown": {"page_number": 1, "markdown": FIRST},
            "page_table": {"table": 1, "html": HTML},
            "page_formula": {"formula": 1, "latex": "E=m^{2}"},
            **answers,
        }
        self.asked = []

    def __call__(self, asked):
        name = asked.body["response_format"]["json_schema"]["name"]
        self.asked.append((name, asked))
        said = self.answers[name]
        return said if isinstance(said, str) else json.dumps(said)


def workspace_for(data, server, closer=(), chain=("vllm",), **backend):
    vllm = {"kind": "openai", "base_url": server.base_url, "model": "m", "calls_per_minute": 0}
    settings = {
        "profile": "markdown",
        "chain": list(chain),
        "markdown": {"closer": list(closer)},
        "backends": {"vllm": {**vllm, "price_per_million_input_tokens": 1.0, **backend}},
    }
    return Workspace(data, parse_settings(settings, "test"))


def markdown_of(workspace, key="a"):
    return rows_of(workspace, "page_markdown", key)[0]["markdown"]


def test_a_table_and_a_formula_are_asked_about_alone_and_take_their_places(tmp_path):
    """Each in one call with its own prompt and a picture of its own; billed, kept, not repeated."""
    model, path = Model(), goods(tmp_path / "a.pdf")
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server, BOTH)
        run(workspace, [path])
        assert [name for name, _ in model.asked] == ["page_markdown", "page_table", "page_formula"]
        run(workspace, [path.rename(tmp_path / "b.pdf")], run_id="run-2")
        assert server.stats()["requests"] == 3
    assert len({asked.pictures for _, asked in model.asked}) == 3
    assert "only a part of the page" in model.asked[1][1].text
    expected = FIRST.replace(PIPES, HTML).replace("$$E=mc$$", "$$E=m^{2}$$")
    assert markdown_of(workspace) == markdown_of(workspace, "b") == expected
    assert "12.50" in {row["text"] for row in rows_of(workspace, "tables", "a")}
    [document] = rows_of(workspace, "documents", "a")
    attempts = rows_of(workspace, "attempts", "a")
    assert document["calls"] == len(attempts) == 3
    assert 0 < document["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in attempts))


def estimated(workspace, path):
    (document,) = asyncio.run(estimate(workspace, [Found(path, path.parent)])).documents
    return document


def test_an_estimate_counts_the_looks_that_the_pages_own_text_shows(tmp_path):
    """Those before the page is asked about, fewer once some are kept, none after a run."""
    model, path = Model(page_table="no table"), goods(tmp_path / "a.pdf")
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server, ["tables"], max_attempts=1)
        alone = estimated(workspace_for(tmp_path / "data", server), path)
        before = estimated(workspace, path)
        run(workspace, [path])
        between = estimated(workspace, path)
        model.answers = Model().answers
        run(workspace, [path], run_id="run-2")
        after = estimated(workspace, path)
    assert [(one.asked, one.looks) for one in (alone, before, between, after)] == [
        (1, 0), (1, 1), (0, 1), (0, 0)
    ]  # fmt: skip
    assert alone.cost_usd < before.cost_usd
    assert between.cost_usd > after.cost_usd == 0


def test_nothing_is_asked_beside_the_page_unless_the_settings_say_so(tmp_path):
    """It costs a call a part."""
    model = Model()
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [goods(tmp_path / "a.pdf")])
    assert [name for name, _ in model.asked] == ["page_markdown"]
    assert markdown_of(workspace) == FIRST


@pytest.mark.parametrize(
    "bad",
    [
        "no object",
        {"table": 7, "html": HTML},
        {"table": 1, "html": "a picture of a cat"},
        {"table": 1, "html": "<table><tr><td>Item</td></tr></table>"},
    ],
)
def test_a_look_that_brings_nothing_leaves_the_page_as_it_was(tmp_path, bad):
    """Broken, about another table, no table, or cut short: the first answer stands."""
    model = Model(page_table=bad)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server, BOTH, max_attempts=2)
        run(workspace, [goods(tmp_path / "a.pdf")])
    assert markdown_of(workspace) == FIRST.replace("$$E=mc$$", "$$E=m^{2}$$")
    [page] = rows_of(workspace, "pages", "a")
    assert page["status"] == "done"


def test_the_pages_own_text_is_not_looked_at_closer(tmp_path):
    """Where the embedded backend answers, a second look at the same words shows nothing new."""
    with FakeServer(answers=Model(), faults="500=1") as server:
        workspace = workspace_for(
            tmp_path / "data", server, BOTH, chain=("vllm", "embedded"), max_attempts=1
        )
        run(workspace, [goods(tmp_path / "a.pdf")])
        assert server.stats()["requests"] == 1
    assert "12.50" in markdown_of(workspace)


@needs_tesseract
def test_a_table_of_a_scan_is_found_by_its_words(tmp_path):
    """OCR says where the cells of the answer stand; a formula's place nobody knows."""
    model = Model()
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server, BOTH, chain=("vllm", "embedded"))
        run(workspace, [goods(tmp_path / "a.pdf", scanned=True)])
    assert [name for name, _ in model.asked] == ["page_markdown", "page_table"]
    assert HTML in markdown_of(workspace)


def test_parts_are_told_by_their_numbers_whatever_is_missing():
    """The second table's cells do not land in the first, nor do places shift behind a change."""
    markdown = f"{PIPES}\n\nBetween.\n\n<table><tr><td>x</td></tr></table>\n\n$$a$$ and $$b$$"
    answers = [
        json.dumps({"markdown": markdown}),
        "",
        json.dumps({"table": 2, "html": HTML}),
        json.dumps({"formula": 2, "latex": "$$b^2$$"}),
    ]
    found = Markdown().parse(ANSWER_SEPARATOR.join(answers), 1)
    assert found.markdown == f"{PIPES}\n\nBetween.\n\n{HTML}\n\n$$a$$ and $$b^2$$"
