"""One dynamic partition a document, and runs over many of them. No file is read here.

A run over many keys is asked for by the two ends of a range. Delete a key and add it again
and the range may reverse: such a run did nothing and said SUCCESS. So every range carries
how many documents it must hold, and the first op refuses a range that holds another number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

DOCUMENTS = "documents"
documents = dg.DynamicPartitionsDefinition(name=DOCUMENTS)

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
EXPECTED = "pdf_extraction/expected_documents"


@dataclass(frozen=True)
class KeyRange:
    """Keys that lie together in the order of the registered ones.

    Attributes:
        keys: In that order.
    """

    keys: tuple[str, ...]

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the run that does them.

        A range of one key is none: checks of such a run would be stored without partition.
        """
        if len(self.keys) == 1:
            return {PARTITION: self.keys[0], EXPECTED: "1"}
        return {
            RANGE_START: self.keys[0],
            RANGE_END: self.keys[-1],
            EXPECTED: str(len(self.keys)),
        }

    @property
    def request(self) -> dict[str, Any]:
        """Arguments of the ``RunRequest`` for them."""
        if len(self.keys) == 1:
            return {"partition_key": self.keys[0], "tags": {EXPECTED: "1"}}
        return {"tags": self.tags}


def register(instance: dg.DagsterInstance, keys: Iterable[str]) -> None:
    """Make partitions of the keys that are none yet."""
    known = set(instance.get_dynamic_partitions(DOCUMENTS))
    if new := [key for key in dict.fromkeys(keys) if key not in known]:
        instance.add_dynamic_partitions(DOCUMENTS, new)


def unregister(instance: dg.DagsterInstance, key: str) -> None:
    """Forget a partition; its materialisations stay in the history."""
    if instance.has_dynamic_partition(DOCUMENTS, key):
        instance.delete_dynamic_partition(DOCUMENTS, key)


def ranges(keys: Iterable[str], registered: Sequence[str], limit: int) -> list[KeyRange]:
    """Group keys into ranges without a foreign key between, of at most ``limit`` keys each.

    Args:
        keys: What is asked for; keys that are not registered are left out.
        registered: All keys in Dagster's order.
        limit: Most keys of a range.
    """
    wanted = set(keys)
    groups: list[list[str]] = [[]]
    for key in registered:
        if key not in wanted or len(groups[-1]) == limit:
            groups.append([])
        if key in wanted:
            groups[-1].append(key)
    return [KeyRange(tuple(group)) for group in groups if group]
