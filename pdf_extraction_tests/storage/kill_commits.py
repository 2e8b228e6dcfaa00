"""Kills a process at each change of a file in a commit of two documents and prints what is left.

Run as ``python -m pdf_extraction_tests.storage.kill_commits FOLDER``; prints one JSON list
a kill: the texts and row counts that a reader finds of each document, and what is left in the
journal; the last one after a commit that ran through.
"""

import json
import os
import signal
import sys
from pathlib import Path

from pdf_extraction.storage.tables import Tables
from pdf_extraction_tests.storage.rows import document

KEYS = ("j", "k")
OLD = {key: {**document(key, text="old", devices=3), "attempts": []} for key in KEYS}
NEW = {key: {**document(key, text="new", devices=1, pages=2), "devices": []} for key in KEYS}
EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def kill_at(step, folder):
    """From now on, kill this process at its ``step``-th change of a file of ``folder``."""
    seen = 0

    def hook(event, arguments):
        nonlocal seen
        if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        if event in EVENTS and folder in str(arguments[0]):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def commit(tables, rows_by_key):
    with tables.together() as documents:
        for key, rows in rows_by_key.items():
            documents.commit(key, rows)


def commit_and_die(folder, step):
    """Whether the commit in a child process was killed at ``step``."""
    child = os.fork()
    if child == 0:
        tables = Tables(folder)
        kill_at(step, str(folder))
        commit(tables, NEW)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def found(folder):
    """Texts and row counts of each document, as the next process sees them."""
    tables = Tables(folder)
    left = [path.name for path in (folder / "tables" / ".journal").iterdir()]
    return [*(rows_of(tables, key) for key in KEYS), left]


def rows_of(tables, key):
    rows = {name: tables.read(name, key) for name in ("documents", "pages", "devices")}
    texts = {row.get("canonical_text", row.get("text")) for table in rows.values() for row in table}
    return [sorted(texts), len(rows["pages"]), len(rows["devices"])]


def main():
    base = Path(sys.argv[1])
    step, killed = 0, True
    while killed:
        step += 1
        folder = base / str(step)
        commit(Tables(folder), OLD)
        killed = commit_and_die(folder, step)
        sys.stdout.write(json.dumps(found(folder)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
