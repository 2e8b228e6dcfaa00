"""What lies between two steps, kept so that each can be run again alone.

A stage is a cache of work, never the truth: one that cannot be read is as good as none.
What the payloads mean is not known here.
"""

from __future__ import annotations

import json
import logging
from bisect import bisect_right
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from pdf_extraction.errors import StorageError
from pdf_extraction.remade import ByPlace
from pdf_extraction.storage.schemas import INT, TEXT
from pdf_extraction.wholefile import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pdf_extraction.model import Row

_SCHEMA = pa.schema({"page_number": INT, "payload": TEXT, "words": pa.binary()})
_HEADER = b"pdf_extraction.header"
_ENDING, _OLD_ENDING = ".arrow", ".parquet"
#: Handing a page to pyarrow's threads takes as long as unpacking it.
_HERE = pa.ipc.IpcReadOptions(use_threads=False)
_PACKED = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
_PLAIN = pa.ipc.IpcWriteOptions()
#: Bytes up to which packing takes longer than it is worth: a page's answer, not its words.
_LITTLE = 16_384
#: Pages that are written, and read again, together: some two megabytes of words.
_TOGETHER = 64
_UNREADABLE = (OSError, StorageError, pa.ArrowException, ValueError, KeyError, TypeError)
_log = logging.getLogger(__name__)


class Stages:
    """Files ``DATA/stages/ASSET/PARTITION.arrow``, each replaced atomically.

    Arrow's own format and not Parquet, which for a single page takes three times as long.

    Args:
        data_dir: The folder of all state; made when something is first written.
    """

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "stages"

    def save(
        self, asset: str, partition_key: str, header: Mapping[str, Any], rows: Iterable[Row]
    ) -> None:
        """Keep the pages of one document.

        Args:
            asset: Which step.
            partition_key: Which document.
            header: What the rows belong to; anything that JSON can hold.
            rows: ``page_number`` and ``payload`` (JSON text) of each page, and ``words``
                (bytes) where the step has any; taken a few at a time.

        Raises:
            StorageError: The file cannot be written; the old one stays.
        """
        encoded = json.dumps(dict(header), ensure_ascii=False).encode()
        left = iter(rows)
        batches = iter(lambda: list(islice(left, _TOGETHER)), [])
        schema = _SCHEMA.with_metadata({_HEADER: encoded})
        self._write(
            self.file(asset, partition_key),
            schema,
            (pa.RecordBatch.from_pylist(batch, schema=schema) for batch in batches),
        )

    def _write(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        try:
            if not path.parent.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
            first = list(islice(batches, 1))
            options = _PACKED if first and first[0].nbytes > _LITTLE else _PLAIN
            with (
                replacing(path) as new,
                pa.OSFile(str(new), "wb") as sink,
                pa.ipc.new_file(sink, schema, options=options) as file,
            ):
                for batch in chain(first, batches):
                    file.write_batch(batch)
            _old(path).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written: {error}") from error

    def load(self, asset: str, partition_key: str) -> Kept | None:
        """What was kept of a document; None where there is nothing that can be read."""
        path = self.file(asset, partition_key)
        try:
            if not path.exists():
                if not _old(path).exists():  # a document's first run: an error would cost more
                    return None
                self._renew(path)
            return Kept(path)
        except FileNotFoundError:
            return None
        except _UNREADABLE as error:
            _log.warning("%s cannot be read and will be made again: %s", path, error)
            return None

    def _renew(self, path: Path) -> None:
        """Write what a version before kept as Parquet in today's format: OCR is dear to repeat."""
        with _old(path).open("rb") as file, pq.ParquetFile(file) as parquet:
            batches = parquet.iter_batches(_TOGETHER, columns=_SCHEMA.names)
            self._write(path, parquet.schema_arrow, batches)

    def forget(self, partition_key: str) -> None:
        """Remove what every step kept of a document."""
        if self.root.exists():
            for folder in self.root.iterdir():
                path = self.file(folder.name, partition_key)
                for file in (path, _old(path)):
                    file.unlink(missing_ok=True)

    def file(self, asset: str, partition_key: str) -> Path:
        """Where a step keeps a document's pages."""
        return self.root / asset / f"{partition_key}{_ENDING}"


def _old(path: Path) -> Path:
    return path.with_name(f"{path.name.removesuffix(_ENDING)}{_OLD_ENDING}")


class Kept(ByPlace["Row"]):
    """A stage's rows of one document, a few of them in memory at a time.

    The file stays open, so that the rows are of one version though another takes its place.

    Args:
        path: Of the file; all of it is looked at, for a damaged one is as good as none.

    Attributes:
        header: What the rows belong to.
        numbers: Each row's ``page_number``.
    """

    def __init__(self, path: Path) -> None:
        self._file = pa.ipc.open_file(pa.OSFile(str(path), "rb"), options=_HERE)
        self.header: dict[str, Any] = json.loads(self._file.schema.metadata[_HEADER])
        self.numbers: list[Any] = []
        self._starts = [0]
        self._held: tuple[int, list[Row]] = -1, []
        for index in range(self._file.num_record_batches):
            self.numbers += [row["page_number"] for row in self._group(index, is_first=True)]
            self._starts.append(len(self.numbers))

    def __len__(self) -> int:
        return len(self.numbers)

    def _at(self, place: int) -> Row:
        group = bisect_right(self._starts, place) - 1
        row = self._group(group)[place - self._starts[group]]
        return {name: value for name, value in row.items() if value is not None}

    def _group(self, index: int, *, is_first: bool = False) -> list[Row]:
        held, rows = self._held
        if held != index:
            batch = self._file.get_batch(index)
            if is_first:
                batch.validate(full=True)
            rows = batch.to_pylist()
            self._held = index, rows
        return rows
