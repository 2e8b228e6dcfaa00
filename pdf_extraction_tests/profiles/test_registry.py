import subprocess
import sys

import pytest

from pdf_extraction.errors import SettingsError
from pdf_extraction.profiles import PROFILES, get_profile


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_of_the_registry_can_be_had(name):
    """Each name gives the profile that calls itself so, with its tables."""
    profile = get_profile(name)
    assert profile.name == name
    assert profile.tables


@pytest.mark.parametrize(
    ("name", "said"),
    [("markdwn", "'markdown'"), ("legal_pt", "'legal_ptbr'"), ("xyz", "legal_ptbr, markdown")],
)
def test_an_unknown_profile_is_named_with_the_nearest(name, said):
    """A typing mistake is answered with what was probably meant."""
    with pytest.raises(SettingsError, match=said):
        get_profile(name)


def test_the_registry_alone_imports_no_profile():
    """A profile costs its imports only where it is used."""
    code = (
        "import sys, pdf_extraction.profiles as p; "
        "print([m for m in sys.modules if m.startswith('pdf_extraction.profiles.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['pdf_extraction.profiles.base']"


@pytest.mark.parametrize("broken", ["number: strr = None", "number str"])
def test_a_file_that_breaks_on_import_is_told_with_its_line(broken, tmp_path):
    """A typing mistake in one's own model is found without a traceback."""
    schema = tmp_path / "ticket.py"
    schema.write_text(
        f"from pydantic import BaseModel\n\n\nclass Ticket(BaseModel):\n    {broken}\n"
    )
    with pytest.raises(SettingsError, match="at line 5 with"):
        get_profile(f"{schema}:Ticket")
