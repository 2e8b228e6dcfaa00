"""The DuckDB file that SQL users open, built beside it and swapped in whole.

The Parquet files are the truth and this file is made from them. A user's own tables belong in
a file of his own that attaches this one. DuckDB is loaded by whoever asks or builds, in modules
of their own: a run's main process does neither.

    DATA/warehouse.duckdb     what users open; nobody here ever opens it for writing
    DATA/.warehouse-read-*    a reader's own name for the file
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from pdf_extraction.storage.building import Builder


@dataclass(frozen=True)
class RefreshFacts:
    """What a refresh did.

    Attributes:
        changed: Partition keys whose rows are new or other than before.
        removed: Partition keys whose rows are gone.
        unreadable: Partition keys left out because their files are damaged.
        rows: Rows of each table afterwards.
        rebuilt: Whether the file was made from nothing.
        seconds: Wall time.
    """

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unreadable: tuple[str, ...]
    rows: dict[str, int]
    rebuilt: bool
    seconds: float


class Warehouse:
    """The warehouse under a data folder; safe with several threads and processes.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / "warehouse.duckdb"

    @property
    def byte_size(self) -> int:
        """Of the file; 0 before it is first built."""
        return self.file.stat().st_size if self.file.exists() else 0

    def query(self, sql: str, *, external_access: bool = False) -> pa.Table:
        """Answer of one reading statement, as the last refresh left the tables.

        Args:
            sql: One statement.
            external_access: Whether it may reach other files and the network.

        Raises:
            SettingsError: The SQL is wrong or would write.
            StorageError: The warehouse cannot be read.
        """
        from pdf_extraction.storage.query import ask  # noqa: PLC0415

        return ask(self.file, sql, external_access=external_access)

    def refresh(self) -> RefreshFacts:
        """Bring every document that changed since the last time; does nothing where none did.

        Raises:
            StorageError: The data folder cannot be read or written.
        """
        return self._builder().refresh()

    def compact(self) -> RefreshFacts:
        """Build the whole file from the Parquet files, without the holes that updates leave.

        Raises:
            StorageError: The data folder cannot be read or written.
        """
        return self._builder().compact()

    def _builder(self) -> Builder:
        from pdf_extraction.storage.building import Builder  # noqa: PLC0415
        from pdf_extraction.storage.tables import Tables  # noqa: PLC0415

        return Builder(self.file, Tables(self.file.parent))
