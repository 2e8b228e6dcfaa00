"""The chain goes on where one backend fails."""

import asyncio

import pytest

from pdf_extraction.backends.embedded import EmbeddedBackend
from pdf_extraction.backends.fallback import Fallback
from pdf_extraction.errors import (
    BudgetExceeded,
    ChainExhausted,
    Malformed,
    Rejected,
    Unauthorized,
    Unavailable,
)
from pdf_extraction.model import PageText
from pdf_extraction.settings import EmbeddedBackendSettings
from pdf_extraction_tests.backends.helpers import ScriptedBackend, page, request

ANSWER = '{"devices": []}'


def ask(chain, asked=None):
    return asyncio.run(chain.complete(asked or request()))


@pytest.mark.parametrize("error", [Unavailable("down"), Rejected("400"), Malformed("prose")])
def test_the_next_backend_answers_and_says_that_it_is_the_fallback(error):
    """Any failure of one backend hands the page to the next."""
    chain = Fallback([ScriptedBackend(error), ScriptedBackend(ANSWER, name="s2")])
    completion = ask(chain)
    assert (completion.backend, completion.is_fallback) == ("s2", True)


def test_the_first_backend_is_no_fallback():
    """A page that the first backend answers says so, and the second is not asked."""
    second = ScriptedBackend(name="s2")
    assert not ask(Fallback([ScriptedBackend(), second])).is_fallback
    assert second.asked == []


def test_a_wrong_key_stops_that_backend_for_the_run():
    """After Unauthorized nothing more is sent there; other pages name the same reason."""
    first = ScriptedBackend(Unauthorized("set S1_KEY"))
    chain = Fallback([first, ScriptedBackend(Unavailable("down"), name="s2")])
    for _ in range(3):
        with pytest.raises(ChainExhausted, match="S1_KEY"):
            ask(chain)
    assert len(first.asked) == 1
    assert list(chain.stopped) == ["s1"]


def test_when_all_fail_the_causes_are_told_in_order():
    """The page's error has each backend's last one."""
    chain = Fallback(
        [ScriptedBackend(Unavailable("down")), ScriptedBackend(Malformed("prose"), name="s2")]
    )
    with pytest.raises(ChainExhausted) as caught:
        ask(chain)
    assert [cause.kind for cause in caught.value.causes] == ["Unavailable", "Malformed"]
    assert str(caught.value) == "Unavailable: down; Malformed: prose"


def test_a_cap_is_no_reason_for_a_worse_answer():
    """BudgetExceeded passes through and asks nobody else."""
    second = ScriptedBackend(name="s2")
    with pytest.raises(BudgetExceeded):
        ask(Fallback([ScriptedBackend(BudgetExceeded("cap")), second]))
    assert second.asked == []


def test_a_chain_looks_at_pictures_if_one_of_its_backends_does():
    """Pictures are rendered where somebody looks at them."""
    embedded = EmbeddedBackend("embedded", EmbeddedBackendSettings())
    assert Fallback([embedded, ScriptedBackend()]).needs_picture
    assert not Fallback([embedded]).needs_picture


def test_embedded_answers_from_the_page_by_rules():
    """The embedded backend gives what the profile reads, with no call and no cost."""
    completion = ask(Fallback([EmbeddedBackend("embedded", EmbeddedBackendSettings())]))
    assert completion.text == '{"page_number": 1, "devices": []}'
    assert (completion.model, completion.cost_usd) == ("", 0.0)


def test_embedded_without_text_names_both_ways_to_get_ocr():
    """A scan that nothing recognised fails with what to install."""
    scan = request(page=page(1, text=PageText("none")))
    chain = Fallback([EmbeddedBackend("embedded", EmbeddedBackendSettings())])
    with pytest.raises(ChainExhausted) as caught:
        ask(chain, scan)
    assert "pip install rapidocr" in str(caught.value)
    assert "tesseract-ocr-por" in str(caught.value)


def test_the_health_of_each_backend_is_known():
    """`healths` has one entry each; the chain is well if one of them is."""
    embedded = EmbeddedBackend("embedded", EmbeddedBackendSettings())
    chain = Fallback([ScriptedBackend(), embedded])
    healths = asyncio.run(chain.healths())
    assert [health.backend for health in healths] == ["s1", "embedded"]
    assert asyncio.run(chain.health()).ok
