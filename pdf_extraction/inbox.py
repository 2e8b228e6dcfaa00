"""The drop folder and the retries, as decisions over what is seen. No Dagster and no row here.

A file is taken when its size and time stayed the same between two looks. What was taken is
remembered in this process alone: after a restart each file is looked at once more, and the
catalogue says that it is the same. The catalogue knows a file before Dagster does, and a tick
may break between: a file is done with only when the next tick shows that this one was kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pdf_extraction.catalogue import search, sidecar_path
from pdf_extraction.errors import DocumentError, Remedy, StorageError, named
from pdf_extraction.model import digest
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from pdf_extraction.catalogue import Catalogue, Entry
    from pdf_extraction.settings import InboxSettings

#: Size and times of a file and of its sidecar, as text.
Stamp = str
#: A tick of a sensor may take 60 s; hashing large files stops well before.
_MOST_SECONDS = 20.0
#: Only for people to look at; the sensor's cursor is what counts.
_RETRIES = ".retries.json"


@dataclass(frozen=True)
class Watched:
    """A file that is waited for.

    Attributes:
        stamp: How it looked.
        since: Seconds since the epoch when it was first seen like that.
    """

    stamp: Stamp
    since: float


@dataclass(frozen=True)
class Taken:
    """A file that stands for a partition now.

    Attributes:
        entry: The catalogue's.
        stamp: How the file looked when it was taken.
    """

    entry: Entry
    stamp: Stamp


@dataclass
class Look:
    """What one look at the folder brought.

    Attributes:
        taken: Files that are new or changed, or of which Dagster has not heard, by path.
        watched: What to hand to the next look.
        problems: Sentences about files that could not be taken.
        news: Those of the problems that the last look did not have.
        left: Files that wait for a later look, being too many for one.
    """

    taken: list[Taken] = field(default_factory=list)
    watched: dict[str, Watched] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    left: int = 0


class Inbox:
    """The drop folder of a data folder.

    Args:
        folder: Where files are dropped; made where it is missing.
        catalogue: Gives files their partitions.
        settings: Endings, settling and bounds.
    """

    def __init__(self, folder: Path, catalogue: Catalogue, settings: InboxSettings) -> None:
        self.folder, self.catalogue, self.settings = folder, catalogue, settings
        self._seen: dict[str, Stamp] = {}
        self._owed: dict[str, Taken] = {}
        self._told: set[str] = set()

    def look(self, watched: Mapping[str, Watched], now: float, registered: Collection[str]) -> Look:
        """Take what has settled and watch what has not.

        What cannot be taken because the catalogue cannot be written is a problem of the look
        and waits for the next one: the files before it are in the catalogue already.

        Args:
            watched: From the last look that was kept.
            now: Seconds since the epoch.
            registered: Keys that are Dagster's partitions.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settle_debts(watched, registered)
        look = Look()
        settled = []
        for path, stamp in self._unseen(look):
            before = watched.get(str(path))
            # A clock that was set back would else be waited for.
            if before is not None and before.stamp == stamp and now >= before.since:
                if now - before.since >= self.settings.settle_s:
                    settled.append((path, stamp))
                    continue
                look.watched[str(path)] = before
            elif len(look.watched) < self.settings.max_new_per_tick:
                look.watched[str(path)] = Watched(stamp, now)
            else:
                look.left += 1
        self._take(settled, look, watched, registered)
        look.news = [problem for problem in look.problems if problem not in self._told]
        self._told = set(look.problems)
        return look

    def _settle_debts(self, watched: Mapping[str, Watched], registered: Collection[str]) -> None:
        """Be done with what the last look took, but for what did not reach Dagster."""
        for path, one in list(self._owed.items()):
            # A file that is taken is watched no more, so this is the cursor from before.
            is_lost = path in watched and watched[path].stamp == one.stamp
            if not is_lost and one.entry.document.partition_key in registered:
                self._seen[path] = one.stamp
                del self._owed[path]

    def _unseen(self, look: Look) -> list[tuple[Path, Stamp]]:
        """Files not taken yet as they are now; the newest first, whatever waits from before."""
        found = []
        for file in search([self.folder], self.settings.endings):
            if file.refused:
                look.problems.append(file.refused)
                continue
            try:
                changed, stamp = _stamp(file.path)
            except OSError:
                continue  # removed or renamed while we looked
            if self._seen.get(str(file.path)) != stamp:
                found.append((-changed, file.path, stamp))
        return [(path, stamp) for _, path, stamp in sorted(found)]

    def _take(
        self,
        settled: Iterable[tuple[Path, Stamp]],
        look: Look,
        watched: Mapping[str, Watched],
        registered: Collection[str],
    ) -> None:
        deadline = time.monotonic() + _MOST_SECONDS
        # By name: keys that are added together lie together, and so share a run.
        for number, (path, stamp) in enumerate(sorted(settled)):
            if number >= self.settings.max_new_per_tick or time.monotonic() > deadline:
                look.watched[str(path)] = watched[str(path)]
                look.left += 1
                continue
            try:
                entry = self.catalogue.register(path, self.folder)
            except DocumentError as error:
                look.problems.append(error.sentence)
                continue
            except StorageError as error:
                look.problems.append(error.sentence)
                look.watched[str(path)] = watched[str(path)]
                continue
            is_known = entry.document.partition_key in registered and str(path) not in self._owed
            if entry.state == "same" and is_known:
                self._seen[str(path)] = stamp
            else:
                self._owed[str(path)] = Taken(entry, stamp)
                look.taken.append(self._owed[str(path)])


def _stamp(path: Path) -> tuple[int, Stamp]:
    stats = [path.stat()]
    # No sidecar, one that is just being replaced, or a name that has no room for its ending.
    with suppress(OSError):
        stats.append(sidecar_path(path).stat())
    parts = [f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}" for stat in stats]
    return max(stat.st_ctime_ns for stat in stats), "+".join(parts)


def content_key(taken: Sequence[Taken]) -> str:
    """Names the content of some files: another one for each version of any of them."""
    parts = (f"{one.entry.document.partition_key}:{one.stamp}" for one in taken)
    return digest(*parts)[:32]


@dataclass(frozen=True)
class Troubled:
    """A document that is not as it should be.

    Attributes:
        key: Partition key.
        version: Of its file; a new one starts the counting anew.
        error_types: Why, by class names; of the document or of its failed pages.
    """

    key: str
    version: str
    error_types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempted:
    """How often a troubled document was tried again.

    Attributes:
        version: Of its file.
        attempts: Retries so far.
        due: Seconds since the epoch of the next one.
    """

    version: str
    attempts: int
    due: float


#: Errors of these remedies are not mended by trying again: the bytes are at fault, or a limit
#: that a person set, or a page that a person left out.
_WAITS_FOR_A_PERSON = frozenset({Remedy.FAIL_DOCUMENT, Remedy.STOP_ASKING, Remedy.STOP_USAGE})


def _is_due(known: Attempted, delays: Sequence[float], now: float) -> bool:
    # A clock that was set back would else put the next try off by as much.
    return now >= known.due or known.due - now > max(delays)


def can_be_retried(error_type: str) -> bool:
    """Whether trying again may help with errors of a class."""
    if error_type == "PageNotSelected":
        return False
    return named(error_type, "").remedy not in _WAITS_FOR_A_PERSON


def due_retries(
    troubled: Iterable[Troubled],
    before: Mapping[str, Attempted],
    delays: Sequence[float],
    now: float,
    busy: Collection[str] = (),
    most: int | None = None,
) -> tuple[list[Troubled], dict[str, Attempted]]:
    """Which documents are tried again now, and what to remember.

    Args:
        troubled: All that are in trouble.
        before: From the last time.
        delays: Seconds before each retry; their number is the limit.
        now: Seconds since the epoch.
        busy: Keys of documents that are being worked on; their counting stands still.
        most: Documents tried now; the others stay due.
    """
    due: list[Troubled] = []
    after = {key: known for key, known in before.items() if key in busy}
    for document in troubled:
        if document.key in busy:
            continue
        if document.error_types and not any(map(can_be_retried, document.error_types)):
            continue
        known = before.get(document.key)
        if known is None or known.version != document.version:
            known = Attempted(document.version, 0, now + delays[0] if delays else 0.0)
        elif known.attempts < len(delays) and _is_due(known, delays, now) and len(due) != most:
            due.append(document)
            attempts = known.attempts + 1
            wait = delays[attempts] if attempts < len(delays) else 0.0
            known = Attempted(document.version, attempts, now + wait)
        after[document.key] = known
    return due, after


def remember(data_dir: Path, attempts: Mapping[str, Attempted]) -> None:
    """Keep what is known of retries where ``remembered`` finds it without Dagster."""
    file = data_dir / _RETRIES
    try:
        with replacing(file) as new:
            new.write_text(json.dumps({key: asdict(one) for key, one in attempts.items()}))
    except OSError as error:
        raise StorageError(f"{file}: {error.strerror}; free space or mend the folder") from error


def remembered(data_dir: Path) -> dict[str, Attempted]:
    """Retries as the sensor last knew them; empty where none has run."""
    try:
        found = json.loads((data_dir / _RETRIES).read_text())
        return {key: Attempted(**one) for key, one in found.items()}
    except (OSError, ValueError, TypeError):
        return {}
