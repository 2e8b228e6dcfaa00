"""The header of a scientific paper.

``pdf-extraction run FOLDER --profile data/schemas/paper.py:PaperHeader --pages 1``
"""

from pydantic import BaseModel, Field


class Author(BaseModel):
    """One author, in the order of the paper."""

    name: str
    affiliation: str | None = None
    email: str | None = None


class PaperHeader(BaseModel):
    """Title, authors and abstract, as printed on the first page."""

    title: str
    authors: list[Author] = Field(min_length=1)
    abstract: str | None = None
    keywords: list[str] = Field(default_factory=list)
    venue: str | None = Field(default=None, description="journal or conference")
    year: int | None = Field(default=None, ge=1600, le=2200)
    doi: str | None = Field(default=None, description="without https://doi.org/")
