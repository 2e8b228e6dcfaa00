"""Files of one JSON object a line, as gold and tests come. What a line means is not known here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pdf_extraction.errors import SettingsError


def read_objects(
    path: Path, needed: Callable[[Mapping[str, Any]], Collection[str]]
) -> Iterator[dict[str, Any]]:
    """Objects of a file, in order; empty lines are left out.

    Args:
        path: The file.
        needed: Keys that an object must have, given the object.

    Raises:
        SettingsError: A line holds no object, or one without a key that it must have.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            found = json.loads(line)
        except ValueError as error:
            raise SettingsError(f"{where}: no JSON ({error})") from error
        if not isinstance(found, dict):
            raise SettingsError(f"{where}: no JSON object")
        if missing := [name for name in needed(found) if name not in found]:
            raise SettingsError(f"{where}: without {', '.join(missing)}")
        yield found
