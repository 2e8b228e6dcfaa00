"""Worker processes that start in milliseconds and without the caller's main module.

Not for Windows, which cannot fork. Only about starting: what runs in a worker is
``worker``'s, scheduling is ``workers``'.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from multiprocessing import context, forkserver, popen_forkserver, process, reduction, spawn, util
from typing import Any

# The parts of the standard library that its own contexts are made of are untyped.
_util: Any = util
_server_module: Any = forkserver

# The standard library's one server is shared by the whole process: whoever starts it first
# decides what it preloads. This one has the PDF library loaded before it forks, and the pool
# that workers take their tasks from, which is 5 MB where each loads it by itself.
_server = forkserver.ForkServer()
_LOADED = ["pdf_extraction.pdf.library", "pdf_extraction.pdf.worker", "pebble"]
_server.set_forkserver_preload(_LOADED)


def load(modules: Sequence[str]) -> None:
    """Start the server with ``modules`` loaded too, unless it has been started before."""
    _server.set_forkserver_preload([*_LOADED, *modules])
    _server.ensure_running()


class _WithoutMain(popen_forkserver.Popen):
    """The original tells the child to import the parent's main module.

    Under the ``dagster`` command that costs 3.5 s a worker; our functions never live there.
    """

    _fds: list[int]

    def _launch(self, process_obj: process.BaseProcess) -> None:
        prepared = spawn.get_preparation_data(process_obj.name)
        prepared.pop("init_main_from_name", None)
        prepared.pop("init_main_from_path", None)
        buffer = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(prepared, buffer)
            reduction.dump(process_obj, buffer)
        finally:
            context.set_spawning_popen(None)
        self.sentinel, writer = _server.connect_to_new_process(self._fds)
        kept = os.dup(writer)
        self.finalizer = _util.Finalize(self, _util.close_fds, (kept, self.sentinel))
        with os.fdopen(writer, "wb") as file:
            file.write(buffer.getbuffer())
        self.pid = _server_module.read_signed(self.sentinel)


class WorkerProcess(process.BaseProcess):
    """A process forked off our server."""

    _start_method = "forkserver"

    @staticmethod
    def _Popen(process_obj: Any) -> _WithoutMain:  # noqa: N802
        return _WithoutMain(process_obj)


class WorkerContext(context.ForkServerContext):
    """The standard library's context, with our process."""

    Process = WorkerProcess  # type: ignore[assignment]
