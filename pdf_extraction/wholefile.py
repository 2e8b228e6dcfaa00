"""Files that are replaced at once or not at all, and what kills leave of that."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_UNFINISHED = re.compile(r"\.[0-9a-f]{32}")
#: Seconds after which nobody writes to an unfinished file any more; a write takes parts of one.
_ABANDONED_S = 86_400.0


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden file beside ``path`` to be written, which takes its place at the end.

    Raises:
        OSError: It cannot be written; what stood there stays.
    """
    temporary = path.with_name(f".{uuid4().hex}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(root: Path, *, below: bool = True) -> None:
    """Remove the unfinished files of killed processes, if older than a day.

    Args:
        root: In this folder.
        below: And in all folders below it.
    """
    last = time.time() - _ABANDONED_S
    for folder, folders, names in os.walk(root):
        if not below:
            folders.clear()
        for name in names:
            if name[0] == "." and _UNFINISHED.fullmatch(name):
                file = Path(folder, name)
                with suppress(OSError):  # a folder that is not ours to tidy stops no run
                    if file.lstat().st_mtime < last:
                        file.unlink()
