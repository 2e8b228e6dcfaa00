"""The registry of partitions. Finding files and reading sidecars have modules of their own.

DATA/catalogue/KEY.json              one entry a partition, replaced atomically
DATA/catalogue/.index/paths/HASH     key of the partition that a path has
DATA/catalogue/.index/ids/HASH       key of the partition that has a document id

A path whose key is its name, and an id that is its key, are found without a line in the index.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock

from pdf_extraction.catalogue.files import absolute, digest, hash_file, partition_key, with_hash
from pdf_extraction.catalogue.sidecar import claimed_id, read_sidecar, sidecar_path
from pdf_extraction.errors import (
    BadSidecar,
    DocumentError,
    DocumentNotFound,
    ExtractionError,
    SettingsError,
    StorageError,
    named,
    writing,
)
from pdf_extraction.model import Document
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Seconds for which files are registered under one lock, or the last of them takes longer.
_MOMENT_S = 0.1


@dataclass(frozen=True)
class Entry:
    """What the catalogue knows about a partition.

    Attributes:
        document: The file and its metadata; without the sidecar's where that has an error.
        error: Why the sidecar cannot be used; the document is then to be shown as failed.
        state: Against the last look: ``new``, ``changed`` (bytes or sidecar) or ``same``.
        superseded: Partitions whose document id this one took over because their file is
            gone (both the file and its sidecar were renamed); their rows are to be forgotten.
            Never a key that the catalogue has an entry for: another file has taken it since.
    """

    document: Document
    error: DocumentError | None = None
    state: Literal["new", "changed", "same"] = "same"
    superseded: tuple[str, ...] = ()


class Catalogue:
    """The partitions of a data folder; safe with several threads and processes.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "catalogue"

    def register(self, path: Path, root: Path | None = None) -> Entry:
        """Give a file its partition, or look whether a known one changed.

        Args:
            path: The file.
            root: The folder below which its path makes the key.

        Raises:
            DocumentNotFound: There is no such file.
            UnreadableDocument: It cannot be read.
            StorageError: The catalogue cannot be written.
        """
        with self._locked():
            return self._registered(path, root)

    def register_all(
        self, files: Iterable[tuple[Path, Path | None]]
    ) -> Iterator[Entry | DocumentError]:
        """``register`` each file below its root: its entry, or why it has none, in their order.

        Raises:
            StorageError: The catalogue cannot be written.
        """
        left = iter(files)
        while found := self._some_registered(left):
            yield from found

    def _some_registered(
        self, left: Iterator[tuple[Path, Path | None]]
    ) -> list[Entry | DocumentError]:
        """What is registered in a moment: to lock for each file takes as long as the rest."""
        found: list[Entry | DocumentError] = []
        with self._locked():
            until = time.monotonic() + _MOMENT_S
            for path, root in left:
                try:
                    found.append(self._registered(path, root))
                except DocumentError as error:
                    found.append(error)
                if time.monotonic() >= until:
                    break
        return found

    def _registered(self, path: Path, root: Path | None) -> Entry:
        path, root = absolute(path), absolute(root) if root is not None else None
        if (known := self._of_path(path)) is not None:
            return self._look(known)
        stamp, sha256 = _stamp(path), hash_file(path)
        key = self._free_key(path, root, sha256)
        record = {"partition_key": key, "path": str(path), "stamp": stamp, "sha256": sha256}
        entry = self._describe(record)
        if key != partition_key(path):
            self._claim("paths", str(path), key)
        return replace(entry, state="new")

    def entry(self, key: str) -> Entry:
        """A partition's file and version as it is now.

        A file that is gone is described as it was last seen.

        Raises:
            SettingsError: No file was registered under this key.
            StorageError: The catalogue cannot be written.
        """
        known = self._known(key)
        if _is_current(known):
            return self._entry(known)
        with self._locked():
            return self._look(self._known(key))

    def document(self, key: str) -> Document:
        """A partition's document as it is now; see ``entry``.

        Raises:
            SettingsError: No file was registered under this key.
            StorageError: The catalogue cannot be written.
        """
        return self.entry(key).document

    @contextmanager
    def superseded(self, key: str) -> Iterator[tuple[str, ...]]:
        """Partitions that a partition superseded; none of them is taken by a file meanwhile.

        Raises:
            SettingsError: No file was registered under this key.
            StorageError: The catalogue cannot be written.
        """
        with self._locked():
            yield self._entry(self._known(key)).superseded

    def now(self, document: Document) -> Document:
        """A document as its file is by now; itself where nothing changed since it was registered.

        Raises:
            StorageError: The catalogue cannot be written.
        """
        try:
            return self.document(document.partition_key)
        except SettingsError:
            return document  # forgotten meanwhile

    def is_as_registered(self, document: Document) -> bool:
        """Whether a document is what its file is by now, as far as that is seen without reading."""
        known = self._load(document.partition_key)
        return known is not None and known["sha256"] == document.sha256 and _is_current(known)

    def keys(self) -> list[str]:
        """All partitions, sorted."""
        if not self.root.exists():
            return []
        names = (entry.name for entry in os.scandir(self.root) if not entry.name.startswith("."))
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def forget(self, key: str) -> bool:
        """Remove a partition; whether there was one. The file itself stays."""
        with self._locked():
            existed = self._file(key).exists()
            # What it claimed is free by itself: a claim holds only while its entry agrees.
            self._file(key).unlink(missing_ok=True)
        return existed

    def _known(self, key: str) -> dict[str, Any]:
        known = self._load(key)
        if known is None:
            raise SettingsError(f"{key}: no file is registered under this partition; run it first")
        return known

    def _look(self, known: dict[str, Any]) -> Entry:
        """Describe a known file anew where it or its sidecar changed."""
        if _is_current(known):
            return self._entry(known)
        path = Path(known["path"])
        stamp = _stamp(path, missing=known["stamp"])
        sha256 = hash_file(path) if stamp != known["stamp"] else known["sha256"]
        entry = self._describe({**known, "stamp": stamp, "sha256": sha256})
        before = self._entry(known)
        same = entry.document == before.document and str(entry.error) == str(before.error)
        return replace(entry, state="same" if same else "changed")

    def _describe(self, record: dict[str, Any]) -> Entry:
        """Read the sidecar, settle the document's id, and keep the entry."""
        key, path = record["partition_key"], Path(record["path"])
        record = {**record, "sidecar": _sidecar_stamp(path), "metadata": {}, "error": None}
        superseded = set(record.get("superseded", []))
        try:
            metadata = read_sidecar(path)
            wanted = claimed_id(metadata, sidecar_path(path)) or key
            superseded |= self._take_id(wanted, key, path)
            record |= {"metadata": metadata, "document_id": wanted}
        except BadSidecar as error:
            record["error"] = {"type": error.kind, "message": str(error)}
            record["document_id"] = self._own_id(key, path)
        record["superseded"] = self._still_gone(superseded)
        if record["document_id"] != key:
            self._claim("ids", record["document_id"], key)
        self._save(self._file(key), json.dumps(record, ensure_ascii=False, indent=1))
        return self._entry(record)

    def _entry(self, record: Mapping[str, Any]) -> Entry:
        error: ExtractionError | None = None
        if record["error"] is not None:
            error = named(record["error"]["type"], record["error"]["message"])
        assert error is None or isinstance(error, DocumentError)
        document = Document(
            partition_key=record["partition_key"],
            document_id=record["document_id"],
            path=Path(record["path"]),
            sha256=record["sha256"],
            byte_size=record["stamp"][0],
            metadata=record["metadata"],
        )
        superseded = tuple(self._still_gone(record["superseded"]))
        return Entry(document, error, superseded=superseded)

    def _still_gone(self, superseded: Iterable[str]) -> list[str]:
        """Without keys that another file has taken since: the rows there are now its own."""
        return sorted(key for key in superseded if not self._file(key).exists())

    def _take_id(self, document_id: str, key: str, path: Path) -> set[str]:
        """Partitions that lose the id because their file is gone.

        Raises:
            BadSidecar: Another file that is still there has it.
        """
        owner = self._id_owner(document_id, key)
        if owner is None:
            return set()
        if Path(owner["path"]).exists():
            raise BadSidecar(
                f"{path}: its document_id {document_id!r} is also that of {owner['path']}; "
                f"give one of them another document_id in a sidecar of its own ({path.name}.json)"
            )
        self._file(owner["partition_key"]).unlink()
        return {owner["partition_key"]}

    def _id_owner(self, document_id: str, key: str) -> dict[str, Any] | None:
        for other in filter(None, (self._claimed("ids", document_id), document_id)):
            owner = self._load(other) if other != key and _is_key(other) else None
            if owner is not None and owner["document_id"] == document_id:
                return owner
        return None

    def _own_id(self, key: str, path: Path) -> str:
        return key if self._id_owner(key, key) is None else with_hash(key, str(path))

    def _of_path(self, path: Path) -> dict[str, Any] | None:
        for key in (partition_key(path), self._claimed("paths", str(path))):
            known = self._load(key)
            if known is not None and known["path"] == str(path):
                return known
        return None

    def _free_key(self, path: Path, root: Path | None, sha256: str) -> str:
        key = partition_key(path, root)
        owner = self._load(key)
        if owner is None or owner["path"] == str(path):
            return key
        # The same bytes under the same name: the folder was moved, not another file added.
        if not Path(owner["path"]).exists() and owner["sha256"] == sha256:
            return key
        below = root is not None and path.is_relative_to(root)
        source = str(path.relative_to(root)) if root is not None and below else str(path)
        return self._unused(key, source, path)

    def _unused(self, key: str, source: str, path: Path) -> str:
        for attempt in (source, str(path)):
            candidate = with_hash(key, attempt)
            owner = self._load(candidate)
            if owner is None or owner["path"] == str(path):
                return candidate
        raise StorageError(f"{path}: the keys {key} and {candidate} are taken; rename the file")

    def _claimed(self, kind: str, name: str) -> str | None:
        try:
            return self._index(kind, name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _claim(self, kind: str, name: str, key: str) -> None:
        if self._claimed(kind, name) != key:
            self._save(self._index(kind, name), key)

    def _index(self, kind: str, name: str) -> Path:
        return self.root / ".index" / kind / digest(name)[:32]

    def _file(self, key: str) -> Path:
        if not _is_key(key):
            raise SettingsError(f"{key!r} is no partition key")
        return self.root / f"{key}.json"

    def _load(self, key: str | None) -> dict[str, Any] | None:
        if key is None:
            return None
        try:
            record: dict[str, Any] = json.loads(
                self._file(key).read_bytes().decode(errors="surrogateescape")
            )
        except (FileNotFoundError, ValueError):
            return None
        return record

    def _save(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as new:
            # Names that are no UTF-8 come back as the same bytes only through this handler.
            new.write_bytes(text.encode(errors="surrogateescape"))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock", is_singleton=False):
                yield


def _is_key(text: str) -> bool:
    return bool(text) and text[0] != "." and "/" not in text and "\0" not in text


def _is_current(known: Mapping[str, Any]) -> bool:
    """Whether neither file changed; what had an error is always looked at again."""
    path = Path(known["path"])
    stamps = (_stamp(path, missing=known["stamp"]), _sidecar_stamp(path))
    return known["error"] is None and stamps == (known["stamp"], known["sidecar"])


def _stamp(path: Path, missing: list[int] | None = None) -> list[int]:
    """Size, times of its bytes and of itself in ns, inode; ``missing`` where there is no file.

    The second time tells a file that was overwritten by one of its size and date.
    """
    try:
        stat = path.stat()
    except OSError as error:
        if missing is not None:
            return missing
        raise DocumentNotFound(f"{path}: {error.strerror}") from None
    return [stat.st_size, stat.st_mtime_ns, stat.st_ino, stat.st_ctime_ns]


def _sidecar_stamp(path: Path) -> list[int] | None:
    sidecar = sidecar_path(path)
    return _stamp(sidecar, missing=[]) or None if os.path.lexists(path) else None
