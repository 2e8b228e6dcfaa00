"""What every table of the settings is. No setting stands here.

Values come from TOML, which is typed, so types are strict: ``dpi = "300"`` is an error.
Sequences are tuples, so that settings can be shared and not changed behind a run's back.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Texts = Annotated[tuple[str, ...], Field(strict=False)]
Numbers = Annotated[tuple[float, ...], Field(strict=False)]


class Section(BaseModel):
    """Keys of one table; an unknown one is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )
