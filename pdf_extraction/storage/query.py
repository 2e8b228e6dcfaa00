"""Asking the warehouse: read-only, without files or network, beside whoever holds it open.

Building it has a module of its own.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

import duckdb
import pyarrow as pa

from pdf_extraction.errors import ExtractionError, SettingsError, StorageError
from pdf_extraction.storage import ddl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SNAPSHOT = ".warehouse-read-"
_ABANDONED_S = 3600.0

#: What each of DuckDB's errors is here, the first that fits: faults of the SQL text are
#: the user's to mend, everything else is the data folder's.
TRANSLATION: tuple[tuple[type[duckdb.Error], type[ExtractionError]], ...] = (
    (duckdb.ProgrammingError, SettingsError),
    (duckdb.DataError, SettingsError),
    (duckdb.NotSupportedError, SettingsError),
    (duckdb.IntegrityError, SettingsError),
    (duckdb.PermissionException, SettingsError),
    (duckdb.SequenceException, SettingsError),
    (duckdb.DependencyException, SettingsError),
    (duckdb.Error, StorageError),
)


def translate(error: duckdb.Error, subject: str) -> NoReturn:
    """Raise ours for DuckDB's.

    Raises:
        SettingsError: The SQL is wrong.
        StorageError: Anything else.
    """
    cls = next(ours for theirs, ours in TRANSLATION if isinstance(error, theirs))
    raise cls(f"{subject}: {error}") from error


def ask(file: Path, sql: str, *, external_access: bool) -> pa.Table:
    """Answer of one statement; a warehouse that does not exist has all tables empty.

    Args:
        file: The warehouse.
        sql: One statement that reads.
        external_access: Whether it may read and write other files and the network.

    Raises:
        SettingsError: The SQL is wrong or would write.
        StorageError: The warehouse cannot be read.
    """
    with _opened(file, external_access=external_access) as connection:
        try:
            if (count := len(connection.extract_statements(sql))) > 1:
                # DuckDB would show the last one's answer alone.
                raise SettingsError(f"SQL: {count} statements; ask them one at a time")
            answer = connection.sql(sql)
            table: pa.Table = answer.to_arrow_table() if answer is not None else pa.table({})
        except duckdb.Error as error:
            translate(error, "SQL")
        return table


@contextmanager
def _opened(file: Path, *, external_access: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": external_access,
        "autoinstall_known_extensions": False,
        "python_enable_replacements": False,
    }
    snapshot = file.with_name(f"{SNAPSHOT}{uuid4().hex}.duckdb")
    try:
        connection = _connect(file, snapshot, config)
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()
    finally:
        snapshot.unlink(missing_ok=True)


def _connect(
    file: Path, snapshot: Path, config: dict[str, str | bool | int | float | list[str]]
) -> duckdb.DuckDBPyConnection:
    """Open the file under a name of its own.

    Under the public name three things go wrong: DuckDB shares one instance a path in a
    process, also after the file was replaced; a WAL that a user's session left beside it
    stops everybody else ("WAL does not match database file"); and a session that writes
    holds a lock on it, beside which only a copy can be read.
    """
    if not file.exists():
        connection = duckdb.connect(":memory:", config=config)
        for statement in ddl.statements():
            connection.execute(statement)
        return connection
    try:
        try:
            snapshot.hardlink_to(file)
            name = snapshot
        except OSError:
            # No links on this file system, or the folder is somebody else's.
            name = file
        try:
            return duckdb.connect(name, read_only=True, config=config)
        except duckdb.IOException:
            snapshot.unlink(missing_ok=True)
            shutil.copyfile(file, snapshot)
            return duckdb.connect(snapshot, read_only=True, config=config)
    except (OSError, duckdb.Error) as error:
        sentence = f"{file}: cannot be read ({error}); refresh the warehouse to build it again"
        raise StorageError(sentence) from error


def remove_abandoned(folder: Path, now: float) -> None:
    """Remove snapshots of readers that were killed: older than an hour at ``now`` (POSIX time).

    One that is in use is younger, or open already and then needs its name no more.
    """
    for path in folder.glob(f"{SNAPSHOT}*"):
        try:
            if now - path.lstat().st_ctime > _ABANDONED_S:
                path.unlink()
        except FileNotFoundError:
            continue
