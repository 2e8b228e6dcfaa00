"""Several runs at once, and everybody who may have the warehouse open meanwhile."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.cli.conftest import command, environment, settings
from pdf_extraction_tests.kills.campaign import HALF
from pdf_extraction_tests.samples import LAW_PAGE, write_pdf
from pdf_extraction_tests.storage.session import session

#: Documents of each run and pages of each document.
RUNS, DOCUMENTS, PAGES = 4, 2, 4
POLLER = """
import sys
import duckdb
looks, halves, stop = 0, [], sys.argv[3]
while True:
    with duckdb.connect(sys.argv[1], read_only=True) as db:
        halves += db.execute(sys.argv[2]).fetchall()
    looks += 1
    try:
        open(stop).close()
    except FileNotFoundError:
        continue
    break
print(looks, halves)
"""


def write_documents(folder, number):
    for document in range(DOCUMENTS):
        identity = DOCUMENTS * number + document
        texts = [
            LAW_PAGE.format(number=1000 * identity + page, first=2 * page + 1, second=2 * page + 2)
            for page in range(PAGES)
        ]
        write_pdf(folder / f"lei-{identity:02}.pdf", texts)
    return folder


@contextmanager
def polling(file, stop):
    """Somebody who opens the warehouse again and again and looks for half a document."""
    words = [sys.executable, "-c", POLLER, str(file), HALF, str(stop)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_runs_beside_each_other_and_readers_disturb_nobody(tmp_path):
    """Four runs, a fifth that wants the same documents, and a shell, a writer and a poller."""
    data, stop = tmp_path / "data", tmp_path / "stop"
    folders = [write_documents(tmp_path / f"pdfs-{number}", number) for number in range(RUNS + 1)]
    with FakeServer("latency=0.2") as server, ExitStack() as open_ones:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url, concurrency=4))

        def start(folder):
            return subprocess.Popen(
                command("run", str(folder), "--data", str(data)),
                cwd=tmp_path,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

        first = start(folders.pop())
        assert first.communicate()[0]
        file = data / "warehouse.duckdb"
        shell = open_ones.enter_context(session(file, "reading"))
        processes = [start(folder) for folder in (*folders, folders[0])]
        poller = open_ones.enter_context(polling(file, stop))
        said = [process.communicate()[0] for process in processes]
        stop.touch()
        looks, halves = poller.communicate()[0].split(maxsplit=1)
        assert [process.returncode for process in processes] == [0] * (RUNS + 1), said
        assert (int(looks) > 0, halves.strip()) == (True, "[]")
        assert shell.ask("SELECT count(*) FROM documents") == f"[[{DOCUMENTS}]]"
        with session(file, "writing") as writer:
            writer.ask("UPDATE documents SET status = 'mine'")
            again = start(folders[0])
            assert again.communicate()[0]
            assert again.returncode == 0
        asked = server.stats()
    total = DOCUMENTS * (RUNS + 1)
    assert asked["requests"] == len(asked["by_picture"]) == total * PAGES
    found = Warehouse(data).query("SELECT status, pages_done, calls FROM documents").to_pylist()
    assert found == [{"status": "done", "pages_done": PAGES, "calls": PAGES}] * total
    assert Warehouse(data).query(HALF).to_pylist() == []
