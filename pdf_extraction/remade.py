"""Sequences whose items are made each time they are asked for, so that long ones hold none.

Ten thousand pages with their words took 400 MB, of which a step looks at one page at a time.
What is made, and from what, is not known here.
"""

from __future__ import annotations

import os
import pickle
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar, overload

from pdf_extraction.errors import writing

Item_co = TypeVar("Item_co", covariant=True)
Number = TypeVar("Number")

#: Items that are held all the same. Making a dense page again for each look costs a tenth of the
#: time that its document takes to be finished, and a thousand of them are 50 MB.
HELD = 1_000
#: Things of a shelf that are written and read together, and how many such blocks are held.
_BLOCK, _HELD_BLOCKS = 64, 8


class ByPlace(Sequence[Item_co]):
    """A sequence that says how long it is and makes the item of a place, from 0."""

    def _at(self, place: int) -> Item_co:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> Item_co: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item_co]: ...
    def __getitem__(self, index: int | slice) -> Item_co | list[Item_co]:
        places = range(len(self))[index]
        return self._at(places) if isinstance(places, int) else list(map(self._at, places))

    def __iter__(self) -> Iterator[Item_co]:
        return map(self._at, range(len(self)))


class Remade(ByPlace[Item_co]):
    """Items by their place.

    Args:
        count: How many there are.
        make: Makes the one of a place, from 0; the same one each time.
    """

    def __init__(self, count: int, make: Callable[[int], Item_co]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    def _at(self, place: int) -> Item_co:
        return self._make(place)


class Alike(ByPlace[dict[str, Any]]):
    """Rows that say the same in some columns, which are put in when one is looked at.

    What is known last of a document stands in every one of its rows: they would all be others.

    Args:
        rows: Without these columns.
        alike: What each of them says in these.
    """

    def __init__(self, rows: Sequence[dict[str, Any]], alike: Mapping[str, Any]) -> None:
        self.rows, self.alike = rows, alike

    def __len__(self) -> int:
        return len(self.rows)

    def _at(self, place: int) -> dict[str, Any]:
        return {**self.rows[place], **self.alike}


class Shelf:
    """Things that lie in a file without a name; of them the last that were looked at are held.

    They must not be changed. Nothing of the file is left when the process ends, however it does.

    Args:
        folder: Where the file is.

    Raises:
        StorageError: The file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks: list[tuple[int, int]] = []
        self._open: list[Any] = []
        self._held: OrderedDict[int, list[Any]] = OrderedDict()
        self._end = 0
        with writing(self._folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  as long as this
        weakref.finalize(self, self._file.close)

    def put(self, thing: Any) -> int:
        """Lay something down; its place, from 0.

        Raises:
            StorageError: It cannot be written.
        """
        place = len(self._blocks) * _BLOCK + len(self._open)
        self._open.append(thing)
        if len(self._open) == _BLOCK:
            block = pickle.dumps(self._open, pickle.HIGHEST_PROTOCOL)
            with writing(self._folder):
                os.pwrite(self._file.fileno(), block, self._end)
            self._hold(len(self._blocks), self._open)
            self._blocks.append((self._end, len(block)))
            self._end, self._open = self._end + len(block), []
        return place

    def look(self, place: int) -> Any:
        """What lies at a place."""
        number, index = divmod(place, _BLOCK)
        return (self._open if number == len(self._blocks) else self._block(number))[index]

    def _block(self, number: int) -> list[Any]:
        if (held := self._held.get(number)) is not None:
            self._held.move_to_end(number)
            return held
        start, length = self._blocks[number]
        read: list[Any] = pickle.loads(os.pread(self._file.fileno(), length, start))  # noqa: S301
        self._hold(number, read)
        return read

    def _hold(self, number: int, things: list[Any]) -> None:
        self._held[number] = things
        if len(self._held) > _HELD_BLOCKS:
            self._held.popitem(last=False)


class ByNumber(Mapping[Number, Item_co]):
    """Items by the numbers that they have.

    Args:
        numbers: Of each item.
        items: In the same order.
    """

    def __init__(self, numbers: Sequence[Number], items: Sequence[Item_co]) -> None:
        self._places = {number: place for place, number in enumerate(numbers)}
        self._items = items

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: Number) -> Item_co:
        return self._items[self._places[number]]

    def __iter__(self) -> Iterator[Number]:
        return iter(self._places)

    def __contains__(self, number: object) -> bool:
        return number in self._places


class Again(Iterable[Item_co]):
    """Items of which nobody knows how many there are before they are made.

    Args:
        make: Makes them one after the other; the same ones each time.
    """

    def __init__(self, make: Callable[[], Iterable[Item_co]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Item_co]:
        return iter(self._make())


def remade(count: int, make: Callable[[int], Item_co]) -> Sequence[Item_co]:
    """Items that are made when they are asked for, or held where they are few."""
    items = Remade(count, make)
    return items if count > HELD else tuple(items)
