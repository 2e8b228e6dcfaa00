"""Finds a user's class by ``package.module:Class`` or ``path/file.py:Class``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from pdf_extraction.errors import SettingsError
from pdf_extraction.model import digest
from pdf_extraction.profiles.user_model.profile import Scope, UserModel


def load_profile(name: str, scope: Scope | None = None) -> UserModel:
    """The profile of the class that ``name`` names.

    Args:
        name: A module and a class, or a Python file (from the working folder) and a class.
        scope: In place of what the class says.

    Raises:
        SettingsError: There is no such class, or it is no Pydantic model.
    """
    place, _, attribute = name.rpartition(":")
    path = Path(place)
    if path.suffix == ".py" or "/" in place or "\\" in place:
        return _of_file(name, path.absolute(), attribute, scope, _version(name, path))
    return _of_module(name, place, attribute, scope)


def _version(name: str, path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        raise SettingsError(
            f"profile {name!r}: there is no file {path} (from the folder {Path.cwd()}); write it "
            "as it is from the working folder or from the settings file"
        ) from None


@lru_cache(maxsize=32)
def _of_file(name: str, path: Path, attribute: str, scope: Scope | None, version: int) -> UserModel:
    # The version is part of the module's name, so that a changed file is read anew.
    module_name = f"pdf_extraction_schema_{path.stem}_{digest(str(path), str(version))[:12]}"
    with _importing(name, path.parent):
        module = sys.modules.get(module_name) or _executed(module_name, path)
    return UserModel(name, _class_of(name, module, attribute), scope)


def _executed(module_name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module_name] = module  # Pydantic looks names up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


@lru_cache(maxsize=32)
def _of_module(name: str, module_name: str, attribute: str, scope: Scope | None) -> UserModel:
    with _importing(name, Path.cwd()):
        module = import_module(module_name)
    return UserModel(name, _class_of(name, module, attribute), scope)


def _broken_line(error: BaseException, name: str) -> int | None:
    """The line of the file that ``name`` names at which importing it broke."""
    if isinstance(error, SyntaxError):
        return error.lineno
    file = Path(name.rpartition(":")[0]).name
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == file]
    return lines[-1] if lines else None


@contextmanager
def _importing(name: str, folder: Path) -> Iterator[None]:
    """Modules beside the class can be imported; whatever its module raises is a sentence.

    Raises:
        SettingsError: The module cannot be imported.
    """
    added = str(folder)
    sys.path.insert(0, added)
    try:
        yield
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"profile {name!r}: there is no module {error.name!r}; install it, write the path of a "
            "file (schemas/invoice.py:Invoice), or start in the folder that holds it"
        ) from error
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        line = _broken_line(error, name)
        where = f" at line {line}" if line else ""
        raise SettingsError(
            f"profile {name!r}: importing it broke{where} with {type(error).__name__}: {error}"
        ) from error
    finally:
        if added in sys.path:
            sys.path.remove(added)


def _class_of(name: str, module: ModuleType, attribute: str) -> type[BaseModel]:
    found: Any = getattr(module, attribute, None)
    if isinstance(found, type) and issubclass(found, BaseModel) and found is not BaseModel:
        return found
    models = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel
    ]
    near = get_close_matches(attribute, models, n=1)
    there = f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(models) or 'none'}."
    problem = (
        f"{attribute!r} is no Pydantic model: let it inherit pydantic.BaseModel"
        if found is not None
        else f"the module has no class {attribute!r}"
    )
    raise SettingsError(f"profile {name!r}: {problem}. {there}")
