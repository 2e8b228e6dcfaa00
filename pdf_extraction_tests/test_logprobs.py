"""How sure a model was of each value, from its tokens."""

import json
from math import exp

import pytest

from pdf_extraction.logprobs import merged, pack, probability

TEXT = '{"page_number": 1, "devices": [{"text": "Art. 1º Foo", "identifier": "Art. 1º"}]}'


def tokens(text, sure=-0.01, doubtful=()):
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    return [
        {"token": piece, "logprob": -3.0 if any(mark in piece for mark in doubtful) else sure}
        for piece in pieces
    ]


def test_a_value_has_the_mean_of_its_own_tokens():
    """A doubtful token lowers the value that it stands in, and no other."""
    packed = pack(TEXT, tokens(TEXT, doubtful=("Fo",)))
    assert probability(packed, "Art. 1º Foo") < 0.7
    assert probability(packed, "Art. 1º") == pytest.approx(exp(-0.01), abs=1e-3)


def test_structure_and_keys_do_not_count():
    """Braces and keys are no values, however unsure their tokens."""
    packed = pack(TEXT, [{**t, "logprob": -9.0} if "{" in t["token"] else t for t in tokens(TEXT)])
    assert probability(packed, "Art. 1º Foo") > 0.9
    assert probability(packed, "devices") is None


def test_tokens_that_are_parts_of_characters_are_put_together():
    """A character may be two tokens, told by their bytes."""
    text = '{"a": "º"}'
    parts = [{"token": "?", "bytes": [byte], "logprob": -0.5} for byte in text.encode()]
    assert probability(pack(text, parts), "º") == pytest.approx(exp(-0.5), abs=1e-3)


def test_tokens_of_another_text_tell_nothing():
    """Thoughts, or a server's own bookkeeping, are not taken for the answer's tokens."""
    assert pack(TEXT, tokens("something else")) == ""
    assert pack(TEXT, []) == ""
    assert probability("", "Art. 1º") is None


def test_of_two_answers_the_less_sure_one_counts():
    """Halves of a page that both show a value."""
    sure, unsure = (pack('{"a": "b"}', tokens('{"a": "b"}', s)) for s in (-0.1, -2.0))
    assert probability(merged(sure, "", unsure), "b") == pytest.approx(exp(-2.0), abs=1e-3)
    assert json.loads(merged() or "{}") == {}
