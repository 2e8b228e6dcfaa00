"""Naming documents' partitions and hashing their files. Nothing is searched or kept here."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path

from pdf_extraction.errors import DocumentNotFound, UnreadableDocument

#: Bytes of a key, so that with an ending it is a file name everywhere.
MAX_KEY_BYTES = 200
_HASH_LENGTH = 8
#: Characters that some file system, shell or Dagster itself gives a meaning.
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def partition_key(path: Path, root: Path | None = None) -> str:
    """Readable key of a file: its stem, or its path below ``root`` joined by ``--``."""
    inside = root is not None and path.is_relative_to(root)
    relative = path.relative_to(root) if root is not None and inside else Path(path.name)
    name = "--".join((*relative.parts[:-1], relative.stem))
    text = _FORBIDDEN.sub("_", visible(name, "_"))
    text = re.sub(r"\.{3,}", ".", text).strip(" .")
    text = re.sub(r"^-+", "_", text) or "document"
    room = MAX_KEY_BYTES - _HASH_LENGTH - 1
    if len(text.encode()) <= room:
        return text
    return with_hash(text.encode()[: room - _HASH_LENGTH - 1].decode(errors="ignore"), name)


def visible(text: str, substitute: str) -> str:
    """NFC text, with ``substitute`` for characters that nobody sees and bytes that are no text."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(substitute if unicodedata.category(c) in _INVISIBLE else c for c in normal)


def with_hash(key: str, source: str) -> str:
    """A key told apart by a short hash of ``source``."""
    return f"{key}-{digest(source)[:_HASH_LENGTH]}"


def digest(text: str) -> str:
    """SHA-256 of a name, hexadecimal."""
    # Names on disk may hold bytes that are no UTF-8, which Python carries as surrogates.
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def absolute(path: Path) -> Path:
    """The path from the root, without ``..``; a link stays the link that the user named."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal: the document's version.

    Raises:
        DocumentNotFound: There is no such file.
        UnreadableDocument: It cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for, a device read without end.
            raise UnreadableDocument(f"{path}: is no plain file; name a PDF file or a folder")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise DocumentNotFound(f"{path}: there is no such file") from None
    except OSError as error:
        raise UnreadableDocument(f"{path}: cannot be read: {error.strerror}") from None
