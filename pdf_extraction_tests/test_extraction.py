"""The straight line, from files to tables, without Dagster."""

import asyncio
import hashlib
import itertools
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pdf_extraction.asking import Progress, Selection
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.extraction import (
    assemble_document,
    ground_document,
    publish,
    read_and_ask,
)
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction_tests.samples import write_law, write_pdf


def workspace_for(data, server=None, **backend):
    if server is None:
        return Workspace(data, parse_settings({}, "test"))
    vllm = {"kind": "openai", "base_url": server.base_url, "model": "scripted", **backend}
    settings = {"chain": ["vllm"], "backends": {"vllm": {"calls_per_minute": 0, **vllm}}}
    return Workspace(data, parse_settings(settings, "test"))


def run(workspace, paths, selection=None, progress=None, run_id="run-1"):
    """Every step over some files, as an asset graph would take them."""
    documents = [workspace.catalogue.register(path).document for path in paths]

    async def asked():
        async with open_tools(workspace) as tools:
            return await read_and_ask(tools, documents, selection, progress)

    changed = []
    for outcome in asyncio.run(asked()):
        groundings = ground_document(workspace.profile, outcome)
        rows = assemble_document(workspace.profile, outcome, groundings, workspace.calls)
        changed.append(publish(workspace.tables, rows, run_id)[1])
    return changed


def rows_of(workspace, table, key):
    return workspace.tables.read(table, key)


def test_a_law_becomes_devices_without_any_server(tmp_path):
    """With no settings at all, the text layer gives devices with ids, parents and places."""
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [write_law(tmp_path / "lei-1.pdf")])
    devices = rows_of(workspace, "devices", "lei-1")
    assert [device["device_id"] for device in devices] == [
        "art1",
        "art1_par1",
        "art1_par1_inc1",
        "art1_par1_inc2",
        "art1_par2",
        "art2",
    ]
    assert {device["grounding"] for device in devices} == {"exact"}


def test_one_page_is_not_stuck_behind_long_documents(tmp_path):
    """It ends while the long ones that came before it are not half done."""
    long = [write_law(tmp_path / f"long-{n}.pdf", 40) for n in range(3)]
    ended = []
    note = Progress(on_page=lambda document, _: ended.append(document.partition_key))
    run(workspace_for(tmp_path / "data"), [*long, write_law(tmp_path / "one.pdf")], progress=note)
    assert len(ended) == 121
    assert ended.index("one") < 60


class _AllAtOnce:
    """Answers nobody before so many have asked."""

    name, needs_picture, is_local = "together", False, False

    def __init__(self, backend, count):
        self.backend, self.all_here = backend, asyncio.Barrier(count)

    async def complete(self, request):
        await self.all_here.wait()
        return await self.backend.complete(request)


def test_documents_of_one_page_fill_all_the_slots_of_a_large_server(tmp_path):
    """A server that has room for ninety pages is asked about ninety documents together."""
    workspace = workspace_for(tmp_path / "data")
    one = write_law(tmp_path / "one.pdf").read_bytes()
    paths = [tmp_path / f"{number}.pdf" for number in range(90)]
    for path in paths:
        path.write_bytes(one)
    documents = [workspace.catalogue.register(path).document for path in paths]

    async def asked():
        async with open_tools(workspace) as tools, asyncio.timeout(120):
            wide = replace(tools, chain=_AllAtOnce(tools.chain, len(paths)), window=len(paths))
            return await read_and_ask(wide, documents)

    assert [outcome.error for outcome in asyncio.run(asked())] == [None] * 90


def test_a_file_replaced_while_it_is_read_is_read_again(tmp_path):
    """All its pages are of the version that its hash says."""
    path, other = write_law(tmp_path / "a.pdf", 3), write_pdf(tmp_path / "other", ["Art. 1º Um."])
    workspace = workspace_for(tmp_path / "data")
    replace = Progress(on_page=lambda *_: other.exists() and other.replace(path))
    run(workspace, [path], progress=replace)
    [document] = rows_of(workspace, "documents", "a")
    assert document["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (document["status"], document["page_count"]) == ("done", 1)
    assert document["canonical_text"] == "Art. 1º Um.\n"


def test_a_file_that_never_rests_fails_with_its_reason(tmp_path):
    """No rows are made of pages of two versions."""
    path = write_law(tmp_path / "a.pdf")
    workspace = workspace_for(tmp_path / "data")
    texts = map(str, itertools.count())
    rewrite = Progress(on_page=lambda *_: write_pdf(path, [f"Art. {next(texts)}º Um."]))
    run(workspace, [path], progress=rewrite)
    [document] = rows_of(workspace, "documents", "a")
    assert (document["status"], document["error_type"]) == ("failed", "DocumentChanged")
    assert rows_of(workspace, "pages", "a") == []


def test_a_file_moved_away_while_it_is_read_fails_whole(tmp_path):
    """Rows that its pages had earned before are not replaced by failed ones."""
    path = write_law(tmp_path / "a.pdf", 3)
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [path])
    for stage in (tmp_path / "data" / "stages").glob("*/a.arrow"):
        stage.unlink()
    run(workspace, [path], progress=Progress(on_open=lambda *_: path.unlink()))
    [document] = rows_of(workspace, "documents", "a")
    assert (document["error_type"], document["pages_done"]) == ("DocumentNotFound", 3)


def test_every_page_has_one_row_with_its_status(tmp_path):
    """A blank page is blank, a read page is done, and both are in the table once."""
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [write_pdf(tmp_path / "a.pdf", ["Art. 1º Fica criado o Conselho.", ""])])
    pages = rows_of(workspace, "pages", "a")
    assert [(page["page_number"], page["status"]) for page in pages] == [(1, "done"), (2, "blank")]


def test_a_broken_file_is_a_row_and_the_others_go_on(tmp_path):
    """One unreadable file among others fails alone, with its reason."""
    workspace = workspace_for(tmp_path / "data")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and then nothing")
    run(workspace, [broken, write_law(tmp_path / "lei-1.pdf")])
    assert rows_of(workspace, "documents", "broken")[0]["error_type"] == "UnreadableDocument"
    assert rows_of(workspace, "documents", "lei-1")[0]["status"] == "done"


def test_running_again_changes_no_row_and_calls_no_model(tmp_path):
    """A second run over the same files commits nothing and asks nothing."""
    path = write_law(tmp_path / "lei-1.pdf", pages=3)
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        assert run(workspace, [path]) == [True]
        asked = server.stats()["requests"]
        assert run(workspace, [path], run_id="run-2") == [False]
        assert (asked, server.stats()["requests"]) == (3, 3)


def test_running_the_embedded_backend_again_changes_no_row(tmp_path):
    """Without a server, too, a second run finds nothing to replace."""
    path = write_law(tmp_path / "lei-1.pdf", pages=2)
    workspace = workspace_for(tmp_path / "data")
    assert [run(workspace, [path]), run(workspace, [path], run_id="run-2")] == [[True], [False]]


def test_the_bill_is_the_sum_of_the_attempts(tmp_path):
    """Tokens in `documents` are those of all attempts, answers that failed included."""
    path = write_law(tmp_path / "lei-1.pdf", pages=4)
    with FakeServer(faults="malformed=0.4,seed=3") as server:
        workspace = workspace_for(
            tmp_path / "data",
            server,
            max_attempts=20,
            price_per_million_input_tokens=1.0,
            price_per_million_output_tokens=2.0,
        )
        run(workspace, [path])
        document = rows_of(workspace, "documents", "lei-1")[0]
        attempts = rows_of(workspace, "attempts", "lei-1")
    assert document["status"] == "done"
    assert document["calls"] == len(attempts) == server.stats()["requests"] > 4
    for column in ("input_tokens", "output_tokens"):
        assert document[column] == sum(attempt[column] for attempt in attempts) > 0
    assert document["cost_usd"] == pytest.approx(sum(a["cost_usd"] for a in attempts))


def test_a_renamed_file_costs_no_call(tmp_path):
    """The same bytes under another name are another document whose answers are cached."""
    path = write_law(tmp_path / "lei-1.pdf", pages=2)
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path])
        run(workspace, [path.rename(tmp_path / "lei-um.pdf")])
        assert server.stats()["requests"] == 2
    pages = rows_of(workspace, "pages", "lei-um")
    assert [(page["status"], page["cached"], page["attempts"]) for page in pages] == [
        ("done", True, 0),
        ("done", True, 0),
    ]


def test_a_server_that_is_down_makes_failed_pages_never_empty_successes(tmp_path):
    """With no server behind the address, every page is failed and says why."""
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server, max_attempts=1)
    run(workspace, [write_law(tmp_path / "lei-1.pdf")])
    page = rows_of(workspace, "pages", "lei-1")[0]
    assert (page["status"], page["error_type"]) == ("failed", "ChainExhausted")
    assert "vllm" in page["error"]
    assert rows_of(workspace, "documents", "lei-1")[0]["status"] == "failed"


def test_retrying_asks_only_for_the_pages_that_failed(tmp_path):
    """After the server is back, done pages keep their rows and only the others are asked."""
    path = write_law(tmp_path / "lei-1.pdf", pages=3)
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path], Selection(pages=frozenset({2})))
        statuses = [page["status"] for page in rows_of(workspace, "pages", "lei-1")]
        assert statuses == ["failed", "done", "failed"]
        run(workspace, [path], Selection(only_failed=True))
        assert server.stats()["requests"] == 3
    assert {page["status"] for page in rows_of(workspace, "pages", "lei-1")} == {"done"}


def test_a_version_that_cannot_be_opened_takes_no_good_rows_away(tmp_path):
    """When a file is overwritten by garbage, its rows stay and the document says failed."""
    path = write_law(tmp_path / "lei-1.pdf")
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [path])
    before = rows_of(workspace, "devices", "lei-1")
    path.write_bytes(b"half an upload")
    run(workspace, [path])
    document = rows_of(workspace, "documents", "lei-1")[0]
    assert (document["status"], document["error_type"]) == ("failed", "UnreadableDocument")
    assert rows_of(workspace, "devices", "lei-1") == before


def test_pages_are_reported_as_they_end(tmp_path):
    """Progress hears of each document's length and of each page once."""
    opened, ended = [], []
    progress = Progress(
        on_open=lambda document, pages: opened.append((document.partition_key, pages)),
        on_page=lambda _document, page: ended.append(page.page.page_number),
    )
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [write_law(tmp_path / "lei-1.pdf", pages=3)], progress=progress)
    assert (opened, sorted(ended)) == ([("lei-1", 3)], [1, 2, 3])


def test_a_page_left_out_keeps_its_answer_though_pages_are_now_read_otherwise(tmp_path):
    """`--pages` under another chain or resolution takes nothing from the other pages."""
    path = write_law(tmp_path / "lei-1.pdf", pages=3)
    run(workspace_for(tmp_path / "data"), [path])
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path], Selection(pages=frozenset({1})))
        pages = rows_of(workspace, "pages", "lei-1")
        assert [page["status"] for page in pages] == ["done"] * 3
        assert [page["backend"] for page in pages] == ["vllm", "embedded", "embedded"]
        assert server.stats()["requests"] == 1


def test_a_fallbacks_answer_is_not_asked_for_again_on_every_run(tmp_path):
    """Pages that the first backend refused and the second answered cost nothing further."""
    path = write_law(tmp_path / "lei-1.pdf", pages=2)
    with FakeServer(faults="refusal=1") as server:
        first = {"kind": "openai", "base_url": server.base_url, "model": "m", "max_attempts": 1}
        settings = {"chain": ["a", "embedded"], "backends": {"a": first}}
        workspace = Workspace(tmp_path / "data", parse_settings(settings, "test"))
        assert [run(workspace, [path]), run(workspace, [path])] == [[True], [False]]
        assert server.stats()["requests"] == 2
    assert all(page["is_fallback"] for page in rows_of(workspace, "pages", "lei-1"))


def test_an_answer_to_an_earlier_wording_is_filed_under_that_wording(tmp_path, monkeypatch):
    """The row names the messages that were answered, not those of today, and stays as it is."""
    path = write_law(tmp_path / "lei-1.pdf")
    with FakeServer(faults="refusal=1") as refusing, FakeServer() as server:
        tables = {
            name: {"kind": "openai", "base_url": one.base_url, "model": "m", "max_attempts": 1}
            for name, one in (("a", refusing), ("b", server))
        }
        settings = {"chain": ["a", "b"], "backends": tables, "cache": {"ignore_prompt_hash": True}}
        workspace = Workspace(tmp_path / "data", parse_settings(settings, "test"))
        run(workspace, [path])
        [before] = rows_of(workspace, "pages", "lei-1")
        monkeypatch.setattr("pdf_extraction.profiles.legal_ptbr.prompts.SYSTEM", "Transcreva.")
        assert run(workspace, [path]) == [False]
        (workspace.data / "stages" / "page_completions" / "lei-1.arrow").unlink()
        run(workspace, [path])
        assert (refusing.stats()["requests"], server.stats()["requests"]) == (2, 1)
    [after] = rows_of(workspace, "pages", "lei-1")
    assert after["prompt_hash"] == before["prompt_hash"]


def test_an_unattended_retry_leaves_alone_what_somebody_kept_out(tmp_path):
    """Pages that `--pages` left out are not asked about by a sensor."""
    path = write_law(tmp_path / "lei-1.pdf", pages=3)
    with FakeServer() as server:
        workspace = workspace_for(tmp_path / "data", server)
        run(workspace, [path], Selection(pages=frozenset({2})))
        run(workspace, [path], Selection(only_failed=True, unattended=True))
        assert server.stats()["requests"] == 1


def test_the_cap_holds_over_all_runs_of_one_command(tmp_path):
    """What an earlier run of the same workspace spent counts towards `max_cost_usd`."""
    with FakeServer() as server:
        vllm = {
            "kind": "openai",
            "base_url": server.base_url,
            "model": "m",
            "price_per_million_input_tokens": 1000.0,
        }
        settings = {
            "chain": ["vllm"],
            "backends": {"vllm": vllm},
            "budget": {"max_cost_usd": 6.0},
        }
        workspace = Workspace(tmp_path / "data", parse_settings(settings, "test"))
        for number in range(4):
            run(workspace, [write_pdf(tmp_path / f"{number}.pdf", [f"Art. {number + 1}º Fica."])])
    spent = sum(rows_of(workspace, "documents", str(n))[0]["cost_usd"] for n in range(4))
    assert 0 < spent <= 6.0
    assert "BudgetExceeded" in rows_of(workspace, "pages", "3")[0]["error_type"]


def test_a_name_that_is_no_utf8_costs_only_its_own_document(tmp_path):
    """Bytes of another encoding in a file's name do not stop the other documents."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/lei-\xe7\xe3o.pdf"))
    write_law(tmp_path / "lei-1.pdf").rename(odd)
    workspace = workspace_for(tmp_path / "data")
    run(workspace, [odd, write_law(tmp_path / "lei-2.pdf")])
    assert rows_of(workspace, "documents", "lei-2")[0]["status"] == "done"
    keys = workspace.tables.partitions()
    assert len(keys) == 2


@pytest.mark.parametrize(
    "answer",
    [
        '{"choices": [{"message": "text", "finish_reason": "stop"}]}',
        '{"choices": [{"message": {"content": "{}", "tool_calls": {}}}]}',
        '{"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": "12 tokens"}}',
        '{"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": 1e999}}',
        "[" * 100_000,
    ],
)
def test_an_odd_answer_of_a_server_is_that_pages_failure(tmp_path, answer):
    """Whatever a server sends with HTTP 200 ends as a failed page, not as a broken run."""

    class Odd(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as httpd:
        Thread(target=httpd.serve_forever, daemon=True).start()

        class Server:
            base_url = f"http://127.0.0.1:{httpd.server_port}/v1"

        workspace = workspace_for(tmp_path / "data", Server, max_attempts=1)
        run(workspace, [write_law(tmp_path / "lei-1.pdf")])
        httpd.shutdown()
    assert rows_of(workspace, "pages", "lei-1")[0]["status"] == "failed"


KILLED_RUN = """
import sys
from pathlib import Path
from pdf_extraction_tests.test_extraction import run, workspace_for

class Server:
    base_url = sys.argv[1]

def main():
    run(workspace_for(Path(sys.argv[2]), Server, concurrency=4), [Path(sys.argv[3])])

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_a_killed_run_pays_again_only_for_the_calls_in_flight(tmp_path):
    """Killed half-way and run again: the same rows, and no page asked twice but those in flight."""
    path = write_law(tmp_path / "lei-1.pdf", pages=40)
    script = tmp_path / "killed.py"
    script.write_text(KILLED_RUN)
    with FakeServer(faults="latency=0.2,slots=4") as server:
        data = tmp_path / "data"
        child = subprocess.Popen(
            [sys.executable, str(script), server.base_url, str(data), str(path)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        server.wait_for_requests(20)
        child.send_signal(signal.SIGKILL)
        child.wait()
        run(workspace_for(data, server, concurrency=4), [path])
        assert 40 <= server.stats()["requests"] <= 44
        undisturbed = workspace_for(tmp_path / "other", server, concurrency=4)
        run(undisturbed, [path])
    killed = workspace_for(data)
    assert rows_of(killed, "devices", "lei-1") == rows_of(undisturbed, "devices", "lei-1")
    statuses = [page["status"] for page in rows_of(killed, "pages", "lei-1")]
    assert statuses == ["done"] * 40


def test_neighbours_go_along_clipped_at_the_ends_and_answers_about_them_are_dropped(tmp_path):
    """Three pages with one neighbour on each side: two, three and two pictures, one page meant."""
    seen = {}

    def of_every_page(asked):
        seen[asked.page_number] = asked
        pages = [
            {
                "page_number": n,
                "devices": [
                    {
                        "device_type": "artigo",
                        "identifier": f"Art. {n}º",
                        "text": f"Art. {n}º Texto {n}.",
                        "parent_identifier": None,
                        "bbox": None,
                        "confidence": 1.0,
                    }
                ],
            }
            for n in (1, 2, 3)
        ]
        return json.dumps(pages, ensure_ascii=False)

    path = write_pdf(tmp_path / "lei.pdf", [f"Art. {n}º Texto {n}." for n in (1, 2, 3)])
    with FakeServer(answers=of_every_page) as server:
        workspace = workspace_for(tmp_path / "data", server, context_window=1)
        run(workspace, [path])
    assert {n: len(asked.pictures) for n, asked in seen.items()} == {1: 2, 2: 3, 3: 2}
    assert "The primary page is page 1" in seen[1].text
    devices = rows_of(workspace, "devices", "lei")
    assert [(d["identifier"], d["page_number"]) for d in devices] == [
        (f"Art. {n}º", n) for n in (1, 2, 3)
    ]
