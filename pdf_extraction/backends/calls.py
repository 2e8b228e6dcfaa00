"""What was asked and answered, kept in SQLite as it comes: the cache and the ledger.

Used by several processes and threads at once. Which answer may be taken for which question
is ``cache``'s business, what a call costs is ``ledger``'s; no table of the result is here.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from filelock import FileLock

from pdf_extraction.errors import StorageError
from pdf_extraction.model import Attempt, Completion

_ANSWER_COLUMNS = tuple(
    f.name for f in fields(Completion) if f.name not in {"cached", "is_fallback"}
)
_ATTEMPT_COLUMNS = tuple(f.name for f in fields(Attempt))
# Not dataclasses.astuple, which copies deeply and took longer than the write.
_answer_values = attrgetter(*_ANSWER_COLUMNS)
_attempt_values = attrgetter(*_ATTEMPT_COLUMNS)

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, {", ".join(_ANSWER_COLUMNS)}, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, {", ".join(_ATTEMPT_COLUMNS)}
);
DROP INDEX IF EXISTS attempts_of_a_document;
CREATE INDEX IF NOT EXISTS attempts_of_a_version ON attempts (sha256);
"""
#: Columns of each table; those that a file of an older version lacks are added.
_COLUMNS = {"answers": _ANSWER_COLUMNS, "attempts": _ATTEMPT_COLUMNS}
#: Calls for one version of a document, under whichever of its names they were made.
_OF_VERSION = "sha256 = :sha256 AND (document_id = :document_id OR partition_key = :partition_key)"
_GET = f"SELECT {', '.join(_ANSWER_COLUMNS)} FROM answers WHERE key = ?"  # noqa: S608 - constants
_PUT = (
    f"INSERT OR REPLACE INTO answers (key, {', '.join(_ANSWER_COLUMNS)}, created_at) "  # noqa: S608
    f"VALUES ({', '.join('?' * (len(_ANSWER_COLUMNS) + 2))})"
)
_RECORD = (
    f"INSERT INTO attempts ({', '.join(_ATTEMPT_COLUMNS)}) "  # noqa: S608 - constants
    f"VALUES ({', '.join('?' * len(_ATTEMPT_COLUMNS))})"
)
_ATTEMPTS = (
    f"SELECT {', '.join(_ATTEMPT_COLUMNS)} FROM attempts "  # noqa: S608 - constants
    f"WHERE {_OF_VERSION} ORDER BY page_number, id"
)
_SUMS = (
    "count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
    "coalesce(sum(cost_usd), 0.0)"
)


@dataclass(frozen=True)
class Spent:
    """Sums over attempts, failed ones too."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class CallStore:
    """Answers by key and attempts by document.

    Each write is its own transaction in WAL mode, so that a killed process loses nothing that
    was answered; only a power cut may take the last moments. A write takes some 60 µs.

    Args:
        path: The SQLite file; it and its folder are made at the first use.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._open: sqlite3.Connection | None = None

    def get(self, key: str) -> Completion | None:
        """The answer kept under ``key``, marked as cached."""
        with self._connection() as db:
            row = db.execute(_GET, (key,)).fetchone()
        if row is None:
            return None
        found = zip(_ANSWER_COLUMNS, row, strict=True)
        values: dict[str, Any] = {name: value for name, value in found if value is not None}
        values["usage_estimated"] = bool(values["usage_estimated"])
        return Completion(**values, cached=True)

    def put(self, key: str, completion: Completion) -> None:
        """Keep an answer, in place of an earlier one."""
        with self._connection() as db:
            db.execute(_PUT, _answer_row(key, completion))

    def record(self, attempt: Attempt, key: str = "", answer: Completion | None = None) -> None:
        """Add a call to the ledger, and keep its answer with it.

        Both or neither are there after a kill: an answer that was billed and then lost would
        be paid again.

        Args:
            attempt: The call.
            key: What its answer is kept under; empty where it is not kept.
            answer: Its answer, where it can be used.
        """
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                db.execute(_RECORD, tuple(map(_storable, _attempt_values(attempt))))
                if key and answer is not None:
                    db.execute(_PUT, _answer_row(key, answer))
                db.execute("COMMIT")
            except sqlite3.Error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def attempts(
        self, document_id: str, sha256: str, partition_key: str | None = None
    ) -> list[Attempt]:
        """Calls for one version of a document, by page and then in the order made."""
        with self._connection() as db:
            rows = db.execute(_ATTEMPTS, _version(document_id, sha256, partition_key)).fetchall()
        return [Attempt(*row) for row in rows]

    def spent(
        self,
        document_id: str | None = None,
        sha256: str | None = None,
        since: float | None = None,
        partition_key: str | None = None,
    ) -> Spent:
        """Sums over all attempts, or those of a document, a version, or a time on.

        Args:
            document_id: Only this document's.
            sha256: Only this version's.
            since: Seconds since the epoch.
            partition_key: The document's partition, for calls made under another id.
        """
        wanted = {
            "(document_id = :document_id OR partition_key = :partition_key)": document_id,
            "sha256 = :sha256": sha256,
            "started_at >= :since": since,
        }
        given = [condition for condition, value in wanted.items() if value is not None]
        where = f"WHERE {' AND '.join(given)}" if given else ""
        with self._connection() as db:
            row = db.execute(
                f"SELECT {_SUMS} FROM attempts {where}",  # noqa: S608 - conditions are constants
                {**_version(document_id, sha256, partition_key), "since": since},
            ).fetchone()
        return Spent(*row)

    def answered(self, backend: str) -> Spent:
        """Sums over a backend's calls whose answer was taken."""
        with self._connection() as db:
            row = db.execute(
                f"SELECT {_SUMS} FROM attempts WHERE backend = ? AND error_type IS NULL",  # noqa: S608
                (backend,),
            ).fetchone()
        return Spent(*row)

    def pages_paid(
        self, document_id: str, sha256: str, partition_key: str | None = None
    ) -> dict[int, Spent]:
        """Sums by page number, for pages with at least one call."""
        with self._connection() as db:
            rows = db.execute(
                f"SELECT page_number, {_SUMS} FROM attempts "  # noqa: S608 - constants
                f"WHERE {_OF_VERSION} GROUP BY page_number",
                _version(document_id, sha256, partition_key),
            ).fetchall()
        return {number: Spent(*sums) for number, *sums in rows}

    def forget(self, document_id: str) -> int:
        """Remove a document's attempts; answers stay, being kept by content. Returns how many."""
        with self._connection() as db:
            return db.execute("DELETE FROM attempts WHERE document_id = ?", (document_id,)).rowcount

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def __del__(self) -> None:
        """A workspace is just dropped; from Python 3.13 on, an open connection would warn."""
        self.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
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


def _version(
    document_id: str | None, sha256: str | None, partition_key: str | None
) -> dict[str, Any]:
    return {"document_id": document_id, "sha256": sha256, "partition_key": partition_key}


def _answer_row(key: str, completion: Completion) -> tuple[Any, ...]:
    return (key, *map(_storable, _answer_values(completion)), time.time())


def _storable(value: Any) -> Any:
    """Half of an emoji, as a broken answer may hold, cannot be written."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
