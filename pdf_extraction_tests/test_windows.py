"""Several pages in one question, with real PDFs and a scripted server."""

import asyncio
import json
import re
from collections import Counter
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field, model_validator

from pdf_extraction.asking import Selection
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.catalogue.search import Found
from pdf_extraction.estimate import estimate
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, pages_per_question
from pdf_extraction_tests.samples import write_pdf
from pdf_extraction_tests.user_models import ask, run, workspace_for

HERE = __name__


class Item(BaseModel):
    name: str
    amount: Decimal


class Statement(BaseModel):
    """A statement of account, of any number of pages."""

    number: str
    holder: str | None = None
    items: list[Item] = Field(default_factory=list)
    total: Decimal | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Statement":
        if self.total is not None and sum(item.amount for item in self.items) != self.total:
            raise ValueError("the items do not add up to the total")
        return self


NAMES = ("pão", "leite", "queijo", "café", "arroz", "feijão", "milho", "sal", "uva")


def statement_pages(count):
    """Page n has item n of amount n; the first the number, the last the total."""
    pages = [f"{NAMES[n]} {n + 1},00" for n in range(count)]
    pages[0] = f"Extrato 17 Ana Lima\n{pages[0]}"
    pages[-1] += f"\ntotal {count * (count + 1) // 2},00"
    return pages


def shown(asked):
    """Numbers of the pages that a question is about."""
    several = re.search(r"in all \(([\d, ]+)\)", asked.text)
    return [int(n) for n in several[1].split(",")] if several else [asked.page_number]


class Model:
    """Answers what stands on the pages that it is shown, and remembers which those were."""

    def __init__(self, count, **overrides):
        self.count, self.overrides, self.questions = count, overrides, []

    def __call__(self, asked):
        numbers = shown(asked)
        self.questions.append(numbers)
        answer = {
            "number": "17" if 1 in numbers else None,
            "holder": "Ana Lima" if 1 in numbers else None,
            "items": [{"name": NAMES[n - 1], "amount": n} for n in numbers],
            "total": self.count * (self.count + 1) // 2 if self.count in numbers else None,
        }
        return json.dumps(answer | self.overrides.get(f"p{numbers[0]}", {}))


def statement(tmp_path, count):
    return write_pdf(tmp_path / "extrato.pdf", statement_pages(count))


def test_a_window_is_asked_once_and_every_page_keeps_its_row(tmp_path):
    """Five pages in windows of two: three calls, five pages done, each value with its page."""
    model, path = Model(5), statement(tmp_path, 5)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=2)
        run(workspace, path)
        assert run(workspace, path, run_id="again") == [False]
        assert server.stats()["requests"] == 3
    assert sorted(model.questions) == [[1, 2], [3, 4], [5]]
    pages = ask(
        workspace,
        "SELECT page_number AS n, status, answered_by AS by, attempts, raw_response IS NULL AS none"
        " FROM pages ORDER BY 1",
    )
    assert [tuple(page.values()) for page in pages] == [
        (1, "done", None, 1, False),
        (2, "done", 1, 0, True),
        (3, "done", None, 1, False),
        (4, "done", 3, 0, True),
        (5, "done", None, 1, False),
    ]
    (row,) = ask(workspace, "SELECT *, evidence['total'] AS proof FROM statement")
    assert (row["number"], row["holder"], row["total"]) == ("17", "Ana Lima", Decimal(15))
    assert (row["errors"], row["proof"]["page_number"]) == (None, 5)
    found = ask(
        workspace, "SELECT name, page_number, grounding FROM statement_items ORDER BY position"
    )
    assert [tuple(one.values()) for one in found] == [
        (name, n, "exact") for n, name in enumerate(NAMES[:5], 1)
    ]


def test_a_window_of_the_whole_document_is_held_against_the_whole_model(tmp_path):
    """What compares fields refuses there and then, and is told; once right nothing objects."""
    model, path = Model(3, p1={"total": 7}), statement(tmp_path, 3)

    def mending(asked):
        if "do not add up" in asked.text:
            model.overrides.clear()
        return model(asked)

    with FakeServer(answers=mending) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server)
        run(workspace, path)
        assert server.stats()["requests"] == 2
    assert ask(workspace, "SELECT total, errors FROM statement") == [
        {"total": Decimal(6), "errors": None}
    ]


def test_blank_pages_are_shown_to_nobody_and_count_for_none(tmp_path):
    """A window with a blank page in it still has the whole document."""
    path = write_pdf(tmp_path / "extrato.pdf", ["Extrato 17\npão 1,00", "", "queijo 3,00"])
    model = Model(3, p1={"total": 9})
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, max_attempts=1)
        run(workspace, path)
    assert model.questions == [[1, 3]]
    pages = ask(workspace, "SELECT status, error_type FROM pages ORDER BY page_number")
    assert [tuple(page.values()) for page in pages] == [
        ("failed", "ChainExhausted"),
        ("blank", None),
        ("failed", "ChainExhausted"),
    ]


def test_windows_repeat_nothing_at_their_seam_and_keep_what_they_differ_in(tmp_path):
    """An item that stands on both sides counts once; another number is kept with its page."""
    seam = [{"name": name, "amount": n} for n, name in ((2, "leite"), (3, "queijo"), (4, "café"))]
    model = Model(4, p3={"items": seam, "holder": "Ana Lim4"})
    path = statement(tmp_path, 4)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=2)
        run(workspace, path)
    (row,) = ask(workspace, "SELECT holder, errors, evidence['holder'] AS proof FROM statement")
    assert (row["holder"], row["errors"]) == ("Ana Lima", None)
    assert row["proof"]["others"] == [{"text": "Ana Lim4", "page_number": 3}]
    assert row["proof"]["confidence_method"].endswith("+conflict")
    found = ask(workspace, "SELECT name, page_number FROM statement_items ORDER BY position")
    assert [tuple(one.values()) for one in found] == [
        ("pão", 1),
        ("leite", 2),
        ("queijo", 3),
        ("café", 4),
    ]


def test_a_failed_window_fails_all_its_pages_and_is_retried_whole(tmp_path):
    """The reason stands with each page; one call brings both, and the others are not asked."""
    model, path = Model(4), statement(tmp_path, 4)
    broken = [True]

    def answer(asked):
        return "no JSON at all" if broken[0] and 3 in shown(asked) else model(asked)

    with FakeServer(answers=answer) as server:
        workspace = workspace_for(
            tmp_path / "data", f"{HERE}:Statement", server, pages=2, max_attempts=1
        )
        run(workspace, path)
        status = "SELECT status, error_type FROM pages ORDER BY page_number"
        assert [tuple(page.values()) for page in ask(workspace, status)] == [
            *[("done", None)] * 2,
            *[("failed", "ChainExhausted")] * 2,
        ]
        assert ask(workspace, "SELECT status FROM documents") == [{"status": "partial"}]
        broken[0] = False
        before = server.stats()["requests"]
        run(workspace, path, selection=Selection(only_failed=True))
        assert server.stats()["requests"] == before + 1
    assert {page["status"] for page in ask(workspace, status)} == {"done"}
    (row,) = ask(workspace, "SELECT total, errors FROM statement")
    assert (row["total"], row["errors"]) == (Decimal(10), None)


def test_a_page_that_is_asked_again_brings_its_window_along(tmp_path):
    """Its answer was about the others too: beside a new one it would count them twice."""
    model, path = Model(4), statement(tmp_path, 4)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=2)
        run(workspace, path)
        model.questions.clear()
        run(workspace, path, force=True, selection=Selection(pages=frozenset({4})))
        assert model.questions == [[3, 4]]
        other = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=1)
        run(other, path, force=True, selection=Selection(pages=frozenset({4})))
        assert sorted(model.questions[1:]) == [[3], [4]]
    assert ask(workspace, "SELECT count(*) AS n FROM statement_items") == [{"n": 4}]


def test_pages_that_were_left_out_come_in_a_question_of_their_own(tmp_path):
    """`--pages 1` of a window of three, then `retry`: two questions, no page twice."""
    model, path = Model(3), statement(tmp_path, 3)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server)
        run(workspace, path, selection=Selection(pages=frozenset({1})))
        run(workspace, path, selection=Selection(only_failed=True))
    assert model.questions == [[1], [2, 3]]
    (row,) = ask(workspace, "SELECT total, errors FROM statement")
    assert (row["total"], row["errors"]) == (Decimal(6), None)


def test_a_window_too_long_for_one_answer_is_asked_in_smaller_ones(tmp_path):
    """What is cut with nothing of use in it is asked about in halves, down to the page."""
    model, path = Model(4), statement(tmp_path, 4)

    def answer(asked):
        whole = model(asked)
        return whole if len(shown(asked)) <= 2 else whole[: whole.index("[") + 10]

    with FakeServer(answers=answer) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server)
        run(workspace, path)
        assert run(workspace, path, run_id="again") == [False]
        assert server.stats()["requests"] == 3
    by = ask(workspace, "SELECT answered_by AS by FROM pages ORDER BY page_number")
    assert [one["by"] for one in by] == [None, 1, None, 3]
    (row,) = ask(workspace, "SELECT total, errors FROM statement")
    assert (row["total"], row["errors"]) == (Decimal(10), None)


def test_a_server_that_takes_one_picture_a_question_gets_one(tmp_path):
    """It refuses what has more; that is learned once, and every page is answered."""
    model, path = Model(8), statement(tmp_path, 8)
    with FakeServer("most_pictures=1", answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=4)
        run(workspace, path)
        refused = server.stats()["requests"] - 8
    assert 2 <= refused <= 6
    assert Counter(len(pages) for pages in model.questions) == {1: 8}
    (row,) = ask(workspace, "SELECT total, errors FROM statement")
    assert (row["total"], row["errors"]) == (Decimal(36), None)


def rows_of_pages(pages, rows):
    """Texts of pages with rows of one table, and the items of them all."""
    items = [{"name": f"artigo {n}", "amount": f"{n},50"} for n in range(1, pages * rows + 1)]
    lines = [f"{item['name']}      {n}      {item['amount']}" for n, item in enumerate(items, 1)]
    texts = ["\n".join(lines[at : at + rows]) for at in range(0, len(lines), rows)]
    return ["Extrato 17\n" + texts[0], *texts[1:]], items


def test_a_list_over_several_pages_does_not_stop_in_the_middle(tmp_path):
    """Two pages of ten rows, seven of them answered at a time: asked on to the last page's end."""
    texts, items = rows_of_pages(2, 10)
    path = write_pdf(tmp_path / "extrato.pdf", texts)

    def answer(asked):
        text = asked.text
        known = int(text.split("Your answer had ")[1].split()[0]) if "Your answer" in text else 0
        return json.dumps({"number": "17", "items": items[known : known + 7]})

    with FakeServer(answers=answer) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server)
        run(workspace, path)
    found = ask(workspace, "SELECT name, page_number FROM statement_items ORDER BY position")
    assert [tuple(one.values()) for one in found] == [
        (item["name"], 1 + n // 10) for n, item in enumerate(items)
    ]


def test_plain_text_goes_along_for_every_page_of_a_window(tmp_path):
    """There is no picture of it: a page whose text were left out would be answered unseen."""
    path = tmp_path / "extrato.txt"
    path.write_text("\n".join(f"linha {n} do extrato 17" for n in range(200)))
    texts = []

    def answer(asked):
        texts.append(asked.text)
        return json.dumps({"number": "17", "items": [], "total": None, "holder": None})

    with FakeServer(answers=answer) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server)
        run(workspace, path)
    (text,) = texts
    (counted,) = ask(workspace, "SELECT count(*) AS n FROM pages")
    assert counted["n"] > 1
    assert all(f"linha {n} do" in text for n in range(200))


@pytest.mark.parametrize(
    ("render", "backend", "profile", "expected"),
    [
        ({}, {}, "Statement", 7),
        ({}, {"context_tokens": 8192}, "Statement", 1),
        ({}, {"context_tokens": 131_072}, "Statement", 40),
        ({"max_pixels": 1_000_000}, {}, "Statement", 13),
    ],
)
def test_as_many_pages_go_into_a_question_as_fit(tmp_path, render, backend, profile, expected):
    """Counted from the settings alone: pictures at their largest, beside room for the answer."""
    table = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m", **backend}
    settings = parse_settings(
        {
            "profile": f"{HERE}:{profile}",
            "chain": ["m"],
            "render": render,
            "backends": {"m": table},
        },
        "test",
    )
    assert pages_per_question(settings, Workspace(tmp_path, settings).profile) == expected
    page_scope = settings.model_copy(update={"scope": "page"})
    assert pages_per_question(page_scope, Workspace(tmp_path, page_scope).profile) == 1


def test_an_estimate_counts_a_windows_pages_once(tmp_path):
    """Before the run all pages are asked about, afterwards all are kept; one prompt a window."""
    path, model = statement(tmp_path, 4), Model(4)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Statement", server, pages=4)
        alone = workspace_for(tmp_path / "other", f"{HERE}:Statement", server, pages=1)
        found = [Found(path, path.parent)]
        before = asyncio.run(estimate(workspace, found)).documents[0]
        single = asyncio.run(estimate(alone, found)).documents[0]
        run(workspace, path)
        after = asyncio.run(estimate(workspace, found)).documents[0]
    assert (before.asked, before.cached, after.asked, after.cached) == (4, 0, 0, 4)
    assert before.input_tokens < single.input_tokens
