"""What to extract: each profile says what to ask for and what to make of the answers.

A profile is imported when it is asked for, so that one never costs the others' imports.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Literal

from pdf_extraction.errors import SettingsError
from pdf_extraction.profiles.base import Profile

PROFILES = {
    "legal_ptbr": "pdf_extraction.profiles.legal_ptbr:LegalPtBr",
    "markdown": "pdf_extraction.profiles.markdown:Markdown",
}
_OWN = "pdf_extraction.profiles.user_model"


#: Profiles that make something of tables and figures; for others they are not looked for.
_WANT_LAYOUT = frozenset({"markdown"})


def wants_layout(name: str) -> bool:
    """Whether a profile looks at ``PageImage.regions``, which cost time to find."""
    return name in _WANT_LAYOUT


def get_profile(
    name: str,
    scope: Literal["document", "page"] | None = None,
    closer: Sequence[Literal["tables", "formulas"]] = (),
) -> Profile:
    """The profile called ``name``: a built-in one, or that of a Pydantic model of the user's.

    Args:
        name: Of the registry, or ``package.module:Class``, or ``path/file.py:Class``.
        scope: For a model of the user's, in place of what its class says.
        closer: For ``markdown``: parts of pages that a model is shown once more, each alone.

    Raises:
        SettingsError: There is no such profile; says what to write.
    """
    if name in PROFILES:
        module, _, attribute = PROFILES[name].partition(":")
        options = {"closer": closer} if name == "markdown" else {}
        profile: Profile = getattr(import_module(module), attribute)(**options)
        return profile
    if ":" in name:
        own: Profile = import_module(_OWN).load_profile(name, scope)
        return own
    if name.endswith(".py"):
        raise SettingsError(f"profile {name!r}: name the class too, as in {name}:Invoice")
    near = get_close_matches(name, PROFILES, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(PROFILES)}"
    own_hint = "" if near else ", and package.module:Class or path/file.py:Class for your own."
    raise SettingsError(f"There is no profile {name!r}. {hint}{own_hint}")
