"""Kills a process at each change of a file in a commit and prints what a reader finds after.

Run as ``python -m pdf_extraction_tests.storage.kill_commits FOLDER``; prints one JSON list
a kill: the texts and row counts found, the last one after a commit that ran
through.
"""

import json
import os
import signal
import sys
from pathlib import Path

from pdf_extraction.storage.tables import Tables
from pdf_extraction_tests.storage.rows import document

OLD = {**document("k", text="old", devices=3), "attempts": []}
NEW = {**document("k", text="new", devices=1, pages=2), "devices": []}
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


def commit_and_die(folder, step):
    """Whether the commit in a child process was killed at ``step``."""
    child = os.fork()
    if child == 0:
        tables = Tables(folder)
        kill_at(step, str(folder))
        tables.commit("k", NEW)
        os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def found(folder):
    """Texts and row counts of each table, as the next process sees them."""
    tables = Tables(folder)
    rows = {name: tables.read(name, "k") for name in ("documents", "pages", "devices")}
    texts = {row.get("canonical_text", row.get("text")) for table in rows.values() for row in table}
    left = [path.name for path in (folder / "tables" / ".journal").iterdir()]
    return [sorted(texts), len(rows["pages"]), len(rows["devices"]), left]


def main():
    base = Path(sys.argv[1])
    step, killed = 0, True
    while killed:
        step += 1
        folder = base / str(step)
        Tables(folder).commit("k", OLD)
        killed = commit_and_die(folder, step)
        sys.stdout.write(json.dumps(found(folder)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
