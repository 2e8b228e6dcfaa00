"""A disk that is full, and then has room again."""

import os
import subprocess

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.cli.conftest import command, environment, settings
from pdf_extraction_tests.samples import write_law

PAGES, CONCURRENCY = 12, 4
_MIB = 1 << 20


@pytest.fixture
def disk(tmp_path):
    """A file system of 16 MiB, which only root may make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave(disk, room):
    """Fill the disk but for some bytes."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    found = os.statvfs(disk)
    ballast.write_bytes(b"x" * max(0, found.f_bavail * found.f_frsize - room))


@pytest.mark.slow
def test_a_full_disk_stops_a_run_with_a_sentence_and_costs_what_was_in_flight(disk, tmp_path):
    """Full before the first file, within the first history, and while pages are asked about."""
    write_law(tmp_path / "lei.pdf", PAGES)

    def run():
        words = command("run", "lei.pdf", "--data", str(disk / "data"))
        return subprocess.run(
            words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
        )

    with FakeServer("latency=0.05") as server:
        config = settings(server.base_url, concurrency=CONCURRENCY)
        (tmp_path / "pdf_extraction.toml").write_text(config)
        for room in (0, _MIB // 3, _MIB + _MIB // 8):
            leave(disk, room)
            stopped = run()
            assert stopped.returncode == 1
            assert "room" in stopped.stderr or "free space" in stopped.stderr
            assert "Traceback" not in stopped.stdout + stopped.stderr
        (disk / "ballast").unlink()
        asked = server.stats()["requests"]
        done = run()
        assert done.returncode == 0, done.stdout + done.stderr
        assert asked <= PAGES
        assert server.stats()["requests"] <= PAGES + CONCURRENCY
    [row] = Warehouse(disk / "data").query("SELECT status, pages_done FROM documents").to_pylist()
    assert row == {"status": "done", "pages_done": PAGES}
