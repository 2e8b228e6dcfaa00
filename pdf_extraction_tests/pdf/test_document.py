"""Opening files, and what their failures become."""

import inspect

import pymupdf
import pytest

from pdf_extraction.errors import (
    DocumentError,
    DocumentNotFound,
    EncryptedDocument,
    PageError,
    UnreadableDocument,
)
from pdf_extraction.pdf.document import (
    _TRANSLATIONS,
    facts_of,
    open_document,
    page_error,
    translated,
)
from pdf_extraction_tests.corpus import CORPUS, needs_corpus
from pdf_extraction_tests.pdf.made import saved


def library_errors():
    """Every exception class that the PDF library defines."""
    for module in (pymupdf, pymupdf.mupdf):
        for _, found in inspect.getmembers(module, inspect.isclass):
            is_error = issubclass(found, Exception) and not issubclass(found, Warning)
            if is_error and found.__module__.startswith("pymupdf"):
                yield found


@pytest.mark.parametrize("foreign", sorted(set(library_errors()), key=str))
def test_every_error_of_the_library_has_a_line_of_its_own_in_the_table(foreign, tmp_path):
    error = foreign(1, "why") if foreign is pymupdf.mupdf.FzErrorBase else foreign("why")
    assert isinstance(translated(error, tmp_path / "a.pdf"), DocumentError)
    fitting = [line for line in _TRANSLATIONS if isinstance(error, line[0])]
    assert fitting[0] is not _TRANSLATIONS[-1]


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (FileNotFoundError(), DocumentNotFound),
        (PermissionError(), UnreadableDocument),
        (OSError("disk"), UnreadableDocument),
        (MemoryError(), UnreadableDocument),
        (RuntimeError("x"), UnreadableDocument),
    ],
)
def test_the_systems_errors_name_the_file_and_what_to_do(foreign, ours, tmp_path):
    error = translated(foreign, tmp_path / "lei.pdf")
    assert type(error) is ours
    assert "lei.pdf" in str(error)
    assert str(tmp_path) not in str(error)
    assert ":" in str(error)


def test_a_file_that_is_gone_is_not_found(tmp_path):
    with pytest.raises(DocumentNotFound):
        open_document(tmp_path / "none.pdf")


@pytest.mark.parametrize(
    "content", [b"", b"<html><body>x</body></html>", b"\x89PNG\r\n\x1a\n", b"%PDF-", b"texto"]
)
def test_what_is_no_pdf_is_unreadable_whatever_its_name(content, tmp_path):
    path = tmp_path / "nome.pdf"
    path.write_bytes(content)
    with pytest.raises(UnreadableDocument, match=r"nome\.pdf"):
        open_document(path)


def test_a_password_is_asked_for_only_where_reading_needs_it(tmp_path):
    def locked(name, user):
        document = pymupdf.open()
        document.new_page()
        how = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "owner_pw": "dono", "user_pw": user}
        return saved(document, tmp_path, name, **how)

    assert facts_of(open_document(locked("owner.pdf", ""))).page_count == 1
    with pytest.raises(EncryptedDocument):
        open_document(locked("user.pdf", "abre"))
    with pytest.raises(EncryptedDocument):
        open_document(tmp_path / "user.pdf", "errada")
    assert facts_of(open_document(tmp_path / "user.pdf", "abre")).page_count == 1


def test_a_pages_error_names_page_and_file(tmp_path):
    error = page_error(RuntimeError("code=2: malloc failed"), tmp_path / "a.pdf", 7)
    assert isinstance(error, PageError)
    assert "page 7 of a.pdf" in str(error)
    assert "memory" in str(error)


@needs_corpus
def test_hostile_files_open_or_say_why_and_print_nothing(capfd):
    for path in sorted((CORPUS / "hostile").glob("*.pdf")):
        try:
            open_document(path).close()
        except DocumentError as error:
            assert path.name in str(error)  # noqa: PT017 - most files of the set open
    assert capfd.readouterr() == ("", "")
