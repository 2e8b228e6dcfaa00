"""Answers of the warehouse as files for other programs. Nothing is asked here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from pdf_extraction.errors import StorageError
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one Parquet file, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        with replacing(path) as new:
            pq.write_table(table, new, compression="zstd")
    except OSError as error:
        sentence = f"{path}: cannot be written: {error.strerror or error}; choose another --out"
        raise StorageError(sentence) from error
