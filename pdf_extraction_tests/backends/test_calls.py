"""Answers and attempts in SQLite."""

import multiprocessing
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from pdf_extraction.backends.calls import CallStore, Spent
from pdf_extraction.errors import StorageError
from pdf_extraction.model import Attempt, Completion


def attempt(page=1, document="lei-1", **fields):
    return Attempt(document, "a" * 64, page, "s1", "m", 1000.0, 5.0, **fields)


def test_nothing_is_made_before_the_first_use(tmp_path):
    """A store that nobody used leaves no file and no folder."""
    CallStore(tmp_path / "data" / "calls.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_an_answer_comes_back_whole_and_marked_as_cached(tmp_path):
    """What was put is got, also by another store on the same file."""
    answer = Completion("{}", "s1", "m", "stop", 10, 5, usage_estimated=True, cost_usd=0.5)
    CallStore(tmp_path / "c.sqlite").put("k", answer)
    kept = CallStore(tmp_path / "c.sqlite").get("k")
    assert kept == Completion(
        "{}", "s1", "m", "stop", 10, 5, usage_estimated=True, cost_usd=0.5, cached=True
    )


def test_an_unknown_key_has_no_answer(tmp_path):
    """A key that was never put gives nothing."""
    assert CallStore(tmp_path / "c.sqlite").get("k") is None


def test_half_an_emoji_does_not_stop_the_ledger(tmp_path):
    """Text that UTF-8 cannot hold is kept with a question mark in its place."""
    store = CallStore(tmp_path / "c.sqlite")
    store.put("k", Completion("a\ud83d", "s1"))
    store.record(attempt(error="b\ud83d"))
    kept = store.get("k")
    assert kept is not None
    assert kept.text == "a?"
    assert store.attempts("lei-1", "a" * 64)[0].error == "b?"


def test_attempts_come_by_page_in_the_order_made(tmp_path):
    """Attempts of one version of a document, and of no other."""
    store = CallStore(tmp_path / "c.sqlite")
    for page, kind in ((2, "TimedOut"), (1, "Malformed"), (2, None)):
        store.record(attempt(page, error_type=kind))
    store.record(attempt(1, "other"))
    rows = store.attempts("lei-1", "a" * 64)
    assert [(row.page_number, row.error_type) for row in rows] == [
        (1, "Malformed"),
        (2, "TimedOut"),
        (2, None),
    ]


def test_a_bill_follows_its_document(tmp_path):
    """A new id in the sidecar, or a new name of file and sidecar, starts no new bill."""
    store = CallStore(tmp_path / "c.sqlite")
    store.record(attempt(1, "lei-1", partition_key="file", cost_usd=1.0))
    sha256 = "a" * 64
    assert len(store.attempts("lei-2", sha256, "file")) == 1
    assert len(store.attempts("lei-1", sha256, "renamed")) == 1
    assert store.spent("lei-2", sha256, partition_key="file").calls == 1
    assert store.pages_paid("lei-2", sha256, "file")[1].cost_usd == 1.0
    assert store.attempts("copy", sha256, "copy") == []


def test_a_file_of_an_older_version_gets_the_columns_it_lacks(tmp_path):
    """Answers that were paid for are taken up, whatever has been added since."""
    path = tmp_path / "c.sqlite"
    store = CallStore(path)
    store.put("k", Completion("{}", "s1", "m"))
    store.record(attempt(1))
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP INDEX attempts_of_a_version")
        db.execute("ALTER TABLE attempts DROP COLUMN partition_key")
        db.execute("ALTER TABLE answers DROP COLUMN finish_reason")
    db.close()
    newer = CallStore(path)
    assert newer.get("k") == Completion("{}", "s1", "m", cached=True)
    newer.record(attempt(2, partition_key="p"))
    assert [one.page_number for one in newer.attempts("lei-1", "a" * 64)] == [1, 2]


def test_a_call_and_its_answer_are_kept_together_or_not_at_all(tmp_path):
    """An answer that cannot be kept is not billed as one that was."""
    store = CallStore(tmp_path / "c.sqlite")
    store.get("k")
    with sqlite3.connect(tmp_path / "c.sqlite") as db:
        db.execute("DROP TABLE answers")
    db.close()
    with pytest.raises(StorageError):
        store.record(attempt(1), "k", Completion("{}", "s1"))
    assert store.spent().calls == 0


def test_money_is_summed_over_everything_a_document_a_version_or_a_time(tmp_path):
    """`spent` sums failed calls too and narrows by what is given."""
    store = CallStore(tmp_path / "c.sqlite")
    store.record(attempt(1, input_tokens=10, output_tokens=1, cost_usd=0.25))
    store.record(attempt(1, input_tokens=20, cost_usd=0.5, error_type="Malformed"))
    store.record(attempt(1, "other", input_tokens=1, cost_usd=1.0))
    assert store.spent() == Spent(3, 31, 1, 1.75)
    assert store.spent("lei-1") == store.spent("lei-1", "a" * 64) == Spent(2, 30, 1, 0.75)
    assert store.spent(run_id="other") == Spent()
    assert store.pages_paid("lei-1", "a" * 64) == {1: Spent(2, 30, 1, 0.75)}


def test_forgetting_a_document_takes_its_attempts_alone(tmp_path):
    """`forget` leaves other documents and all answers."""
    store = CallStore(tmp_path / "c.sqlite")
    store.put("k", Completion("{}", "s1"))
    store.record(attempt())
    store.record(attempt(1, "other"))
    assert store.forget("lei-1") == 1
    assert store.spent().calls == 1
    assert store.get("k") is not None


def test_a_file_that_is_no_store_is_an_error_that_names_it(tmp_path):
    """Garbage in place of the file raises a StorageError with the path."""
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StorageError, match=r"c\.sqlite"):
        CallStore(path).get("k")


def test_threads_share_one_store(tmp_path):
    """Writes of many threads are all there."""
    store = CallStore(tmp_path / "c.sqlite")
    threads = [
        threading.Thread(target=lambda: [store.record(attempt(page)) for page in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.spent().calls == 200


def write_many(path, who, start):
    start.wait()
    store = CallStore(path)
    for number in range(200):
        store.put(f"{who}-{number}", Completion("x" * 2000, "s1"))
        store.record(attempt(number))


def test_processes_write_at_once_from_the_first_moment(tmp_path):
    """Several processes that open a new file together lose nothing and never fail."""
    context = multiprocessing.get_context("spawn")
    path, start = tmp_path / "c.sqlite", context.Barrier(3)
    workers = [context.Process(target=write_many, args=(path, who, start)) for who in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    store = CallStore(path)
    assert store.spent().calls == 600
    assert all(store.get(f"{who}-{number}") for who in range(3) for number in range(200))


KILLED = """
import os, signal, sys
from pathlib import Path
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.model import Completion
store = CallStore(Path(sys.argv[1]))
for number in range(100):
    store.put(str(number), Completion("x" * 5000, "s1"))
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_no_answer_it_had_put(tmp_path):
    """After kill -9, every answer that `put` returned from is there."""
    path = tmp_path / "c.sqlite"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True, check=False
    )
    store = CallStore(path)
    assert killed.returncode == -9
    assert len(killed.stdout.split()) == 100
    assert all(store.get(number) for number in killed.stdout.split())


def test_a_runs_bill_does_not_hold_what_another_pays_at_the_same_time(tmp_path):
    """Two stores on one file have a run each; a document's sums are over both."""
    one, other = CallStore(tmp_path / "c.sqlite"), CallStore(tmp_path / "c.sqlite")
    one.record(attempt(1, cost_usd=0.25))
    other.record(attempt(2, cost_usd=0.5))
    assert one.spent(run_id=one.run_id).cost_usd == 0.25
    assert one.spent("lei-1").cost_usd == 0.75
    assert [facts.calls for facts in one.backends(run_id=one.run_id)] == [1]


OLD = """
CREATE TABLE answers (key TEXT PRIMARY KEY, text, backend, model, finish_reason, input_tokens,
    output_tokens, usage_estimated, cost_usd, latency_ms, created_at REAL NOT NULL);
CREATE TABLE attempts (id INTEGER PRIMARY KEY AUTOINCREMENT, document_id, sha256, page_number,
    backend, model, started_at, latency_ms, http_status, error_type, error, retry_after_s,
    temperature, rotation, input_tokens, output_tokens, cost_usd, finish_reason);
INSERT INTO attempts (document_id, sha256, page_number, backend, model, started_at, latency_ms,
    rotation, input_tokens, output_tokens, cost_usd)
    VALUES ('lei-1', 'aa', 1, 's1', 'm', 1.0, 2.0, 0, 10, 1, 0.5);
"""


def test_a_file_of_an_earlier_version_is_gone_on_with(tmp_path):
    """Columns that came later are added, and what stood in the file stays."""
    with closing(sqlite3.connect(tmp_path / "c.sqlite")) as db:
        db.executescript(OLD)
    store = CallStore(tmp_path / "c.sqlite")
    store.record(attempt(2))
    store.put("k", Completion("{}", "s1"))
    assert store.spent("lei-1").calls == 2
    assert not store.attempts("lei-1", "aa")[0].usage_estimated


def test_failures_and_latency_are_summed_by_backend(tmp_path):
    """An unusable answer is not the server's failure."""
    store = CallStore(tmp_path / "c.sqlite")
    for kind in (None, "Unavailable", "RateLimited", "Malformed"):
        store.record(attempt(error_type=kind, error=kind and f"it was {kind}"))
    (facts,) = store.backends()
    assert facts.last_error == "it was RateLimited"
    assert (facts.backend, facts.calls, facts.failures) == ("s1", 4, 2)
    assert facts.mean_latency_ms == 5.0
