from pathlib import Path

from pdf_extraction.settings.document import render


def test_the_committed_page_is_what_would_be_printed():
    """docs/settings.md is printed from the settings' own descriptions."""
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == render()


def test_every_setting_has_a_meaning():
    """No key is left without a sentence."""
    assert "| None |" not in render()
