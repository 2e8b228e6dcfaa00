"""`evaluate`: the product's own figures, on the samples of this repository."""

import json
import shutil
from pathlib import Path

import pytest

from pdf_extraction_tests.samples import write_law

GOLD = Path(__file__).resolve().parents[2] / "data" / "samples" / "gold"
ACT = "decreto-brejo-alto-112-2024"


@pytest.fixture
def gold(tmp_path):
    """A folder with one document and, below it, its gold."""
    folder = tmp_path / "gold"
    folder.mkdir()
    shutil.copy(GOLD / f"{ACT}.devices.jsonl", folder)
    shutil.copy(GOLD.parent / f"{ACT}.pdf", tmp_path)
    return folder


def test_the_samples_are_extracted_as_their_gold_says(invoke, tmp_path):
    """All five acts of the samples: every device found, born-digital texts equal."""
    result = invoke("evaluate", GOLD, "--data", tmp_path / "data", "--format", "json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert len(report["documents"]) == 5
    assert report["all"]["devices"]["f1"] >= 0.99
    assert report["all"]["alteracao"]["gold"] == 12
    assert report["all"]["riscado"]["gold"] == 3
    assert report["all"]["calibration_error"] <= 0.05
    for name, figures in report["documents"].items():
        assert figures["devices"]["equal_texts"] >= (0.8 if "digitalizada" in name else 1.0)


def test_rows_of_this_version_are_not_made_again(invoke, gold, tmp_path):
    """A second look runs nothing and says the same."""
    words = ("evaluate", gold, "--data", tmp_path / "data")
    first, second = invoke(*words), invoke(*words)
    assert "pages" in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert ACT in first.stdout


def test_differences_are_told_with_their_pages(invoke, gold, tmp_path):
    """A device that gold has and the document has not, and one that reads otherwise."""
    file = gold / f"{ACT}.devices.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[0]["text"] += " Salvo no domingo."
    rows.append({**rows[-1], "path": ["Art. 99"], "identifier": "Art. 99", "page_start": 3})
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = invoke("evaluate", gold, "--data", tmp_path / "data", "--format", "json")
    worst = json.loads(result.stdout)["worst"]
    assert [(one["kind"], one["page_number"], one["path"]) for one in worst] == [
        ("missing", 3, ["Art. 99"]),
        ("text", 1, ["Art. 1º"]),
    ]


def test_boxes_of_gold_are_compared(invoke, gold, tmp_path):
    """Where gold has boxes the median overlap is told, else nothing."""
    words = ("evaluate", gold, "--data", tmp_path / "data", "--format", "json")
    assert json.loads(invoke(*words).stdout)["all"]["bbox_overlap"] > 0.95
    file = gold / f"{ACT}.devices.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    bare = [{name: value for name, value in row.items() if name != "bbox"} for row in rows]
    file.write_text("".join(json.dumps(row) + "\n" for row in bare))
    assert json.loads(invoke(*words).stdout)["all"]["bbox_overlap"] is None


def test_gold_without_its_document_is_a_failure_that_says_so(invoke, gold, tmp_path):
    """The others are measured, and the exit status is 1."""
    shutil.copy(gold / f"{ACT}.devices.jsonl", gold / "perdido.devices.jsonl")
    result = invoke("evaluate", gold, "--data", tmp_path / "data")
    assert result.exit_code == 1
    assert "perdido.devices.jsonl: no perdido.pdf beside it" in result.stderr
    assert ACT in result.stdout


def test_a_folder_without_gold_is_wrong_usage(invoke, tmp_path):
    """It says what was looked for."""
    result = invoke("evaluate", tmp_path)
    assert result.exit_code == 2
    assert "NAME.devices.jsonl" in result.stderr


def test_a_line_that_is_no_device_is_wrong_usage(invoke, tmp_path):
    """File and line are named, and nothing is run."""
    write_law(tmp_path / "lei.pdf")
    (tmp_path / "lei.devices.jsonl").write_text('{"path": ["Art. 1º"]}\n')
    result = invoke("evaluate", tmp_path, "--data", tmp_path / "data")
    assert result.exit_code == 2
    assert "lei.devices.jsonl, line 1: without device_type" in result.stderr
    assert not (tmp_path / "data" / "tables").exists()


def test_a_folder_of_olmocr_bench_tests_is_run_on_the_pages_markdown(invoke, tmp_path):
    """Kinds are counted with an interval, failures told with page and reason."""
    folder = tmp_path / "bench"
    (folder / "pdfs").mkdir(parents=True)
    shutil.copy(GOLD.parent / f"{ACT}.pdf", folder / "pdfs" / "ato.pdf")
    base = {"pdf": "ato.pdf", "page": 1}
    tests = [
        {**base, "id": "1", "type": "present", "text": "Programa Municipal de Hortas"},
        {**base, "id": "2", "type": "present", "text": "palavra que ali não está"},
        {**base, "id": "3", "type": "footnote", "marker": "1"},
        {"pdf": "perdido.pdf", "page": 1, "id": "4", "type": "absent", "text": "x"},
    ]
    (folder / "tests.jsonl").write_text("".join(f"{json.dumps(test)}\n" for test in tests))
    words = ("evaluate", folder, "--data", tmp_path / "data")
    result = invoke(*words, "--format", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    counts = {kind: (one["passed"], one["total"]) for kind, one in report["tests"].items()}
    assert counts == {"present": (1, 2), "baseline": (1, 1), "all": (2, 3)}
    assert [(one["id"], one["page_number"]) for one in report["failures"]] == [("2", 1)]
    assert report["skipped"] == {"footnote": 1}
    assert "perdido.pdf" in report["problems"][0]
    shown = invoke("evaluate", folder / "tests.jsonl", "--data", tmp_path / "data")
    assert "0.500" in shown.stdout
    assert "palavra que ali não está" in shown.stdout
