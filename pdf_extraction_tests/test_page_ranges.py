"""Page numbers as people write them."""

import pytest

from pdf_extraction.errors import SettingsError
from pdf_extraction.page_ranges import format_pages, parse_pages


@pytest.mark.parametrize("text", [None, "", "  "])
def test_no_text_means_all_pages(text):
    """Without a selection every page is done."""
    assert parse_pages(text) is None


def test_ranges_and_single_pages_are_joined():
    """Blanks, overlaps and repetitions do no harm."""
    assert parse_pages("1-3, 8,2-4") == {1, 2, 3, 4, 8}


@pytest.mark.parametrize("text", ["0", "3-1", "a", "1,,2", "-2", "1-", "1-99999999999", "²"])
def test_what_is_no_page_is_named(text):
    """The wrong part stands in the error with the right form."""
    with pytest.raises(SettingsError, match="1-5,8"):
        parse_pages(text)


def test_written_pages_read_back_as_the_same():
    """Neighbours become ranges."""
    pages = frozenset({1, 2, 3, 5, 9, 10})
    assert format_pages(pages) == "1-3,5,9-10"
    assert parse_pages(format_pages(pages)) == pages
    assert format_pages(None) is None
