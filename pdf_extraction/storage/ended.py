"""A document's pages as they end, while others are still asked about. No stage is known here."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from pdf_extraction import codec
from pdf_extraction.errors import writing
from pdf_extraction.model import PageOutcome
from pdf_extraction.remade import HELD, ByPlace


class Dumped(NamedTuple):
    """One page as ``codec`` dumps it: the page itself, its words, and how it ended."""

    number: int
    payload: str
    words: bytes
    outcome: str


class Held:
    """The same of a page that is in memory; each is made when it is asked for.

    Args:
        page: The page.
    """

    def __init__(self, page: PageOutcome) -> None:
        self._page = page

    @property
    def number(self) -> int:
        """From 1."""
        return self._page.page.page_number

    @property
    def payload(self) -> str:
        """The page itself."""
        return codec.dump_page(self._page.page)

    @property
    def words(self) -> bytes:
        """Its words."""
        return codec.dump_words(self._page.page)

    @property
    def outcome(self) -> str:
        """How it ended."""
        return codec.dump_outcome(self._page)


class EndedPages(ByPlace[PageOutcome]):
    """Pages in their order, that ended in any; those of a long document lie on the disk.

    A dense page is 30 KB with its words, and the first of ten thousand wait for the last. Another
    process may be sent them once all are there. A file that a kill leaves is taken by ``sweep``.

    Args:
        folder: Where the file is, if there is any.
        count: How many pages there will be.

    Raises:
        StorageError: The file cannot be written.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._numbers = range(1, count + 1)
        self._held: dict[int, PageOutcome] = {}
        self._places: dict[int, tuple[int, int, int, int]] = {}
        self._is_long = count > HELD
        if self._is_long:
            self._path = folder / f".{uuid4().hex}"
            with writing(self._folder):
                folder.mkdir(parents=True, exist_ok=True)
                self._open(os.O_RDWR | os.O_CREAT | os.O_EXCL)
            weakref.finalize(self, self._path.unlink, missing_ok=True)
            self._end = 0

    def _open(self, flags: int) -> None:
        self._file = os.open(self._path, flags, 0o600)
        weakref.finalize(self, os.close, self._file)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_file"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._is_long:
            self._open(os.O_RDONLY)

    def put(self, page: PageOutcome) -> None:
        """Keep how a page ended, in place of what was kept of it before.

        Raises:
            StorageError: It cannot be written.
        """
        if not self._is_long:
            self._held[page.page.page_number] = page
            return
        held = Held(page)
        parts = held.payload.encode(), held.words, held.outcome.encode()
        first, second, third = map(len, parts)
        with writing(self._folder):
            os.pwrite(self._file, b"".join(parts), self._end)
        self._places[held.number] = self._end, first, second, third
        self._end += first + second + third

    def dumped(self) -> Iterator[Dumped | Held]:
        """Each page as it is to be kept."""
        if self._is_long:
            return map(self._dumped, self._numbers)
        return (Held(self._held[number]) for number in self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def _at(self, place: int) -> PageOutcome:
        number = self._numbers[place]
        if not self._is_long:
            return self._held[number]
        _, payload, words, outcome = self._dumped(number)
        return codec.load_outcome(outcome, codec.load_page(payload, words))

    def _dumped(self, number: int) -> Dumped:
        start, first, second, third = self._places[number]
        read = os.pread(self._file, first + second + third, start)
        words = read[first : first + second]
        return Dumped(number, read[:first].decode(), words, read[first + second :].decode())
