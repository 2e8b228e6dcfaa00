"""A user's own model from its file to typed tables, with real PDFs and a scripted server."""

# ruff: noqa: DTZ001  (printed times have no zone)

import json
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field, field_validator, model_validator

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.defs.resources import DataFolder
from pdf_extraction.errors import SettingsError
from pdf_extraction.health import _profile
from pdf_extraction.settings import load_settings, parse_settings
from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.samples import write_pdf
from pdf_extraction_tests.user_models import SCHEMAS, ask, run, workspace_for

HERE = __name__


class Colour(Enum):
    RED = "red"
    BLUE = "light blue"


class Tax(BaseModel):
    name: str
    percent: Decimal


class Line(BaseModel):
    sku: str
    colour: Colour
    quantity: int
    price: Decimal
    taxes: list[Tax] = Field(default_factory=list)


class Address(BaseModel):
    street: str
    number: int | None = None


class Card(BaseModel):
    kind: Literal["card"] = "card"
    digits: str


class Pix(BaseModel):
    kind: Literal["pix"] = "pix"
    key: str


class Order(BaseModel):
    """An order with everything that a model may have."""

    number: str
    placed_on: date
    paid_at: datetime | None = None
    opens: time | None = None
    is_gift: bool
    weight: float | None = None
    tags: list[str] = Field(default_factory=list)
    sizes: list[int] = Field(default_factory=list)
    buyer: Address
    billing: Address | None = None
    payment: Annotated[Card | Pix, Field(discriminator="kind")]
    labels: dict[str, Any] = Field(default_factory=dict)
    confidence: str | None = None
    lines: list[Line]


ORDER = Order(
    number="A-7",
    placed_on=date(2024, 12, 31),
    paid_at=datetime(2024, 12, 31, 14, 30),
    opens=time(8, 15),
    is_gift=False,
    weight=2.5,
    tags=["frágil", "urgente"],
    sizes=[3, 5],
    buyer=Address(street="Rua das Águas", number=12),
    payment=Pix(key="11-99"),
    labels={"a": 1, "b": {"c": "d"}},
    confidence="alta",
    lines=[
        Line(
            sku="T1",
            colour=Colour.RED,
            quantity=2,
            price=Decimal("1234.56"),
            taxes=[
                Tax(name="ICMS", percent=Decimal(18)),
                Tax(name="IPI", percent=Decimal("1.65")),
            ],
        ),
        Line(sku="T2", colour=Colour.BLUE, quantity=1, price=Decimal("0.5")),
        Line(
            sku="T3",
            colour=Colour.RED,
            quantity=7,
            price=Decimal(10),
            taxes=[
                Tax(name="ISS", percent=Decimal(5)),
            ],
        ),
    ],
)

REBUILT = """
SELECT o.*, (
    SELECT list({
        sku: l.sku, colour: l.colour, quantity: l.quantity, price: l.price,
        taxes: (SELECT coalesce(list({name: t.name, percent: t.percent} ORDER BY t.position), [])
                FROM order_lines_taxes t WHERE t.parent_record_id = l.record_id)
    } ORDER BY l.position)
    FROM order_lines l WHERE l.parent_record_id = o.record_id
) AS lines FROM "order" o
"""


def rebuilt(row):
    """The model's object from a row of the join."""
    nested = {
        name: {k.removeprefix(f"{name}_"): v for k, v in row.items() if k.startswith(f"{name}_")}
        for name in ("buyer", "billing", "payment")
    }
    absent = {name for name, inner in nested.items() if not any(inner.values())}
    payment = {key: value for key, value in nested["payment"].items() if value is not None}
    plain = {name: row[name] for name in Order.model_fields if name in row and name not in nested}
    plain |= {"confidence": row["confidence_"], "labels": json.loads(row["labels"])}
    billing = None if "billing" in absent else nested["billing"]
    return Order.model_validate(
        {**plain, "buyer": nested["buyer"], "billing": billing, "payment": payment}
    )


def test_a_nested_object_comes_back_exactly_from_the_joins(tmp_path):
    """Order, lines, and taxes of each line are three tables of real types, and one object."""
    path = write_pdf(tmp_path / "order.pdf", ["Pedido A-7\nRua das Águas 12\nT1 2 1.234,56"])
    answer = ORDER.model_dump_json()
    with FakeServer(answers=lambda _asked: answer) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Order", server)
        run(workspace, path)
    (row,) = ask(workspace, REBUILT)
    assert rebuilt(row) == ORDER
    types = {
        (one["table_name"], one["column_name"]): one["data_type"]
        for one in ask(workspace, "SELECT * FROM duckdb_columns() WHERE schema_name = 'main'")
    }
    wanted = {
        ("order", "placed_on"): "DATE",
        ("order", "paid_at"): "TIMESTAMP",
        ("order", "opens"): "TIME",
        ("order", "is_gift"): "BOOLEAN",
        ("order", "tags"): "VARCHAR[]",
        ("order", "sizes"): "BIGINT[]",
        ("order", "payment_kind"): "ENUM('card', 'pix')",
        ("order", "labels"): "JSON",
        ("order_lines", "colour"): "ENUM('red', 'light blue')",
        ("order_lines", "price"): "DECIMAL(38,10)",
    }
    assert {key: types[key] for key in wanted} == wanted


class Entry(BaseModel):
    """A line of a ledger."""

    code: str
    day: date
    amount: Decimal = Field(ge=0)
    paid: bool | None = None

    @field_validator("code")
    @classmethod
    def _has_a_letter(cls, value: str) -> str:
        if not any(char.isalpha() for char in value):
            raise ValueError("a code has a letter")
        return value.upper()


def test_a_value_that_cannot_be_typed_keeps_its_text_and_says_so(tmp_path):
    """The row lands with NULL there, its text, and an error that names the field."""
    answer = {"code": "x1", "day": "ilegível", "amount": "1.234,56", "paid": "sim"}
    path = write_pdf(tmp_path / "a.pdf", ["X1 ilegível 1.234,56"])
    with FakeServer(answers=lambda _asked: json.dumps(answer)) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Entry", server)
        run(workspace, path)
        assert server.stats()["requests"] == 1
    (row,) = ask(workspace, "SELECT *, evidence['day'] AS proof FROM entry")
    assert (row["day"], row["amount"], row["paid"]) == (None, Decimal("1234.56"), True)
    assert row["errors"] == ["day: 'ilegível' is no date"]
    assert (row["proof"]["text"], row["proof"]["error"]) == ("ilegível", "'ilegível' is no date")
    assert (row["proof"]["grounding"], row["confidence"]) == ("exact", 0.0)


def test_the_models_own_validators_refuse_and_the_model_is_told(tmp_path):
    """What is asked again names the field and what is wrong with it."""
    texts = []

    def answer(asked):
        texts.append(asked.text)
        good = {"code": "x1", "day": "2024-01-02", "amount": 5}
        return json.dumps(good if len(texts) > 1 else {**good, "code": "77", "amount": -5})

    path = write_pdf(tmp_path / "a.pdf", ["X1 02/01/2024 5,00"])
    with FakeServer(answers=answer) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Entry", server)
        run(workspace, path)
    (row,) = ask(workspace, "SELECT code, day, amount FROM entry")
    assert row == {"code": "X1", "day": date(2024, 1, 2), "amount": Decimal(5)}
    assert "code: Value error, a code has a letter" in texts[1]
    assert "amount: Input should be greater than or equal to 0" in texts[1]


def test_without_a_server_nothing_starts_and_it_is_said_what_is_needed(tmp_path):
    """There are no rules for a model that nobody knows: the chain is told before a page is."""
    path = write_pdf(tmp_path / "a.pdf", ["X1 02/01/2024 5,00"])
    with pytest.raises(SettingsError, match=r"Entry.*model server.*\(embedded\).*`chain`"):
        run(workspace_for(tmp_path / "data", f"{HERE}:Entry"), path)
    assert not (tmp_path / "data" / "tables").exists()


def test_where_no_server_answers_the_document_fails_with_its_reasons(tmp_path):
    """An embedded backend behind the server has no rules for it either: no empty success."""
    path = write_pdf(tmp_path / "a.pdf", ["X1 02/01/2024 5,00"])
    with FakeServer("500=1") as server:
        table = {"kind": "openai", "base_url": server.base_url, "model": "m", "max_attempts": 1}
        settings = {
            "profile": f"{HERE}:Entry",
            "chain": ["a", "embedded"],
            "backends": {"a": table},
        }
        workspace = Workspace(tmp_path / "data", parse_settings(settings, "test"))
        run(workspace, path)
    (document,) = ask(workspace, "SELECT * FROM documents")
    (page,) = ask(workspace, "SELECT * FROM pages")
    assert (document["status"], page["status"]) == ("failed", "failed")
    assert "model server" in page["error"]
    assert Tables(tmp_path / "data").read("entry", "a") == []


class Item(BaseModel):
    name: str
    amount: Decimal


class Bill(BaseModel):
    number: str
    customer: str | None = None
    items: list[Item] = Field(default_factory=list)
    total: Decimal

    @model_validator(mode="after")
    def _adds_up(self) -> "Bill":
        if sum(item.amount for item in self.items) != self.total:
            raise ValueError("the items do not add up to the total")
        return self


class KeyedItem(Item):
    __key__: ClassVar = "name"
    note: str | None = None


class KeyedBill(BaseModel):
    number: str
    items: list[KeyedItem] = Field(default_factory=list)


class PageBill(Bill):
    __scope__: ClassVar = "page"


def items(*pairs):
    return [{"name": name, "amount": amount} for name, amount in pairs]


def by_page(**answers):
    return lambda asked: json.dumps(answers[f"p{asked.page_number}"])


PAGES = ["Conta 17 Ana\npão 1,00\nleite 2,00", "leite 2,00\nqueijo 3,00", "Conta 17\ntotal 6,00"]


def test_pages_of_one_document_become_one_object(tmp_path):
    """Fields from where they stand, lists in page order, nothing twice at the seams."""
    path = write_pdf(tmp_path / "conta.pdf", PAGES)
    model = by_page(
        p1={"number": "17", "customer": "Ana", "items": items(("pão", 1), ("leite", 2))},
        p2={"number": None, "items": items(("leite", 2), ("queijo", 3)), "total": None},
        p3={"number": "17", "items": [], "total": "6,00"},
    )
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Bill", server, pages=1)
        run(workspace, path)
        assert run(workspace, path, run_id="again") == [False]
        assert server.stats()["requests"] == 3
    (bill,) = ask(workspace, "SELECT *, evidence['total'].page_number AS stands_on FROM bill")
    assert (bill["number"], bill["customer"], bill["total"]) == ("17", "Ana", Decimal(6))
    assert (bill["page_number"], bill["stands_on"], bill["errors"]) == (1, 3, None)
    found = ask(workspace, "SELECT name, page_number FROM bill_items ORDER BY position")
    assert [(one["name"], one["page_number"]) for one in found] == [
        ("pão", 1),
        ("leite", 1),
        ("queijo", 2),
    ]


def test_pages_that_differ_are_kept_and_trusted_less(tmp_path):
    """What most pages say stands, the other value stays with its page, the validation is told."""
    path = write_pdf(tmp_path / "conta.pdf", PAGES)
    model = by_page(
        p1={"number": "17", "items": items(("pão", 1))},
        p2={"number": "71", "items": []},
        p3={"number": "17", "items": [], "total": 6},
    )
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Bill", server, pages=1)
        run(workspace, path)
    (bill,) = ask(workspace, "SELECT number, errors, evidence['number'] AS proof FROM bill")
    assert bill["number"] == "17"
    assert bill["proof"]["others"] == [{"text": "71", "page_number": 2}]
    assert bill["proof"]["confidence"] < 0.7
    assert bill["proof"]["confidence_method"].endswith("+conflict")
    assert "the items do not add up to the total" in bill["errors"][0]


def test_items_of_one_key_are_one_item(tmp_path):
    """A class says by which fields two pages' partial objects are the same one."""
    path = write_pdf(tmp_path / "conta.pdf", PAGES[:2])
    model = by_page(
        p1={
            "number": "17",
            "items": [{"name": "pão", "amount": 1}, {"name": "leite", "amount": 2}],
        },
        p2={"number": "17", "items": [{"name": "pão", "amount": 1, "note": "de ontem"}]},
    )
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:KeyedBill", server, pages=1)
        run(workspace, path)
    found = ask(workspace, "SELECT name, note FROM keyed_bill_items ORDER BY position")
    assert found == [{"name": "pão", "note": "de ontem"}, {"name": "leite", "note": None}]


def test_a_class_may_say_that_each_page_is_one_record(tmp_path):
    """A scan of two bills is two rows; a page that has none is none."""
    path = write_pdf(tmp_path / "contas.pdf", PAGES)
    nothing = dict.fromkeys(("number", "customer", "items", "total"))
    model = by_page(
        p1={"number": "17", "items": items(("pão", 1)), "total": 1},
        p2=nothing,
        p3={"number": "18", "items": items(("queijo", 3)), "total": 3},
    )
    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:PageBill", server)
        run(workspace, path)
    found = ask(workspace, "SELECT number, position, page_number FROM page_bill ORDER BY position")
    assert [tuple(one.values()) for one in found] == [("17", 0, 1), ("18", 1, 3)]
    assert ask(workspace, "SELECT count(*) AS n FROM pages WHERE status = 'done'")[0]["n"] == 3


def rows_of_a_table(count):
    return [{"name": f"artigo {n}", "amount": f"{n},50"} for n in range(1, count + 1)]


def table_page(rows):
    lines = [f"{row['name']}      {n}      {row['amount']}" for n, row in enumerate(rows, 1)]
    return "\n".join(["Conta 17", *lines])


class Many(BaseModel):
    number: str
    items: list[Item]


@pytest.mark.parametrize("way", ["silent", "cut"])
def test_a_list_does_not_stop_in_the_middle(tmp_path, way):
    """Eight rows at a time come, cut or as if that were all: the rest is asked for, and kept."""
    rows = rows_of_a_table(30)
    path = write_pdf(tmp_path / "conta.pdf", [table_page(rows)])

    def model(asked):
        text = asked.text
        known = int(text.split("Your answer had ")[1].split()[0]) if "Your answer" in text else 0
        answer = json.dumps({"number": "17", "items": rows[known : known + 8]})
        is_last = known + 8 >= len(rows)
        return answer if way == "silent" or is_last else answer[: -len('.50"}]}')]

    with FakeServer(answers=model) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Many", server)
        run(workspace, path)
        asked = server.stats()["requests"]
        assert run(workspace, path, run_id="again") == [False]
        assert server.stats()["requests"] == asked <= 6
    found = ask(workspace, "SELECT name FROM many_items ORDER BY position")
    assert [one["name"] for one in found] == [row["name"] for row in rows]
    assert ask(workspace, "SELECT calls FROM documents")[0]["calls"] == asked


def test_a_list_that_is_cut_and_never_goes_on_is_a_failed_page(tmp_path):
    """Half a list is no success, and asking ends."""
    rows = rows_of_a_table(30)
    path = write_pdf(tmp_path / "conta.pdf", [table_page(rows)])
    cut = json.dumps({"number": "17", "items": rows})[:300]
    with FakeServer(answers=lambda _asked: cut) as server:
        workspace = workspace_for(tmp_path / "data", f"{HERE}:Many", server)
        run(workspace, path)
        assert server.stats()["requests"] < 12
    (page,) = ask(workspace, "SELECT status, error_type, error FROM pages")
    assert (page["status"], page["error_type"]) == ("failed", "Truncated")
    assert "max_tokens" in page["error"]


MODEL = """
from datetime import date
from decimal import Decimal
from pydantic import BaseModel

class Ticket(BaseModel):
    number: str
    {field}
"""


def test_a_new_field_is_a_new_column_and_nothing_is_asked_again_unasked(tmp_path):
    """Old rows are NULL there until a run is forced; hashes tell which rows came from which."""
    schema, first, second = (tmp_path / name for name in ("s.py", "a.pdf", "b.pdf"))
    write_pdf(first, ["Bilhete 1 R$ 5,00"])
    write_pdf(second, ["Bilhete 2 R$ 7,00"])

    def model(asked):
        has_price = "price" in asked.schema["properties"]
        return json.dumps({"number": "1", **({"price": "5,00"} if has_price else {})})

    with FakeServer(answers=model) as server:
        schema.write_text(MODEL.format(field=""))
        run(workspace_for(tmp_path / "data", f"{schema}:Ticket", server), first)
        schema.write_text(MODEL.format(field="price: Decimal"))
        newer = workspace_for(tmp_path / "data", f"{schema}:Ticket", server)
        run(newer, first, second)
        assert server.stats()["requests"] == 2
        sql = "SELECT document_id, price FROM ticket ORDER BY 1"
        assert ask(newer, sql) == [
            {"document_id": "a", "price": None},
            {"document_id": "b", "price": Decimal(5)},
        ]
        hashes = ask(newer, "SELECT DISTINCT schema_hash FROM pages")
        run(newer, first, force=True)
        assert server.stats()["requests"] == 3
    assert len(hashes) == 2
    assert [one["price"] for one in ask(newer, sql)] == [Decimal(5), Decimal(5)]


def test_a_type_that_cannot_change_is_refused_before_anything_is_asked(tmp_path):
    """The error names the column and both types."""
    schema, path = tmp_path / "s.py", write_pdf(tmp_path / "a.pdf", ["Bilhete 1 R$ 5,00"])
    with FakeServer(answers=by_page(p1={"number": "1", "price": "5,00"})) as server:
        schema.write_text(MODEL.format(field="price: Decimal"))
        run(workspace_for(tmp_path / "data", f"{schema}:Ticket", server), path)
        schema.write_text(MODEL.format(field="price: date"))
        changed = workspace_for(tmp_path / "data", f"{schema}:Ticket", server)
        with pytest.raises(SettingsError, match=r"ticket\.price: .*DECIMAL\(38,10\).*DATE"):
            run(changed, path)
        assert server.stats()["requests"] == 1


def test_tables_outlive_their_model(tmp_path):
    """Without the class, and without what was kept beside the files, SQL still answers."""
    schema, path = tmp_path / "s.py", write_pdf(tmp_path / "a.pdf", ["Bilhete 1 R$ 5,00"])
    schema.write_text(MODEL.format(field="price: Decimal"))
    with FakeServer(answers=by_page(p1={"number": "1", "price": "5,00"})) as server:
        run(workspace_for(tmp_path / "data", f"{schema}:Ticket", server), path)
    schema.unlink()
    sql = "SELECT number, price, evidence['price'].text AS text FROM ticket"
    for lost in (False, True):
        if lost:
            (tmp_path / "data" / "tables" / "ticket" / ".columns.json").unlink()
        warehouse = Warehouse(tmp_path / "data")
        warehouse.refresh()
        assert warehouse.query(sql).to_pylist() == [
            {"number": "1", "price": Decimal(5), "text": "5,00"}
        ]
    Tables(tmp_path / "data").forget("a")
    warehouse.refresh()
    with pytest.raises(SettingsError, match="ticket"):
        warehouse.query("SELECT * FROM ticket")


class Pages(BaseModel):
    number: str


class Elsewhere(BaseModel):
    __table__: ClassVar = "../elsewhere"
    number: str


class Twice(BaseModel):
    buyer_name: str
    buyer: Item


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{HERE}:Pages", "'pages' is the product's own"),
        (f"{HERE}:Elsewhere", "cannot be a table"),
        (f"{HERE}:Twice", "two fields would be the column 'buyer_name'"),
        (f"{HERE}:Ordr", "Did you mean 'Order'"),
        (f"{HERE}:test_a_list_does_not_stop_in_the_middle", "no Pydantic model"),
        ("no_such_package.schemas:Order", "no module 'no_such_package'"),
        ("schemas/none.py:Order", "there is no file schemas/none.py"),
        (f"{SCHEMAS / 'invoice.py'}", "name the class too"),
        ("pydantic:BaseModel", "no Pydantic model"),
    ],
)
def test_a_model_that_cannot_be_used_is_a_sentence(tmp_path, name, said):
    """Wrong file, module, class or table: what to write stands in the error."""
    with pytest.raises(SettingsError, match=said):
        run(workspace_for(tmp_path / "data", name), write_pdf(tmp_path / "a.pdf", ["x"]))


GALLERY = {
    "receipt.py:Receipt": (
        "Padaria Sol\n31/12/2024 14:30\npão 2 1,50\nTOTAL R$ 1,50\nPIX",
        {
            "shop": "Padaria Sol",
            "bought_at": "31/12/2024 14:30",
            "total": "R$ 1,50",
            "purchases": [{"description": "pão", "quantity": "2", "amount": "1,50"}],
            "paid_by": "PIX",
        },
        (
            "SELECT shop, bought_at, total, paid_by, (SELECT amount FROM receipt_purchases) AS pao "
            "FROM receipt"
        ),
        ("Padaria Sol", datetime(2024, 12, 31, 14, 30), Decimal("1.50"), "pix", Decimal("1.50")),
    ),
    "paper.py:PaperHeader": (
        "On Water\nAna Lima, João Sá\nAbstract We measure water.\nKeywords: water, law",
        {
            "title": "On Water",
            "authors": [{"name": "Ana Lima"}, {"name": "João Sá"}],
            "abstract": "We measure water.",
            "keywords": ["water", "law"],
            "year": None,
        },
        (
            "SELECT title, keywords, (SELECT string_agg(name, ';' ORDER BY position) "
            "FROM paper_header_authors) AS who, grounding FROM paper_header"
        ),
        ("On Water", ["water", "law"], "Ana Lima;João Sá", "exact"),
    ),
    "review.py:MovieReview": (
        "A film that nobody needs. Two hours of rain.",
        {"sentiment": "Negative", "score": "2,5", "summary": "Too much rain."},
        "SELECT sentiment, score, summary, confidence, grounding FROM movie_review",
        ("negative", 2.5, "Too much rain.", None, None),
    ),
}


@pytest.mark.parametrize("name", GALLERY)
def test_every_schema_of_the_gallery_runs(tmp_path, name):
    """Each has its table, with real types, from what a model answers."""
    text, answer, sql, wanted = GALLERY[name]
    path = tmp_path / "a.txt"
    if name.startswith("review"):
        path.write_text(text)
    else:
        path = write_pdf(tmp_path / "a.pdf", [text])
    with FakeServer(answers=lambda _asked: json.dumps(answer)) as server:
        workspace = workspace_for(tmp_path / "data", SCHEMAS / name, server)
        run(workspace, path)
    assert [tuple(one.values()) for one in ask(workspace, sql)] == [wanted]


@pytest.mark.parametrize("form", ["json_schema", "json_object", "none"])
def test_the_schema_goes_to_the_server_as_the_setting_says(tmp_path, form):
    """Strict and named, or in the prompt; the fields with their meanings are in it anyway."""
    seen = []

    def answer(asked):
        seen.append(asked)
        return json.dumps(GALLERY["review.py:MovieReview"][1])

    path = write_pdf(tmp_path / "a.pdf", ["A film that nobody needs."])
    with FakeServer(answers=answer) as server:
        profile = SCHEMAS / "review.py:MovieReview"
        run(workspace_for(tmp_path / "data", profile, server, response_format=form), path)
    sent = seen[0].body.get("response_format")
    assert (sent or {"type": "none"})["type"] == form
    if form == "json_schema":
        assert sent["json_schema"]["strict"] is True
    assert "sentiment (positive | mixed | negative): of the whole review" in seen[0].system
    assert seen[0].schema["properties"]["score"]["type"] == "number"


def test_a_path_is_from_the_working_folder_or_from_the_settings_file(tmp_path, monkeypatch):
    """Whoever starts the program elsewhere still means the file beside the settings."""
    (tmp_path / "project" / "schemas").mkdir(parents=True)
    schema = tmp_path / "project" / "schemas" / "s.py"
    schema.write_text(MODEL.format(field=""))
    settings = tmp_path / "project" / "pdf_extraction.toml"
    settings.write_text('profile = "schemas/s.py:Ticket"\nscope = "page"\n')
    for folder in (tmp_path, tmp_path / "project"):
        monkeypatch.chdir(folder)
        found = Workspace(tmp_path / "data", load_settings(settings, {})).profile
        assert (found.tables, found.scope) == (("ticket",), "page")


def test_doctor_sees_that_a_column_cannot_change_its_type(tmp_path):
    """Before a run is tried: the finding names the column and both types."""
    schema, path = tmp_path / "s.py", write_pdf(tmp_path / "a.pdf", ["Bilhete 1 R$ 5,00"])
    schema.write_text(MODEL.format(field="price: Decimal"))
    with FakeServer(answers=by_page(p1={"number": "1", "price": "5,00"})) as server:
        workspace = workspace_for(tmp_path / "data", f"{schema}:Ticket", server)
        run(workspace, path)
    schema.write_text(MODEL.format(field="price: date"))
    finding = _profile(workspace.data, workspace.settings)
    assert finding.grade == "failed"
    assert "ticket.price: the table has DECIMAL(38,10), the model now says DATE" in finding.detail


def test_a_launchpads_path_is_also_from_where_the_data_and_the_settings_are(tmp_path, monkeypatch):
    """Dagster's processes start elsewhere; whoever wrote the path meant the project's folder."""
    (tmp_path / "project" / "schemas").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "schemas" / "s.py").write_text(MODEL.format(field=""))
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder = DataFolder(data_dir=str(tmp_path / "project" / "data"))
    settings = folder.placed(parse_settings({"profile": "schemas/s.py:Ticket"}, "launchpad"))
    assert Workspace(tmp_path / "data", settings).profile.tables == ("ticket",)
