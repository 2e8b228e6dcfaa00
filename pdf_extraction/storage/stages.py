"""What lies between two steps, kept so that each can be run again alone.

A stage is a cache of work, never the truth: one that cannot be read is as good as none.
What the payloads mean is not known here.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from pdf_extraction.errors import StorageError
from pdf_extraction.storage.schemas import INT, TEXT
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pdf_extraction.model import Row

_SCHEMA = pa.schema({"page_number": INT, "payload": TEXT, "words": pa.binary()})
_HEADER = b"pdf_extraction.header"
_ENDING = ".parquet"
_log = logging.getLogger(__name__)


class Stages:
    """Files ``DATA/stages/ASSET/PARTITION.parquet``, each replaced atomically.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "stages"

    def save(
        self, asset: str, partition_key: str, header: Mapping[str, Any], rows: Sequence[Row]
    ) -> None:
        """Keep the pages of one document.

        Args:
            asset: Which step.
            partition_key: Which document.
            header: What the rows belong to; anything that JSON can hold.
            rows: ``page_number`` and ``payload`` (JSON text) of each page, and ``words``
                (bytes) where the step has any.

        Raises:
            StorageError: The file cannot be written; the old one stays.
        """
        encoded = json.dumps(dict(header), ensure_ascii=False).encode()
        schema = _SCHEMA.with_metadata({_HEADER: encoded})
        columns = [
            pa.array([row.get(field.name) for row in rows], type=field.type) for field in _SCHEMA
        ]
        path = self._file(asset, partition_key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as new:
                pq.write_table(pa.table(columns, schema=schema), new, compression="zstd")
        except OSError as error:
            raise StorageError(f"{path}: cannot be written: {error}") from error

    def load(self, asset: str, partition_key: str) -> tuple[dict[str, Any], list[Row]] | None:
        """Header and rows as they were kept; None where there are none that can be read."""
        path = self._file(asset, partition_key)
        try:
            with path.open("rb") as file, pq.ParquetFile(file) as parquet:
                header = json.loads(parquet.schema_arrow.metadata[_HEADER])
                rows = parquet.read(columns=_SCHEMA.names).to_pylist()
                return header, [
                    {name: value for name, value in row.items() if value is not None}
                    for row in rows
                ]
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
            _log.warning("%s cannot be read and will be made again: %s", path, error)
            return None

    def forget(self, partition_key: str) -> None:
        """Remove what every step kept of a document."""
        if self.root.exists():
            for folder in self.root.iterdir():
                (folder / f"{partition_key}{_ENDING}").unlink(missing_ok=True)

    def _file(self, asset: str, partition_key: str) -> Path:
        return self.root / asset / f"{partition_key}{_ENDING}"
