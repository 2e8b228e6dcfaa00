"""What an answer's JSON says of how it ended."""

import pytest

from pdf_extraction.backends.chat_answer import read_answer
from pdf_extraction.backends.errors_table import Place
from pdf_extraction.errors import RateLimited, Unavailable
from pdf_extraction_tests.backends.helpers import request

PLACE = Place("s1", "api.example.org", "m")
WHOLE = '{"devices": []}'


def read(content, reason, usage=None, **choice):
    chosen = {"message": {"content": content}, "finish_reason": reason, **choice}
    return read_answer(PLACE, request(), {"choices": [chosen], "usage": usage}, 1.0)


@pytest.mark.parametrize("reason", ["error", "abort", "insufficient_system_resource"])
def test_an_answer_that_its_server_gave_up_is_no_answer(reason):
    """Half a page, repaired, would pass for a whole one; what was made of it may be billed."""
    with pytest.raises(Unavailable, match=f"{reason} midway") as told:
        read(WHOLE[:10], reason)
    assert told.value.may_be_billed
    assert read(WHOLE, reason).text == WHOLE, "whole all the same"


def test_an_error_within_a_choice_is_the_providers():
    """OpenRouter puts what a provider said beside the message."""
    with pytest.raises(RateLimited, match="busy") as told:
        read("", "error", error={"code": 429, "message": "busy"})
    assert not told.value.may_be_billed


def test_a_usage_of_nothing_is_none():
    """Every question has tokens: a server that says 0 does not count, and would seem free."""
    told = read(WHOLE, "stop", {"prompt_tokens": 0, "completion_tokens": 0})
    assert told.usage_estimated
    assert told.input_tokens > 0
    assert told.output_tokens > 0


@pytest.mark.parametrize("arguments", [WHOLE, {"devices": []}])
def test_a_tool_call_counts_before_the_words_beside_it(arguments):
    """Models say that they call a tool; an answer in the content still counts first."""
    calls = [{"function": {"name": "answer", "arguments": arguments}}]
    beside = {"message": {"content": "I will call the tool.", "tool_calls": calls}}
    assert read("", "tool_calls", **beside).text == WHOLE
    empty = [{"function": {"name": "look", "arguments": "{}"}}]
    own = {"message": {"content": WHOLE, "tool_calls": empty}}
    assert read("", "stop", **own).text == WHOLE
