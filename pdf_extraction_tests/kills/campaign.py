"""Runs killed again and again over the same data folder, each watched from outside.

``python -m pdf_extraction_tests.kills.campaign KILLS FOLDER [SEED]`` prints what each kill met.
"""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.storage.schemas import PROVENANCE, SCHEMAS
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.samples import LAW_PAGE, write_pdf

CONCURRENCY = 4
LATENCY = "latency=0.02-0.3"
#: Columns that tell when and how fast, which no two runs have in common.
CLOCKS = {*PROVENANCE, "started_at", "latency_ms"}
#: Documents that one command names: a new one and those that earlier kills may have left open.
TOGETHER = 3


@dataclass
class Kill:
    """What one kill met.

    Attributes:
        phase: What the newest document was waiting for.
        lost: Calls that had been made and were in nobody's ledger yet.
    """

    phase: str
    lost: int


@dataclass
class Campaign:
    """Runs over documents of a folder against one scripted server.

    Attributes:
        folder: Where everything lies.
        server: Counts what is asked.
        dice: Decides when to kill.
    """

    folder: Path
    server: FakeServer
    dice: random.Random
    kills: list[Kill] = field(default_factory=list)
    documents: list[Path] = field(default_factory=list)
    pages: int = 0
    changes: int = 60
    seconds: float = 4.0

    @property
    def data(self):
        return self.folder / "data"

    def add_document(self):
        """One more document of one to four pages, now and then a longer one."""
        number = len(self.documents)
        pages = 12 if number % 10 == 5 else self.dice.randint(1, 4)
        texts = [
            LAW_PAGE.format(number=1000 * number + page, first=2 * page + 1, second=2 * page + 2)
            for page in range(pages)
        ]
        self.documents.append(write_pdf(self.folder / "pdfs" / f"lei-{number:03}.pdf", texts))
        self.pages += pages

    def command(self, data, paths, change=0):
        words = ["run", "--data", str(data), "--config", str(self.config()), *map(str, paths)]
        module = "pdf_extraction_tests.kills.victim"
        count = str(self.folder / "changes")
        return [sys.executable, "-m", module, str(change), str(data), count, *words]

    def config(self):
        path = self.folder / "settings.toml"
        path.write_text(
            'chain = ["fake"]\n[render]\ndpi = 72\nworkers = 1\n[backends.fake]\nkind = "openai"\n'
            f'base_url = "{self.server.base_url}"\nmodel = "scripted"\n'
            f"concurrency = {CONCURRENCY}\n"
        )
        return path

    def start(self, paths, change=0, data=None):
        log = (self.folder / "log").open("ab")
        hidden = ("DAGSTER_", "PDF_EXTRACTION_")
        environ = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        root = str(Path(__file__).parents[2])
        with log:
            return subprocess.Popen(
                self.command(data or self.data, paths, change),
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**environ, "PYTHONPATH": root},
            )

    def run(self, paths=None, data=None):
        """A run that nobody disturbs."""
        process = self.start(paths or self.documents, data=data)
        assert process.wait() == 0, (self.folder / "log").read_text()[-3000:]

    def measure(self):
        """How long an undisturbed run of one command is, in seconds of work and in changes."""
        for _ in range(TOGETHER):
            self.add_document()
        process = self.start(self.documents)
        self._until_working(process)
        started = time.monotonic()
        assert process.wait() == 0, (self.folder / "log").read_text()[-3000:]
        self.seconds = time.monotonic() - started
        self.changes = int((self.folder / "changes").read_text())

    def kill_once(self):
        """Start a run with a new document in it and kill it at a random moment."""
        self.add_document()
        paths = self.documents[-TOGETHER:]
        moment = self.dice.choice([self._at_a_change, self._at_a_call, self._at_a_time])
        process = moment(paths)
        process.kill()
        process.wait()
        before = sum(kill.lost for kill in self.kills)
        lost = self.server.stats()["requests"] - self.paid() - before
        if process.returncode == -signal.SIGKILL:
            self.kills.append(Kill(self.phase(), lost))
        else:
            assert lost == 0
        self.look()

    def _at_a_change(self, paths):
        process = self.start(paths, change=self.dice.randint(1, self.changes))
        process.wait()
        return process

    def _at_a_call(self, paths):
        asked = self.server.stats()["requests"] + self.dice.randint(1, TOGETHER)
        wait = self.dice.uniform(0, 0.2)
        process = self.start(paths)
        while process.poll() is None and self.server.stats()["requests"] < asked:
            time.sleep(0.002)
        time.sleep(wait)
        return process

    def _at_a_time(self, paths):
        wait = self.dice.uniform(0, self.seconds)
        process = self.start(paths)
        self._until_working(process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
        return process

    def _until_working(self, process):
        """Return when the run has come to its documents."""
        opened = self.data / "catalogue" / f"{self.documents[-1].stem}.json"
        while process.poll() is None and not opened.exists():
            time.sleep(0.01)

    def phase(self):
        """What the newest document was waiting for."""
        key = self.documents[-1].stem
        done = {
            name: (self.data / "stages" / name / f"{key}.arrow").exists()
            for name in ("page_images", "page_completions", "page_extractions")
        }
        if not (self.data / "catalogue" / f"{key}.json").exists():
            return "starting"
        if not done["page_completions"]:
            asked = self.server.stats()["requests"] > self.paid()
            return "calling" if asked else "reading"
        if not done["page_extractions"]:
            return "grounding"
        if not (self.data / "tables" / "documents" / f"{key}.parquet").exists():
            return "publishing"
        sql = f"SELECT 1 AS one FROM documents WHERE partition_key = '{key}'"
        return "checking" if len(Warehouse(self.data).query(sql)) else "refreshing"

    def paid(self):
        """Calls that the ledger knows."""
        file = self.data / "calls.sqlite"
        if not file.exists():
            return 0
        with sqlite3.connect(file) as db:
            try:
                found = db.execute("SELECT count(*) FROM attempts").fetchone()[0]
            except sqlite3.OperationalError:  # killed before the tables were made
                found = 0
        db.close()
        return found

    def look(self):
        """Whatever anybody may open is whole, and each document is in all tables or in none."""
        for table in (self.data / "tables").glob("[!.]*/[!.]*"):
            pq.read_table(table)
        for stage in (self.data / "stages").glob("*/[!.]*"):
            with pa.ipc.open_file(stage) as file:
                file.read_all()
        for entry in (self.data / "catalogue").glob("[!.]*.json"):
            json.loads(entry.read_bytes())
        if (self.data / "warehouse.duckdb").exists():
            with duckdb.connect(self.data / "warehouse.duckdb", read_only=True) as db:
                assert db.execute(HALF).fetchall() == []

    def proof(self):
        """Figures of the end: what was paid and asked, and what is left lying about."""
        stats = self.server.stats()
        return {
            "pages": self.pages,
            "asked": stats["requests"],
            "paid": self.paid(),
            "lost": sum(kill.lost for kill in self.kills),
            "most_lost": max(kill.lost for kill in self.kills),
            "pictures": len(stats["by_picture"]),
            "phases": dict(Counter(kill.phase for kill in self.kills)),
            "left": sorted(
                str(path.relative_to(self.data))
                for pattern in ("tables/.journal/*", ".warehouse-new-*")
                for path in self.data.glob(pattern)
            ),
        }


#: Documents of which not all rows are there.
HALF = """
SELECT d.document_id FROM documents d
LEFT JOIN (SELECT document_id, count(*) AS n FROM pages GROUP BY 1) p USING (document_id)
LEFT JOIN (SELECT document_id, count(*) AS n FROM devices GROUP BY 1) v USING (document_id)
LEFT JOIN (SELECT document_id, count(*) AS n FROM attempts GROUP BY 1) a USING (document_id)
WHERE p.n IS DISTINCT FROM d.page_count OR a.n IS DISTINCT FROM d.calls OR v.n IS NULL
"""


def tables(data):
    """Every row of every table but for its clocks, in an order of its own."""
    warehouse, found = Warehouse(data), {}
    for name, schema in SCHEMAS.items():
        columns = ", ".join(f'"{column}"' for column in schema.names if column not in CLOCKS)
        rows = warehouse.query(f'SELECT {columns} FROM "{name}"').to_pylist()
        found[name] = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)
    return found


def campaign(folder, kills, seed):
    """Kill so many runs; what came of it, beside what an undisturbed run makes."""
    with FakeServer(LATENCY) as server:
        one = Campaign(folder, server, random.Random(seed))
        one.measure()
        while len(one.kills) < kills:
            one.kill_once()
            sys.stdout.write(f"{len(one.kills)} {one.kills[-1:]}\n")
            sys.stdout.flush()
        one.run()
        one.look()
        proof = one.proof()
        before = server.stats()["requests"]
        one.run()
        proof["asked_again"] = server.stats()["requests"] - before
        undisturbed = folder / "undisturbed"
        one.run(data=undisturbed)
    return proof, tables(one.data), tables(undisturbed)


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    proof, found, expected = campaign(target, int(sys.argv[1]), int((*sys.argv[3:], "1")[0]))
    sys.stdout.write(json.dumps(proof, indent=1) + "\n")
    for name in expected:
        same = "same" if found[name] == expected[name] else "DIFFERENT"
        sys.stdout.write(f"{name}: {len(found[name])} rows, {same}\n")
