"""Files that are broken or mean harm, by the whole way from a folder to the tables."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from pdf_extraction import errors
from pdf_extraction.cli import program
from pdf_extraction.errors import DocumentError, ExtractionError, UnreadableDocument
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.workers import Reader
from pdf_extraction.storage.warehouse import Warehouse
from pdf_extraction_tests.hostile import KINDS, act, locked, one_page, written

#: Enough for every good page here; bombs are given up after it.
CPU_S = 0.4
SETTINGS = f"[render]\npage_cpu_s = {CPU_S}\n[ocr]\nwhen = 'never'\n"

#: How telling kinds end: status, and class of the document's or of its first page's error.
ENDS = {
    "truncated_tail": ("done", None),
    "truncated_head": ("failed", "UnreadableDocument"),
    "owner_password": ("done", None),
    "user_password": ("failed", "EncryptedDocument"),
    "zero_bytes": ("failed", "UnreadableDocument"),
    "not_a_pdf": ("failed", "UnreadableDocument"),
    "no_pages": ("failed", "UnreadableDocument"),
    "lying_page_count": ("failed", "UnreadableDocument"),
    "xref_loop": ("done", None),
    "pages_in_a_ring": ("failed", "PageError"),
    "form_calls_itself": ("done", None),
    "forms_by_the_billion": ("failed", "PageTimedOut"),
    "stream_bomb": ("failed", "PageTimedOut"),
    "deep_arrays": ("failed", "PageError"),
    "box_14400": ("done", None),
    "box_million": ("done", None),
    "box_nan": ("done", None),
    "rotated_45": ("done", None),
    "no_resources": ("done", None),
    "wrong_length": ("done", None),
    "javascript": ("done", None),
    "launch_action": ("done", None),
    "attachment": ("done", None),
    "polyglot": ("done", None),
}

#: Kinds whose trouble is in what is drawn.
PICTURED = [name for name in KINDS if name.startswith(("image_", "box_", "tiling", "dash", "user"))]


def rows(data, sql):
    return Warehouse(data).query(sql).to_pylist()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the program over paths; its data folder and what it said."""
    for name in ("PDF_EXTRACTION_DATA", "PDF_EXTRACTION_CONFIG", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pdf_extraction.toml").write_text(SETTINGS)
    return lambda *words: CliRunner().invoke(program, ["run", *map(str, words)])


def test_every_hostile_file_ends_with_a_named_state_and_none_stops_the_others(run, tmp_path):
    """Each of our kinds in one run: its row says how it ended, a good file beside them is done."""
    paths = written(tmp_path / "in")
    (tmp_path / "in" / "a_good_act.pdf").write_bytes(act())
    result = run(tmp_path / "in")
    assert result.exit_code == 1, result.output
    documents = {row["partition_key"]: row for row in rows(tmp_path / "data", "FROM documents")}
    assert set(documents) == {*paths, "a_good_act"}
    assert documents["a_good_act"]["status"] == "done"
    pages = rows(tmp_path / "data", "FROM pages ORDER BY document_id, page_number")
    first = {row["document_id"]: row["error_type"] for row in reversed(pages)}
    for name in paths:
        ended = documents[name]
        kind = ended["error_type"] or first[name]
        assert kind is None or issubclass(getattr(errors, kind), ExtractionError), name
        assert kind != "ReaderFault", name
        assert name not in ENDS or (ended["status"], kind) == ENDS[name], name
    for row in [*documents.values(), *pages]:
        name = row.get("partition_key") or row["document_id"]
        if row["error"] is not None and row["error_type"] != "ChainExhausted":
            assert f"{name}.pdf" in row["error"]
            assert ": " in row["error"]


def test_pictures_of_hostile_files_end_likewise(tmp_path):
    """What a model would be shown is bounded; a page without a picture has its reason."""

    async def work():
        async with Reader(options) as reader:
            return await asyncio.gather(*(look(reader, path) for path in paths.values()))

    async def look(reader, path):
        try:
            facts = await reader.open(path)
        except DocumentError as error:
            return [error]
        return [await reader.read(path, number + 1) for number in range(min(2, facts.page_count))]

    options = ReadOptions(workers=2, want_picture=True, ocr_languages=(), page_cpu_s=CPU_S)
    paths = written(tmp_path, PICTURED)
    for name, found in zip(paths, asyncio.run(work()), strict=True):
        assert found, name
        for page in found:
            if not isinstance(page, ExtractionError) and page.picture is not None:
                assert 0 < page.picture.width * page.picture.height <= options.max_pixels, name
                assert len(page.picture.data) * 4 / 3 <= options.max_image_bytes + 4, name


def test_what_is_no_plain_file_is_refused_or_passed_over(run, tmp_path):
    """Pipes, devices, folders and links out of the folder under a document's name."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bom.pdf").write_bytes(act(1))
    (folder / "pasta.pdf").mkdir()
    os.mkfifo(folder / "cano.pdf")
    (tmp_path / "fora.pdf").write_bytes(act(1))
    (folder / "fora.pdf").symlink_to(tmp_path / "fora.pdf")
    (folder / "laco.pdf").symlink_to(folder / "laco.pdf")
    (folder / "disco.pdf").symlink_to("/dev/zero")
    result = run(folder)
    assert not isinstance(result.exception, RuntimeError | OSError)
    assert [row["partition_key"] for row in rows(tmp_path / "data", "FROM documents")] == ["bom"]
    for name in ("cano.pdf", "disco.pdf"):
        result = run(folder / name)
        assert result.exit_code == 1
        assert "is no plain file" in result.output


def test_a_password_comes_from_the_variable_that_the_sidecar_names(run, tmp_path, monkeypatch):
    """Without it the document asks for one and says how; the password itself is kept nowhere."""
    path = tmp_path / "lei.pdf"
    path.write_bytes(locked(user="s3nh4-s3creta"))
    result = run(path)
    assert result.exit_code == 1
    assert 'lei.json as {"password_env": "NAME"}' in result.output
    (tmp_path / "lei.json").write_text(json.dumps({"password_env": "SENHA_DA_LEI"}))
    assert run(path).exit_code == 1
    monkeypatch.setenv("SENHA_DA_LEI", "s3nh4-s3creta")
    result = run(path)
    assert result.exit_code == 0, result.output
    [row] = rows(tmp_path / "data", "FROM documents")
    assert (row["status"], row["error"]) == ("done", None)
    assert json.loads(row["metadata"]) == {"password_env": "SENHA_DA_LEI"}
    assert not holders(tmp_path / "data", b"s3nh4-s3creta")
    assert "s3nh4" not in result.output


def test_a_password_written_into_the_sidecar_reaches_no_table(run, tmp_path):
    """``password_env`` that is no variable's name fails the document without being repeated."""
    (tmp_path / "lei.pdf").write_bytes(locked(user="minha senha"))
    (tmp_path / "lei.json").write_text(json.dumps({"password_env": "minha senha"}))
    result = run(tmp_path / "lei.pdf")
    assert result.exit_code == 1
    assert "BadSidecar" in result.output
    assert "minha senha" not in result.output
    assert not holders(tmp_path / "data", b"minha senha")


def holders(folder: Path, marker: bytes) -> list[Path]:
    """Files below a folder that hold the marker."""
    return [file for file in folder.rglob("*") if file.is_file() and marker in file.read_bytes()]


def test_a_bomb_is_given_all_its_memory_once_and_then_refused(tmp_path):
    """A page that needs more than most is read again, alone, with all that a page may take."""
    path = tmp_path / "cheia.pdf"
    path.write_bytes(KINDS["huge_string"]())

    async def work(most):
        options = ReadOptions(workers=1, ocr_languages=(), page_memory_bytes=most, page_cpu_s=0)
        async with Reader(options) as reader:
            return await reader.read(path, 1)

    refused = asyncio.run(work(100_000_000)).error
    assert isinstance(refused, errors.PageTooLarge)
    assert "page_memory_bytes" in str(refused)


def test_a_file_that_hangs_when_opened_is_given_up(tmp_path):
    """A file without its table of objects has to be searched for all of them."""
    path = tmp_path / "lenta.pdf"
    objects = dict.fromkeys(range(7, 99_999), "<</A[" + "<</B 1>>" * 40 + "]>>")
    path.write_bytes(one_page(further=objects)[:-60])

    async def work():
        async with Reader(ReadOptions(workers=1, page_cpu_s=0.05)) as reader:
            return await reader.open(path)

    with pytest.raises(UnreadableDocument, match=r"lenta\.pdf could not be opened .*page_cpu_s"):
        asyncio.run(work())
