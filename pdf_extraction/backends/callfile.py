"""The SQLite file of answers and attempts: how it is made, brought up to date and opened.

What is written to it and asked of it stands in ``calls``.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from filelock import FileLock

from pdf_extraction.errors import StorageError
from pdf_extraction.model import Attempt, Completion

ANSWER_COLUMNS = tuple(
    f.name
    for f in fields(Completion)
    if f.name not in {"cached", "is_fallback", "pause_s", "prompt_hash"}
)
ATTEMPT_COLUMNS = tuple(f.name for f in fields(Attempt))
#: What an answer was an answer to.
QUESTION_COLUMNS = ("question", "schema_hash", "prompt_hash", "input_ratio")

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, {", ".join(ANSWER_COLUMNS)}, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, {", ".join(ATTEMPT_COLUMNS)}
);
DROP INDEX IF EXISTS attempts_of_a_document;
CREATE INDEX IF NOT EXISTS attempts_of_a_version ON attempts (sha256);
CREATE TABLE IF NOT EXISTS health (
    backend TEXT PRIMARY KEY, left_alone_until REAL NOT NULL, failures INTEGER NOT NULL,
    last_error TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS given_up (key TEXT PRIMARY KEY);
"""
#: On columns that a file of an older version gets first.
_INDICES = """
CREATE INDEX IF NOT EXISTS answers_of_a_question ON answers (question);
CREATE INDEX IF NOT EXISTS answers_of_a_schema ON answers (backend, schema_hash);
CREATE INDEX IF NOT EXISTS attempts_of_a_run ON attempts (run_id);
"""
#: Columns of each table; those that a file of an older version lacks are added.
_COLUMNS = {
    "answers": (*ANSWER_COLUMNS, *QUESTION_COLUMNS),
    "attempts": (*ATTEMPT_COLUMNS, "run_id"),
}


class CallFile:
    """One connection, used by one thread at a time, to a file that other processes use too.

    Args:
        path: The SQLite file; it and its folder are made at the first use.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """The open file, for one thread at a time.

        Raises:
            StorageError: It cannot be read or written.
        """
        with self._lock:
            try:
                if self._open is None:
                    self._open = self._connect()
                yield self._open
            except (sqlite3.Error, OSError) as error:
                raise StorageError(
                    f"{self.path}: answers cannot be kept ({error}). Check the disk's space and "
                    "permissions; if the file is damaged, move it away: a new one is made and "
                    "pages are asked again."
                ) from error

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def __del__(self) -> None:
        """A workspace is just dropped; from Python 3.13 on, an open connection would warn."""
        self.close()

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            # SQLite's own waiting does not cover the change to WAL: of three processes that
            # opened a new file together one got "database is locked" at once.
            with FileLock(f"{self.path}.lock"):
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
                _add_columns(db)
                db.executescript(_INDICES)
            # NORMAL syncs at checkpoints only: a commit survives the process, not the power.
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            db.close()
            raise
        return db


def _add_columns(db: sqlite3.Connection) -> None:
    for table, columns in _COLUMNS.items():
        present = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        for column in [name for name in columns if name not in present]:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
