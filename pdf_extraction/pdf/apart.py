"""One function run in a process of its own, which takes its memory along when it ends.

What workers do with pages is not run here: these calls have no limits and come one at a time.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from pdf_extraction.errors import StorageError
from pdf_extraction.pdf import tasks
from pdf_extraction.pdf.workers import worker_context

Result = TypeVar("Result")


def run_apart(function: Callable[..., Result], *args: object) -> Result:
    """What a function returns or raises, with its log lines; all of it must survive pickling.

    Raises:
        StorageError: The process was killed, most likely because memory was short.
    """
    here = worker_context()
    reader, writer = here.Pipe(duplex=False)
    process = here.Process(target=_answer, args=(writer, function, args))  # type: ignore[attr-defined]
    process.start()
    writer.close()
    try:
        result, error, lines = reader.recv()
    except EOFError:
        process.join()
        raise StorageError(
            f"the process that did {function.__name__} was killed (exit status "
            f"{process.exitcode}): see that there is memory for it, then run again"
        ) from None
    finally:
        process.terminate()  # of no effect where it has ended by itself
        process.join()
        reader.close()
    for line in lines:
        logging.getLogger(line.name).handle(line)
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


class Gate:
    """Where a function that ``run_apart`` runs waits for its caller, its process being there."""

    def __init__(self) -> None:
        self._waiting, self._opening = worker_context().Pipe(duplex=False)

    def __getstate__(self) -> Connection:
        return self._waiting

    def __setstate__(self, waiting: Connection) -> None:
        self._waiting = waiting

    def wait(self) -> None:
        """Return when the caller opens it.

        Raises:
            EOFError: It has shut it.
        """
        self._waiting.recv()

    def open(self) -> None:
        """Let the function go on."""
        self._opening.send(None)

    def shut(self) -> None:
        """Have the function give up where it still waits."""
        self._opening.close()


class _Lines(QueueHandler):
    """Log lines as they can be sent to another process."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # nobody waits for them at a queue
        self.lines: list[logging.LogRecord] = []

    def enqueue(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


def _answer(writer: Connection, function: Callable[..., Any], args: tuple[object, ...]) -> None:
    """What runs in the process of its own."""
    tasks.start(0)
    log, told = logging.getLogger(), _Lines()
    answer: tuple[Any, Exception | None]
    log.handlers[:] = [told]
    try:
        answer = (function(*args), None)
    except Exception as error:  # noqa: BLE001 - raised again where somebody waits for it
        error.add_note(traceback.format_exc())
        answer = (None, error)
    writer.send((*answer, told.lines))
