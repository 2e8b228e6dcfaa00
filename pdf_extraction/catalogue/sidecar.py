"""The JSON file beside a document: its metadata and its id. No partition is known here."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pdf_extraction.catalogue.files import MAX_KEY_BYTES, visible
from pdf_extraction.errors import BadSidecar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pdf_extraction.model import Document

_MAX_BYTES = 1_000_000
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def sidecar_path(path: Path) -> Path:
    """Where metadata of ``lei.pdf`` may stand: ``lei.pdf.json`` beside it, else ``lei.json``.

    The longer name is for files that differ in their endings alone.
    """
    own = path.with_name(f"{path.name}.json")
    return own if os.path.lexists(own) else path.with_suffix(".json")


def read_sidecar(path: Path) -> dict[str, Any]:
    """Metadata beside a document; empty without a sidecar.

    Raises:
        BadSidecar: It is no JSON object, too large, or a link that leads out of the folder.
    """
    sidecar = sidecar_path(path)
    # A name may have no room for the longer ending; then there is no sidecar.
    if sidecar == path or not os.path.lexists(sidecar):
        return {}
    # Not ``resolve``, which raises on links that lead to themselves.
    if not Path(os.path.realpath(sidecar)).is_relative_to(os.path.realpath(path.parent)):
        raise BadSidecar(f"{sidecar}: leads out of its folder; put a plain file there")
    try:
        found = sidecar.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadSidecar(f"{sidecar}: is no plain file; put a JSON file there")
        if found.st_size > _MAX_BYTES:
            raise BadSidecar(f"{sidecar}: larger than {_MAX_BYTES} bytes")
        text = sidecar.read_text(encoding="utf-8-sig")
        metadata = json.loads(text, parse_constant=_no_constant)
        # 1e400 is read as infinity, which is no JSON any more.
        json.dumps(metadata, ensure_ascii=False, allow_nan=False).encode()
    except OSError as error:
        raise BadSidecar(f"{sidecar}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BadSidecar(f"{sidecar}: not valid JSON: {error}; mend or remove it") from None
    if not isinstance(metadata, dict):
        raise BadSidecar(f"{sidecar}: expected a JSON object such as {{'document_id': 'lei-1'}}")
    _expect_variable(metadata.get("password_env"), sidecar)
    return metadata


def _expect_variable(name: object, sidecar: Path) -> None:
    # People write the password itself here, which must reach neither a message nor a table.
    if name is not None and not (isinstance(name, str) and _VARIABLE_NAME.fullmatch(name)):
        raise BadSidecar(
            f"{sidecar}: password_env: expected the name of an environment variable that holds "
            "the password, not the password itself"
        )


def password(document: Document, environ: Mapping[str, str]) -> str | None:
    """Password of a document, from the variable that its sidecar names as ``password_env``.

    Read when the file is opened; None where no variable is named or set. Only the name is
    ever kept.
    """
    name = document.metadata.get("password_env")
    return (environ.get(name) or None) if isinstance(name, str) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def claimed_id(metadata: Mapping[str, Any], sidecar: Path) -> str | None:
    """The ``document_id`` of a sidecar, without invisible characters; None without one.

    Raises:
        BadSidecar: It is no text, empty or too long.
    """
    value = metadata.get("document_id")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadSidecar(f"{sidecar}: document_id: expected text")
    text = " ".join(visible(str(value), " ").split())
    if not text or len(text.encode()) > MAX_KEY_BYTES:
        raise BadSidecar(f"{sidecar}: document_id: expected 1 to {MAX_KEY_BYTES} bytes of text")
    return text
