"""`dagster dev` with everything in it killed, started again, and its run terminated."""

import os
import signal
import subprocess

import psutil
import pytest

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.cli.conftest import command, environment
from pdf_extraction_tests.defs.test_webserver import Dev
from pdf_extraction_tests.samples import write_law

PAGES, CONCURRENCY = 30, 2
SETTINGS = """
chain = ["fake"]
[inbox]
settle_s = 0.0
retry_delays_s = [0.0, 0.0, 0.0]
[backends.fake]
kind = "openai"
base_url = "{url}"
model = "scripted"
concurrency = {concurrency}
"""
TERMINATE = """
mutation Terminate($run: String!) {
  terminateRun(runId: $run) { __typename ... on PythonError { message } }
}
"""


def kill_all(process):
    """kill -9 of the process and of whatever it has started, at once."""
    family = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(True))]
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    process.wait()


def paid(folder):
    calls = CallStore(folder / "data" / "calls.sqlite")
    try:
        return calls.spent().calls
    finally:
        calls.close()


@pytest.mark.slow
@pytest.mark.skipif("PDF_EXTRACTION_KILLS" not in os.environ, reason="takes a minute and more")
def test_nothing_is_lost_with_the_daemon_and_terminate_keeps_what_is_paid_for(tmp_path):
    """A killed daemon's run is taken up by the next one; a terminated run ends and stays ended."""
    with FakeServer("latency=0.5") as server:
        config = SETTINGS.format(url=server.base_url, concurrency=CONCURRENCY)
        (tmp_path / "pdf_extraction.toml").write_text(config)
        first = Dev(tmp_path)
        write_law(tmp_path / "data" / "inbox" / "lei.pdf", PAGES)
        server.wait_until(lambda stats: stats["answered"] >= 3, 120)
        kill_all(first.process)
        lost = server.stats()["requests"] - paid(tmp_path)
        assert lost <= CONCURRENCY

        second = Dev(tmp_path)
        try:
            second.until("web server", lambda: second.ask("{ version }"))
            second.until(
                "the end", lambda: set(second.statuses().values()) == {"FAILURE", "STARTED"}
            )
            [run] = [id_ for id_, status in second.statuses().items() if status == "STARTED"]
            asked = server.stats()["requests"]
            server.wait_until(lambda stats: stats["requests"] > asked + 2, 120)
            answer = second.ask(TERMINATE, run=run)["terminateRun"]
            assert answer["__typename"] == "TerminateRunSuccess"
            second.until("the end", lambda: second.statuses()[run] == "CANCELED")

        finally:
            second.stop()
        after = server.stats()["requests"]
        assert after - paid(tmp_path) <= 2 * CONCURRENCY
        words = command("run", "data/inbox/lei.pdf")
        done = subprocess.run(
            words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        stats = server.stats()
        assert len(stats["by_picture"]) == paid(tmp_path) == PAGES
        assert stats["requests"] <= PAGES + 2 * CONCURRENCY
        assert second.rows("SELECT status, pages_done FROM documents") == [("done", PAGES)]
