import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pdf_extraction.cli import program
from pdf_extraction_tests.samples import write_law, write_pdf

Invoke = Callable[..., Result]
_OURS = ("PDF_EXTRACTION_DATA", "PDF_EXTRACTION_CONFIG", "DAGSTER_HOME", "NO_COLOR")


def environment(**variables: str) -> dict[str, str]:
    """The process's environment without our variables, for a subprocess."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    root = Path(__file__).resolve().parents[2]
    return {**kept, "PYTHONPATH": str(root), **variables}


def command(*words: str) -> list[str]:
    """The real command, for a subprocess."""
    return [sys.executable, "-m", "pdf_extraction", *words]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs the program in a folder of its own, where neither data nor settings are."""
    for name in _OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(program, list(map(str, words)))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Result]:
    """Data folder, folder of PDFs and result of one run: a law, a blank page, a broken file."""
    folder = tmp_path_factory.mktemp("pdfs")
    data = tmp_path_factory.mktemp("data")
    write_law(folder / "lei.pdf", 2)
    (folder / "lei.json").write_text('{"document_id": "lei-1-2024", "titulo": "Lei"}')
    write_pdf(folder / "vazio.pdf", [""])
    (folder / "quebrado.pdf").write_bytes(b"%PDF-1.7 nothing else")
    words = ["run", str(folder), "--data", str(data)]
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        for name in _OURS:
            context.delenv(name, raising=False)
        context.chdir(folder)
        return data, folder, CliRunner().invoke(program, words)


def settings(base_url: str, **fields: object) -> str:
    """Settings whose chain is one server."""
    extra = "\n".join(f"{name} = {value}" for name, value in fields.items())
    return (
        'chain = ["fake"]\n[backends.fake]\nkind = "openai"\n'
        f'base_url = "{base_url}"\nmodel = "scripted"\nmax_attempts = 1\n{extra}\n'
    )
