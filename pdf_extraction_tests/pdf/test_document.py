"""Opening files, and what their failures become."""

import inspect

import pymupdf
import pytest

from pdf_extraction.errors import (
    DocumentError,
    DocumentNotFound,
    EncryptedDocument,
    PageError,
    ReaderFault,
    UnreadableDocument,
)
from pdf_extraction.pdf.document import facts_of, open_document
from pdf_extraction.pdf.faults import TRANSLATIONS, is_memory, page_error, translated
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
    assert any(isinstance(error, line[0]) for line in TRANSLATIONS)


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (FileNotFoundError(), DocumentNotFound),
        (PermissionError(), UnreadableDocument),
        (OSError("disk"), UnreadableDocument),
        (MemoryError(), UnreadableDocument),
    ],
)
def test_the_systems_errors_name_the_file_and_what_to_do(foreign, ours, tmp_path):
    error = translated(foreign, tmp_path / "lei.pdf")
    assert type(error) is ours
    assert "lei.pdf" in str(error)
    assert str(tmp_path) not in str(error)
    assert ":" in str(error)


def raised_by(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        call()
    return caught.value


def test_a_bug_of_ours_never_passes_for_a_damaged_file(tmp_path):
    error = raised_by(lambda: {}["a bug"])
    for fault in (
        translated(error, tmp_path / "a.pdf"),
        page_error(error, tmp_path / "a.pdf", 7),
    ):
        assert type(fault) is ReaderFault
        assert "a.pdf" in str(fault)
        assert "fault of this program" in str(fault)
        assert '{}["a bug"]' in fault.trace


def test_whatever_the_library_raises_on_a_broken_file_is_the_files_fault(tmp_path):
    error = raised_by(lambda: pymupdf.open().load_page(9))
    assert type(page_error(error, tmp_path / "a.pdf", 10)) is PageError
    assert type(translated(error, tmp_path / "a.pdf")) is UnreadableDocument


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
    error = page_error(pymupdf.mupdf.FzErrorFormat("cycle"), tmp_path / "a.pdf", 7)
    assert type(error) is PageError
    assert "page 7 of a.pdf" in str(error)
    assert "cycle" in str(error)


@pytest.mark.parametrize("how", ["malloc (9 bytes) failed", "calloc (1 x 9 bytes) failed"])
def test_memory_that_the_library_did_not_get_is_told_from_damage(how):
    assert is_memory(pymupdf.mupdf.FzErrorSystem(f"code=2: {how}"))
    hidden = SystemError("returned a result with an exception set")
    hidden.__cause__ = MemoryError()
    assert is_memory(hidden)
    assert not is_memory(pymupdf.mupdf.FzErrorFormat("code=7: cycle in page tree"))


@needs_corpus
def test_hostile_files_open_or_say_why_and_print_nothing(capfd):
    for path in sorted((CORPUS / "hostile").glob("*.pdf")):
        try:
            open_document(path).close()
        except DocumentError as error:
            assert path.name in str(error)  # noqa: PT017 - most files of the set open
    assert capfd.readouterr() == ("", "")
