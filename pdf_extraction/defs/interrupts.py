"""Ctrl-C and Dagster's "Terminate" as the orderly end of a coroutine. Nothing else.

Dagster turns the signal into an exception in whatever line is running. Inside an event loop
that is some task's line: the task group wraps it, Dagster no longer recognises it and calls
the run failed. Here the signal cancels the main task, so that pages end, then readers, then
connections; and only then the exception that Dagster knows is raised.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, Result], on_interrupt: Callable[[], None]) -> Result:
    """Run a coroutine to its end, or to its orderly end when a signal comes.

    Args:
        work: What to run.
        on_interrupt: Called when a signal came, before anything is cancelled.

    Raises:
        KeyboardInterrupt: A signal came, and everything is closed.
    """
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        return asyncio.run(_cancellable(work, on_interrupt))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


async def _cancellable(
    work: Coroutine[Any, Any, Result], on_interrupt: Callable[[], None]
) -> Result:
    task = asyncio.ensure_future(work)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            on_interrupt()
        task.cancel()

    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if stopped:
            raise KeyboardInterrupt from None
        raise
