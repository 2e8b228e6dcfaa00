"""A film review: plain text in, an opinion out.

Nothing of it is printed on the page, so nothing is looked for there.

``pdf-extraction run FOLDER --profile data/schemas/review.py:MovieReview``
"""

from typing import Literal

from pydantic import BaseModel, Field

CONCLUDED = {"printed": False}


class MovieReview(BaseModel):
    """What a reviewer thinks of a film."""

    sentiment: Literal["positive", "mixed", "negative"] = Field(
        description="of the whole review", json_schema_extra=CONCLUDED
    )
    score: float = Field(ge=0, le=10, description="10 is best", json_schema_extra=CONCLUDED)
    summary: str = Field(description="in one sentence", json_schema_extra=CONCLUDED)
