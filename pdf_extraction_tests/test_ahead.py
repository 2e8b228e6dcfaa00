"""Steps done ahead of their turn."""

import asyncio

from pdf_extraction import ahead, steps
from pdf_extraction.asking import Progress, Selection
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace
from pdf_extraction_tests.samples import write_law


def read_ahead(workspace, entry, through, pages=1):
    async def run():
        async with ahead.Ahead(workspace, "run-1", through) as done:
            told = [workspace, [entry], Selection(), Progress(), lambda _: done.take(entry, pages)]
            await steps.read_pages(*told, force=False)
        return done.finished

    return asyncio.run(run())


def law(tmp_path):
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    return workspace, workspace.catalogue.register(write_law(tmp_path / "lei-1.pdf"))


def test_a_document_is_published_while_its_run_still_asks_and_its_own_step_finds_nothing_to_do(
    tmp_path,
):
    """What another process did ahead is what the step itself would have done."""
    workspace, entry = law(tmp_path)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})["lei-1"]
    assert done.published.changed
    again = ahead.publish(workspace, entry, "run-2")
    assert not again.changed
    assert workspace.tables.read("documents", "lei-1")[0]["run_id"] == "run-1"
    assert (again.counts, again.main) == (done.published.counts, done.published.main)
    assert ahead.ground(workspace, entry) == done.placed


def test_a_run_that_comes_to_no_later_step_publishes_nothing(tmp_path):
    """Pages asked about alone leave the tables as they were."""
    workspace, entry = law(tmp_path)
    assert read_ahead(workspace, entry, ()) == {}
    assert workspace.tables.read("documents", "lei-1") == []


def test_a_very_long_document_waits_for_its_own_steps(tmp_path):
    """Two processes that hold it whole would take twice its memory."""
    workspace, entry = law(tmp_path)
    through = {"page_extractions", "document_chunks"}
    assert read_ahead(workspace, entry, through, pages=ahead.MOST_PAGES + 1) == {}
