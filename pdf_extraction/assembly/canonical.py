"""The canonical text of a document: its pages' texts joined, and its hash.

Everything else cites this text by offsets. Nothing here changes a page's text: a page that
is not normalised yet is the reader's mistake, and repairing it here would move every offset.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Characters that are hashed at a time: a second copy of ten thousand pages' text is 30 MB.
_PIECE = 1_000_000


@dataclass(frozen=True)
class Canonical:
    """A document's text and where each page begins in it.

    Attributes:
        text: Pages' texts joined by line feeds, with exactly one final line feed.
        page_starts: Offset of each page's text, in code points; a page without text
            starts where the next one does.
        hash: SHA-256 of ``text`` in UTF-8, hexadecimal.
    """

    text: str
    page_starts: tuple[int, ...]
    hash: str


def build_canonical(page_texts: Sequence[str]) -> Canonical:
    """Join the pages' normalised texts; a page without text adds nothing."""
    starts: list[int] = []
    offset = 0
    for text in page_texts:
        starts.append(offset)
        if text:
            offset += len(text) + 1
    joined = "\n".join([*filter(None, page_texts), ""]) or "\n"
    return Canonical(joined, tuple(starts), canonical_hash(joined))


def hash_of_pages(page_texts: Iterable[str]) -> str:
    """What ``build_canonical`` gives as ``hash``, without the text itself."""
    found, between = hashlib.sha256(), b""
    for text in filter(None, page_texts):
        found.update(between + text.encode())
        between = b"\n"
    found.update(b"\n")
    return found.hexdigest()


def canonical_hash(text: str) -> str:
    """SHA-256 of ``text`` in UTF-8, hexadecimal."""
    found = hashlib.sha256()
    for start in range(0, len(text), _PIECE):
        found.update(text[start : start + _PIECE].encode())
    return found.hexdigest()


def normalise(text: str) -> str:
    """NFC, LF, no blanks at line ends, one final line feed: what a canonical text must equal."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[^\S\n]+(?=\n)", "", text.rstrip() + "\n")
