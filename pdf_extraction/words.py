"""A page's words as bytes, which processes and stages hand on without looking into them.

Six hundred words took 7 ms to write as JSON and 6 ms to read, more than finding them on the
page; as bytes they take none until somebody asks for one. Six hundred ``Word`` objects take 1 ms
to make, so what looks at all of them takes their columns. No geometry and no file here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from struct import Struct
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from pdf_extraction.model import BBox, Word

#: start, end, line; box, size, confidence; flags.
_LAYOUT = Struct("<3i6dB")
_BOLD, _STRUCK, _CONFIDENT = 1, 2, 4
#: The same for numpy.
_RECORD = np.dtype(
    [
        *((name, "<i4") for name in ("start", "end", "line")),
        ("bbox", "<f8", (4,)),
        *((name, "<f8") for name in ("size", "confidence")),
        ("flags", "u1"),
    ]
)

_Column = npt.NDArray[Any]


class Columns(NamedTuple):
    """Words as columns with one item a word; what each means ``Word`` says.

    Attributes:
        starts: Integers.
        ends: Integers.
        lines: Integers; words of one line stand together.
        boxes: Floats, ``(words, 4)``.
        sizes: Floats.
        bold: Booleans.
        struck: Booleans.
    """

    starts: _Column
    ends: _Column
    lines: _Column
    boxes: _Column
    sizes: _Column
    bold: _Column
    struck: _Column

    @property
    def line_starts(self) -> _Column:
        """Index of each line's first word."""
        return np.flatnonzero(np.append(True, self.lines[1:] != self.lines[:-1])[: len(self.lines)])

    def without(self, words: Sequence[int]) -> Columns:
        """All but the words of these indices."""
        return Columns(*(np.delete(column, words, axis=0) for column in self))


class PackedWords(Sequence[Word]):
    """Words that are unpacked when the first of them is asked for.

    Args:
        data: What ``packed`` made.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data) // _LAYOUT.size

    @overload
    def __getitem__(self, index: int) -> Word: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Word]: ...
    def __getitem__(self, index: int | slice) -> Word | Sequence[Word]:
        return self._words[index]

    def __iter__(self) -> Iterator[Word]:
        return iter(self._words)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PackedWords):
            return self.data == other.data
        return tuple(other) == self._words if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._words)

    def __reduce__(self) -> tuple[type[PackedWords], tuple[bytes]]:
        return PackedWords, (self.data,)

    @property
    def columns(self) -> Columns:
        """The words as columns, which share these bytes."""
        records = np.frombuffer(self.data, _RECORD)
        start, end, line, box, size, _, flags = (records[name] for name in _RECORD.fields or ())
        return Columns(start, end, line, box, size, flags & _BOLD > 0, flags & _STRUCK > 0)

    @cached_property
    def has_confidences(self) -> bool:
        """Whether any of them comes with the confidence of OCR."""
        return any(flags & _CONFIDENT for flags in self.data[_LAYOUT.size - 1 :: _LAYOUT.size])

    @cached_property
    def _words(self) -> tuple[Word, ...]:
        return tuple(
            Word(
                start,
                end,
                (x0, y0, x1, y1),
                line,
                size,
                flags & _BOLD > 0,
                flags & _STRUCK > 0,
                confidence if flags & _CONFIDENT else None,
            )
            for start, end, line, x0, y0, x1, y1, size, confidence, flags in _LAYOUT.iter_unpack(
                self.data
            )
        )


def together(parts: Iterable[Columns]) -> Columns:
    """Columns of several texts, one after another; offsets and lines stay those of each."""
    return Columns(*map(np.concatenate, zip(packed(()).columns, *parts, strict=True)))


def packed(words: Iterable[Word]) -> PackedWords:
    """The words, not one bit of them other."""
    if isinstance(words, PackedWords):
        return words
    return PackedWords(b"".join(pack(*word) for word in words))


def pack(
    start: int,
    end: int,
    box: BBox,
    line: int,
    size: float,
    bold: bool,
    struck: bool,
    confidence: float | None,
) -> bytes:
    """One word; of several, one after another, ``PackedWords`` are made."""
    flags = bold * _BOLD + struck * _STRUCK + (confidence is not None) * _CONFIDENT
    return _LAYOUT.pack(start, end, line, *box, size, confidence or 0.0, flags)
