"""Kills a process at each file operation of a refresh and prints what users find after.

Run as ``python -m pdf_extraction_tests.storage.kill_refreshes FOLDER``; prints a JSON list
for each kill: the text found at once, and after the next refresh.
"""

import json
import os
import signal
import sys
from pathlib import Path

from pdf_extraction.storage.tables import Tables
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.storage.kill_commits import kill_at
from pdf_extraction_tests.storage.rows import document


def in_child(work):
    """Whether ``work`` was killed in a process of its own; DuckDB's threads survive no fork."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def prepare(folder):
    """Three documents of which one has changed since the last refresh."""
    tables = Tables(folder)
    for key in "abc":
        tables.commit(key, document(key, text="old"))
    Warehouse(folder).refresh()
    tables.commit("a", document("a", text="new"))


def report(folder):
    """Print the first document's text before and after a refresh."""
    warehouse, found = Warehouse(folder), []
    for _ in range(2):
        query = "SELECT text FROM devices WHERE document_id = 'a' GROUP BY 1"
        found.append(warehouse.query(query).to_pylist()[0]["text"])
        warehouse.refresh()
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main():
    base = Path(sys.argv[1])
    step, killed = 0, True
    while killed:
        step += 1
        folder = base / str(step)

        def refresh_and_die(folder=folder, step=step):
            kill_at(step, str(folder))
            Warehouse(folder).refresh()

        in_child(lambda folder=folder: prepare(folder))
        killed = in_child(refresh_and_die)
        in_child(lambda folder=folder: report(folder))


if __name__ == "__main__":
    main()
