"""Run a command and measure its whole process tree: seconds, CPU-seconds, peak memory.

CPU is what the kernel counted for every descendant that was waited for. The command runs under
a "subreaper", so that processes whose parents did not wait for them (worker servers, orphans)
are waited for too. Memory is the sum of the proportional set sizes (shared pages counted once)
of all living descendants, looked at several times a second. Linux only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36
#: Seconds between two looks at the memory.
_EVERY_S = 0.15


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        wall_s: From start to end.
        cpu_s: User and system, all descendants.
        peak_mb: Most proportional memory of all descendants together.
        status: Exit status.
        said: The last line of its output where that is a JSON object.
        errors: The end of what it wrote to stderr.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    status: int
    said: Mapping[str, Any] = field(default_factory=dict)
    errors: str = ""


def measured(
    command: Sequence[str], timeout_s: float, env: Mapping[str, str] | None = None
) -> Measured:
    """Run ``command`` in a tree of its own and wait until nothing of it is left."""
    wrapper = [sys.executable, __file__, str(timeout_s), *command]
    done = subprocess.run(wrapper, capture_output=True, text=True, env=env, check=False)
    figures = json.loads(done.stdout.splitlines()[-1])
    return Measured(**figures, errors=done.stderr[-2000:])


def _wrap(timeout_s: float, command: Sequence[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = _Memory()
    threading.Thread(target=memory.watch, daemon=True).start()
    timer = threading.Timer(timeout_s, _end_all, [signal.SIGKILL])
    timer.daemon = True
    timer.start()
    output = process.communicate()[0]
    wall = time.perf_counter() - started
    _end_all(signal.SIGTERM)
    grace = threading.Timer(5, _end_all, [signal.SIGKILL])
    grace.daemon = True
    grace.start()
    _wait_for_all()
    memory.stop = True
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "wall_s": round(wall, 3),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_mb": round(memory.peak_kb / 1024, 1),
        "status": process.returncode,
        "said": _said(output),
    }
    print(json.dumps(figures), flush=True)


def _said(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict):
            return said
    return {}


def _wait_for_all() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _end_all(number: int) -> None:
    for pid in _descendants():
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _descendants() -> list[int]:
    found, waiting = [], [os.getpid()]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                children = [int(pid) for pid in task.read_text().split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


class _Memory:
    def __init__(self) -> None:
        self.peak_kb, self.stop = 0, False

    def watch(self) -> None:
        while not self.stop:
            self.peak_kb = max(self.peak_kb, sum(map(_pss_kb, _descendants())))
            time.sleep(_EVERY_S)


def _pss_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        return 0
    return 0


if __name__ == "__main__":
    _wrap(float(sys.argv[1]), sys.argv[2:])
