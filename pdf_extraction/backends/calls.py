"""What was asked and answered, kept in SQLite as it comes: the cache and the ledger.

Used by several processes and threads at once. Which answer may be taken for which question
is ``cache``'s business, what a call costs is ``ledger``'s; no table of the result is here.
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from pdf_extraction.backends.callfile import (
    ANSWER_COLUMNS,
    ATTEMPT_COLUMNS,
    QUESTION_COLUMNS,
    CallFile,
)
from pdf_extraction.model import Attempt, Completion, Prompt

# Not dataclasses.astuple, which copies deeply and took longer than the write.
_answer_values = attrgetter(*ANSWER_COLUMNS)
_attempt_values = attrgetter(*ATTEMPT_COLUMNS)

#: Calls for one version of a document, under whichever of its names they were made.
_OF_VERSION = "sha256 = :sha256 AND (document_id = :document_id OR partition_key = :partition_key)"
_GET = f"SELECT {', '.join(ANSWER_COLUMNS)} FROM answers WHERE key = ?"  # noqa: S608 - constants
_ALIKE = (
    f"SELECT {', '.join(ANSWER_COLUMNS)}, coalesce(prompt_hash, '') FROM answers "  # noqa: S608
    "WHERE question = ? ORDER BY created_at DESC LIMIT 1"
)
_PUT = (
    f"INSERT OR REPLACE INTO answers (key, {', '.join(ANSWER_COLUMNS)}, "  # noqa: S608
    f"{', '.join(QUESTION_COLUMNS)}, created_at) "
    f"VALUES ({', '.join('?' * (len(ANSWER_COLUMNS) + len(QUESTION_COLUMNS) + 2))})"
)
_RECORD = (
    f"INSERT INTO attempts ({', '.join(ATTEMPT_COLUMNS)}, run_id) "  # noqa: S608 - constants
    f"VALUES ({', '.join('?' * (len(ATTEMPT_COLUMNS) + 1))})"
)
_USAGE = """
SELECT input_ratio, output_tokens FROM answers
WHERE backend = ? AND schema_hash = ? AND input_ratio IS NOT NULL
ORDER BY rowid DESC LIMIT ?
"""
#: Errors that are the server's, not the answer's: what health is about.
_SERVER_ERRORS = "('RateLimited', 'Unavailable', 'TimedOut', 'Unauthorized')"
_BACKENDS = f"""
SELECT backend, calls, failures, latency_ms, last_at,
    (SELECT error FROM attempts WHERE id = last_failed),
    (SELECT error FROM attempts WHERE id = last_refused)
FROM (
    SELECT backend, count(*) AS calls, coalesce(sum(error_type IN {_SERVER_ERRORS}), 0) AS failures,
        avg(CASE WHEN error_type IS NULL THEN latency_ms END) AS latency_ms,
        max(started_at) AS last_at,
        max(CASE WHEN error_type IN {_SERVER_ERRORS} THEN id END) AS last_failed,
        max(CASE WHEN error_type = 'Unsupported' THEN id END) AS last_refused
    FROM attempts WHERE run_id = ? OR (? IS NULL AND started_at >= ?) GROUP BY backend
) ORDER BY backend
"""  # noqa: S608 - constants
_GAVE_UP = """
SELECT 1 FROM given_up WHERE key = :key AND NOT EXISTS (SELECT 1 FROM answers WHERE key = :key)
"""
_ATTEMPTS = (
    f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM attempts "  # noqa: S608 - constants
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


@dataclass(frozen=True)
class Question:
    """What an answer was an answer to, beyond its key.

    Attributes:
        question: All of the key but for the prompt's wording.
        prompt: With that wording, and the schema asked for.
        input_ratio: Input tokens by the server's count over our estimate; None where the
            server gave no count.
    """

    question: str
    prompt: Prompt
    input_ratio: float | None = None


@dataclass(frozen=True)
class Entry:
    """A call as it is written down.

    Attributes:
        attempt: The call.
        key: What its answer is kept under; empty where it is not kept.
        answer: Its answer, where it can be used.
        asked: What it answers.
    """

    attempt: Attempt
    key: str = ""
    answer: Completion | None = None
    asked: Question | None = None


@dataclass(frozen=True)
class BackendFacts:
    """How a backend's calls went.

    Attributes:
        backend: Name in the settings.
        calls: All of them.
        failures: Those that the server failed or refused.
        mean_latency_ms: Of the answered ones; None without one.
        last_call_at: Seconds since the epoch.
        last_error: Sentence of the last call that the server failed.
        refused: Sentence about what it does not take and is asked with instead.
    """

    backend: str
    calls: int
    failures: int
    mean_latency_ms: float | None
    last_call_at: float
    last_error: str | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Left:
    """Why a backend is left alone, or was last.

    Attributes:
        until: Seconds since the epoch; 0 where it has answered since.
        failures: In a row.
        last_error: The last one's sentence.
    """

    until: float
    failures: int
    last_error: str


class CallStore:
    """Answers by key and attempts by document.

    Each write is a transaction in WAL mode, so that a killed process loses nothing that was
    written; only a power cut may take the last moments. An entry takes some 110 µs alone and 40
    among thirty.

    Args:
        path: The SQLite file; it and its folder are made at the first use.

    Attributes:
        run_id: Stands in every attempt that is recorded, so that the bill of one command does
            not hold what another pays at the same time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_id = uuid.uuid4().hex
        self._file = CallFile(path)

    def get(self, key: str) -> Completion | None:
        """The answer kept under ``key``, marked as cached."""
        return self._answer(_GET, key, ANSWER_COLUMNS)

    def alike(self, question: str) -> Completion | None:
        """The newest answer to a question in whatever wording, which is named, as cached."""
        return self._answer(_ALIKE, question, (*ANSWER_COLUMNS, "prompt_hash"))

    def put(self, key: str, completion: Completion, asked: Question | None = None) -> None:
        """Keep an answer, in place of an earlier one."""
        with self._file.connection() as db:
            db.execute(_PUT, _answer_row(key, completion, asked))

    def give_up(self, key: str) -> None:
        """Remember that no answer to a question was of use, and another backend has answered."""
        with self._file.connection() as db:
            db.execute("INSERT OR IGNORE INTO given_up VALUES (?)", (key,))

    def gave_up(self, key: str) -> bool:
        """Whether a question was given up, and not answered since."""
        with self._file.connection() as db:
            return db.execute(_GAVE_UP, {"key": key}).fetchone() is not None

    def usage(self, backend: str, schema_hash: str, most: int) -> list[tuple[float, int]]:
        """``input_ratio`` and output tokens of a backend's last answers, newest first."""
        with self._file.connection() as db:
            return db.execute(_USAGE, (backend, schema_hash, most)).fetchall()

    def backends(self, *, run_id: str | None = None, since: float = 0.0) -> list[BackendFacts]:
        """How each backend's calls went: of one run, or of all since a time."""
        with self._file.connection() as db:
            rows = db.execute(_BACKENDS, (run_id, run_id, since)).fetchall()
        return [BackendFacts(*row) for row in rows]

    def leave(self, backend: str, left: Left) -> None:
        """Remember how a backend is, for whoever asks after the run."""
        with self._file.connection() as db:
            row = (backend, left.until, left.failures, _storable(left.last_error))
            db.execute("INSERT OR REPLACE INTO health VALUES (?, ?, ?, ?)", row)

    def left(self) -> dict[str, Left]:
        """Backends that were ever left alone, by name."""
        with self._file.connection() as db:
            return {name: Left(*rest) for name, *rest in db.execute("SELECT * FROM health")}

    def record(
        self,
        attempt: Attempt,
        key: str = "",
        answer: Completion | None = None,
        asked: Question | None = None,
    ) -> None:
        """Write one call down; see ``Entry``."""
        self.write(Entry(attempt, key, answer, asked))

    def write(self, *entries: Entry) -> None:
        """Add calls to the ledger, and keep their answers with them, in one transaction.

        A call and its answer are both there after a kill, or neither: an answer that was billed
        and then lost would be paid again.
        """
        with self._file.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                for entry in entries:
                    self._add(db, entry)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _add(self, db: sqlite3.Connection, entry: Entry) -> None:
        db.execute(_RECORD, (*map(_storable, _attempt_values(entry.attempt)), self.run_id))
        if entry.key and entry.answer is not None:
            db.execute(_PUT, _answer_row(entry.key, entry.answer, entry.asked))

    def attempts(
        self, document_id: str, sha256: str, partition_key: str | None = None
    ) -> list[Attempt]:
        """Calls for one version of a document, by page and then in the order made."""
        with self._file.connection() as db:
            rows = db.execute(_ATTEMPTS, _version(document_id, sha256, partition_key)).fetchall()
        return [_attempt(row) for row in rows]

    def spent(
        self,
        document_id: str | None = None,
        sha256: str | None = None,
        run_id: str | None = None,
        partition_key: str | None = None,
    ) -> Spent:
        """Sums over all attempts, or those of a document, a version, or a run.

        Args:
            document_id: Only this document's.
            sha256: Only this version's.
            run_id: Only what a store with this ``run_id`` recorded.
            partition_key: The document's partition, for calls made under another id.
        """
        wanted = {
            "(document_id = :document_id OR partition_key = :partition_key)": document_id,
            "sha256 = :sha256": sha256,
            "run_id = :run_id": run_id,
        }
        given = [condition for condition, value in wanted.items() if value is not None]
        where = f"WHERE {' AND '.join(given)}" if given else ""
        with self._file.connection() as db:
            row = db.execute(
                f"SELECT {_SUMS} FROM attempts {where}",  # noqa: S608 - conditions are constants
                {**_version(document_id, sha256, partition_key), "run_id": run_id},
            ).fetchone()
        return Spent(*row)

    def answered(self, backend: str) -> Spent:
        """Sums over a backend's calls whose answer was taken."""
        with self._file.connection() as db:
            row = db.execute(
                f"SELECT {_SUMS} FROM attempts WHERE backend = ? AND error_type IS NULL",  # noqa: S608
                (backend,),
            ).fetchone()
        return Spent(*row)

    def pages_paid(
        self, document_id: str, sha256: str, partition_key: str | None = None
    ) -> dict[int, Spent]:
        """Sums by page number, for pages with at least one call."""
        with self._file.connection() as db:
            rows = db.execute(
                f"SELECT page_number, {_SUMS} FROM attempts "  # noqa: S608 - constants
                f"WHERE {_OF_VERSION} GROUP BY page_number",
                _version(document_id, sha256, partition_key),
            ).fetchall()
        return {number: Spent(*sums) for number, *sums in rows}

    def forget(self, document_id: str) -> int:
        """Remove a document's attempts; answers stay, being kept by content. Returns how many."""
        with self._file.connection() as db:
            return db.execute("DELETE FROM attempts WHERE document_id = ?", (document_id,)).rowcount

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._file.close()

    def _answer(self, sql: str, wanted: str, columns: Sequence[str]) -> Completion | None:
        with self._file.connection() as db:
            row = db.execute(sql, (wanted,)).fetchone()
        if row is None:
            return None
        found = zip(columns, row, strict=True)
        values: dict[str, Any] = {name: value for name, value in found if value is not None}
        values["usage_estimated"] = bool(values["usage_estimated"])
        return Completion(**values, cached=True)


def _version(
    document_id: str | None, sha256: str | None, partition_key: str | None
) -> dict[str, Any]:
    return {"document_id": document_id, "sha256": sha256, "partition_key": partition_key}


def _answer_row(key: str, completion: Completion, asked: Question | None = None) -> tuple[Any, ...]:
    return (key, *map(_storable, _answer_values(completion)), *_about(asked), time.time())


def _about(asked: Question | None) -> tuple[Any, ...]:
    """Values of ``QUESTION_COLUMNS``."""
    if asked is None:
        return (None,) * len(QUESTION_COLUMNS)
    prompt = asked.prompt
    return (asked.question, prompt.schema_hash, prompt.prompt_hash, asked.input_ratio)


def _attempt(row: tuple[Any, ...]) -> Attempt:
    # Columns that came after a row was written are empty in it.
    named = zip(ATTEMPT_COLUMNS, row, strict=True)
    values = {name: value for name, value in named if value is not None}
    values["usage_estimated"] = bool(values.get("usage_estimated"))
    return Attempt(**values)


def _storable(value: Any) -> Any:
    """Half of an emoji, as a broken answer may hold, cannot be written."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
