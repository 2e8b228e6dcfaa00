"""Every error this package raises, and the remedy each class carries.

The class decides what happens next; nobody reads a message to decide. Nothing here
knows a foreign library: each seam (pdf, backends, storage) translates its own by table.

    ExtractionError
    ├ SettingsError                                      STOP_USAGE
    ├ DocumentError                                      FAIL_DOCUMENT
    │ ├ UnreadableDocument, EncryptedDocument, DocumentNotFound, BadSidecar,
    │ │ ProfileFault, ReaderFault, DocumentChanged       (DocumentChanged: WAIT_AND_RETRY)
    │ └ PageError                                        FAIL_PAGE
    │   └ PageTimedOut, PageCrashed, PageTooLarge, PageNotSelected
    ├ BackendError(backend, status, request_id)
    │ ├ RateLimited(retry_after), Unavailable, TimedOut  WAIT_AND_RETRY
    │ ├ Rejected, LeftAlone                              NEXT_BACKEND
    │ │ └ Unsupported (of Rejected)                      ASK_OTHERWISE
    │ └ Unauthorized                                     STOP_BACKEND
    ├ OutputError
    │ ├ Refused, Truncated, Looping                      CHANGE_SAMPLING
    │ ├ Sideways(turn)                                   TURN_PAGE
    │ └ Malformed, SchemaMismatch                        ASK_AGAIN
    ├ StorageError                                       STOP_USAGE
    ├ RowMismatch                                        FAIL_DOCUMENT
    ├ BudgetExceeded                                     STOP_ASKING
    └ ChainExhausted(causes)                             FAIL_PAGE
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any


class Remedy(Enum):
    """What the caller does about an error of a class."""

    STOP_USAGE = "stop_usage"
    FAIL_DOCUMENT = "fail_document"
    FAIL_PAGE = "fail_page"
    WAIT_AND_RETRY = "wait_and_retry"
    CHANGE_SAMPLING = "change_sampling"
    ASK_AGAIN = "ask_again"
    ASK_OTHERWISE = "ask_otherwise"
    TURN_PAGE = "turn_page"
    NEXT_BACKEND = "next_backend"
    STOP_BACKEND = "stop_backend"
    STOP_ASKING = "stop_asking"


def _rebuild(cls: type[ExtractionError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls)
    Exception.__init__(error, *args)
    error.__dict__.update(state)
    return error


class ExtractionError(Exception):
    """Root of the tree; ``str(error)`` is a sentence that says what to do next."""

    remedy = Remedy.FAIL_DOCUMENT

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword-only arguments do not survive pickling by default, and
        # these cross process boundaries from the render workers.
        return _rebuild, (type(self), self.args, dict(self.__dict__))

    @property
    def kind(self) -> str:
        """The class's name, as it stands in the ``error_type`` columns."""
        return type(self).__name__

    @property
    def sentence(self) -> str:
        """The message as any file or table takes it; a name may hold bytes that are no text."""
        return str(self).encode(errors="backslashreplace").decode()


class SettingsError(ExtractionError):
    """A setting, argument or environment variable is wrong or missing."""

    remedy = Remedy.STOP_USAGE


class DocumentError(ExtractionError):
    """This document cannot be processed; the others go on."""

    remedy = Remedy.FAIL_DOCUMENT


class UnreadableDocument(DocumentError):
    """The bytes are no document that can be opened, or hold no page."""


class EncryptedDocument(DocumentError):
    """The document asks for a password that was not given."""


class DocumentNotFound(DocumentError):
    """The file that a partition stands for is not where it was."""


class DocumentChanged(DocumentError):
    """The file was replaced each time that it was being read."""

    remedy = Remedy.WAIT_AND_RETRY


class BadSidecar(DocumentError):
    """The JSON file beside a document cannot be used, or claims another document's id."""


class ProfileFault(DocumentError):
    """Our own code, or a profile's, broke on this document's answers; the answers are kept."""


class ReaderFault(DocumentError):
    """Our own code broke while a file was read: a bug to report, not a damaged file.

    Args:
        message: What happened and what to do next.
        trace: The traceback in the worker process, for the log; not stored.
    """

    trace: str = ""

    def __init__(self, message: str, *, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


class PageError(DocumentError):
    """One page cannot be read; the document's other pages go on."""

    remedy = Remedy.FAIL_PAGE


class PageTimedOut(PageError):
    """Reading the page took longer than its limit and was stopped."""


class PageCrashed(PageError):
    """Reading the page killed its worker process."""


class PageTooLarge(PageError):
    """Reading the page takes more memory than one page may have."""


class PageNotSelected(PageError):
    """The run's ``--pages`` left this page out and no earlier run had read it."""


class BackendError(ExtractionError):
    """A backend did not give an answer.

    Args:
        message: What happened and what to do next.
        backend: Name of the backend as in the settings.
        status: HTTP status, where there was an answer.
        request_id: The provider's id of the request, for its support.

    Attributes:
        may_be_billed: The server had the request and may have worked on it, though no answer
            came: its input is priced by an estimate, not by nothing.
        cost_usd: That price.
        refuses: The part of the request that the server's words name, where they name one.
    """

    remedy = Remedy.NEXT_BACKEND
    may_be_billed = False
    cost_usd = 0.0
    refuses = ""

    def __init__(
        self,
        message: str,
        *,
        backend: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.backend = backend
        self.status = status
        self.request_id = request_id


class RateLimited(BackendError):
    """The backend asks to slow down.

    Args:
        message: What happened and what to do next.
        retry_after: Seconds to wait, where the server said so.
        backend: Name of the backend.
        status: HTTP status.
        request_id: The provider's id of the request.
    """

    remedy = Remedy.WAIT_AND_RETRY

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        backend: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, backend=backend, status=status, request_id=request_id)
        self.retry_after = retry_after


class Unavailable(BackendError):
    """The backend cannot be reached or fails on its own side (5xx, resets, OCR missing)."""

    remedy = Remedy.WAIT_AND_RETRY


class TimedOut(BackendError):
    """No answer within ``timeout_s``."""

    remedy = Remedy.WAIT_AND_RETRY
    may_be_billed = True


class Rejected(BackendError):
    """The backend refuses the request itself; sending it again changes nothing."""

    remedy = Remedy.NEXT_BACKEND


class Unsupported(Rejected):
    """The server refuses a part of the request and is asked without it from now on."""

    remedy = Remedy.ASK_OTHERWISE


class LeftAlone(BackendError):
    """The backend keeps failing and is not asked for a while."""

    remedy = Remedy.NEXT_BACKEND


class Unauthorized(BackendError):
    """The key is missing or wrong: no request to this backend can succeed."""

    remedy = Remedy.STOP_BACKEND


class OutputError(ExtractionError):
    """An answer came (and was paid for) but cannot be used.

    Attributes:
        completion: The answer, for its tokens and to be shown to the model; None once stored.
    """

    remedy = Remedy.ASK_AGAIN
    completion: Any = None


class Refused(OutputError):
    """The model or a filter declined to answer."""

    remedy = Remedy.CHANGE_SAMPLING


class Truncated(OutputError):
    """The answer was cut at the token limit."""

    remedy = Remedy.CHANGE_SAMPLING


class Looping(OutputError):
    """The answer repeats itself without end."""

    remedy = Remedy.CHANGE_SAMPLING


class Sideways(OutputError):
    """The model says that the page does not stand upright.

    Args:
        message: What happened.
        turn: Clockwise degrees by which the picture is to be turned: 90, 180 or 270.
    """

    remedy = Remedy.TURN_PAGE

    def __init__(self, message: str, *, turn: int = 0) -> None:
        super().__init__(message)
        self.turn = turn


class Malformed(OutputError):
    """No JSON could be read from the answer, even after repair."""


class SchemaMismatch(OutputError):
    """The answer is JSON but not of the asked shape."""


class StorageError(ExtractionError):
    """The data folder cannot be read or written; nothing goes on until somebody acts."""

    remedy = Remedy.STOP_USAGE


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Say of what goes wrong with a file inside what to do about it.

    Args:
        place: The file or folder that is to be written.

    Raises:
        StorageError: It cannot be.
    """
    try:
        yield
    except OSError as error:
        sentence = f"{place}: {error}; free space or mend the folder, then run again"
        raise StorageError(sentence) from error


class RowMismatch(ExtractionError):
    """A row does not have its table's columns or types: a fault of the profile."""

    remedy = Remedy.FAIL_DOCUMENT


class BudgetExceeded(ExtractionError):
    """``max_cost_usd`` is reached: nothing more is asked, everything got is kept."""

    remedy = Remedy.STOP_ASKING


class ChainExhausted(ExtractionError):
    """Every backend of the chain failed on a page.

    Args:
        causes: The last error of each backend, in the chain's order.
    """

    remedy = Remedy.FAIL_PAGE

    def __init__(self, causes: tuple[ExtractionError, ...]) -> None:
        super().__init__("; ".join(f"{cause.kind}: {cause}" for cause in causes))
        self.causes = causes


def named(kind: str, message: str) -> ExtractionError:
    """Rebuild an error from its stored class name and sentence.

    Fields beyond the sentence are gone; a name that this version no longer knows becomes
    a plain ``ExtractionError``.
    """
    classes: list[type[ExtractionError]] = [ExtractionError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    found = next((cls for cls in classes if cls.__name__ == kind), ExtractionError)
    error = found.__new__(found)
    Exception.__init__(error, message)
    vars(error).update(_STORED_DEFAULTS.get(found, {}))
    return error


_BACKEND_DEFAULTS = {"backend": "", "status": None, "request_id": None}
_STORED_DEFAULTS: dict[type[ExtractionError], dict[str, Any]] = {
    BackendError: _BACKEND_DEFAULTS,
    Unavailable: _BACKEND_DEFAULTS,
    TimedOut: _BACKEND_DEFAULTS,
    Rejected: _BACKEND_DEFAULTS,
    Unsupported: _BACKEND_DEFAULTS,
    LeftAlone: _BACKEND_DEFAULTS,
    Unauthorized: _BACKEND_DEFAULTS,
    Sideways: {"turn": 0},
    RateLimited: {**_BACKEND_DEFAULTS, "retry_after": None},
    ChainExhausted: {"causes": ()},
    ReaderFault: {"trace": ""},
}
