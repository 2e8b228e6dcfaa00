import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pdf_extraction.storage.stages import Stages

FIELDS = [("page_number", pa.int64()), ("payload", pa.string()), ("words", pa.binary())]
ROWS = [{"page_number": 1, "payload": '{"a": "ção"}'}, {"page_number": 2, "payload": "[]"}]


def test_a_stage_comes_back_as_it_was_kept(tmp_path):
    """Header and rows of the last save are what is loaded; other keys have their own."""
    stages = Stages(tmp_path)
    stages.save("page_images", "k", {"sha256": "1"}, [])
    stages.save("page_images", "k", {"sha256": "2", "error": None}, ROWS)
    kept = stages.load("page_images", "k")
    assert (kept.header, list(kept)) == ({"sha256": "2", "error": None}, ROWS)
    assert stages.load("page_images", "other") is None
    assert stages.load("page_completions", "k") is None
    assert [path.name for path in (tmp_path / "stages" / "page_images").iterdir()] == ["k.arrow"]


@pytest.mark.parametrize("content", [b"", b"ARROW1", b"ARROW1 this is no Arrow file ARROW1"])
def test_an_unreadable_stage_is_as_good_as_none(tmp_path, caplog, content):
    """A damaged file is a warning in the log, and the step is done again."""
    stages = Stages(tmp_path)
    stages.save("page_images", "k", {}, ROWS)
    (tmp_path / "stages" / "page_images" / "k.arrow").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert stages.load("page_images", "k") is None
    assert "k.arrow cannot be read" in caplog.text


@pytest.mark.parametrize("half", [0, 1])
def test_what_a_version_before_kept_is_read_once_and_then_kept_as_today(tmp_path, caplog, half):
    """It was Parquet; pages read by OCR are dear to read again. A damaged file is as none."""
    stages, path = Stages(tmp_path), tmp_path / "stages" / "page_images" / "k.parquet"
    path.parent.mkdir(parents=True)
    rows = [{"words": None, **row} for row in ROWS]
    table = pa.Table.from_pylist(rows, pa.schema(FIELDS, {b"pdf_extraction.header": b'{"a": 1}'}))
    pq.write_table(table, path, compression="zstd")
    path.write_bytes(path.read_bytes()[half * 50 :])
    kept = stages.load("page_images", "k")
    if half:
        assert kept is None
        assert "cannot be read" in caplog.text
    else:
        assert (kept.header, list(kept)) == ({"a": 1}, ROWS)
        assert [file.name for file in path.parent.iterdir()] == ["k.arrow"]
        assert list(stages.load("page_images", "k")) == ROWS


def test_forgetting_takes_every_step_of_one_document(tmp_path):
    """Nothing of the document is left, and nothing of another is touched."""
    stages = Stages(tmp_path)
    stages.forget("k")
    for asset in ("page_images", "page_completions"):
        for key in ("k", "k2"):
            stages.save(asset, key, {}, ROWS)
    stages.forget("k")
    assert stages.load("page_images", "k") is None
    assert stages.load("page_completions", "k") is None
    assert stages.load("page_completions", "k2") is not None


def test_a_long_documents_rows_are_read_where_they_are_asked_for(tmp_path):
    """A row has its page's number, wherever it stands, though the file is replaced meanwhile."""
    stages = Stages(tmp_path)
    rows = [
        {"page_number": n, "payload": str(n), "words": bytes([n % 256])} for n in range(1, 1_000)
    ]
    stages.save("page_images", "k", {}, iter(rows))
    kept = stages.load("page_images", "k")
    stages.save("page_images", "k", {}, ROWS)
    assert kept.numbers == list(range(1, 1_000))
    assert [kept[place] for place in (998, 0, -1, 500)] == [
        rows[place] for place in (998, 0, -1, 500)
    ]
    assert kept[63:66] == rows[63:66]
    assert list(kept) == rows
