"""The JSON file beside a document: its metadata and its id. No partition is known here."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pdf_extraction.catalogue.files import MAX_KEY_BYTES, visible
from pdf_extraction.errors import BadSidecar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAX_BYTES = 1_000_000


def sidecar_path(path: Path) -> Path:
    """Where a document's metadata may stand: ``lei.json`` beside ``lei.pdf``."""
    return path.with_suffix(".json")


def read_sidecar(path: Path) -> dict[str, Any]:
    """Metadata beside a document; empty without a sidecar.

    Raises:
        BadSidecar: It is no JSON object, too large, or a link that leads out of the folder.
    """
    sidecar = sidecar_path(path)
    # A name may have no room for the longer ending; then there is no sidecar.
    if sidecar == path or not os.path.lexists(sidecar):
        return {}
    if not sidecar.resolve().is_relative_to(path.parent.resolve()):
        raise BadSidecar(f"{sidecar}: leads out of its folder; put a plain file there")
    try:
        if sidecar.stat().st_size > _MAX_BYTES:
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
    return metadata


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
