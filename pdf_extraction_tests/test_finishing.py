"""Documents finished together."""

import asyncio
import subprocess
import sys
from dataclasses import replace

from pdf_extraction import finishing, steps
from pdf_extraction.asking import Progress, Selection
from pdf_extraction.errors import Unavailable
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction_tests.samples import write_law


def test_a_document_that_cannot_be_finished_costs_none_of_those_it_is_finished_with(tmp_path):
    """One that was never read is left to its own step; the rows of the others are there."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    entries = [workspace.catalogue.register(write_law(tmp_path / f"{key}.pdf")) for key in "abc"]

    async def read(entries):
        async with open_tools(workspace) as tools:
            await steps.read_pages(tools, entries, Selection(), Progress(), lambda _: None)

    asyncio.run(read([entries[0], entries[2]]))
    works = [finishing.Work(entry, 1, {}) for entry in entries]
    settings = workspace.settings.model_dump_json()
    done = finishing.finish(workspace.data, settings, works, "run-1", publishes=True)
    assert done["b"] is None
    assert workspace.tables.partitions() == ["a", "c"]
    assert all(done[key].published.changed for key in "ac")
    marks = {key: done[key].judged.mark for key in "ac"}
    assert marks == workspace.tables.marks()


def test_a_short_document_is_sent_as_its_stages_give_it_back(tmp_path):
    """And has the same rows, checks and groundings then; one with an error is read from them."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    entry = workspace.catalogue.register(write_law(tmp_path / "a.pdf"))

    async def read():
        async with open_tools(workspace) as tools:
            return await steps.read_pages(
                tools, [entry], Selection(), Progress(), lambda told: told
            )

    [outcome] = asyncio.run(read())
    sent = finishing.sent_along(outcome)
    kept = steps.kept_answers(workspace, entry.document)
    assert sent == replace(kept, pages=tuple(kept.pages))
    settings = workspace.settings.model_dump_json()
    found = []
    for work in (finishing.Work(entry, 1, {}), finishing.Work(entry, 1, {}, sent)):
        done = finishing.finish(workspace.data, settings, [work], "run-1", publishes=True)["a"]
        found.append((done.placed, done.published.counts, done.judged, done.published.first))
    assert found[0] == found[1]
    assert not done.published.changed
    failed = replace(outcome.pages[0], error=Unavailable("gone"))
    assert finishing.sent_along(replace(outcome, pages=(failed,))) is None


def test_documents_that_are_only_grounded_have_no_rows(tmp_path):
    """A run that comes to no later step leaves the tables as they were."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    entry = workspace.catalogue.register(write_law(tmp_path / "a.pdf"))

    async def read():
        async with open_tools(workspace) as tools:
            await steps.read_pages(tools, [entry], Selection(), Progress(), lambda _: None)

    asyncio.run(read())
    settings = workspace.settings.model_dump_json()
    work = finishing.Work(entry, 1, None)
    done = finishing.finish(workspace.data, settings, [work], "run-1", publishes=False)
    assert done["a"].placed.error is None
    assert (done["a"].published, workspace.tables.partitions()) == (None, [])


def test_processes_that_finish_documents_load_no_http_client():
    """They ask nobody, and it is 5 MB of the memory that all of them share."""
    code = "import sys, pdf_extraction.ahead; print('aiohttp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["False"]
