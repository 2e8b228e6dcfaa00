"""The shipped workspace as a user starts it: `dagster dev`, a file, the UI's own queries."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import duckdb
import pytest

from pdf_extraction_tests.samples import write_law

CHECKOUT = Path(__file__).parents[2]
DEADLINE_S = 120
SELECTOR = {
    "repositoryName": "__repository__",
    "repositoryLocationName": "pdf_extraction.definitions",
}
CHECKS = """
query Checks($name: String!) {
  assetCheckExecutions(
    assetKey: {path: ["document_chunks"]}, checkName: $name, limit: 100
  ) { status evaluation { partition success severity targetMaterialization { runId } } }
}
"""
RUNS = "{ runsOrError { ... on Runs { results { runId status } } } }"
LAUNCH_RUN = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}
"""
LAUNCH_BACKFILL = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on PythonError { message }
  }
}
"""


class Dev:
    """A running `dagster dev` in its own copy of the workspace."""

    def __init__(self, folder: Path):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(CHECKOUT / name, folder / name)
        hidden = ("DAGSTER_", "PDF_EXTRACTION_")
        environ = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        self.log = folder / "dagster.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dagster", "dev", "--port", str(self.port)],
                cwd=folder,
                env={**environ, "PYTHONPATH": str(CHECKOUT)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=30)
        finally:
            # Whatever did not end by itself is of the session that was started here.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def ask(self, query, **variables):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def until(self, what, found):
        """Poll until ``found()`` gives something, at most until the deadline."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            try:
                if result := found():
                    return result
            except (urllib.error.URLError, ConnectionError, duckdb.Error):
                pass
            time.sleep(0.5)
        pytest.fail(f"{what} not within {DEADLINE_S} s; {self.log.read_text()[-3000:]}")

    def rows(self, sql):
        with duckdb.connect(str(self.folder / "data" / "warehouse.duckdb"), read_only=True) as db:
            return db.sql(sql).fetchall()

    def checked(self, name):
        """Whether each partition passed a check, by the partitions that have it stored."""
        executions = self.ask(CHECKS, name=name)["assetCheckExecutions"]
        found = [one["evaluation"] for one in reversed(executions) if one["evaluation"]]
        assert all(one["targetMaterialization"] for one in found)
        return {one["partition"]: one["success"] for one in found if one["partition"]}

    def statuses(self):
        runs = self.ask(RUNS)["runsOrError"]["results"]
        return {run["runId"]: run["status"] for run in runs}


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    server = Dev(tmp_path_factory.mktemp("workspace"))
    try:
        server.until("web server", lambda: server.ask("{ version }"))
        yield server
    finally:
        server.stop()


@pytest.mark.slow
def test_a_dropped_file_is_in_the_warehouse_with_its_checks(dev):
    """Two files copied into data/inbox, nothing more: rows in SQL, checks for each partition."""
    inbox = dev.folder / "data" / "inbox"
    write_law(inbox / "lei-1.pdf")
    (inbox / "quebrado.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    sql = "SELECT partition_key, status FROM documents ORDER BY 1"
    rows = dev.until("rows", lambda: len(found := dev.rows(sql)) == 2 and found)
    assert rows == [("lei-1", "done"), ("quebrado", "failed")]
    assert dev.rows("SELECT count(*) FROM devices") == [(6,)]
    expected = {"lei-1": True, "quebrado": False}
    dev.until("checks", lambda: dev.checked("pages_complete") == expected)
    dev.until("checks", lambda: dev.checked("grounding").keys() == expected.keys())


@pytest.mark.slow
def test_a_partition_chosen_in_the_ui_reaches_the_warehouse(dev):
    """launchRun on the last partitioned assets alone brings the rows to SQL users again."""
    key = "lei-1"
    test_is_there = "SELECT count(*) FROM documents WHERE partition_key = 'lei-1'"
    dev.until("the document", lambda: dev.rows(test_is_there) == [(1,)])
    # The file that SQL users open is gone; the chosen run must bring it back by itself.
    dev.until("quiet", lambda: set(dev.statuses().values()) <= {"SUCCESS", "FAILURE"})
    (dev.folder / "data" / "warehouse.duckdb").unlink()
    assets = [{"path": ["page_extractions"]}, {"path": ["document_chunks"]}]
    params = {
        "selector": {**SELECTOR, "jobName": "__ASSET_JOB", "assetSelection": assets},
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": key}]},
    }
    launched = dev.ask(LAUNCH_RUN, params=params)["launchRun"]
    run_id = launched["run"]["runId"]
    dev.until("the run", lambda: dev.statuses()[run_id] == "SUCCESS")
    assert dev.rows(test_is_there) == [(1,)]


@pytest.mark.slow
def test_a_backfill_started_in_the_ui_reaches_the_warehouse(dev):
    """launchPartitionBackfill over all partitions does them in one run, checks included."""
    dev.until("the document", lambda: dev.rows("SELECT 1 FROM documents"))
    dev.until("quiet", lambda: set(dev.statuses().values()) <= {"SUCCESS", "FAILURE"})
    before = set(dev.statuses())
    (dev.folder / "data" / "warehouse.duckdb").unlink()
    assets = ["page_images", "page_completions", "page_extractions", "document_chunks"]
    params = {
        "assetSelection": [{"path": [asset]} for asset in assets],
        "partitionNames": ["lei-1", "quebrado"],
    }
    launched = dev.ask(LAUNCH_BACKFILL, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess"
    dev.until("rows", lambda: len(dev.rows("SELECT 1 FROM documents")) == 2)
    new = dev.until("the run", lambda: set(dev.statuses()) - before)
    dev.until("its end", lambda: {dev.statuses()[run_id] for run_id in new} == {"SUCCESS"})


@pytest.mark.slow
def test_starting_prints_no_warning_of_ours(dev):
    """Dagster's own advice to use another command is the one line that is not ours to mend."""
    lines = dev.log.read_text().splitlines()
    warnings = [line for line in lines if "warning" in line.lower()]
    assert [line for line in warnings if "Use 'dg dev' instead" not in line] == []
