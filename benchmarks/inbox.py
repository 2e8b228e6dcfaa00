"""Measures the ticks of the drop folder's sensor over many files.

``python benchmarks/inbox.py FOLDER [FILES]`` (10,000). Prints how long ticks take while the
files are taken, when nothing is new, and after a restart.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import dagster as dg

from pdf_extraction.defs import sensors
from pdf_extraction.defs.partitions import DOCUMENTS
from pdf_extraction.defs.resources import DataFolder


def tick(instance: dg.DagsterInstance, folder: DataFolder, cursor: str | None) -> tuple[str, int]:
    """One tick as the daemon makes it; its cursor and how many partitions it added."""
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"folder": folder}
    )
    result = sensors.inbox(context)
    added = 0
    for request in result.dynamic_partitions_requests or ():
        instance.add_dynamic_partitions(DOCUMENTS, list(request.partition_keys))
        added += len(request.partition_keys)
    return result.cursor, added


def main() -> None:
    """Measure and print."""
    data, files = Path(sys.argv[1]), int((*sys.argv[2:], "10000")[0])
    inbox = data / "inbox"
    inbox.mkdir(parents=True)
    for number in range(files):
        (inbox / f"lei-{number:05}.pdf").write_bytes(b"%PDF-1.7 " + str(number).encode() * 100)
    config = data / "settings.toml"
    config.write_text("[inbox]\nsettle_s = 0.0\n")
    folder = DataFolder(data_dir=str(data), config_file=str(config))
    with dg.DagsterInstance.local_temp() as instance:
        for phase in ("taking", "quiet", "restarted"):
            if phase == "restarted":
                sensors._inbox.cache_clear()  # noqa: SLF001
            seconds, taken, cursor, idle, bytes_kept = [], 0, None, 0, 0
            while idle < 3:
                started = time.perf_counter()
                cursor, added = tick(instance, folder, cursor)
                seconds.append(time.perf_counter() - started)
                taken, bytes_kept = taken + added, max(bytes_kept, len(cursor))
                idle = 0 if len(cursor) > 2 and phase != "quiet" else idle + 1
            print(
                f"{phase:10} {len(seconds):4} ticks, {taken:6} taken, longest "
                f"{max(seconds):.2f} s, in all {sum(seconds):.1f} s, cursor {bytes_kept:,} bytes",
                flush=True,
            )


if __name__ == "__main__":
    main()
