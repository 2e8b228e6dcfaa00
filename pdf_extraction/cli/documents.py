"""From the paths and names that a person types to documents, and how failures are told.

Nothing is run or removed here.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pdf_extraction.cli.console import visible
from pdf_extraction.errors import SettingsError
from pdf_extraction.page_ranges import format_pages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pdf_extraction.catalogue import Found
    from pdf_extraction.tools import Workspace


LEFT_OUT = "PageNotSelected"


def find_files(workspace: Workspace, paths: Sequence[Path]) -> list[Found]:
    """Documents among files and folders.

    Sidecars are not documents, also where ``folder/*`` of a shell names them.

    Raises:
        SettingsError: There are none.
    """
    from pdf_extraction.catalogue import find_documents  # noqa: PLC0415

    endings = workspace.settings.inbox.endings
    found = [one for one in find_documents(paths, endings) if not _is_sidecar(one.path, endings)]
    if not found:
        searched = ", ".join(str(path) for path in paths)
        raise SettingsError(f"{searched}: no file here ends in {' or '.join(endings)}")
    return found


def refused_files(workspace: Workspace, paths: Sequence[Path]) -> list[str]:
    """Why some files of folders are not taken."""
    from pdf_extraction.catalogue import search  # noqa: PLC0415

    found = search(paths, workspace.settings.inbox.endings)
    return [visible(one.refused) for one in found if one.refused]


def _is_sidecar(path: Path, endings: Sequence[str]) -> bool:
    return path.suffix == ".json" and any(
        # Not Path.exists, which raises where the name has no room for another ending.
        os.path.lexists(path.with_suffix(ending))
        for ending in (*endings, *map(str.upper, endings))
    )


def failed_whole(row: Mapping[str, object]) -> bool:
    """Whether a document's error is its own, and not that of all its pages."""
    return row["error"] is not None and row["pages_failed"] != row["page_count"]


def failure(key: str, pages: Collection[int], kind: str | None, error: str | None) -> str:
    """A failure of a document, or of some of its pages, in a line that no terminal obeys."""
    where = f" {'page' if len(pages) == 1 else 'pages'} {format_pages(frozenset(pages))}"
    what = f"{kind}: {error}"
    if kind == LEFT_OUT:
        # The pages' own sentences differ by their number alone.
        what = "left out by --pages; `retry` asks for them"
    return visible(f"{key}{where if pages else ''}: {what}")


def known_documents(workspace: Workspace, partitions: Iterable[str] = ()) -> dict[str, str]:
    """Document id by partition key, of all that the data folder or Dagster knows.

    Args:
        workspace: The data folder.
        partitions: Keys that Dagster knows.
    """
    catalogued = workspace.catalogue.keys()
    ids = {key: workspace.catalogue.document(key).document_id for key in catalogued}
    # Rows are read only where nothing else knows the id: 2 ms a document.
    for key in set(workspace.tables.partitions()) - ids.keys():
        ids[key] = workspace.tables.read("documents", key)[0]["document_id"]
    return {**{key: key for key in partitions}, **ids}


def partition_keys(names: Sequence[str], known: Mapping[str, str]) -> list[str]:
    """Keys of documents named by partition key or document id, each once.

    Raises:
        SettingsError: A name is neither; says which are near.
    """
    keys: dict[str, None] = {}
    for name in names:
        found = [name] if name in known else [key for key, id_ in known.items() if id_ == name]
        if not found:
            raise SettingsError(_unknown(name, known))
        keys.update(dict.fromkeys(found))
    return list(keys)


def _unknown(name: str, known: Mapping[str, str]) -> str:
    names = {*known, *known.values()}
    near = get_close_matches(name, names, n=1) or [one for one in sorted(names) if name in one]
    hint = f"did you mean {near[0]!r}?" if near else "`status` and `sql` list them"
    return f"{visible(name)}: no document has this key or id; {hint}"
