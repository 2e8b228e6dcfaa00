"""One server's limits over all processes of a user on this machine.

What calls, tokens and places each process may use is leased ahead from a small SQLite file, a
slot of half a second at a time, so that a call costs no transaction. The file lies in a folder
of the user and not in a data folder: a server counts a key's calls, not a folder's. A process
that was killed leaves a lock that the system has let go of, by which the others know; what it
had leased counts for a minute more. How limits are kept within a process is ``limits``'.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import sqlite3
import tempfile
import uuid
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pdf_extraction.backends.clock import Clock
from pdf_extraction.backends.places import Places
from pdf_extraction.backends.usage import Tokens
from pdf_extraction.model import digest
from pdf_extraction.settings import OpenAIBackendSettings

_log = logging.getLogger(__name__)

RUNTIME_VARIABLE = "PDF_EXTRACTION_RUNTIME"
#: Seconds of a slot; a lease is good until its slot ends, and counts from that end on.
SLOT_S = 0.5
#: Seconds that a slot counts after its end, 60 and what a call takes to arrive.
_COUNTS_S = 60.5
#: Seconds between two looks at what the others do, and until an answer is asked for again.
_TICK_S, POLL_S = 0.25, 0.05
#: Seconds after which it is worth a look whether a silent process still lives.
_SILENT_S = 2.0
#: Seconds that a transaction of another process is waited for; it takes a thousandth of that.
_BUSY_S = 0.2
_DAY_S = 86_400.0
#: Places beyond those in use that a process keeps beside others, so that it can grow.
_SPARE = 2

_SCHEMA = """
CREATE TABLE IF NOT EXISTS slots (
    slot INTEGER PRIMARY KEY,
    calls INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    token TEXT PRIMARY KEY, seen REAL NOT NULL, places INTEGER NOT NULL, wanted INTEGER NOT NULL,
    held INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS pause (one INTEGER PRIMARY KEY CHECK (one = 1), until REAL NOT NULL);
INSERT OR IGNORE INTO pause VALUES (1, 0);
"""
_ADD = """
INSERT INTO slots VALUES (?, ?, ?, ?) ON CONFLICT (slot) DO UPDATE SET
    calls = calls + excluded.calls, input = input + excluded.input,
    output = output + excluded.output
"""
_ZERO = (0, 0, 0)
Amounts = tuple[int, int, int]


def runtime_folder() -> Path:
    """Where processes of this user meet: of the variable, the session, or below ``/tmp``."""
    if named := os.environ.get(RUNTIME_VARIABLE):
        return Path(named)
    if session := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(session) / "pdf-extraction"
    return Path(tempfile.gettempdir()) / f"pdf-extraction-{getpass.getuser()}"


class Shared:
    """This process's part in one server's limits. For one event loop.

    Where the folder cannot be used, a warning says so and the process goes by its own count.

    Args:
        folder: Where processes meet.
        settings: The limits and what names the server.
        places: This process's, whose number is changed as the others come and go.
        clock: Time, the same for all processes of the machine.

    Attributes:
        paused_until: Moment of the clock until which the server wants nobody.
    """

    def __init__(
        self, folder: Path, settings: OpenAIBackendSettings, places: Places, clock: Clock
    ) -> None:
        identity = (settings.base_url, settings.model, settings.api_key_env or "")
        self._file = folder / f"limits-{digest(*identity)[:16]}.sqlite"
        self._limits: Amounts = (
            settings.calls_per_minute,
            settings.input_tokens_per_minute,
            settings.output_tokens_per_minute,
        )
        self._concurrency, self._places, self._clock = settings.concurrency, places, clock
        self._token = uuid.uuid4().hex
        self._alive = FileLock(self._lock_of(self._token))
        self._db: sqlite3.Connection | None = None
        self._is_broken = False
        self.paused_until = 0.0
        self._left: Amounts = _ZERO
        self._slot = 0
        self._changes: dict[int, Amounts] = defaultdict(lambda: _ZERO)
        self._held = 0
        self._passed = 0

    def lease(self, expected: Tokens) -> bool:
        """Whether a call may go now; what is missing is leased if it can be."""
        need = self._need(expected)
        if self._is_broken or (self._slot == self._now() and _fits(need, self._left)):
            return True
        self.sync(need)
        return self._is_broken or _fits(need, self._left)

    def take(self, expected: Tokens) -> int:
        """Let a call go; its slot, for ``settle``."""
        need = self._need(expected)
        self._left = _minus(self._left, need)
        # Output counts when it was made; until then it is held, for as long as the call takes.
        self._change(self._slot, (0, 0, -need[2]))
        self._held += need[2]
        self._passed += 1
        return self._slot

    def settle(self, slot: int, expected: Tokens, used: Tokens) -> None:
        """Set right what a call was taken for."""
        need, spent = self._need(expected), self._need(used)
        self._held -= need[2]
        self._change(slot, (0, spent[1] - need[1], 0))
        self._change(self._now(), (0, 0, spent[2]))

    def pause(self, until: float) -> None:
        """Keep all processes away from the server."""
        self.paused_until = max(self.paused_until, until)
        self.sync()

    async def keep_in_touch(self, changed: asyncio.Event) -> None:
        """Look at the others for as long as the chain is open; sets ``changed`` each time."""
        while True:
            await self._clock.sleep(_TICK_S)
            self.sync()
            changed.set()

    def sync(self, need: Amounts | None = None) -> None:
        """Tell the others and hear from them; leases anew where ``need`` is given."""
        if self._is_broken:
            return
        try:
            self._sync(need)
        except (sqlite3.OperationalError, Timeout) as error:
            if "locked" not in str(error) and "busy" not in str(error):
                self._break(error)
        except (sqlite3.Error, OSError) as error:
            self._break(error)

    def close(self) -> None:
        """Leave; what was leased and not used is given back."""
        if self._db is None:
            return
        with suppress(sqlite3.Error):
            self._give_back()
            self._apply_changes()
            self._db.execute("DELETE FROM members WHERE token = ?", (self._token,))
        self._db.close()
        self._db = None
        self._alive.release()
        Path(self._alive.lock_file).unlink(missing_ok=True)

    def _need(self, tokens: Tokens) -> Amounts:
        # What is larger than a whole limit goes when nothing else counts.
        calls, inputs, outputs = self._limits
        return (
            1 if calls else 0,
            min(tokens.input, inputs) if inputs else 0,
            min(tokens.output, outputs) if outputs else 0,
        )

    def _sync(self, need: Amounts | None) -> None:
        db = self._db or self._open()
        db.execute("BEGIN IMMEDIATE")
        try:
            now, slot = self._clock.now(), self._now()
            oldest = now - _COUNTS_S - SLOT_S
            # A slot of the future is of before the machine was last started.
            db.execute(
                "DELETE FROM slots WHERE slot * ? <= ? OR slot > ?", (SLOT_S, oldest, slot + 9)
            )
            self._give_back()
            self._apply_changes()
            others = self._living(now)
            self._share_places(others)
            db.execute(
                "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?)",
                (self._token, now, self._published, self._wanted, self._held),
            )
            self._share_pause(now)
            self._slot = slot
            if need is not None:
                self._lease(need, sum(1 for _, wanted in others if wanted) + 1)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _lease(self, need: Amounts, sharers: int) -> None:
        """Take room for this slot's calls, the others' fair part left where they want it."""
        db = self._opened
        calls, inputs, outputs = db.execute(
            "SELECT coalesce(sum(calls), 0), coalesce(sum(input), 0), coalesce(sum(output), 0) "
            "FROM slots"
        ).fetchone()
        (held,) = db.execute("SELECT coalesce(sum(held), 0) FROM members").fetchone()
        used = (calls, inputs, outputs + held)
        room = tuple(
            limit - one if limit else 0 for limit, one in zip(self._limits, used, strict=True)
        )
        if not _fits(need, room):
            return
        many = max(1, min(self._wanted, 2 * self._passed + 1))
        self._passed = 0
        grant = tuple(
            max(one, min(one * many, free // sharers)) for one, free in zip(need, room, strict=True)
        )
        self._left = (grant[0], grant[1], grant[2])
        db.execute(_ADD, (self._slot, *self._left))

    def _give_back(self) -> None:
        self._change(self._slot, _minus(_ZERO, self._left))
        self._left = _ZERO

    def _apply_changes(self) -> None:
        rows = [(slot, *amounts) for slot, amounts in self._changes.items() if any(amounts)]
        # A slot that no longer counts is not made anew.
        first = (self._clock.now() - _COUNTS_S) / SLOT_S - 1
        self._opened.executemany(_ADD, [row for row in rows if row[0] > first])
        self._changes.clear()

    def _living(self, now: float) -> list[tuple[int, int]]:
        """Places and wants of the other processes; the dead are struck off."""
        db, living = self._opened, []
        rows = db.execute(
            "SELECT token, seen, places, wanted FROM members WHERE token != ?", (self._token,)
        ).fetchall()
        for token, seen, places, wanted in rows:
            if abs(now - seen) > _SILENT_S and self._is_dead(token):
                db.execute("DELETE FROM members WHERE token = ?", (token,))
            else:
                living.append((places, wanted))
        return living

    def _is_dead(self, token: str) -> bool:
        lock = FileLock(self._lock_of(token))
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)
        return True

    def _share_places(self, others: list[tuple[int, int]]) -> None:
        free = self._concurrency - sum(places for places, _ in others)
        part = free
        if any(wanted for _, wanted in others):
            # Alone, all places are there before anybody asks; beside others only what is used.
            fair = _fair(self._concurrency, [wanted for _, wanted in others])
            part = min(free, fair, self._wanted + _SPARE)
        self._places.resize(max(0, part))

    @property
    def _wanted(self) -> int:
        return self._places.in_use + self._places.waiting

    @property
    def _published(self) -> int:
        """Places that others must not take: those used, and those this process may use yet."""
        return max(self._places.in_use, self._places.size)

    def _share_pause(self, now: float) -> None:
        (until,) = self._opened.execute("SELECT until FROM pause").fetchone()
        if self.paused_until > max(now, until):
            self._opened.execute("UPDATE pause SET until = ?", (self.paused_until,))
        elif until < now + _DAY_S:  # what is further ahead is of before the last start
            self.paused_until = until

    def _change(self, slot: int, amounts: Amounts) -> None:
        self._changes[slot] = _plus(self._changes[slot], amounts)

    def _now(self) -> int:
        return int(self._clock.now() / SLOT_S)

    @property
    def _opened(self) -> sqlite3.Connection:
        assert self._db is not None
        return self._db

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._alive.acquire(blocking=False)
        db = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None)
        with FileLock(f"{self._file}.lock", timeout=5):
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)
        # What a power cut takes is a minute old when the machine is up again.
        db.execute("PRAGMA synchronous = OFF")
        self._db = db
        return db

    def _lock_of(self, token: str) -> str:
        return f"{self._file}.{token}.alive"

    def _break(self, error: Exception) -> None:
        self._is_broken = True
        self._places.resize(self._concurrency)
        _log.warning("%s: limits are not shared with other processes (%s)", self._file, error)


def _fair(places: int, others: list[int]) -> int:
    """The part of one among others that want so many each; nobody gets more than it wants."""
    for sharers, wanted in zip(range(len(others) + 1, 0, -1), sorted(others), strict=False):
        part = -(-places // sharers)
        if wanted >= part:
            return part
        places -= wanted
    return places


def _fits(need: tuple[int, ...], room: tuple[int, ...]) -> bool:
    return all(one <= free for one, free in zip(need, room, strict=True))


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def _minus(one: Amounts, other: Amounts) -> Amounts:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]
