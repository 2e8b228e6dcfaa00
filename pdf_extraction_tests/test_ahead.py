"""Steps done ahead of their turn."""

import asyncio

from pdf_extraction import ahead, finishing, following, judging, quality, steps
from pdf_extraction.asking import Progress, Selection
from pdf_extraction.model import DocumentOutcome, PageImage, PageOutcome, PageText
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction_tests.samples import write_law


def read_ahead(workspace, entry, through):
    return read_all_ahead(workspace, [entry], through)


def read_all_ahead(workspace, entries, through):
    by_key = {entry.document.partition_key: entry for entry in entries}

    async def run():
        async with (
            open_tools(workspace) as tools,
            ahead.Ahead(workspace, "run-1", through, tools.reader) as done,
        ):
            told = [tools, entries, Selection(), done.watching(Progress())]
            await steps.read_pages(
                *told, lambda outcome: done.take(by_key[outcome.document.partition_key], outcome)
            )
        return done

    return asyncio.run(run())


def law(tmp_path):
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    return workspace, workspace.catalogue.register(write_law(tmp_path / "lei-1.pdf"))


def test_a_document_is_published_while_its_run_still_asks_and_its_own_step_finds_nothing_to_do(
    tmp_path,
):
    """What another process did ahead is what the step itself would have done."""
    workspace, entry = law(tmp_path)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"}).finished["lei-1"]
    assert done.published.changed
    again = finishing.publish(workspace, entry, "run-2")
    assert not again.changed
    assert workspace.tables.read("documents", "lei-1")[0]["run_id"] == "run-1"
    assert (again.counts, again.main) == (done.published.counts, done.published.main)
    assert finishing.ground(workspace, entry) == done.placed


def test_every_document_of_many_that_end_together_is_finished(tmp_path, monkeypatch):
    """Those that wait are taken up together, and none is forgotten over the others."""
    monkeypatch.setattr(ahead, "_PAGES_TOGETHER", 3)
    workspace, entry = law(tmp_path)
    others = [
        workspace.catalogue.register(write_law(tmp_path / f"lei-{number}.pdf", number % 2 + 1))
        for number in range(2, 12)
    ]
    through = {"page_extractions", "document_chunks"}
    finished = read_all_ahead(workspace, [entry, *others], through).finished
    assert {key: done.judged.mark for key, done in finished.items()} == workspace.tables.marks()
    assert len(finished) == 11


def test_a_run_that_comes_to_no_later_step_publishes_nothing(tmp_path):
    """Pages asked about alone leave the tables as they were."""
    workspace, entry = law(tmp_path)
    assert read_ahead(workspace, entry, ()).finished == {}
    assert workspace.tables.read("documents", "lei-1") == []


def rows_of(workspace):
    """Rows of ``lei-1`` in every table, but for what differs with each run."""
    tables = {name: workspace.tables.read(name, "lei-1") for name in workspace.tables.names}
    for row in tables["documents"]:
        del row["run_id"], row["extracted_at"]
    return tables


def test_a_long_document_that_is_followed_comes_to_the_same_rows(tmp_path, monkeypatch):
    """What is found out while pages are asked about is what is found out after the last."""
    path = write_law(tmp_path / "lei-1.pdf", pages=40)
    run, followed, tables, verdicts = following.Follower.run, [], [], []
    monkeypatch.setattr(
        following.Follower, "run", lambda *args: followed.append(least) or run(*args)
    )
    for least in (1, 1_000):
        monkeypatch.setattr(following, "LEAST_PAGES", least)
        workspace = Workspace(tmp_path / f"data-{least}", parse_settings({}, "test"))
        entry = workspace.catalogue.register(path)
        done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})
        assert done.finished["lei-1"].published.changed
        assert done.finished["lei-1"].judged.mark == workspace.tables.mark("lei-1")
        tables.append(rows_of(workspace))
        verdicts.append(done.finished["lei-1"].judged.verdicts)
    assert followed == [1, 1]  # published, then judged
    assert tables[0] == tables[1]
    assert verdicts[0] == verdicts[1]
    assert len(tables[0]["devices"]) > 80


def test_a_document_whose_follower_broke_is_finished_all_the_same(tmp_path, monkeypatch):
    """Where pages did not come, the kept answers are taken."""
    workspace, entry = law(tmp_path)
    monkeypatch.setattr(following, "LEAST_PAGES", 1)
    monkeypatch.setattr(following.Follower, "add", lambda *_: None)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})
    assert done.finished["lei-1"].published.counts["devices"] > 0


def test_a_document_too_long_to_be_followed_is_finished_with_no_other_process_beside_it(
    tmp_path, monkeypatch
):
    """It needs memory; what it needed is given back when it is done."""
    workspace, entry = law(tmp_path)
    monkeypatch.setattr(ahead, "_FOLLOWED_PAGES", 0)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})
    assert done.finished["lei-1"].judged.mark == workspace.tables.mark("lei-1")
    assert done._pool is None


def test_what_is_judged_ahead_is_what_the_checks_would_say_of_the_tables(tmp_path):
    """Rows fresh from a process and rows read back from their files are judged alike."""
    workspace, entry = law(tmp_path)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})
    judged = done.finished["lei-1"].judged
    hashes = asyncio.run(judging.rehash(workspace, [entry], ["lei-1"]))
    rows = judging.published_rows(workspace, "lei-1")
    assert judged.verdicts == judging.verdicts(workspace, rows, hashes["lei-1"], quality.CHECKS)
    assert judged.mark == workspace.tables.mark("lei-1")


def test_documents_of_few_pages_are_sampled_together():
    """Eight pages are read again, then one in twelve: a thousand short files are not read twice."""

    def read(pages):
        text = PageText("text_layer", text="a")
        outcomes = [PageOutcome(PageImage(n + 1, text=text)) for n in range(pages)]
        return DocumentOutcome(None, "legal_ptbr", tuple(outcomes))

    sample = judging.Sample()
    assert [sample.of(read(1)) for _ in range(9)] == [[1]] * 8 + [[]]
    assert sum(len(sample.of(read(1))) for _ in range(111)) == 2
    assert sample.of(read(120)) == [1, 18, 35, 52, 69, 86, 103, 120]


def test_sql_users_see_what_is_finished_before_the_run_comes_to_its_next_step(tmp_path):
    """A run of a thousand documents is looked into long before its end."""
    workspace, entry = law(tmp_path)
    done = read_ahead(workspace, entry, {"page_extractions", "document_chunks"})
    done.refreshing.join()
    found = workspace.warehouse.query("SELECT document_id FROM documents").to_pylist()
    assert found == [{"document_id": "lei-1"}]
    assert workspace.warehouse.refresh().changed == ()


def test_a_run_that_publishes_nothing_refreshes_nothing(tmp_path):
    workspace, entry = law(tmp_path)
    done = read_ahead(workspace, entry, {"page_extractions"})
    assert list(done.finished) == ["lei-1"]
    assert done.refreshing is None
