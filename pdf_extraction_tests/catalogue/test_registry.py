import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from pdf_extraction.catalogue import Catalogue
from pdf_extraction.errors import BadSidecar, DocumentNotFound, SettingsError


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(tmp_path / "data")


def write(path, content=b"one", **sidecar):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if sidecar:
        path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")
    return path


def test_a_file_is_registered_with_its_hash_and_metadata(catalogue, tmp_path):
    """The sidecar's keys come along, and the document's id is the sidecar's."""
    path = write(tmp_path / "lei.pdf", document_id="Lei 14.133/2021", numero="14.133", ano=2021)
    entry = catalogue.register(path)
    document = entry.document
    assert (entry.state, entry.error, entry.superseded) == ("new", None, ())
    assert (document.partition_key, document.document_id) == ("lei", "Lei 14.133/2021")
    assert document.sha256 == hashlib.sha256(b"one").hexdigest()
    assert (document.path, document.byte_size) == (path, 3)
    assert document.metadata["ano"] == 2021
    assert catalogue.document("lei") == document
    assert catalogue.keys() == ["lei"]


def test_registering_again_is_the_same_partition(catalogue, tmp_path):
    """A key stays with its path, whichever way the path is named later."""
    path = write(tmp_path / "in" / "sub" / "lei.pdf")
    first = catalogue.register(path, tmp_path / "in")
    assert first.document.partition_key == "sub--lei"
    again = catalogue.register(tmp_path / "in" / "sub" / ".." / "sub" / "lei.pdf")
    assert (again.state, again.document) == ("same", first.document)


def test_a_changed_file_or_sidecar_is_seen(catalogue, tmp_path):
    """New bytes are a new version of the same partition; so is other metadata."""
    path = write(tmp_path / "lei.pdf")
    catalogue.register(path)
    write(path, b"two")
    assert catalogue.document("lei").sha256 == hashlib.sha256(b"two").hexdigest()
    assert catalogue.register(path).state == "same"
    write(path, b"three", ano=2021)
    entry = catalogue.register(path)
    assert (entry.state, entry.document.metadata) == ("changed", {"ano": 2021})
    os.utime(path, ns=(1, 1))
    assert catalogue.register(path).state == "same"
    path.with_suffix(".json").unlink()
    assert catalogue.entry("lei").document.metadata == {}


def test_two_files_of_one_name_have_two_keys(catalogue, tmp_path):
    """A key that is taken gets a short hash of the path, the same in every run."""
    paths = [write(tmp_path / folder / "lei.pdf", folder.encode()) for folder in "ab"]
    keys = [catalogue.register(path).document.partition_key for path in paths]
    assert keys[0] == "lei"
    assert keys[1].startswith("lei-")
    assert [catalogue.register(path).document.partition_key for path in paths] == keys
    assert [catalogue.document(key).document_id for key in keys] == keys
    below = write(tmp_path / "a" / "x" / "y.pdf")
    flat = write(tmp_path / "a" / "x--y.pdf")
    first, second = (catalogue.register(path, tmp_path / "a") for path in (below, flat))
    assert first.document.partition_key == "x--y"
    assert second.document.partition_key.startswith("x--y-")


def test_a_moved_folder_keeps_its_keys(catalogue, tmp_path):
    """The same bytes under the same name, the old path gone: the same partition."""
    old = write(tmp_path / "old" / "lei.pdf")
    catalogue.register(old)
    old.parent.rename(tmp_path / "new")
    moved = catalogue.register(tmp_path / "new" / "lei.pdf")
    assert moved.document.partition_key == "lei"
    assert moved.document.path == tmp_path / "new" / "lei.pdf"


def test_a_removed_file_is_known_as_it_was(catalogue, tmp_path):
    """A partition outlives its file until it is forgotten."""
    path = write(tmp_path / "lei.pdf", ano=2021)
    before = catalogue.register(path).document
    path.unlink()
    assert catalogue.document("lei") == before
    assert catalogue.forget("lei")
    assert not catalogue.forget("lei")
    assert catalogue.keys() == []
    with pytest.raises(SettingsError, match="lei: no file is registered"):
        catalogue.document("lei")


def test_many_files_are_registered_as_each_would_be(catalogue, tmp_path):
    """In their order, and one that cannot be keeps no other from it."""
    folder, gone = tmp_path / "in", tmp_path / "in" / "gone.pdf"
    files = [write(folder / name / "lei.pdf", name.encode()) for name in ("a", "b", "c")]
    wanted = [(files[0], folder), (gone, folder), (files[1], folder), (files[2], None)]
    first, missing, *others = catalogue.register_all(iter(wanted))
    assert isinstance(missing, DocumentNotFound)
    assert "gone.pdf" in str(missing)
    one_by_one = Catalogue(tmp_path / "other")
    expected = [one_by_one.register(path, root) for path, root in wanted if path != gone]
    assert [first, *others] == expected
    assert [catalogue.entry(entry.document.partition_key) for entry in expected] == [
        one_by_one.entry(entry.document.partition_key) for entry in expected
    ]


def test_a_missing_file_cannot_be_registered(catalogue, tmp_path):
    """Only files become partitions."""
    with pytest.raises(DocumentNotFound, match="No such file"):
        catalogue.register(tmp_path / "gone.pdf")
    assert catalogue.keys() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[1]", "expected a JSON object"),
        (b'{"ano": NaN}', "NaN is no JSON value"),
        (b'{"titulo": "\\ud800"}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"document_id": ["a"]}', "document_id: expected text"),
        (b'{"document_id": " \\n "}', "document_id: expected 1 to 200 bytes"),
        (b" " * 1_000_001, "larger than"),
    ],
)
def test_a_bad_sidecar_loses_no_document(catalogue, tmp_path, text, message):
    """The document is registered under its own name, with the sidecar's error beside it."""
    path = write(tmp_path / "lei.pdf")
    path.with_suffix(".json").write_bytes(text)
    entry = catalogue.register(path)
    assert isinstance(entry.error, BadSidecar)
    assert message in str(entry.error)
    assert str(path.with_suffix(".json")) in str(entry.error)
    assert (entry.document.document_id, entry.document.metadata) == ("lei", {})
    assert str(catalogue.entry("lei").error) == str(entry.error)
    path.with_suffix(".json").write_text('{"ano": 1}')
    mended = catalogue.register(path)
    assert (mended.state, mended.error, mended.document.metadata) == ("changed", None, {"ano": 1})


def test_a_sidecar_that_leads_out_of_the_folder_is_refused(catalogue, tmp_path):
    """A link beside a document reads no other part of the disk."""
    (tmp_path / "secret.json").write_text('{"password": "x"}')
    path = write(tmp_path / "in" / "lei.pdf")
    path.with_suffix(".json").symlink_to(tmp_path / "secret.json")
    entry = catalogue.register(path)
    assert "leads out of its folder" in str(entry.error)
    assert entry.document.metadata == {}


def test_two_documents_never_share_an_id(catalogue, tmp_path):
    """The second file that claims an id gets an error that names both, until one is changed."""
    first = write(tmp_path / "a.pdf", document_id="lei")
    second = write(tmp_path / "b.pdf", document_id="lei")
    catalogue.register(first)
    entry = catalogue.register(second)
    assert str(first) in str(entry.error)
    assert str(second) in str(entry.error)
    assert entry.document.document_id == "b"
    write(first, document_id="other")
    catalogue.register(first)
    entry = catalogue.register(second)
    assert (entry.error, entry.document.document_id) == (None, "lei")


def test_an_id_may_not_be_another_files_name(catalogue, tmp_path):
    """A sidecar that takes the name of another file does not make two documents one."""
    catalogue.register(write(tmp_path / "a.pdf", document_id="b"))
    entry = catalogue.register(write(tmp_path / "b.pdf"))
    assert isinstance(entry.error, BadSidecar)
    assert entry.document.document_id.startswith("b-")


def test_an_id_that_another_file_has_as_its_name_is_not_taken_over_by_an_old_claim(
    catalogue, tmp_path
):
    """Who had the id before, and gave it up, says nothing about who has it now."""
    was = write(tmp_path / "a.pdf", document_id="b")
    catalogue.register(was)
    write(tmp_path / "a.pdf", document_id="a2")
    catalogue.register(was)
    assert catalogue.register(write(tmp_path / "b.pdf")).document.document_id == "b"
    late = catalogue.register(write(tmp_path / "c.pdf", document_id="b"))
    assert "is also that of" in str(late.error)


def test_a_document_renamed_with_its_sidecar_says_whom_it_replaces(catalogue, tmp_path):
    """The id goes to the new name, and the old partition is named for forgetting."""
    path = write(tmp_path / "old.pdf", document_id="lei")
    catalogue.register(path)
    for ending in (".pdf", ".json"):
        path.with_suffix(ending).rename(tmp_path / f"new{ending}")
    entry = catalogue.register(tmp_path / "new.pdf")
    assert (entry.error, entry.superseded) == (None, ("old",))
    assert entry.document.document_id == "lei"
    assert catalogue.keys() == ["new"]
    assert catalogue.entry("new").superseded == ("old",)


@pytest.mark.parametrize("later", ["stays", "removed"])
def test_a_key_that_another_file_takes_is_no_longer_superseded(catalogue, tmp_path, later):
    """A new file under the old name keeps its rows, whatever becomes of the renamed one."""
    path = write(tmp_path / "a.pdf", document_id="lei")
    catalogue.register(path)
    for ending in (".pdf", ".json"):
        path.with_suffix(ending).rename(tmp_path / f"b{ending}")
    assert catalogue.register(tmp_path / "b.pdf").superseded == ("a",)
    write(path, b"another document")
    assert catalogue.register(path).document.partition_key == "a"
    if later == "removed":
        path.unlink()
    assert catalogue.entry("b").superseded == ()
    write(tmp_path / "b.pdf", b"another version")
    assert catalogue.register(tmp_path / "b.pdf").superseded == ()
    stored = json.loads((tmp_path / "data" / "catalogue" / "b.json").read_text())
    assert stored["superseded"] == []


def test_a_file_renamed_there_and_back_supersedes_the_other_name_only(catalogue, tmp_path):
    """Of two names that a file had, the catalogue keeps the one it has."""
    path = write(tmp_path / "a.pdf", document_id="lei")
    for old, new in ("ab", "ba", "ab"):
        catalogue.register(tmp_path / f"{old}.pdf")
        for ending in ("pdf", "json"):
            (tmp_path / f"{old}.{ending}").rename(tmp_path / f"{new}.{ending}")
        assert catalogue.register(path.with_stem(new)).superseded == (old,)
        assert catalogue.keys() == [new]


def test_a_name_that_is_no_text_is_a_document_like_any_other(catalogue, tmp_path):
    """Names in another encoding, as old archives have them, come back as the same file."""
    path = write(tmp_path / os.fsdecode(b"lei\xe7\xe3o.pdf"))
    key = catalogue.register(path).document.partition_key
    assert key == "lei__o"
    assert catalogue.document(key).path.read_bytes() == b"one"
    assert catalogue.register(path).state == "same"


def test_many_processes_may_register_at_once(catalogue, tmp_path):
    """No two files get one key, and no file gets two."""
    paths = [write(tmp_path / str(n) / "lei.pdf", str(n).encode()) for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        entries = list(pool.map(Catalogue(tmp_path / "data").register, paths * 2))
    keys = {entry.document.partition_key for entry in entries}
    assert len(keys) == 12
    assert catalogue.keys() == sorted(keys)


def test_a_half_written_entry_is_registered_anew(catalogue, tmp_path):
    """Damage to one entry costs that file's hash and nothing else."""
    path = write(tmp_path / "lei.pdf")
    catalogue.register(path)
    (tmp_path / "data" / "catalogue" / "lei.json").write_text("{")
    assert catalogue.register(path).document.partition_key == "lei"


def test_a_file_overwritten_by_one_of_its_size_and_date_is_a_change(tmp_path):
    """A copy that keeps dates does not pass for the file that was there."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"one")
    os.utime(path, (1000, 1000))
    catalogue = Catalogue(tmp_path / "data")
    before = catalogue.register(path).document
    path.write_bytes(b"two")
    os.utime(path, (1000, 1000))
    assert catalogue.now(before).sha256 != before.sha256


def test_files_that_differ_in_their_endings_have_keys_and_sidecars_of_their_own(tmp_path):
    """The second gets a hash to its key, and ``a.png.json`` goes before ``a.json``."""
    for name in ("a.pdf", "a.png"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "a.json").write_text('{"document_id": "um"}')
    (tmp_path / "a.png.json").write_text('{"document_id": "dois"}')
    catalogue = Catalogue(tmp_path / "data")
    first, second = (catalogue.register(tmp_path / name) for name in ("a.pdf", "a.png"))
    assert first.document.partition_key == "a"
    assert second.document.partition_key.startswith("a-")
    assert (first.document.document_id, second.document.document_id) == ("um", "dois")
    assert second.error is None
