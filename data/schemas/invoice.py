"""An invoice: who bills whom, when, for what and how much.

``pdf-extraction run FOLDER --profile data/schemas/invoice.py:Invoice``
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

Money = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]
Figure = Annotated[Decimal, Field(max_digits=18, decimal_places=6)]


class Party(BaseModel):
    """A company or a person."""

    name: str
    tax_id: str | None = Field(default=None, description="CNPJ, CPF, VAT or EIN, as printed")
    address: str | None = None


class LineItem(BaseModel):
    """One billed line."""

    code: str | None = Field(default=None, description="the article's code, if there is one")
    description: str
    quantity: Figure | None = None
    unit: str | None = None
    unit_price: Figure | None = None
    tax_percent: Figure | None = Field(default=None, description="21 for 21 %")
    total: Money | None = Field(default=None, description="of the line, as printed")


class Invoice(BaseModel):
    """One invoice."""

    number: str = Field(description="the invoice's own number")
    issued_on: date = Field(description="date of the invoice")
    due_on: date | None = None
    supplier: Party = Field(description="who bills")
    customer: Party | None = Field(default=None, description="who is billed")
    currency: str | None = Field(
        default=None,
        description="ISO 4217, such as BRL",
        json_schema_extra={"printed": False},  # most print a sign
    )
    line_items: list[LineItem] = Field(default_factory=list)
    net: Money | None = Field(default=None, description="sum before tax")
    tax: Money | None = None
    total: Money = Field(description="what is to be paid")
