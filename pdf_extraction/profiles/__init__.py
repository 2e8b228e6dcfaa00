"""What to extract: each profile says what to ask for and what to make of the answers.

A profile is imported when it is asked for, so that one never costs the others' imports.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

from pdf_extraction.errors import SettingsError
from pdf_extraction.profiles.base import Profile

PROFILES = {
    "legal_ptbr": "pdf_extraction.profiles.legal_ptbr:LegalPtBr",
    "markdown": "pdf_extraction.profiles.markdown:Markdown",
}


#: Profiles that make something of tables and figures; for others they are not looked for.
_WANT_LAYOUT = frozenset({"markdown"})


def wants_layout(name: str) -> bool:
    """Whether a profile looks at ``PageImage.regions``, which cost time to find."""
    return name in _WANT_LAYOUT


def get_profile(name: str) -> Profile:
    """The profile called ``name``.

    Raises:
        SettingsError: There is no such profile; names the nearest one.
    """
    if name not in PROFILES:
        near = get_close_matches(name, PROFILES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(PROFILES)}."
        raise SettingsError(f"There is no profile {name!r}. {hint}")
    module, _, attribute = PROFILES[name].partition(":")
    profile: Profile = getattr(import_module(module), attribute)()
    return profile
