"""The steps as the assets call them."""

import asyncio
import dataclasses
import json
import logging

import pytest

from pdf_extraction import judging, quality, steps
from pdf_extraction.asking import Progress, Selection
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction_tests.samples import write_law


def read_pages(workspace, entry):
    async def read():
        async with open_tools(workspace) as tools:
            await steps.read_pages(tools, [entry], Selection(), Progress(), lambda _: None)

    asyncio.run(read())


@pytest.fixture
def read(tmp_path):
    """A law that was read and answered about."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    entry = workspace.catalogue.register(write_law(tmp_path / "lei-1.pdf"))
    read_pages(workspace, entry)
    return workspace, entry


def publish(workspace, entry):
    steps.ground_partition(workspace, entry.document)
    return steps.publish_partition(workspace, entry, "run-1")


def damage(workspace):
    """A page whose text is no text, as only a bug of ours could have left it."""
    kept = workspace.stages.load("page_images", "lei-1")
    page = json.loads(kept[0]["payload"])
    page["text"]["text"] = 5
    rows = [{**kept[0], "payload": json.dumps(page)}]
    workspace.stages.save("page_images", "lei-1", kept.header, rows)


def test_a_bug_that_one_document_brings_to_light_is_that_documents_failure(read, caplog):
    """The row says which step broke and that the answers are kept; nothing is raised."""
    workspace, entry = read
    damage(workspace)
    with caplog.at_level(logging.CRITICAL, "pdf_extraction.steps"):
        outcome, _ = steps.ground_partition(workspace, entry.document)
    assert outcome.error.kind == "ProfileFault"
    assert "page_extractions broke with" in str(outcome.error)


def test_a_fault_takes_no_good_rows_away(read):
    """Rows of an earlier run stay when a later one breaks, and the document says failed."""
    workspace, entry = read
    before, _ = publish(workspace, entry)
    outcome = steps.ground_partition(workspace, entry.document)[0]
    fault = steps.ProfileFault("lei-1: page_extractions broke")
    steps.outcomes.save_fault(workspace.stages, outcome, fault)
    rows, changed = steps.publish_partition(workspace, entry, "run-2")
    document = rows["documents"][0]
    assert (changed, document["status"], document["error_type"]) == (True, "failed", "ProfileFault")
    assert rows["devices"] == workspace.tables.read("devices", "lei-1") == before["devices"]


def test_a_fault_of_a_first_run_leaves_pages_and_no_records(read):
    """A document that never worked is failed, with its pages and without invented records."""
    workspace, entry = read
    outcome = steps.ground_partition(workspace, entry.document)[0]
    steps.outcomes.save_fault(workspace.stages, outcome, steps.ProfileFault("broke"))
    rows, _ = steps.publish_partition(workspace, entry, "run-1")
    assert rows["documents"][0]["status"] == "failed"
    assert (len(rows["pages"]), rows["devices"]) == (1, [])


def test_a_step_whose_forerunner_has_not_run_says_which(tmp_path):
    """Publishing what was never read names the assets to materialise."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    entry = workspace.catalogue.register(write_law(tmp_path / "lei-1.pdf"))
    with pytest.raises(steps.SettingsError, match="materialise page_images and page_completions"):
        steps.ground_partition(workspace, entry.document)


def test_a_key_that_a_new_file_took_meanwhile_is_not_forgotten(read, tmp_path):
    """The entry of a renamed file is as old as its run; what was registered since counts."""
    workspace, entry = read
    publish(workspace, entry)
    old = dataclasses.replace(entry, superseded=("gone", "taken"))
    record = tmp_path / "data" / "catalogue" / "lei-1.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "superseded": ["taken"]}))
    taken = workspace.catalogue.register(write_law(tmp_path / "taken.pdf", 2))
    read_pages(workspace, taken)
    publish(workspace, taken)
    steps.publish_partition(workspace, old, "run-2")
    assert len(workspace.tables.read("pages", "taken")) == 2


def test_a_document_that_was_never_opened_has_passed_nothing(tmp_path):
    """Its pages are missing, and of the rest there is nothing to judge."""
    workspace = Workspace(tmp_path / "data", parse_settings({}, "test"))
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 and then nothing")
    entry = workspace.catalogue.register(tmp_path / "a.pdf")
    read_pages(workspace, entry)
    publish(workspace, entry)
    verdicts = judging.verdicts(
        workspace, judging.published_rows(workspace, "a"), None, quality.CHECKS
    )
    assert [verdict.passed for verdict in verdicts] == [False] * 5
    assert [v.check for v in verdicts if v.is_judged] == ["pages_complete"]
    assert [v.check for v in verdicts if v.is_error] == ["pages_complete"]


def test_records_of_a_document_without_an_answer_are_not_judged(tmp_path):
    """Every page failed: no record is doubtful, and none is right."""
    server = {"kind": "openai", "base_url": "https://models.invalid/v1", "model": "m"}
    vllm = {**server, "api_key_env": "NO_SUCH_KEY"}
    settings = parse_settings({"chain": ["vllm"], "backends": {"vllm": vllm}}, "test")
    workspace = Workspace(tmp_path / "data", settings)
    entry = workspace.catalogue.register(write_law(tmp_path / "a.pdf"))
    read_pages(workspace, entry)
    publish(workspace, entry)
    verdicts = judging.verdicts(
        workspace, judging.published_rows(workspace, "a"), None, quality.CHECKS
    )
    assert [v.check for v in verdicts if v.is_judged] == ["pages_complete", "canonical_hash"]
    assert workspace.tables.read("attempts", "a") == []
