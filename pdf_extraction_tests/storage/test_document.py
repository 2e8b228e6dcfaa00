from pathlib import Path

from pdf_extraction.storage.document import render


def test_the_committed_page_is_what_would_be_printed():
    """docs/tables.md is printed from the schemas."""
    page = Path(__file__).parents[2] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == render()
