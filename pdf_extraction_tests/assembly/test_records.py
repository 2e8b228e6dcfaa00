"""Rows of documents, pages and attempts."""

from dataclasses import replace
from pathlib import Path

from pdf_extraction.assembly.records import attempt_rows, document_row, page_rows
from pdf_extraction.errors import EncryptedDocument, TimedOut
from pdf_extraction.model import (
    Attempt,
    Completion,
    Document,
    DocumentOutcome,
    GroundedPage,
    Grounding,
    PageImage,
    PageOutcome,
    PageText,
)

DOCUMENT = Document("lei-1", "lei-1", Path("inbox/lei-1.pdf"), "00ff", 12, {"ano": 2021})


def a_page(number, **outcome):
    page = PageImage(number, text=PageText("text_layer", "Art. 1º"))
    return GroundedPage(PageOutcome(page, **outcome), {}, [Grounding("exact", 1.0)], 10 * number)


def an_attempt(number, **fields):
    return Attempt("lei-1", "00ff", number, "vllm", "qwen", 1_700_000_000.0, 90.0, **fields)


def rows_of(pages, attempts):
    outcome = DocumentOutcome(DOCUMENT, "legal_ptbr", tuple(page.outcome for page in pages))
    attempts = attempt_rows("lei-1", attempts)
    rows = page_rows(outcome, pages, attempts)
    return document_row(outcome, pages, attempts, {}, "text", "hash"), rows, attempts


def test_attempts_are_numbered_within_their_page():
    """Calls for two pages that interleave are counted for each page from one."""
    rows = attempt_rows("lei-1", [an_attempt(1), an_attempt(2), an_attempt(1)])
    assert [(row["page_number"], row["attempt"]) for row in rows] == [(1, 1), (2, 1), (1, 2)]


def test_a_failed_call_is_on_the_bill():
    """Tokens and money of a page and of its document are the sums of all attempts."""
    spent = {"input_tokens": 100, "output_tokens": 7, "cost_usd": 0.25}
    document, pages, _ = rows_of(
        [a_page(1, completion=Completion("{}", "vllm"))],
        [an_attempt(1, error_type="Malformed", **spent), an_attempt(1, **spent)],
    )
    assert (pages[0]["attempts"], pages[0]["cost_usd"]) == (2, 0.5)
    assert (document["calls"], document["input_tokens"], document["cost_usd"]) == (2, 200, 0.5)


def test_an_answer_found_after_a_crash_reads_as_if_never_interrupted():
    """A page whose own earlier attempt paid for the cached answer is not called cached."""
    page = a_page(1, completion=Completion("{}", "vllm", cached=True))
    paid_here = rows_of([page], [an_attempt(1)])[1][0]
    paid_elsewhere = rows_of([page], [])[1][0]
    assert (paid_here["cached"], paid_elsewhere["cached"]) == (False, True)


def test_a_document_with_a_failed_page_is_partial_and_says_so():
    """One failed page of two makes the document partial, and its page says why."""
    document, pages, _ = rows_of(
        [a_page(1, completion=Completion("{}", "vllm")), a_page(2, error=TimedOut("no answer"))],
        [],
    )
    assert (document["status"], document["pages_done"], document["pages_failed"]) == (
        "partial",
        1,
        1,
    )
    assert (pages[1]["status"], pages[1]["error_type"], pages[1]["error"]) == (
        "failed",
        "TimedOut",
        "no answer",
    )


def test_a_document_whose_pages_all_failed_is_failed():
    """No page done is no partial success."""
    assert rows_of([a_page(1, error=TimedOut("no answer"))], [])[0]["status"] == "failed"


def test_a_document_that_could_not_be_opened_has_no_pages_and_a_reason():
    """The row of a file with a password names the error; its page count is unknown."""
    outcome = DocumentOutcome(DOCUMENT, "legal_ptbr", error=EncryptedDocument("needs a password"))
    row = document_row(outcome, [], [], {}, None, None)
    assert (row["status"], row["error_type"], row["page_count"], row["canonical_hash"]) == (
        "failed",
        "EncryptedDocument",
        None,
        None,
    )


def test_offsets_of_a_page_are_those_of_its_text_in_the_canonical_text():
    """A page's range starts where assembly put it and is as long as its text."""
    pages = rows_of([a_page(2, completion=Completion("{}", "embedded"))], [])[1]
    assert (pages[0]["canonical_start"], pages[0]["canonical_end"]) == (20, 27)


def test_a_file_name_that_is_no_utf8_is_shown_and_storable():
    """Bytes that are no text are written as escapes, so that the row can be stored."""
    document = replace(DOCUMENT, path=Path("inbox/lei-\udce9.pdf"))
    row = document_row(DocumentOutcome(document, "legal_ptbr"), [], [], {}, None, None)
    assert row["file_name"] == "lei-\\udce9.pdf"
