"""From the names that a person types to partitions. Nothing is run or removed here."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pdf_extraction.cli.console import visible
from pdf_extraction.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pdf_extraction.tools import Workspace


def known_documents(workspace: Workspace, partitions: Iterable[str] = ()) -> dict[str, str]:
    """Document id by partition key, of all that the data folder or Dagster knows.

    Args:
        workspace: The data folder.
        partitions: Keys that Dagster knows.
    """
    ids = {key: key for key in partitions}
    for key in workspace.tables.partitions():
        ids[key] = workspace.tables.read("documents", key)[0]["document_id"]
    catalogued = workspace.catalogue.keys()
    for key in catalogued:
        ids[key] = workspace.catalogue.document(key).document_id
    return ids


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
