"""A till receipt: where, when, what and how it was paid.

``pdf-extraction run FOLDER --profile data/schemas/receipt.py:Receipt``
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

Money = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]


class Purchase(BaseModel):
    """One thing that was bought."""

    description: str
    quantity: Annotated[Decimal, Field(max_digits=18, decimal_places=3)] = Decimal(1)
    amount: Money = Field(description="what was paid for it in all")


class Receipt(BaseModel):
    """One receipt; a scan of several has one on each page."""

    __scope__: ClassVar = "page"

    shop: str = Field(description="name of the shop")
    tax_id: str | None = None
    bought_at: datetime = Field(description="date and time of the sale")
    purchases: list[Purchase] = Field(default_factory=list)
    total: Money
    paid_by: Literal["cash", "card", "pix", "other"] = Field(
        default="other", description="how it was paid", json_schema_extra={"printed": False}
    )
