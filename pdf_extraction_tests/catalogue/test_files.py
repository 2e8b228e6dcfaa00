import os
import unicodedata
from pathlib import Path

import pytest

from pdf_extraction.catalogue import find_documents, hash_file, partition_key
from pdf_extraction.errors import DocumentNotFound, SettingsError, UnreadableDocument


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("lei-14133.pdf", "lei-14133"),
        ("Lei nº 8.666, de 1993 (compilada).PDF", "Lei nº 8.666, de 1993 (compilada)"),
        (unicodedata.normalize("NFD", "ação.pdf"), "ação"),
        ("a...b.pdf", "a.b"),
        ("x.....pdf", "x"),
        ("a\nb\tc\x00.pdf", "a_b_c_"),
        ("a\u202egpj.pdf", "a_gpj"),
        ("a\\b:c.pdf", "a_b_c"),
        ("--force.pdf", "_force"),
        (".pdf.pdf", "pdf"),
        ("....pdf", "document"),
        (os.fsdecode(b"lei\xe7.pdf"), "lei_"),
    ],
)
def test_a_key_is_the_files_name_made_safe(path, key):
    """Keys are readable, one line, NFC, and nothing that Dagster or a shell gives a meaning."""
    assert partition_key(Path("/somewhere") / path) == key


def test_folders_below_the_root_are_in_the_key():
    """A file below the searched folder bears its path; one outside of it its name alone."""
    root = Path("/data/inbox")
    assert partition_key(root / "2021" / "março" / "lei.pdf", root) == "2021--março--lei"
    assert partition_key(root / "lei.pdf", root) == "lei"
    assert partition_key(Path("/other/lei.pdf"), root) == "lei"


@pytest.mark.parametrize("name", ["a" * 250, "ção" * 60, "é" * 120])
def test_a_long_name_is_cut_and_told_apart(name):
    """A key is never longer than 200 bytes, and two long names do not become one."""
    first, second = (partition_key(Path(f"{name}{end}.pdf")) for end in "xy")
    assert first != second
    assert first[:40] == name[:40]
    assert max(len(first.encode()), len(second.encode())) <= 200


def make(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def test_folders_are_searched_in_order(tmp_path):
    """Files of the endings, in any case, sorted, without hidden and unfinished ones."""
    make(tmp_path, "b.pdf", "a.PDF", "s/c.pdf", "a.json", "d.pdf.part", ".e.pdf", ".git/f.pdf")
    found = find_documents([tmp_path], [".pdf"])
    assert [one.path.relative_to(tmp_path).as_posix() for one in found] == [
        "a.PDF",
        "b.pdf",
        "s/c.pdf",
    ]
    assert {one.root for one in found} == {tmp_path}


def test_a_file_that_is_named_is_taken_once(tmp_path):
    """A named file needs no ending, and one that is named twice is one document."""
    make(tmp_path, "scan", "a.pdf")
    found = find_documents([tmp_path / "scan", tmp_path, tmp_path / "a.pdf"], [".pdf"])
    assert [one.path.name for one in found] == ["scan", "a.pdf"]
    assert found[0].root is None


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    """A link in a drop folder opens no other part of the disk; one within it does."""
    make(tmp_path, "out/secret.pdf", "in/a.pdf")
    inbox = tmp_path / "in"
    (inbox / "b.pdf").symlink_to(tmp_path / "out" / "secret.pdf")
    (inbox / "folder").symlink_to(tmp_path / "out")
    (inbox / "broken.pdf").symlink_to(tmp_path / "gone.pdf")
    (inbox / "c.pdf").symlink_to("a.pdf")
    found = find_documents([inbox], [".pdf"])
    assert [one.path.name for one in found] == ["a.pdf", "c.pdf"]


def test_a_path_that_does_not_exist_is_a_wrong_argument(tmp_path):
    """A mistyped path is said at once."""
    with pytest.raises(SettingsError, match=r"gone: there is no such file or folder"):
        find_documents([tmp_path / "gone"], [".pdf"])


def test_a_file_that_cannot_be_hashed_says_why(tmp_path):
    """A missing file and a folder are errors of that document."""
    with pytest.raises(DocumentNotFound, match="no such file"):
        hash_file(tmp_path / "gone.pdf")
    with pytest.raises(UnreadableDocument, match="is no plain file"):
        hash_file(tmp_path)
