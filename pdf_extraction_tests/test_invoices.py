"""Invoices through the gallery's schema, whatever way a model has of answering."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.corpus import CORPUS, needs_corpus
from pdf_extraction_tests.user_models import SCHEMAS, ask, run, workspace_for

INVOICE = f"{SCHEMAS / 'invoice.py'}:Invoice"
SAMPLES = SCHEMAS.parent / "samples"


def right(answer):
    return json.dumps(answer, ensure_ascii=False)


def fenced(answer):
    return f"```json\n{json.dumps(answer, indent=2, ensure_ascii=False)}\n```"


def in_prose(answer):
    return f"Here is what {{I}} found on [1] the page:\n\n{right(answer)}\n\nHope it helps!"


def wrong_types(answer):
    """Numbers as printed in Brazil, days first, and a lone item without its list."""
    changed = {name: printed(value) for name, value in answer.items()}
    lines = [
        {name: printed(value) for name, value in line.items()} for line in answer["line_items"]
    ]
    return right({**changed, "line_items": lines[0] if len(lines) == 1 else lines})


def printed(value):
    if isinstance(value, float):
        english = f"{value:,.2f}" if round(value, 2) == value else f"{value:,.6f}"
        return "R$ " + english.translate(str.maketrans(",.", ".,"))
    if isinstance(value, str) and len(value) == 10 and value[4] == value[7] == "-":
        return f"{value[8:]}/{value[5:7]}/{value[:4]}"
    return value


def without_optionals(answer):
    kept = {name: value for name, value in answer.items() if value is not None}
    return right(
        {
            **kept,
            "line_items": [
                {k: v for k, v in line.items() if v is not None} for line in answer["line_items"]
            ],
        }
    )


class CutOnce:
    """Stops in the middle of the list, and goes on where it is asked to."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __call__(self, asked):
        self.asked.append(asked)
        lines = self.answer["line_items"]
        if "only the items after that one" in asked.text:
            known = int(asked.text.split("Your answer had ")[1].split()[0])
            return right({**self.answer, "line_items": lines[known:]})
        if len(lines) < 2:
            return right(self.answer)
        head = {name: self.answer[name] for name in ("number", "issued_on", "supplier")}
        text = right({**head, "line_items": lines})
        return text[: text.rindex(json.dumps(lines[-1], ensure_ascii=False)) + 12]


STYLES = (right, fenced, in_prose, wrong_types, without_optionals, CutOnce)


def answerer(style, answer):
    return style(answer) if style is CutOnce else lambda _asked: style(answer)


def sample_answer():
    gold = json.loads((SAMPLES / "gold" / "nota-fiscal-0042.json").read_text())
    return {
        "number": gold["number"],
        "issued_on": gold["issued_on"],
        "due_on": gold["due_on"],
        "supplier": {"name": gold["issuer"], "tax_id": gold["issuer_cnpj"], "address": None},
        "customer": {"name": gold["customer"], "tax_id": gold["customer_cnpj"], "address": None},
        "currency": "BRL",
        "line_items": [
            {
                **{name: item[name] for name in ("code", "description", "unit")},
                **{n: float(item[n]) for n in ("quantity", "unit_price", "total")},
                "tax_percent": None,
            }
            for item in gold["items"]
        ],
        "net": float(gold["subtotal"]),
        "tax": None,
        "total": float(gold["total"]),
    }


def corpus_answer(truth):
    lines = [line for line in truth.get("lines", []) if line.get("name") or line.get("desc")]
    return {
        "number": truth["invoice_number"],
        "issued_on": truth["date"],
        "due_on": truth.get("date_due"),
        "supplier": {"name": truth["issuer"], "tax_id": truth.get("vat"), "address": None},
        "customer": None,
        "currency": truth.get("currency"),
        "line_items": [
            {
                "code": line.get("code"),
                "description": line.get("name") or line["desc"],
                "quantity": number(line.get("qty")),
                "unit": line.get("uom"),
                "unit_price": number(line.get("price_unit", line.get("price"))),
                "tax_percent": number(line.get("line_tax_percent")),
                "total": number(line.get("price_subtotal")),
            }
            for line in lines
        ],
        "net": number(truth.get("amount_untaxed")),
        "tax": number(truth.get("amount_tax")),
        "total": number(truth["amount"]),
    }


def number(value):
    return None if value is None else float(value)


def assert_tables_hold(workspace, answer):
    (invoice,) = ask(workspace, "SELECT * FROM invoice")
    assert invoice["errors"] is None
    assert invoice["number"] == answer["number"]
    assert invoice["issued_on"] == date.fromisoformat(answer["issued_on"])
    assert invoice["supplier_name"] == answer["supplier"]["name"]
    assert isinstance(invoice["total"], Decimal)
    for name in ("net", "tax", "total"):
        assert invoice[name] == exact(answer[name])
    lines = ask(workspace, "SELECT * FROM invoice_line_items ORDER BY position")
    assert [line["position"] for line in lines] == list(range(len(answer["line_items"])))
    assert {line["parent_record_id"] for line in lines} <= {invoice["record_id"]}
    for line, wanted in zip(lines, answer["line_items"], strict=True):
        assert line["description"] == wanted["description"]
        for name in ("quantity", "unit_price", "tax_percent", "total"):
            assert line[name] == exact(wanted[name]), name


def exact(value):
    return None if value is None else Decimal(str(value))


@pytest.mark.parametrize("style", STYLES)
def test_an_invoice_lands_as_it_is_in_whatever_style_it_is_answered(tmp_path, style):
    """Right, fenced, in prose, as printed in Brazil, without nulls, cut: the same tables."""
    answer = sample_answer()
    model = answerer(style, answer)
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", INVOICE, server)
        run(workspace, SAMPLES / "nota-fiscal-0042.pdf")
        asked = server.stats()["requests"]
        assert_tables_hold(workspace, answer)
        assert run(workspace, SAMPLES / "nota-fiscal-0042.pdf", run_id="again") == [False]
        assert server.stats()["requests"] == asked == (2 if style is CutOnce else 1)
    (document,) = ask(workspace, "SELECT * FROM documents")
    attempts = ask(workspace, "SELECT * FROM attempts")
    assert document["calls"] == len(attempts) == asked
    assert document["output_tokens"] == sum(attempt["output_tokens"] for attempt in attempts)


def test_every_value_says_where_it_stands(tmp_path):
    """A number that was answered as a number is found in its printed form, with its box."""
    with FakeServer(answers=lambda _asked: right(sample_answer())) as server:
        workspace = workspace_for(tmp_path / "data", INVOICE, server)
        run(workspace, SAMPLES / "nota-fiscal-0042.pdf")
    (found,) = ask(
        workspace,
        "SELECT evidence['total'] AS total, evidence['issued_on'] AS day, grounding, confidence "
        "FROM invoice",
    )
    assert (found["total"]["grounding"], found["total"]["text"]) == ("exact", "48.855,20")
    assert found["total"]["page_number"] == 1
    assert 0 < found["total"]["bbox"][0] < found["total"]["bbox"][2] < 1
    assert found["day"]["confidence"] > 0.9
    assert (found["grounding"], found["confidence"] > 0.9) == ("exact", True)


@needs_corpus
@pytest.mark.parametrize("style", STYLES)
def test_invoices_of_strangers_land_as_their_truth_says(tmp_path, style):
    """Six real invoices in five currencies and languages, in each style of answering."""
    truths = sorted((CORPUS / "general").glob("invoice_*.truth.json"))
    assert len(truths) >= 6
    for path in truths:
        answer = corpus_answer(json.loads(path.read_text())[0])
        pdf = Path(str(path).replace(".truth.json", ".pdf"))
        with FakeServer(answers=first_page(answerer(style, answer))) as server:
            workspace = workspace_for(tmp_path / path.name, INVOICE, server)
            run(workspace, pdf)
            assert_tables_hold(workspace, answer)


def first_page(model):
    """All of the invoice is on its first page; the others hold none of it."""

    def answer(asked):
        nothing = {"number": None, "line_items": []}
        return model(asked) if asked.page_number == 1 else json.dumps(nothing)

    return answer
