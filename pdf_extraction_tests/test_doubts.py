"""A page asked again where the document's numbering says that its answer lacks something."""

import json
from hashlib import sha256

import pymupdf
import pytest

from pdf_extraction import doubts, remade
from pdf_extraction.asking import Selection
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.fake_server.answers import Asked
from pdf_extraction.remade import HELD
from pdf_extraction.storage import ended
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.assembly.acts import device
from pdf_extraction_tests.samples import write_law, write_pdf
from pdf_extraction_tests.test_extraction import rows_of, run, workspace_for

ARTICLES = [
    device("artigo", f"Art. {n}º", f"Art. {n}º Fica criada a comissão de número {n}.")
    for n in range(1, 6)
]


def pictures(path, pages=2):
    """Pages without a text layer, which only a model can read; each shows another number."""
    with pymupdf.open() as document:
        for number in range(pages):
            with pymupdf.open() as one:
                one.new_page().insert_text((72, 90), f"Folha {number + 1}", fontsize=30)
                picture = one[0].get_pixmap(dpi=60)
            sheet = document.new_page()
            sheet.insert_image(sheet.rect, pixmap=picture)
        document.save(path)
    return path


class Forgetful:
    """A model that leaves a device out, and finds it when it is asked again.

    Args:
        pages: Devices by page number, as they are printed.
        forgets: Identifiers that are not in first answers.
        never: Identifiers that are in no answer.
        invents: Devices that second answers add to every page.
    """

    def __init__(self, pages, forgets=(), never=(), invents=()):
        self.pages, self.forgets, self.never, self.invents = pages, forgets, never, invents
        self.asked: list[Asked] = []
        self.told: list[tuple[int, str]] = []

    def __call__(self, asked):
        self.asked.append(asked)
        again = len(asked.body["messages"]) > 2
        if again:
            self.told.append((asked.page_number, asked.body["messages"][-1]["content"]))
        left_out = {*self.never, *(() if again else self.forgets)}
        devices = [d for d in self.pages[asked.page_number] if d["identifier"] not in left_out]
        devices = [*devices, *(self.invents if again else ())]
        answer = {"page_number": asked.page_number, "devices": devices}
        return json.dumps(answer, ensure_ascii=False)


def identifiers(workspace, key):
    return [row["identifier"] for row in rows_of(workspace, "devices", key)]


@pytest.mark.parametrize("held", [HELD, 1])
def test_a_page_whose_answer_leaves_a_number_out_is_asked_again_once(tmp_path, monkeypatch, held):
    """Art. 1, 2, 4: the page is told so, its better answer is kept, and a rerun asks nothing.

    Of a document that is too long to be held another process finds it out.
    """
    for module in (doubts, ended, remade):
        monkeypatch.setattr(module, "HELD", held)
    model = Forgetful({1: ARTICLES[:4], 2: ARTICLES[4:]}, forgets=["Art. 3º"])
    path = pictures(tmp_path / "a.pdf")
    with FakeServer(answers=model) as server:
        prices = {"price_per_million_input_tokens": 1.0}
        workspace = workspace_for(tmp_path / "data", server, **prices)
        assert run(workspace, [path]) == [True]
        assert [page for page, _ in model.told] == [1]
        assert "falta Art. 3º entre Art. 2º e Art. 4º" in model.told[0][1]
        assert run(workspace, [path], run_id="run-2") == [False]
        assert server.stats()["requests"] == 3
    assert identifiers(workspace, "a") == [f"Art. {n}º" for n in range(1, 6)]
    attempts = rows_of(workspace, "attempts", "a")
    assert sorted(attempt["page_number"] for attempt in attempts) == [1, 1, 2]
    document = rows_of(workspace, "documents", "a")[0]
    assert document["calls"] == 3
    assert document["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in attempts))


def test_the_second_answer_is_taken_from_the_cache_where_the_stages_are_gone(tmp_path):
    """The same bytes under another name cost no call, for the second question either."""
    model = Forgetful({1: ARTICLES}, forgets=["Art. 3º"])
    path = pictures(tmp_path / "a.pdf", pages=1)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path])
        run(workspace, [path.rename(tmp_path / "b.pdf")])
        assert server.stats()["requests"] == 2
    assert identifiers(workspace, "b") == [f"Art. {n}º" for n in range(1, 6)]


@pytest.mark.parametrize("faults", ["", "empty"])
def test_what_stays_missing_is_reported_with_its_pages_and_not_asked_for_again(tmp_path, faults):
    """The pages on both sides of the gap are asked, once; the check names them."""
    from pdf_extraction.quality import hierarchy

    model = Forgetful({1: ARTICLES[:2], 2: ARTICLES[2:]}, never=["Art. 3º"])

    def answer(asked):
        said = model(asked)
        return "no object" if faults and len(asked.body["messages"]) > 2 else said

    path = pictures(tmp_path / "a.pdf")
    with FakeServer(answers=answer) as server:
        workspace = workspace_for(tmp_path / "data", server, max_attempts=1)
        run(workspace, [path])
        asked = server.stats()["requests"]
        assert sorted(page for page, _ in model.told) == [1, 2]
        assert run(workspace, [path], run_id="run-2") == [False]
        assert server.stats()["requests"] == asked == 4
    assert {page["status"] for page in rows_of(workspace, "pages", "a")} == {"done"}
    verdict = hierarchy(rows_of(workspace, "devices", "a"))
    assert (verdict.worst[0]["missing"], verdict.worst[0]["missing_on_pages"]) == ("Art. 3º", "1-2")


def test_a_device_that_the_page_shows_itself_is_not_asked_for(tmp_path):
    """The text layer's own label brings the forgotten device in, for nothing."""
    pages = {
        1: [device("artigo", f"Art. {n}º", f"Art. {n}º Fica criada a comissão.") for n in (1, 2)]
    }
    texts = ["Art. 1º Fica criada a comissão.\nArt. 2º Fica criada a comissão."]
    texts[0] += "\nArt. 3º Fica extinto o fundo.\nArt. 4º Revoga-se a lei."
    pages[1].append(device("artigo", "Art. 4º", "Art. 4º Revoga-se a lei."))
    with FakeServer(answers=Forgetful(pages)) as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [write_pdf(tmp_path / "a.pdf", texts)])
        assert server.stats()["requests"] == 1
    assert identifiers(workspace, "a") == [f"Art. {n}º" for n in range(1, 5)]


def test_an_invented_device_fills_no_gap(tmp_path):
    """What a second answer adds must stand on a page that has text, else the first one stays."""
    printed = [1, 2, 4]
    text = "\n".join(f"Art. {n}º Fica criada a comissão de número {n}." for n in printed)
    model = Forgetful({1: [ARTICLES[n - 1] for n in printed]}, invents=[ARTICLES[2]])
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [write_pdf(tmp_path / "a.pdf", [text])])
        assert server.stats()["requests"] == 2
    assert identifiers(workspace, "a") == [f"Art. {n}º" for n in printed]


def test_only_pages_of_the_run_are_asked_again(tmp_path):
    """`--pages 1` asks about page 1, whatever the document lacks elsewhere."""
    model = Forgetful({1: ARTICLES[:2], 2: ARTICLES[2:]}, never=["Art. 3º"])
    path = pictures(tmp_path / "a.pdf")
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path], Selection(pages=frozenset({1})))
        assert [asked.page_number for asked in model.asked] == [1]


def test_a_budget_that_ends_before_the_second_question_leaves_the_first_answer(tmp_path):
    """Nothing is lost; a later run with more money asks."""
    words = " ".join(sha256(str(n).encode()).hexdigest() for n in range(70))
    long = [{**one, "text": f"{one['text']} {words}."} for one in ARTICLES]
    model = Forgetful({1: long}, forgets=["Art. 3º"])
    path = pictures(tmp_path / "a.pdf", pages=1)
    with FakeServer(answers=model) as server:
        rich = workspace_for(tmp_path / "data", server, price_per_million_input_tokens=1000.0)
        # Enough for the first question, not for the second, which shows the answer, too.
        budget = rich.settings.budget.model_copy(update={"max_cost_usd": 4.0})
        poor = Workspace(rich.data, rich.settings.model_copy(update={"budget": budget}))
        run(poor, [path])
        assert len(model.asked) == 1
        assert "Art. 3º" not in identifiers(poor, "a")
        assert {page["status"] for page in rows_of(poor, "pages", "a")} == {"done"}
        run(rich, [path], run_id="run-2")
    assert "Art. 3º" in identifiers(rich, "a")


def test_a_complete_law_is_asked_about_once_a_page(tmp_path):
    """No doubt, no second call."""
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [write_law(tmp_path / "lei.pdf", pages=2)])
        assert server.stats()["requests"] == 2
