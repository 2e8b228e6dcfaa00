"""What a killed run leaves in Dagster's history."""

import subprocess
import sys

import dagster as dg
import pytest

from pdf_extraction.definitions import build_definitions
from pdf_extraction.defs import abandoned
from pdf_extraction.defs.launch import run_documents
from pdf_extraction_tests.samples import write_law

HOLD = """
import sys
from pathlib import Path
from pdf_extraction.defs import abandoned
abandoned.hold(Path(sys.argv[1]), sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


def a_run(instance, status):
    job = build_definitions().resolve_job_def("extract_documents")
    return instance.create_run_for_job(job, tags={"dagster/partition": "a"}, status=status)


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED),
    ],
)
def test_a_run_is_open_as_long_as_its_process_lives(instance, tmp_path, status, ending):
    """After kill -9 of its process the next look ends it; before, nothing does."""
    run = a_run(instance, status)
    words = [sys.executable, "-c", HOLD, str(tmp_path), run.run_id]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert abandoned.sweep(instance, tmp_path) == []
        assert instance.get_run_by_id(run.run_id).status is status
        process.kill()
    assert abandoned.sweep(instance, tmp_path) == [run.run_id]
    assert instance.get_run_by_id(run.run_id).status is ending
    assert abandoned.sweep(instance, tmp_path) == []
    assert list((tmp_path / ".running").iterdir()) == []


def test_runs_that_end_in_order_leave_nothing(instance, make_workspace, tmp_path):
    """A run of the caller's process is alive while it works, and its mark is gone after it."""
    workspace = make_workspace()
    key = workspace.catalogue.register(write_law(tmp_path / "a.pdf")).document.partition_key
    result = run_documents(instance, workspace, [key])
    assert instance.get_run_by_id(result.run_ids[0]).status is dg.DagsterRunStatus.SUCCESS
    assert list((workspace.data / ".running").iterdir()) == []
