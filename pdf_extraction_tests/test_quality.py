"""What the asset checks decide."""

import pytest

from pdf_extraction import quality

DOCUMENT = {
    "page_count": 2,
    "error": None,
    "error_type": None,
    "cost_usd": 0.5,
    "input_tokens": 10,
    "output_tokens": 4,
    "canonical_hash": "abc",
}


def page(number, status="done", error=None):
    return {"page_number": number, "status": status, "error": error, "error_type": "TimedOut"}


ATTEMPTS = [
    {"cost_usd": 0.2, "input_tokens": 4, "output_tokens": 4},
    {"cost_usd": 0.3, "input_tokens": 6, "output_tokens": 0},
]


KINDS = {"art": "artigo", "par": "paragrafo", "inc": "inciso", "ali": "alinea"}


def device(device_id, parent=None, position=0, context="corpo", **fields):
    return {
        "device_id": device_id,
        "identifier": device_id,
        "device_type": KINDS[device_id.rpartition("_")[2][:3]],
        "parent_id": parent,
        "position": position,
        "context": context,
        "context_name": None,
        "page_number": 1,
        "page_end": 1,
        **fields,
    }


def devices(*ids):
    return [device(one, position=position) for position, one in enumerate(ids)]


def test_a_page_without_a_row_fails_the_document():
    """Two pages in the file and one row is an incomplete document."""
    verdict = quality.pages_complete(DOCUMENT, [page(1)], ATTEMPTS, 0.5)
    assert (verdict.passed, verdict.is_error) == (False, True)


def test_failed_pages_are_borne_up_to_the_allowed_share():
    """One of two pages may fail at a rate of 0.5 and not at 0.4."""
    pages = [page(1), page(2, "failed", "took too long")]
    assert quality.pages_complete(DOCUMENT, pages, ATTEMPTS, 0.5).passed
    verdict = quality.pages_complete(DOCUMENT, pages, ATTEMPTS, 0.4)
    assert not verdict.passed
    assert verdict.worst == [{"page_number": 2, "error_type": "TimedOut", "error": "took too long"}]


def test_a_failed_page_without_a_reason_fails_the_document():
    """`failed` always has its reason."""
    pages = [page(1), page(2, "failed", None)]
    assert "no reason" in quality.pages_complete(DOCUMENT, pages, ATTEMPTS, 1.0).sentence


def test_the_bill_is_the_sum_of_the_attempts():
    """Money in `documents` that no attempt explains fails the check."""
    pages = [page(1), page(2)]
    assert quality.pages_complete(DOCUMENT, pages, ATTEMPTS, 0.0).passed
    assert not quality.pages_complete(DOCUMENT, pages, ATTEMPTS[:1], 0.0).passed


def test_an_unreadable_document_says_why():
    """The document's own error is the check's sentence."""
    broken = {
        **DOCUMENT,
        "error": "damaged",
        "error_type": "UnreadableDocument",
        "page_count": None,
    }
    verdict = quality.pages_complete(broken, [], [], 0.0)
    assert verdict.sentence == "UnreadableDocument: damaged"


def test_records_without_evidence_do_not_count_as_confident():
    """NULL is neither high nor low, and it is shown how many there are."""
    records = [{"confidence": value} for value in (None, 0.9, 0.2)]
    verdict = quality.confidence(records, 0.6, 0.4)
    assert not verdict.passed
    assert verdict.figures["without_evidence"] == 1
    assert verdict.figures["share"] == 0.5
    assert verdict.worst[0]["confidence"] == 0.2


def test_no_records_are_no_failure():
    """A document without records has none of low confidence."""
    assert quality.confidence([], 0.6, 0.0).passed
    assert quality.grounding([], None, 0.0).passed
    assert quality.hierarchy([]).passed


@pytest.mark.parametrize(
    ("recomputed", "missing", "passed"),
    [("abc", None, True), ("xyz", None, False), (None, "the file is gone", False)],
)
def test_the_hash_holds_or_says_what_is_missing(recomputed, missing, passed):
    """Another text and no text at all both fail."""
    verdict = quality.canonical_hash(DOCUMENT, recomputed, read_again=1, kept=1, missing=missing)
    assert verdict.passed is passed


def test_kept_ocr_text_is_said_to_be_kept():
    """A reader of the check learns that OCR pages were not recognised again."""
    verdict = quality.canonical_hash(DOCUMENT, "abc", read_again=1, kept=3, missing=None)
    assert "3 OCR pages by their kept text" in verdict.sentence


def test_a_gap_in_the_articles_is_found():
    """Art. 1, 2, 4 lacks 3, and the row after which it lacks is shown."""
    verdict = quality.hierarchy(devices("art1", "art2", "art4"))
    assert not verdict.passed
    assert not verdict.is_error
    assert verdict.worst[0]["device_id"] == "art2"
    assert verdict.worst[0]["missing"] == "Art. 3º"
    assert verdict.worst[0]["missing_on_pages"] == "1"


def test_a_gap_says_on_which_pages_the_missing_one_must_stand():
    """After the last descendant of the one before, up to where the one after begins."""
    found = devices("art1", "art1_par1", "art3")
    found[1] |= {"parent_id": "art1", "page_number": 2, "page_end": 3}
    found[2] |= {"page_number": 4, "page_end": 4}
    assert quality.hierarchy(found).worst[0]["missing_on_pages"] == "3-4"


def test_a_list_that_lacks_its_beginning_under_a_device_that_is_there_has_a_gap():
    """``II`` alone under article 1 lacks ``I``; an extract's first article lacks nothing."""
    found = devices("art7", "art7_inc2")
    found[1]["parent_id"] = "art7"
    assert quality.hierarchy(found).worst[0]["missing"] == "I"


def test_wordings_of_one_device_are_numbered_together():
    """Of a struck article all incisos are printed, of its new wording only the changed one."""
    found = devices("art7@1", "art7@1_inc1", "art7@1_inc2", "art7", "art7_inc2")
    for one in found:
        one["parent_id"] = one["device_id"].rpartition("_")[0] or None
    assert quality.hierarchy(found).passed


def test_numbers_count_within_their_parent_and_kind():
    """Incisos start anew under each parent; an extract may begin anywhere."""
    found = devices("art7", "art7_par1", "art7_par1_inc1", "art7_par2", "art8", "art8_par1u")
    for one in found:
        one["parent_id"] = one["device_id"].rpartition("_")[0] or None
    assert quality.hierarchy(found).passed


def test_quoted_articles_may_have_gaps():
    """A law that changes articles 2 and 9 of another one quotes just those."""
    quoted = [device("alt1_art2", context="alteracao"), device("alt1_art9", None, 1, "alteracao")]
    assert quality.hierarchy(quoted).passed


def test_one_gap_is_told_as_one():
    """The sentence of a check counts in words that agree."""
    acts = [device("art1"), device("art3", position=1)]
    assert "1 gap in the numbering" in quality.hierarchy(acts).sentence


def test_orphans_and_ids_used_twice_are_errors():
    """A broken tree is an error, not a warning."""
    orphan = quality.hierarchy([device("art1_par1", "art1")])
    assert (orphan.passed, orphan.is_error, orphan.worst[0]["problem"]) == (False, True, "orphan")
    assert quality.hierarchy([device("art1"), device("art1", position=1)]).is_error
    assert quality.hierarchy([device("art1", position=3)]).is_error


def grounded(method, source="abc", start=0, end=3):
    return {
        "grounding": method,
        "source_text": source,
        "canonical_spans": [{"start": start, "end": end}] if method != "absent" else None,
    }


def test_absent_records_are_borne_up_to_the_allowed_share():
    """One of two absent passes at 0.5 and not below."""
    records = [grounded("exact"), grounded("absent")]
    assert quality.grounding(records, "abcdef", 0.5).passed
    verdict = quality.grounding(records, "abcdef", 0.4)
    assert (verdict.passed, verdict.is_error) == (False, False)


def test_spans_that_give_another_text_are_an_error():
    """`source_text` is the concatenation of its spans, or offsets are worth nothing."""
    verdict = quality.grounding([grounded("fuzzy", start=1, end=4)], "abcdef", 1.0)
    assert (verdict.passed, verdict.is_error) == (False, True)
