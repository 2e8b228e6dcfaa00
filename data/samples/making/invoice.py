"""An invoice: header fields, a table of items, totals; printed and told from one record.

Not a device in it: this sample is for a user's own profile with real types.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from making.canvas import A4, Canvas, Color, text_width

LEFT, RIGHT = 50.0, A4[0] - 50.0
SHADE: Color = (0.9, 0.92, 0.9)
# Right edges of the numbers and left edges of the words, in points.
COLUMNS: tuple[tuple[float, str], ...] = (
    (54.0, "left"),
    (100.0, "left"),
    (330.0, "left"),
    (412.0, "right"),
)
COLUMNS += ((478.0, "right"), (541.0, "right"))
HEADINGS = ("Código", "Descrição do produto", "Un.", "Quantidade", "Valor unit.", "Valor total")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the invoice."""

    code: str
    description: str
    unit: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        """Quantity times price, rounded to the centavo."""
        return (self.quantity * self.unit_price).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the invoice says; the numbers of registration are invented and fail their check."""

    number: str
    series: str
    issued_on: date
    due_on: date
    issuer: str
    issuer_cnpj: str
    customer: str
    customer_cnpj: str
    items: tuple[Item, ...]
    freight: Decimal
    discount: Decimal

    @property
    def subtotal(self) -> Decimal:
        """All items, before freight and discount."""
        return sum((item.total for item in self.items), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Return what is to be paid."""
        return self.subtotal + self.freight - self.discount


INVOICE = Invoice(
    number="0042",
    series="1",
    issued_on=date(2024, 12, 31),
    due_on=date(2025, 1, 15),
    issuer="Olaria Pedra Mansa Ltda.",
    issuer_cnpj="98.042.310/0001-00",
    customer="Município de Brejo Alto",
    customer_cnpj="97.118.604/0001-11",
    items=(
        Item("0117", "Tijolo maciço 5 x 10 x 20 cm", "mil", Decimal("12.5"), Decimal("1234.56")),
        Item("0120", "Telha colonial", "un", Decimal(2400), Decimal("2.35")),
        Item("0133", "Manilha de barro 200 mm", "un", Decimal(86), Decimal("47.90")),
        Item("0204", "Argila peneirada, saco de 25 kg", "sc", Decimal(150), Decimal("18.07")),
        Item("0310", "Lajota sextavada", "m²", Decimal("312.75"), Decimal("64.20")),
    ),
    freight=Decimal("1850.00"),
    discount=Decimal("975.25"),
)


def brazilian(value: Decimal, places: int = 2) -> str:
    """`1234.5` -> `1.234,50`."""
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def invoice_page(invoice: Invoice) -> Canvas:
    """Draw the one page of the invoice."""
    canvas = Canvas()
    _header(canvas, invoice)
    _parties(canvas, invoice)
    bottom = _items(canvas, invoice, top=270)
    _totals(canvas, invoice, bottom + 16)
    canvas.text((LEFT, 800), "Documento de demonstração, sem valor fiscal.", "heit", 8)
    return canvas


def invoice_gold(invoice: Invoice) -> str:
    """The same record as JSON: decimals as strings, dates as ISO 8601."""
    record = asdict(invoice) | {"subtotal": invoice.subtotal, "total": invoice.total}
    for row, item in zip(record["items"], invoice.items, strict=True):
        row["total"] = item.total
    return json.dumps(record, ensure_ascii=False, indent=2, default=str) + "\n"


def _header(canvas: Canvas, invoice: Invoice) -> None:
    canvas.rect((LEFT, 46, RIGHT - LEFT, 46), SHADE)
    canvas.text((LEFT + 10, 76), "NOTA FISCAL", "hebo", 22)
    canvas.right((RIGHT - 10, 66), f"Nº {invoice.number}", "hebo", 14)
    canvas.right((RIGHT - 10, 82), f"Série {invoice.series}", "helv", 10)
    _field(canvas, (LEFT, 118), "Data de emissão", f"{invoice.issued_on:%d/%m/%Y}")
    _field(canvas, (LEFT + 130, 118), "Vencimento", f"{invoice.due_on:%d/%m/%Y}")
    _field(canvas, (LEFT + 260, 118), "Natureza da operação", "Venda de produção própria")


def _parties(canvas: Canvas, invoice: Invoice) -> None:
    _field(canvas, (LEFT, 158), "Emitente", invoice.issuer)
    _field(canvas, (LEFT + 300, 158), "CNPJ", invoice.issuer_cnpj)
    canvas.text((LEFT, 184), "Estrada do Barreiro, km 4 – Brejo Alto/SN", "helv", 9)
    _field(canvas, (LEFT, 214), "Destinatário", invoice.customer)
    _field(canvas, (LEFT + 300, 214), "CNPJ", invoice.customer_cnpj)
    canvas.text((LEFT, 240), "Praça das Figueiras, 10 – Centro – Brejo Alto/SN", "helv", 9)


def _field(canvas: Canvas, at: tuple[float, float], name: str, value: str) -> None:
    canvas.text(at, name, "helv", 7.5)
    canvas.text((at[0], at[1] + 13), value, "hebo", 10.5)


def _items(canvas: Canvas, invoice: Invoice, top: float) -> float:
    height = 19.0
    canvas.rect((LEFT, top, RIGHT - LEFT, height), SHADE)
    _row(canvas, top, HEADINGS, "hebo")
    for index, item in enumerate(invoice.items, start=1):
        _row(canvas, top + index * height, _cells(item), "helv")
    bottom = top + (len(invoice.items) + 1) * height
    for index in range(len(invoice.items) + 2):
        canvas.rect((LEFT, top + index * height, RIGHT - LEFT, 0.5))
    for x in (LEFT, 95, 325, 355, 418, 483, RIGHT):
        canvas.rect((x, top, 0.5, bottom - top))
    return bottom


def _cells(item: Item) -> tuple[str, ...]:
    places = 2 if item.quantity % 1 else 0
    quantity = brazilian(item.quantity, places)
    prices = (brazilian(item.unit_price), brazilian(item.total))
    return (item.code, item.description, item.unit, quantity, *prices)


def _row(canvas: Canvas, top: float, cells: tuple[str, ...], name: str) -> None:
    for (x, align), text in zip(COLUMNS, cells, strict=True):
        start = x if align == "left" else x - text_width(text, name, 9)
        canvas.text((start, top + 13), text, name, 9)


def _totals(canvas: Canvas, invoice: Invoice, top: float) -> None:
    rows = (
        ("Subtotal", invoice.subtotal, "helv"),
        ("Frete", invoice.freight, "helv"),
        ("Desconto", -invoice.discount, "helv"),
        ("VALOR TOTAL DA NOTA (R$)", invoice.total, "hebo"),
    )
    for index, (label, value, name) in enumerate(rows):
        y = top + index * 18
        canvas.right((440, y), label, name, 10)
        canvas.right((541, y), brazilian(value), name, 10)
