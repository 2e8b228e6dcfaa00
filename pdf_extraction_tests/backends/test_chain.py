"""The composed chain over real HTTP: what is asked, kept and paid."""

import asyncio
import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import BUILT_IN, ENTRY_POINTS, build_chain, server_settings
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.errors import (
    BudgetExceeded,
    ChainExhausted,
    Malformed,
    SettingsError,
)
from pdf_extraction.model import Completion
from pdf_extraction.settings import OtherBackendSettings, parse_settings
from pdf_extraction_tests.backends.helpers import (
    LeapingClock,
    chain_settings,
    page,
    parse,
    request,
)


def parse_own_page(number):
    """As a profile does: the answer must be about the page asked for."""

    def parse_page(text):
        try:
            said = json.loads(text)["page_number"]
        except (ValueError, TypeError, KeyError) as error:
            raise Malformed(f"no page: {error}") from error
        if said != number:
            raise Malformed(f"page {said} instead of {number}")
        return parse(text)

    return parse_page


def pages(*numbers):
    return [request(number, parse=parse_own_page(number)) for number in numbers]


@pytest.fixture
def calls(tmp_path):
    return CallStore(tmp_path / "data" / "calls.sqlite")


def ask(settings, calls, asked, *, force=False, clock=None):
    async def run():
        chain = build_chain(settings, calls, force=force, clock=clock or LeapingClock())
        try:
            return await asyncio.gather(*map(chain.complete, asked), return_exceptions=True)
        finally:
            await chain.aclose()

    return asyncio.run(run())


def test_a_second_run_asks_nothing(calls):
    """All answers are kept: the server is asked once a page over two runs."""
    with FakeServer() as server:
        settings = chain_settings(server)
        first = ask(settings, calls, pages(*range(1, 21)))
        again = ask(settings, calls, pages(*range(1, 21)))
        assert server.stats()["requests"] == 20
    assert [c.text for c in first] == [c.text for c in again]
    assert all(c.cached for c in again)


def test_force_asks_again(calls):
    """`force` pays for every page anew."""
    with FakeServer() as server:
        settings = chain_settings(server)
        ask(settings, calls, pages(1, 2))
        ask(settings, calls, pages(1, 2), force=True)
        assert server.stats()["requests"] == 4


def test_the_issues_mix_of_faults_ends_with_every_page_done(calls):
    """With 39 % of calls failing every page is answered, and every call is in the ledger."""
    mix = "429=0.15,500=0.08,reset=0.03,malformed=0.08,truncated=0.02,token_loop=0.01,seed=4"
    with FakeServer(faults=f"{mix},retry_after=0.01") as server:
        settings = chain_settings(
            server,
            max_attempts=12,
            stream="never",  # a cut stream brings no usage, which is then an estimate
            price_per_million_input_tokens=1.0,
            price_per_million_output_tokens=5.0,
        )
        results = ask(settings, calls, pages(*range(1, 201)))
        stats = server.stats()
    assert all(isinstance(result, Completion) for result in results)
    spent = calls.spent()
    assert spent.calls == stats["requests"]
    assert spent.output_tokens == stats["output_tokens"]
    rows = calls.attempts("lei-1", "a" * 64)
    paid = [row for row in rows if row.output_tokens or row.usage_estimated]
    assert spent.cost_usd == pytest.approx(sum(row.cost_usd for row in paid))
    # The server had read what it then reset.
    assert sum(row.usage_estimated for row in paid) == stats["faults"]["reset"]
    assert spent.calls / 200 <= 1.75


def test_the_next_server_takes_over_and_both_are_billed(calls):
    """Where the first server always fails, the second answers; attempts of both are rows."""
    with FakeServer(faults="malformed=1") as first, FakeServer() as second:
        settings = chain_settings(first, second, max_attempts=2)
        (completion,) = ask(settings, calls, pages(1))
    assert (completion.backend, completion.is_fallback) == ("s2", True)
    attempts = calls.attempts("lei-1", "a" * 64)
    assert [(a.backend, a.error_type) for a in attempts] == [
        ("s1", "Malformed"),
        ("s1", "Malformed"),
        ("s2", None),
    ]


def test_a_model_that_gave_a_page_up_is_not_paid_for_it_again(calls):
    """Killed before the document's end, a run does not buy the first one's refusals once more.

    Where nobody else answers, or by force, it is asked all the same.
    """
    with FakeServer(faults="refusal=1") as first, FakeServer() as second:
        both = chain_settings(first, second)
        ask(both, calls, pages(1))
        paid = first.stats()["requests"]
        (again,) = ask(both, calls, pages(1))
        assert (again.backend, again.is_fallback, again.cached) == ("s2", True, True)
        assert first.stats()["requests"] == paid
        ask(chain_settings(first), calls, pages(1))
        assert first.stats()["requests"] == 2 * paid
        ask(both, calls, pages(1), force=True)
        assert first.stats()["requests"] == 3 * paid


def test_a_server_that_was_down_is_asked_again(calls):
    """What it would have answered nobody knows."""
    with FakeServer(faults="500=1") as first, FakeServer() as second:
        both = chain_settings(first, second)
        ask(both, calls, pages(1))
        before = first.stats()["requests"]
        ask(both, calls, pages(1))
        assert first.stats()["requests"] > before


def test_a_cap_is_used_up_at_a_server_that_counts_nothing(calls):
    """What its answers take is learned by their length; each was expected to fill its room."""
    with FakeServer(faults="usage=0") as server:
        settings = chain_settings(
            server,
            max_cost_usd=0.1,
            price_per_million_input_tokens=1.0,
            price_per_million_output_tokens=4.0,
        )
        ask(settings, calls, pages(*range(1, 101)))
    assert 0.095 < calls.spent().cost_usd <= 0.1


def test_each_link_gets_its_own_window_of_neighbours(calls):
    """The first takes one page on each side; the dear second pays for the page alone."""
    seen = []
    asked = request(
        3,
        neighbours=(page(2), page(4)),
        worded=lambda near: replace(request(3).prompt, user=f"Page 3 beside {len(near)}"),
    )
    with (
        FakeServer(answers=lambda one: seen.append(one) or "no") as first,
        FakeServer(answers=lambda one: seen.append(one) or '{"devices": []}') as second,
    ):
        settings = chain_settings(first, second, max_attempts=1, context_window=1)
        tables = dict(settings.backends)
        tables["s2"] = tables["s2"].model_copy(update={"context_window": 0})
        ask(settings.model_copy(update={"backends": tables}), calls, [asked])
    assert [len(one.pictures) for one in seen] == [3, 1]
    assert "Page 3 beside 0" in seen[1].text


def test_a_refused_answer_is_shown_to_the_model_and_mended(calls):
    """The second call has the first answer, its error and another temperature."""
    seen = []

    def answer(asked):
        seen.append(asked)
        return "no JSON" if len(seen) == 1 else None

    with FakeServer(answers=answer) as server:
        (completion,) = ask(chain_settings(server), calls, pages(3))
    assert completion.text
    assert "no page" in seen[1].text
    assert [asked.body["temperature"] for asked in seen] == [0.0, 0.2]


def test_a_wrong_page_is_asked_again(calls):
    """An answer about another page does not parse and is not kept."""
    with FakeServer(faults="wrong_page=1") as server:
        (result,) = ask(chain_settings(server, max_attempts=2), calls, pages(5))
        assert server.stats()["requests"] == 2
    assert isinstance(result, ChainExhausted)
    assert "page 12 instead of 5" in str(result)


def test_embedded_is_the_last_resort_and_makes_no_attempt(calls):
    """With every server down, the page's own text answers; the ledger has only the calls."""
    with FakeServer(faults="500=1") as server:
        settings = chain_settings(server, embedded=True, max_attempts=2)
        (completion,) = ask(settings, calls, pages(1))
    assert (completion.backend, completion.is_fallback) == ("embedded", True)
    assert [a.backend for a in calls.attempts("lei-1", "a" * 64)] == ["s1", "s1"]


def test_the_servers_own_limit_is_never_met_when_it_is_set(calls):
    """With the server's limit in the settings, no call gets a 429."""
    with FakeServer(faults="rpm=30") as server:
        settings = chain_settings(server, calls_per_minute=30)
        results = ask(settings, calls, pages(*range(1, 31)))
        stats = server.stats()
    assert all(isinstance(result, Completion) for result in results)
    assert stats["peak_calls"] == 30
    assert 429 not in stats["statuses"]


def test_the_cap_of_a_run_stops_asking_and_the_next_run_goes_on(calls):
    """At the cap pages are refused; a second run asks only for those."""
    money = {"price_per_million_input_tokens": 100.0, "max_tokens": 500}
    with FakeServer() as server:
        first = ask(chain_settings(server, max_cost_usd=1.0, **money), calls, pages(*range(1, 31)))
        refused = [result for result in first if isinstance(result, BudgetExceeded)]
        assert calls.spent().cost_usd <= 1.0
        second = ask(chain_settings(server, **money), calls, pages(*range(1, 31)))
        assert server.stats()["requests"] == 30
    assert 15 < len(refused) < 25
    assert all(isinstance(result, Completion) for result in second)


def test_no_more_calls_than_places_are_in_flight(calls):
    """The server never sees more than `concurrency` calls at once."""
    with FakeServer(faults="latency=0.02") as server:
        ask(chain_settings(server, concurrency=7), calls, pages(*range(1, 41)))
        assert server.stats()["max_in_flight"] == 7


STOPPED_HALF_WAY = """
import sys
from pathlib import Path
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.clock import SystemClock
from pdf_extraction_tests.backends.helpers import chain_settings
from pdf_extraction_tests.backends.test_chain import ask, pages

class Server:
    base_url = sys.argv[1]

ask(
    chain_settings(Server, concurrency=4),
    CallStore(Path(sys.argv[2])),
    pages(*range(1, 61)),
    clock=SystemClock(),
)
"""


def test_a_killed_run_repeats_only_what_was_in_flight(calls):
    """After kill -9 half-way, a second run pays for the missing pages and those in flight."""
    with FakeServer(faults="latency=0.02,slots=4") as server:
        child = subprocess.Popen(
            [sys.executable, "-c", STOPPED_HALF_WAY, server.base_url, str(calls.path)],
            cwd=Path(__file__).parents[2],
        )
        server.wait_for_requests(30)
        child.kill()
        child.wait()
        results = ask(chain_settings(server, concurrency=4), calls, pages(*range(1, 61)))
        assert 60 <= server.stats()["requests"] <= 64
    assert all(isinstance(result, Completion) for result in results)


def test_an_unknown_kind_names_the_nearest(calls):
    """A kind that nobody installed is a settings error."""
    tables = {"s1": {"kind": "opnai", "base_url": "http://127.0.0.1:1"}}
    settings = parse_settings({"chain": ["s1"], "backends": tables}, "test")
    with pytest.raises(SettingsError, match=r"\[backends\.s1\].*'openai'"):
        build_chain(settings, calls)


def test_the_built_in_kinds_are_declared_as_a_plug_in_would():
    """pyproject's entry points and the table for checkouts are the same."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["entry-points"][ENTRY_POINTS] == BUILT_IN


def test_a_plug_ins_table_sets_the_same_limits():
    """A plug-in's concurrency, prices and limits are read under the names of design 1.3."""
    table = OtherBackendSettings.model_validate(
        {"kind": "mine", "concurrency": 3, "price_per_million_input_tokens": 2.0, "own": True}
    )
    settings = server_settings(table)
    assert (settings.concurrency, settings.price_per_million_input_tokens) == (3, 2.0)
    wrong = OtherBackendSettings.model_validate({"kind": "mine", "concurrency": "many"})
    with pytest.raises(SettingsError, match="concurrency"):
        server_settings(wrong)


def test_the_transport_is_imported_only_by_a_chain_that_asks_for_it():
    """Building an embedded chain costs no import of aiohttp."""
    program = (
        "import sys; from pathlib import Path; from pdf_extraction.settings import parse_settings;"
        "from pdf_extraction.backends.calls import CallStore;"
        "from pdf_extraction.backends.chain import build_chain;"
        "build_chain(parse_settings({}, 't'), CallStore(Path('unused')));"
        "assert 'aiohttp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[2])
