"""Pages as they end."""

import pickle

import pytest

from pdf_extraction.model import Completion, PageImage, PageOutcome, PageText, Word
from pdf_extraction.remade import HELD
from pdf_extraction.storage.ended import EndedPages, Held


def page(number, answer="{}"):
    text = PageText("ocr", f"Art. {number}\u00ba", [Word(0, 4, (0.1, 0.2, 0.3, 0.4), 0)])
    return PageOutcome(PageImage(number, text=text), Completion(answer, "vllm"), prompt_hash="p")


def said(page):
    return page.number, page.payload, page.words, page.outcome


@pytest.mark.parametrize("count", [3, HELD + 3])
def test_pages_come_in_their_order_as_they_ended_last(tmp_path, count):
    """However long the document is, and in whichever order its pages end."""
    ended = EndedPages(tmp_path, count)
    pages = [page(number) for number in range(1, count + 1)]
    for one in reversed(pages):
        ended.put(one)
    pages[1] = page(2, "a better answer")
    ended.put(pages[1])
    assert len(ended) == count
    assert list(ended) == pages
    assert ended[1:3] == pages[1:3]
    assert ended[-1] == pages[-1]
    assert [said(page) for page in ended.dumped()] == [said(Held(page)) for page in pages]


def test_another_process_is_sent_where_the_pages_of_a_long_document_are(tmp_path):
    """Not the pages themselves; when they are let go here, nothing is left of their file."""
    ended = EndedPages(tmp_path, HELD + 1)
    pages = [page(number) for number in range(1, HELD + 2)]
    for one in pages:
        ended.put(one)
    sent = pickle.dumps(ended)
    assert len(sent) < len(pages) * 50
    there = pickle.loads(sent)
    assert list(there) == pages
    del ended
    assert list(tmp_path.iterdir()) == []
    assert there[-1] == pages[-1]
