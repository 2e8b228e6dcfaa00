"""Files of some documents in many folders, put in their places all together or not at all.

New files are written under hidden names beside their places, and a list of them beside those.
When all of it is on the disk, the list's rename into the journal is the commit point, and the
renames into place follow. A kill before the point leaves hidden files, which ``sweep`` takes
away; after it, the next process that looks finishes the renames. What the files hold is not
known here.

    DATA/tables/TABLE/PARTITION.parquet
    DATA/tables/TABLE/.HIDDEN           written, not yet in its place
    DATA/tables/.journal/LIST.ready     from the commit point until every file is in its place
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from filelock import FileLock

from pdf_extraction.errors import RowMismatch, StorageError, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ENDING, _READY, _STAGED = ".parquet", ".ready", ".staged"
#: Its file says whether a document is there, so it comes last in and last out.
_LAST = "documents"


class Journal:
    """The files below a folder; safe with several threads and processes.

    Args:
        root: With a folder for each table; made when something is first written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = root / ".journal"

    def file(self, table: str, partition_key: str) -> Path:
        """Where a document's rows of one table are kept.

        Raises:
            RowMismatch: The key would lead elsewhere.
        """
        if not partition_key or partition_key[0] == "." or set(partition_key) & {"/", "\\", "\0"}:
            raise RowMismatch(f"{partition_key!r} is no partition key")
        return self.root / table / f"{partition_key}{_ENDING}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold every other writer off; inside, each document is whole.

        Raises:
            StorageError: The folder cannot be written.
        """
        with self.writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            # A new lock object each time, so that threads of one process exclude each other.
            with FileLock(self.root / ".lock", is_singleton=False):
                self._recover()
                yield

    def recover(self) -> None:
        """Finish what a killed process left; waits for a commit that is under way.

        Raises:
            StorageError: The folder cannot be read.
        """
        try:
            left = any(self._folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"{self.root}: cannot be read: {error}") from error
        if left:
            with self.locked():
                pass

    @contextmanager
    def staging(self) -> Iterator[Staging]:
        """New files of some documents; those that are not placed inside are gone afterwards."""
        staging = Staging(self)
        try:
            yield staging
        finally:
            staging.clear()

    def writing(self) -> AbstractContextManager[None]:
        """Say of what goes wrong with a file inside what to do about it.

        Raises:
            StorageError: The folder cannot be written.
        """
        return writing(self.root)

    def place(self, listed: Path) -> None:
        """Pass the commit point of some documents and move their files; inside ``locked``.

        Args:
            listed: File with the list of theirs; it is on the disk, as they are.
        """
        ready = self._folder / f"{listed.name.removeprefix('.')}{_READY}"
        listed.replace(ready)
        self._apply(ready)

    def sync(self) -> None:
        """Return when all that was written below the folder is on the disk.

        Raises:
            StorageError: It cannot be.
        """
        with self.writing():
            handle = os.open(self.root, os.O_RDONLY)
            try:
                _sync_all(handle)
            finally:
                os.close(handle)

    def _recover(self) -> None:
        for entry in sorted(self._folder.iterdir()):
            if entry.suffix == _READY:
                if entry.is_dir():
                    self._apply_folder(entry)
                else:
                    self._apply(entry)
            elif entry.suffix == _STAGED:  # of a version before, killed ahead of its commit point
                shutil.rmtree(entry)

    def _apply(self, ready: Path) -> None:
        """Move committed documents' files to their places; may be repeated after a kill."""
        listed: dict[str, dict[str, str]] = json.loads(ready.read_text(encoding="utf-8"))
        folders = self._folders()
        for key, hidden in listed.items():
            sources = {name: self.root / name / file for name, file in hidden.items()}
            self._move(key, sources, folders)
        ready.unlink()

    def _apply_folder(self, ready: Path) -> None:
        """The same for what a version before has left: a folder with a document's files in it."""
        key = ready.name.removesuffix(_READY)
        names = (ready / "manifest").read_text(encoding="utf-8").split()
        self._move(key, {name: ready / f"{name}{_ENDING}" for name in names}, self._folders())
        # Its files are gone, so it must not be taken for a commit while it is being removed.
        shutil.rmtree(ready.rename(self._folder / f"{key}{_STAGED}"))

    def _folders(self) -> set[str]:
        with os.scandir(self.root) as entries:
            return {entry.name for entry in entries if entry.is_dir() and entry.name[0] != "."}

    def _move(self, key: str, sources: Mapping[str, Path], folders: set[str]) -> None:
        for name in sorted(folders | sources.keys(), key=lambda name: (name == _LAST, name)):
            target = self.file(name, key)
            if name not in sources:
                target.unlink(missing_ok=True)
                continue
            if name not in folders:
                target.parent.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # it was moved before a kill
                sources[name].replace(target)


class Staging:
    """Files that are written ahead of the lock; see ``Journal.staging``.

    Args:
        journal: Where they will go.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._loose: set[Path] = set()
        self._folders: set[Path] = set()
        self._replaced: dict[str, Mapping[str, Path]] = {}
        self._listed: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no document is to be replaced."""
        return not self._replaced

    def file(self, table: str) -> Path:
        """A hidden name to write a document's rows of one table under."""
        return self._hidden(self._journal.root / table)

    def replace(self, partition_key: str, files: Mapping[str, Path]) -> None:
        """Have a document's files replaced by these in ``place``.

        Args:
            partition_key: The document.
            files: By table, from ``file``; a table that is not here has none afterwards.
        """
        self._replaced[partition_key] = files

    def seal(self) -> None:
        """Write the list of all documents, and return when everything is on the disk.

        Raises:
            StorageError: It cannot be written.
        """
        with self._journal.writing():
            listed = {
                key: {table: path.name for table, path in files.items()}
                for key, files in self._replaced.items()
            }
            self._listed = self._hidden(self._journal.root)
            self._listed.write_text(json.dumps(listed), encoding="utf-8")
        self._journal.sync()

    def place(self) -> None:
        """Move all files to their places; inside ``locked``, after ``seal``."""
        if self._listed is not None:
            # From the commit point on they are the journal's, whatever happens then.
            placed = {path for files in self._replaced.values() for path in files.values()}
            self._loose -= {self._listed, *placed}
            self._journal.place(self._listed)

    def clear(self) -> None:
        """Remove what was not placed."""
        for path in self._loose:
            path.unlink(missing_ok=True)

    def _hidden(self, folder: Path) -> Path:
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        path = folder / f".{uuid4().hex}"
        self._loose.add(path)
        return path


def _sync_all(handle: int) -> None:
    """Bring a whole file system to the disk.

    One call for all files of all waiting documents: synced one by one, five files and their
    folders took 13 ms a document, and together 1 ms.
    """
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
    elif syncfs(handle):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
