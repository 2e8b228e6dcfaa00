"""What a failure inside the PDF library, or of our own code around it, is called here.

By table for the library's and the system's; whatever else comes is a bug of ours and never
passes for a damaged file.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymupdf

from pdf_extraction.errors import (
    DocumentError,
    DocumentNotFound,
    ExtractionError,
    PageError,
    ReaderFault,
    UnreadableDocument,
)

_GONE = "{name} is gone: put it back or forget the document"
_TOO_LARGE = (
    "{name} needs more memory than one page may take: raise page_memory_bytes or get a simpler file"
)
#: The first class that fits decides. Sentences say what to do and take the file's name.
TRANSLATIONS: tuple[tuple[type[BaseException], type[DocumentError], str], ...] = (
    (FileNotFoundError, DocumentNotFound, _GONE),
    (pymupdf.FileNotFoundError, DocumentNotFound, _GONE),
    (IsADirectoryError, UnreadableDocument, "{name} is a folder: name the files in it"),
    (
        PermissionError,
        UnreadableDocument,
        "{name} may not be read by this user: change its permissions",
    ),
    (OSError, UnreadableDocument, "{name} cannot be read from the disk ({detail}): try again"),
    (
        pymupdf.EmptyFileError,
        UnreadableDocument,
        "{name} has no bytes: copy it again from its source",
    ),
    (
        pymupdf.FileDataError,
        UnreadableDocument,
        "{name} is damaged beyond repair: get it again from its source",
    ),
    (
        pymupdf.mupdf.FzErrorBase,
        UnreadableDocument,
        "{name} is damaged ({detail}): get it again from its source",
    ),
    (
        MemoryError,
        UnreadableDocument,
        "{name} needs more memory than may be taken: raise page_memory_bytes or split the file",
    ),
)
#: MuPDF's word for an allocation that failed.
_NO_MEMORY = re.compile(r"\b[mcre]+alloc\b.*failed")


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn whatever is raised inside into the ``DocumentError`` that stands for it."""
    try:
        yield
    except ExtractionError:
        raise
    except Exception as error:
        raise translated(error, path) from error


def translated(error: Exception, path: Path) -> DocumentError:
    """The ``DocumentError`` that stands for a failure to open ``path``."""
    name = path.name
    for foreign, ours, sentence in TRANSLATIONS:
        if isinstance(error, foreign):
            return ours(sentence.format(name=name, detail=_detail(error)))
    if _is_librarys(error):
        return UnreadableDocument(
            f"{name} cannot be opened ({_detail(error)}): get it again from its source"
        )
    return _fault(error, name)


def page_error(error: Exception, path: Path, page_number: int) -> DocumentError:
    """The error of one page for a failure while it was read."""
    page = f"page {page_number} of {path.name}"
    if isinstance(error, OSError | pymupdf.mupdf.FzErrorBase) or _is_librarys(error):
        return PageError(
            f"{page} cannot be read ({_detail(error)}): the other pages go on; "
            "get the file again from its source if this page matters"
        )
    return _fault(error, page)


def is_memory(error: Exception) -> bool:
    """Whether it was raised because there was no memory left to be had."""
    # The library's C code may say only that it "returned a result with an exception set".
    cause = error.__cause__ or error.__context__
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)) is not None:
        return True
    return isinstance(cause, Exception) and is_memory(cause)


def _fault(error: Exception, what: str) -> ReaderFault:
    trace = "".join(traceback.format_exception(error)).rstrip()
    return ReaderFault(
        f"reading {what} broke with {type(error).__name__}, a fault of this program and not of "
        "the file: the run's log has the traceback, report it",
        trace=trace,
    )


def _is_librarys(error: Exception) -> bool:
    """Whether the PDF library's own code raised it: on broken files it raises anything."""
    frames = list(traceback.walk_tb(error.__traceback__))
    raised_in = frames[-1][0].f_globals.get("__name__", "") if frames else ""
    return raised_in.partition(".")[0] == "pymupdf"


def _detail(error: Exception) -> str:
    """One printable line of a foreign message, without the folders of the file's path."""
    message = " ".join(str(error).split()) or type(error).__name__
    printable = "".join(char for char in message if char.isprintable())
    return printable[:200]
