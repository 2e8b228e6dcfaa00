"""Where Dagster keeps its history, and how a person opens the UI on it. Nothing is run here.

Both ways into the product share one history: what the command line materialises is seen in
``dagster dev`` afterwards. ``$DAGSTER_HOME`` decides where it is set; else it lies in
``DATA/dagster``, which the checkout's own ``dagster.yaml`` names as ``data/dagster``.
"""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from filelock import FileLock

from pdf_extraction.errors import SettingsError
from pdf_extraction.settings import CONFIG_VARIABLE, DATA_VARIABLE, DEFAULT_FILE

HOME_VARIABLE = "DAGSTER_HOME"
_NOT_CAPTURED = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}
DEFINITIONS = "pdf_extraction.definitions"


def instance_config(base_dir: object) -> dict[str, Any]:
    """The ``dagster.yaml`` for a history in ``base_dir``.

    Args:
        base_dir: A path, or ``{"env": NAME}`` for one that an environment variable holds.
    """
    place = {"base_dir": base_dir}
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": place,
        },
        "run_storage": {
            "module": "pdf_extraction.defs.history",
            "class": "RunLog",
            "config": place,
        },
        "event_log_storage": {
            "module": "pdf_extraction.defs.history",
            "class": "EventLog",
            "config": place,
        },
        "schedule_storage": {
            "module": "dagster._core.storage.schedules",
            "class": "SqliteScheduleStorage",
            "config": place,
        },
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": place,
        },
        "python_logs": {"managed_python_loggers": ["pdf_extraction"]},
        "concurrency": {"runs": {"max_concurrent_runs": 2}},
    }


@contextmanager
def open_instance(
    data: Path, environ: Mapping[str, str] = os.environ
) -> Iterator[dg.DagsterInstance]:
    """Open the instance whose history ``dagster dev`` shows.

    Args:
        data: The data folder.
        environ: Where ``$DAGSTER_HOME`` is looked up.

    Raises:
        SettingsError: ``$DAGSTER_HOME`` is no folder.
    """
    if environ.get(HOME_VARIABLE):
        home, overrides = Path(environ[HOME_VARIABLE]).expanduser(), {}
        if not home.is_absolute() or not home.is_dir():
            raise SettingsError(f"$DAGSTER_HOME: {home} is not the absolute path of a folder")
    else:
        home = _made_home(data)
        overrides = instance_config(str(home))
    # Where files are dropped must be there before somebody looks for it.
    (data / "inbox").mkdir(parents=True, exist_ok=True)
    # Where output is captured, what a progress bar writes goes through a file and a pipe.
    overrides |= {"compute_logs": _NOT_CAPTURED}
    reference = InstanceRef.from_dir(str(home), overrides=overrides)
    # Two first runs at once would both create the history's tables.
    with FileLock(home / ".opening.lock"):
        opened = dg.DagsterInstance.from_ref(reference)
    with opened as instance:
        yield instance


def ui_command(
    data: Path, environ: Mapping[str, str] = os.environ, config: Path | None = None
) -> str:
    """The shell command that opens the UI on the history of ``data``, from the current folder.

    Args:
        data: The data folder.
        environ: What the shell has set already.
        config: The settings file, where an option named it.
    """
    chosen = {CONFIG_VARIABLE: str(config.resolve())} if config is not None else {}
    if environ.get(HOME_VARIABLE):
        variables = {} if _is_default(data) else {DATA_VARIABLE: str(data.resolve())}
        return _command({**variables, **chosen}, [_executable(), "dev", "-m", DEFINITIONS])
    if _is_default(data) and Path("dagster.yaml").exists() and Path("workspace.yaml").exists():
        return _command(chosen, [_executable(), "dev"])
    variables = {HOME_VARIABLE: str(_made_home(data)), DATA_VARIABLE: str(data.resolve())}
    if DEFAULT_FILE.exists() and not environ.get(CONFIG_VARIABLE):
        variables[CONFIG_VARIABLE] = str(DEFAULT_FILE.resolve())
    variables |= chosen
    if not _has_yaml():
        return _command(variables, [_executable(), "dev", "-m", DEFINITIONS])
    # Dagster warns about a dagster.yaml in the current folder that is not the one it reads.
    # From another folder, a path below the current one would lead nowhere.
    command = _command(variables, [_executable(from_here=False), "dev", "-m", DEFINITIONS])
    return f"cd {shlex.quote(str(data.resolve()))} && {command}"


def _is_default(data: Path) -> bool:
    return data.resolve() == Path("data").resolve()


def _has_yaml() -> bool:
    return Path("dagster.yaml").exists() or Path("dagster.yml").exists()


def _made_home(data: Path) -> Path:
    home = (data / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        # JSON is YAML, and needs no library beyond Python's.
        config.write_text(json.dumps(instance_config({"env": HOME_VARIABLE}), indent=2))
    return home


def _executable(*, from_here: bool = True) -> str:
    beside = Path(sys.executable).with_name("dagster")
    found = shutil.which("dagster")
    if not beside.exists() or (found and Path(found).resolve() == beside.resolve()):
        return "dagster"
    if from_here and beside.is_relative_to(Path.cwd()):
        return str(beside.relative_to(Path.cwd()))
    return str(beside)


def _command(variables: Mapping[str, str], words: list[str]) -> str:
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return " ".join([*assignments, *map(shlex.quote, words)])
