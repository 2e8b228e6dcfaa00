"""The scripted server in its own process, which answers each contender in its own format."""

from __future__ import annotations

import sys
import threading

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.backends.fake_server.answers import Asked

_TEXT = "Art. 1º Esta Lei dispõe sobre a matéria, observados os prazos do processo."
_OLMOCR = (
    "---\nprimary_language: pt\nis_rotation_valid: True\nrotation_correction: 0\n"
    f"is_table: False\nis_diagram: False\n---\n{_TEXT}"
)


def answer(asked: Asked) -> str | None:
    """Devices where a schema or our prompt asks for them, else Markdown or olmOCR's page."""
    if asked.schema is not None or "devices" in asked.system:
        return None
    return _OLMOCR if "front matter" in asked.text else _TEXT


if __name__ == "__main__":
    with FakeServer(sys.argv[1], answer) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()
