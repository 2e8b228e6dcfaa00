"""Answers of the warehouse as files for other programs. Nothing is asked here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow.parquet as pq

from pdf_extraction.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as one Parquet file, whole or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        try:
            pq.write_table(table, temporary, compression="zstd")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        sentence = f"{path}: cannot be written: {error.strerror or error}; choose another --out"
        raise StorageError(sentence) from error
