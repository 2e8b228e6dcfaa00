from pdf_extraction.assembly.canonical import (
    build_canonical,
    canonical_hash,
    hash_of_pages,
    normalise,
)


def test_pages_are_joined_with_their_starts():
    """Each page's text stands at its start; a page without text adds nothing."""
    texts = ["um\ndois", "", "três"]
    canonical = build_canonical(texts)
    assert canonical.text == "um\ndois\ntrês\n"
    for start, text in zip(canonical.page_starts, texts, strict=True):
        assert canonical.text[start : start + len(text)] == text


def test_the_text_is_what_its_hash_says():
    """The canonical text is normal already, so that its hash can be recomputed."""
    for texts in (["a b", "c"], [], ["", ""], ["a", ""]):
        canonical = build_canonical(texts)
        assert normalise(canonical.text) == canonical.text
        assert canonical_hash(canonical.text) == canonical.hash == hash_of_pages(texts)


def test_normalising_knows_blanks_line_ends_and_accents():
    """NFC, LF, no trailing blanks, one final line feed."""
    assert normalise("a\u0301 \r\nb\t\n\n") == "á\nb\n"
