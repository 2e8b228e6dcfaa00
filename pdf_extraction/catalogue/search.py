"""Finding documents' files in folders, and saying of each that is not taken why.

No file is opened here, and nothing is kept.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pdf_extraction.catalogue.files import absolute
from pdf_extraction.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: What browsers and copying programs add to the name of a file that is not whole yet; some put
#: an empty file of the final name beside it.
UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".opdownload", ".download", ".tmp")
_LINK = "a link to a folder, which is not followed; put the files themselves there"


class Found(NamedTuple):
    """A document's file, and the folder that was searched for it.

    Attributes:
        path: The file.
        root: The folder; None for a file that was named itself.
        refused: Why it is not taken; empty where it is.
    """

    path: Path
    root: Path | None
    refused: str = ""


def find_documents(paths: Sequence[Path], endings: Sequence[str]) -> list[Found]:
    """Files to process, folders searched through, in order and each once.

    A file that is named is taken whatever its ending. In folders, hidden files and folders
    are skipped. Refused files are left out; ``search`` has them.

    Args:
        paths: Files and folders.
        endings: Such as ``.pdf``, in any case.

    Raises:
        SettingsError: A path does not exist.
    """
    return [one for one in search(paths, endings) if not one.refused]


def search(paths: Sequence[Path], endings: Sequence[str]) -> list[Found]:
    """Files as ``find_documents`` gives them, and those that cannot be taken.

    Refused are links that lead out of the folder or nowhere, what is no file, files and folders
    that may not be read, and files beside an unfinished download of themselves.

    Raises:
        SettingsError: A path does not exist.
    """
    found: dict[str, Found] = {}
    for path in paths:
        if not path.exists():
            raise SettingsError(f"{path}: there is no such file or folder")
        inside = _inside(path, tuple(endings)) if path.is_dir() else [Found(path, None)]
        for one in inside:
            found.setdefault(str(absolute(one.path)), one)
    return list(found.values())


def _inside(root: Path, endings: tuple[str, ...]) -> Iterator[Found]:
    real_root = root.resolve()
    closed: list[Found] = []

    def refuse(error: OSError) -> None:
        folder = Path(error.filename)
        closed.append(Found(folder, root, f"{folder}: cannot be searched: {error.strerror}"))

    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(folder, name) for name in folders):
            if path.is_symlink():
                yield Found(path, root, f"{path}: {_LINK}")
        beside = frozenset(names)
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(endings):
                path = Path(folder, name)
                yield Found(path, root, _obstacle(path, real_root, beside))
    yield from closed


def _obstacle(path: Path, real_root: Path, beside: frozenset[str]) -> str:
    """Why a file of a folder is not taken; empty where it is."""
    try:
        if path.is_symlink():
            target = path.resolve(strict=True)
            if not target.is_relative_to(real_root):
                return f"{path}: a link that leads out of its folder; put the file itself there"
        mode = path.stat().st_mode
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before 3.13
        return f"{path}: cannot be reached: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(mode):
        return f"{path}: is no file, whatever its name says"
    if not os.access(path, os.R_OK):
        return f"{path}: may not be read by this user; change its permissions"
    if any(f"{path.name}{ending}" in beside for ending in UNFINISHED):
        return f"{path}: is still being downloaded"
    return ""
