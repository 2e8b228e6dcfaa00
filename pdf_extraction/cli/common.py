"""What all commands share: their common options, how they fail, and the workspace they open.

No command is defined here. Nothing heavy is imported before a command asks for it, so that
``--help`` comes at once.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
import re
import shlex
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pdf_extraction.cli.console import err, visible
from pdf_extraction.errors import ExtractionError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pdf_extraction.settings import Settings
    from pdf_extraction.tools import Workspace

#: Exit statuses of the contract, and the shell's own for a process ended by Ctrl-C: a script
#: must be able to tell "somebody stopped it" from "a document failed".
DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
PROGRAM = "pdf-extraction"
_SAFE_IN_QUOTES = re.compile(r"(?=.*\s)[\w\s.,:*=<>()'-]+")

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")


@dataclass
class Common:
    """The common options, given before the command's name or after it.

    Attributes:
        data: The data folder, where the option was given.
        config: The settings file, where the option was given.
    """

    data: Path | None = None
    config: Path | None = None

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        from pdf_extraction.settings import data_dir  # noqa: PLC0415

        return data_dir(self.data, os.environ)

    def settings(self) -> Settings:
        """Settings of the file.

        Raises:
            SettingsError: The file is missing or wrong.
        """
        from pdf_extraction.settings import load_settings  # noqa: PLC0415

        return load_settings(self.config, os.environ)

    def workspace(self, profile: str | None = None, backend: str | None = None) -> Workspace:
        """The data folder under the file's settings.

        Args:
            profile: In place of the settings' profile.
            backend: In place of the settings' chain.

        Raises:
            SettingsError: The file is missing or wrong, or has no such profile or backend.
        """
        from pdf_extraction.tools import Workspace  # noqa: PLC0415

        return Workspace(self.data_dir, self.changed(self.settings(), profile, backend))

    def changed(self, settings: Settings, profile: str | None, backend: str | None) -> Settings:
        """Settings with a run's own profile and backend.

        Raises:
            SettingsError: There is no such profile or backend.
        """
        from pdf_extraction.profiles import get_profile  # noqa: PLC0415
        from pdf_extraction.settings import parse_settings  # noqa: PLC0415
        from pdf_extraction.settings.backends import undefined_backend  # noqa: PLC0415
        from pdf_extraction.settings.load import placed  # noqa: PLC0415
        from pdf_extraction.settings.presets import PRESETS  # noqa: PLC0415

        changes: dict[str, Any] = {"profile": profile or settings.profile}
        if backend is not None and backend not in settings.backends:
            if backend not in PRESETS:
                sentence = undefined_backend(backend, settings.backends).removeprefix("chain: ")
                raise SettingsError(f"--backend: {sentence}")
            preset = parse_settings({"chain": [backend]}, "--backend").backends
            changes["backends"] = {**preset, **settings.backends}
        if profile is not None and self.config is not None:
            changes["profile"] = profile = placed(profile, self.config.parent)
        get_profile(profile or settings.profile, settings.scope)
        return settings.model_copy(
            update={**changes, **({"chain": (backend,)} if backend is not None else {})}
        )

    def command(self, *words: str) -> str:
        """A shell command of this program on the same data folder, as this caller types it."""
        options = [
            word
            for name, value in (("--data", self.data), ("--config", self.config))
            if value is not None
            for word in (name, str(value))
        ]
        head, *rest = words
        return " ".join(map(_quoted, [*_program(), head, *options, *rest]))


def _quoted(word: str) -> str:
    """A word for a shell; in double quotes where that is safe, as SQL has single ones."""
    return f'"{word}"' if _SAFE_IN_QUOTES.fullmatch(word) else shlex.quote(word)


def _program() -> list[str]:
    invoked = sys.argv[0] if sys.argv else PROGRAM
    if Path(invoked).name != PROGRAM:
        return ["python", "-m", "pdf_extraction"]
    found = shutil.which(PROGRAM)
    on_path = found is not None and Path(found).resolve() == Path(invoked).resolve()
    return [PROGRAM if on_path else invoked]


def _remember(context: click.Context, option: click.Parameter, value: Path | None) -> None:
    if value is not None and option.name is not None:
        setattr(context.ensure_object(Common), option.name, value)


def common_options(command: Decorated) -> Decorated:
    """``--data`` and ``--config``; what stands after the command's name wins."""
    data = click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        expose_value=False,
        callback=_remember,
        help="Folder of all state.  [default: $PDF_EXTRACTION_DATA, else ./data]",
    )
    config = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        expose_value=False,
        callback=_remember,
        help="Settings.  [default: ./pdf_extraction.toml where it exists]",
    )
    return data(config(command))


def choice_options(command: Decorated) -> Decorated:
    """``--profile`` and ``--backend``, as ``Common.workspace`` takes them."""
    profile = click.option(
        "--profile",
        metavar="NAME",
        help="What to extract: legal_ptbr, markdown or a model of your own as file.py:Class.  "
        "[default: settings]",
    )
    backend = click.option(
        "--backend", metavar="NAME", help="Ask only this backend of the settings."
    )
    return profile(backend(command))


class Failure(click.ClickException):
    """An error as a person reads it, on standard error."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Write each of the error's lines."""
        for line in self.message.splitlines():
            err().line(f"error: {visible(line)}", "red")


class WrongUsage(Failure):
    """Options, arguments or settings that cannot be used."""

    exit_code = USAGE


class Commands(click.Group):
    """The program: whatever ends a command is one sentence and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order they were added, which is that of use."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ExtractionError as error:
            # A full disk stops a run as wrong settings do, but no other words would mend it.
            kind = WrongUsage if isinstance(error, SettingsError) else Failure
            raise kind(str(error)) from error
        except KeyboardInterrupt:
            err().line("Stopped.", "yellow")
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE or error.filename is None:
                raise  # click ends a closed pipe quietly; the rest is a fault of ours
            raise Failure(f"{error.filename}: {error.strerror}") from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            raise Failure(_fault(error)) from error


def _fault(error: Exception) -> str:
    """What a fault of our own says; its traceback is for whoever mends it, not for the screen."""
    if isinstance(refused := getattr(error, "orig", None), sqlite3.Error):
        return f"Dagster's history cannot be written ({refused}); make room, then run again"
    handle, name = tempfile.mkstemp(prefix=f"{PROGRAM}-", suffix=".txt")
    os.close(handle)
    told = "".join(traceback.format_exception(error))
    Path(name).write_text(told, encoding="utf-8", errors="backslashreplace")
    return f"{type(error).__name__}: {error}: a fault of this program; report it with {name}"


class _OnScreen(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        err().line(f"warning: {visible(record.getMessage())}", "yellow")


def _interrupt_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a Ctrl-C once more that was raised where Python cannot raise.

    A signal that arrives while a weak reference's callback runs becomes an exception in it,
    which Python prints and drops. It happened to a run that was stopped while it wrote: it
    printed a traceback and went on to its end.
    """
    is_fault = isinstance(lost.exc_value, Exception | GeneratorExit | SystemExit | None)
    if is_fault:
        sys.__unraisablehook__(lost)
    else:
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()


def leave(status: Any) -> None:
    """End the process with an exit status, without Python's own way of ending.

    There, a thread of a library that wants to go on is ended inside of that library: of four
    runs beside each other, all of them done and told, one ended with "terminate called without
    an active exception" and status 134 in place of 0.
    """
    if status is not None and not isinstance(status, int):
        return  # a sentence, which Python writes
    atexit._run_exitfuncs()  # noqa: SLF001 - nothing else runs them before os._exit
    with suppress(OSError, ValueError):  # a reader that has gone already
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status or DONE)


def quieten() -> None:
    """Our own warnings as sentences; those of libraries are not for the user's terminal."""
    sys.unraisablehook = _interrupt_again
    root, ours = logging.getLogger(), logging.getLogger("pdf_extraction")
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    if not any(isinstance(handler, _OnScreen) for handler in ours.handlers):
        ours.addHandler(_OnScreen(logging.WARNING))
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        # A name or a text in a terminal of another encoding is an escape, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
