"""Keys and passwords are in the environment and nowhere else, however a run ends."""

import os
import subprocess
from pathlib import Path

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.cli.conftest import command, environment
from pdf_extraction_tests.hostile import locked
from pdf_extraction_tests.safety.test_odd_bodies import http, sending
from pdf_extraction_tests.samples import write_law

KEY, HEADER, PASSWORD = "sk-MARKERkey0123456789", "MARKERheader0123456789", "MARKERpassword"
MARKER = b"MARKER"
VARIABLES = {"THE_KEY": KEY, "THE_PASSWORD": PASSWORD}
SETTINGS = """chain = ["fake"]
[backends.fake]
kind = "openai"
base_url = "{url}"
model = "scripted"
api_key_env = "THE_KEY"
max_attempts = 1
breaker_failures = 0
extra_headers = {{ "X-Tenant" = "{header}" }}
"""
ECHO = f'{{"error": {{"message": "authorization: Bearer {KEY}, x-tenant: {HEADER}, {KEY[:-3]}"}}}}'


def holders(folder: Path) -> list[Path]:
    """Files that hold the marker, in their bytes or their names."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [f for f in files if MARKER in f.read_bytes() or MARKER in os.fsencode(f)]


def ran(folder: Path, url: str) -> tuple[subprocess.CompletedProcess[bytes], set[bytes]]:
    """The program over a folder, in a process of its own; and every command line it had."""
    (folder / "pdf_extraction.toml").write_text(SETTINGS.format(url=url, header=HEADER))
    lines = set()
    with subprocess.Popen(
        command("run", "in", "--data", "data"),
        cwd=folder,
        env=environment(**VARIABLES),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        said = b""
        for line in process.stdout:
            said += line
            lines |= command_lines(process.pid)
    return subprocess.CompletedProcess("run", process.returncode, said), lines


def command_lines(session: int) -> set[bytes]:
    """Command lines and names of the processes of a session."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) == session:
                found |= {(folder / "cmdline").read_bytes(), (folder / "comm").read_bytes()}
        except OSError:
            continue
    return found


@pytest.fixture
def folder(tmp_path):
    """An act and an encrypted one with the password's variable named."""
    write_law(tmp_path / "in" / "lei.pdf", 2)
    (tmp_path / "in" / "cifrada.pdf").write_bytes(locked(user=PASSWORD))
    (tmp_path / "in" / "cifrada.json").write_text('{"password_env": "THE_PASSWORD"}')
    return tmp_path


def expect_no_marker(folder, done, lines):
    assert MARKER not in done.stdout
    assert not holders(folder / "data")
    assert not any(MARKER in line for line in lines)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_good_run_keeps_no_secret(folder):
    """Stages, tables, ledger, Dagster's storage, output and process titles are without them."""
    with FakeServer(f"key={KEY}") as server:
        done, lines = ran(folder, server.base_url)
    assert done.returncode == 0, done.stdout
    assert lines
    expect_no_marker(folder, done, lines)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
@pytest.mark.parametrize("status", [401, 500, 200])
def test_a_server_that_repeats_the_headers_spreads_no_secret(folder, status):
    """Some servers and proxies echo the request into their error."""
    with sending([http(ECHO.encode(), status=status)]) as server:
        done, lines = ran(folder, server.base_url)
    assert done.returncode == 1, done.stdout
    expect_no_marker(folder, done, lines)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_a_refused_connection_spreads_no_secret(folder):
    """Nobody listens: the error names the server and no header."""
    done, lines = ran(folder, "http://127.0.0.1:9/v1")
    assert done.returncode == 1, done.stdout
    expect_no_marker(folder, done, lines)


@pytest.mark.parametrize(
    "line",
    [
        f'api_key_env = "{KEY}"',
        f'extra_headers = "{KEY}"',
        f'timeout_s = "{KEY}"',
        f'base_url = "http://user:{KEY}@127.0.0.1/v1"',
        f'api_key = "{KEY}"',
    ],
)
def test_a_secret_in_the_wrong_setting_is_not_repeated(tmp_path, line):
    """What is wrong is said by the setting's name, not by its value."""
    text = SETTINGS.format(url="http://127.0.0.1:9/v1", header="x")
    name = line.partition(" =")[0]
    kept = [old for old in text.splitlines() if not old.startswith(f"{name} =")]
    (tmp_path / "pdf_extraction.toml").write_text("\n".join([*kept, line]))
    write_law(tmp_path / "lei.pdf")
    done = subprocess.run(
        command("run", "lei.pdf"), cwd=tmp_path, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 2, done
    assert name.encode() in done.stderr
    assert MARKER not in done.stdout + done.stderr
