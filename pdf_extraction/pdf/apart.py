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
