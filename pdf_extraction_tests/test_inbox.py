"""The drop folder and the retries, without Dagster and without waiting."""

import os
import unicodedata

import pytest

from pdf_extraction.catalogue import Catalogue
from pdf_extraction.inbox import (
    Attempted,
    Inbox,
    Troubled,
    can_be_retried,
    due_retries,
    remember,
    remembered,
)
from pdf_extraction.settings import InboxSettings


class Clock:
    """An inbox that is looked at again and again, each time some seconds later."""

    def __init__(self, data, **settings):
        self.folder = data / "inbox"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data, self.settings = data, InboxSettings(settle_s=5.0, **settings)
        self.now, self.watched, self.registered = 1000.0, {}, set()
        self.restart()

    def restart(self):
        self.inbox = Inbox(self.folder, Catalogue(self.data), self.settings)

    def look(self, later=6.0, fails=False):
        """What a tick takes; of one that fails afterwards Dagster keeps nothing."""
        self.now += later
        self.last = self.inbox.look(self.watched, self.now, self.registered)
        taken = [(one.entry.document.partition_key, one.entry.state) for one in self.last.taken]
        if not fails:
            self.watched = self.last.watched
            self.registered |= {key for key, _ in taken}
        return taken

    def write(self, name, data=b"%PDF-1.7"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path / "data")


def test_a_missing_folder_is_made(tmp_path):
    """The first look makes the drop folder, so that there is somewhere to drop."""
    Inbox(tmp_path / "d" / "inbox", Catalogue(tmp_path / "d"), InboxSettings()).look({}, 0.0, ())
    assert (tmp_path / "d" / "inbox").is_dir()


def test_a_file_is_taken_when_it_has_settled(clock):
    """The first look only watches; the second, settle_s later, takes."""
    clock.write("a.pdf")
    assert clock.look() == []
    assert clock.look(later=4.0) == []
    assert clock.look(later=2.0) == [("a", "new")]
    assert clock.look() == []


def test_a_file_that_grows_is_waited_for(clock):
    """Each change starts the waiting anew."""
    clock.write("a.pdf")
    clock.look()
    clock.write("a.pdf", b"%PDF-1.7 and more")
    assert clock.look() == []
    assert clock.look() == [("a", "new")]


def test_other_endings_and_unfinished_downloads_are_left(clock):
    """`.part` files and hidden files are nobody's documents; endings count in any case."""
    for name in ("a.pdf.part", ".b.pdf", "c.txt", "D.PDF"):
        clock.write(name)
    clock.look()
    assert clock.look() == [("D", "new")]


def test_a_replaced_file_is_the_same_partition(clock):
    """Other bytes under the same name are a new version of the document."""
    clock.write("a.pdf")
    clock.look(), clock.look()
    clock.write("a.pdf", b"%PDF-1.7 other bytes")
    clock.look()
    assert clock.look() == [("a", "changed")]


def test_a_new_sidecar_is_a_change(clock):
    """Metadata that comes later is taken up."""
    clock.write("a.pdf")
    clock.look(), clock.look()
    clock.write("a.json", b'{"titulo": "Lei"}')
    clock.look()
    assert clock.look() == [("a", "changed")]


def test_a_renamed_file_is_a_new_partition_and_a_removed_one_is_none(clock):
    """The old rows stay until somebody forgets them."""
    path = clock.write("a.pdf")
    clock.look(), clock.look()
    path.rename(path.with_name("b.pdf"))
    clock.look()
    assert clock.look() == [("b", "new")]
    path.with_name("b.pdf").unlink()
    assert clock.look() == clock.look() == []


def test_subfolders_are_part_of_the_key(clock):
    """Files of the same name in two folders are two documents."""
    clock.write("2023/lei.pdf", b"one")
    clock.write("2024/lei.pdf", b"two")
    clock.look()
    assert clock.look() == [("2023--lei", "new"), ("2024--lei", "new")]


def test_a_restart_takes_nothing_twice(clock):
    """A new process looks at every file once more, and the catalogue knows them."""
    clock.write("a.pdf")
    clock.look(), clock.look()
    clock.restart()
    assert clock.look() == clock.look() == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_file_whose_tick_failed_is_taken_again(clock, restarted):
    """The catalogue has it already, but Dagster heard nothing of it."""
    clock.write("a.pdf")
    clock.look()
    assert clock.look(fails=True) == [("a", "new")]
    if restarted:
        clock.restart()
    assert clock.look() == [("a", "same")]
    assert clock.look() == clock.look() == []


def test_a_file_that_only_the_catalogue_knows_is_taken(clock):
    """Also when the cursor went with the process that had registered it."""
    path = clock.write("a.pdf")
    Catalogue(clock.data).register(path, clock.folder)
    clock.look()
    assert clock.look() == [("a", "same")]
    assert clock.look() == clock.look() == []


def test_a_change_whose_tick_failed_is_taken_again(clock):
    """Its key is a partition since its first version; the new sidecar must come all the same."""
    clock.write("a.pdf")
    clock.look(), clock.look()
    clock.write("a.json", b'{"titulo": "Lei"}')
    clock.look()
    assert clock.look(fails=True) == [("a", "changed")]
    assert clock.look() == [("a", "same")]
    assert clock.look() == clock.look() == []


def test_a_file_that_cannot_be_registered_costs_the_others_nothing(clock):
    """Those before and after it are taken, and it is tried again when the disk is mended."""
    for name in "abc":
        clock.write(f"{name}.pdf", name.encode())
    blocked = clock.data / "catalogue" / "b.json"
    blocked.mkdir(parents=True)
    clock.look()
    assert clock.look() == [("a", "new"), ("c", "new")]
    [problem] = clock.last.problems
    assert "mend the folder" in problem
    assert clock.look() == []
    blocked.rmdir()
    assert clock.look() == [("b", "new")]


NAMES = (
    "com espaço.pdf",
    unicodedata.normalize("NFD", "ação.pdf"),
    unicodedata.normalize("NFC", "ação.pdf"),
    "😀🏛.pdf",
    "two\nlines.pdf",
    "x" * 251 + ".pdf",
    "é" * 125 + ".pdf",
    os.fsdecode(b"latin\xe7.pdf"),
)


def test_names_of_every_kind_are_taken(clock):
    """Blanks, accents in both forms, emoji, line breaks, 255 bytes and bytes that are no text."""
    for number, name in enumerate(NAMES):
        clock.write(name, str(number).encode())
    clock.look()
    keys = [key for key, _ in clock.look()]
    assert len(set(keys)) == len(NAMES)
    assert all(key.isprintable() and len(key.encode()) <= 200 for key in keys)
    assert clock.last.problems == []


def test_what_cannot_be_taken_is_said_once_and_shown_as_long_as_it_is_there(clock, tmp_path):
    """Links out of the folder or to nowhere, and folders of links: each has its sentence."""
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.7")
    (clock.folder / "out.pdf").symlink_to(tmp_path / "secret.pdf")
    (clock.folder / "lost.pdf").symlink_to(tmp_path / "gone.pdf")
    (clock.folder / "folder").symlink_to(tmp_path)
    os.mkfifo(clock.folder / "pipe.pdf")
    assert clock.look() == clock.look() == []
    problems = "\n".join(clock.last.problems)
    assert "out.pdf: a link that leads out of its folder" in problems
    assert "lost.pdf: cannot be reached: No such file" in problems
    assert "folder: a link to a folder, which is not followed" in problems
    assert "pipe.pdf: is no file" in problems
    assert clock.last.news == []


def test_a_download_that_has_its_final_name_already_is_waited_for(clock):
    """Some browsers put an empty file of the final name beside the one that grows."""
    clock.write("a.pdf", b"")
    part = clock.write("a.pdf.part")
    assert clock.look() == clock.look() == []
    part.replace(clock.folder / "a.pdf")
    clock.look()
    assert clock.look() == [("a", "new")]


def test_a_clock_that_is_set_back_holds_no_file_up(clock):
    """Neither times of files in the future nor a jump of the system's clock stall the folder."""
    path = clock.write("a.pdf")
    os.utime(path, (4e9, 4e9))
    clock.look()
    assert clock.look(later=-100_000.0) == []
    assert clock.look() == [("a", "new")]


def test_a_clock_that_is_set_back_puts_no_retry_off():
    """A retry that seems to be due in a year is due."""
    known = {"a": Attempted("v1", 1, 3e7)}
    due, _ = due_retries([Troubled("a", "v1")], known, (60.0, 600.0), 1000.0)
    assert [one.key for one in due] == ["a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(clock):
    """Its reason is shown, and it is taken when somebody gives the right."""
    path = clock.write("a.pdf")
    path.chmod(0)
    assert clock.look() == clock.look() == []
    assert "may not be read" in clock.last.problems[0]
    path.chmod(0o600)
    clock.look()
    assert clock.look() == [("a", "new")]


def test_what_was_remembered_of_retries_is_read_without_dagster(tmp_path):
    """Also where nothing was, or where the file is damaged."""
    assert remembered(tmp_path) == {}
    remember(tmp_path, {"a": Attempted("v1", 2, 5.0)})
    assert remembered(tmp_path) == {"a": Attempted("v1", 2, 5.0)}
    (tmp_path / ".retries.json").write_text("[1")
    assert remembered(tmp_path) == {}


def test_one_look_takes_a_bounded_number(tmp_path):
    """The rest waits for the next looks and is not forgotten."""
    clock = Clock(tmp_path / "data", max_new_per_tick=2)
    for number in range(5):
        clock.write(f"{number}.pdf", str(number).encode())
    counts = [len(clock.look()) for _ in range(8)]
    assert sum(counts) == 5
    assert max(counts) == 2


def test_a_retry_comes_after_its_delay_and_no_more_often_than_the_limit():
    """Two delays are two retries: after 60 s, then 600 s, then a person must act."""
    troubled, state, retried = [Troubled("a", "v1", ("ChainExhausted",))], {}, []
    for now in range(0, 5000, 10):
        due, state = due_retries(troubled, state, (60.0, 600.0), float(now))
        retried += [now] * len(due)
    assert retried == [60, 660]


def test_documents_beyond_mending_starve_no_others():
    """Of those that are due the first ones are tried, the others at the next look."""
    lost = [Troubled(f"a{n}", "v1", ("EncryptedDocument",)) for n in range(3)]
    troubled = [*lost, *(Troubled(f"b{n}", "v1") for n in range(3))]
    _, state = due_retries(troubled, {}, (60.0, 600.0), 0.0, most=2)
    due, state = due_retries(troubled, state, (60.0, 600.0), 60.0, most=2)
    assert [one.key for one in due] == ["b0", "b1"]
    assert state["b2"] == Attempted("v1", 0, 60.0)
    due, _ = due_retries(troubled, state, (60.0, 600.0), 61.0, most=2)
    assert [one.key for one in due] == ["b2"]


def test_a_new_version_is_counted_anew():
    """A replaced file has all its retries before it."""
    state = {"a": Attempted("v1", 2, 0.0)}
    _, state = due_retries([Troubled("a", "v2")], state, (60.0,), 100.0)
    assert state == {"a": Attempted("v2", 0, 160.0)}


def test_counting_stands_still_while_a_run_works_on_the_document():
    """Otherwise each retry would begin with all its tries again, without end."""
    state = {"a": Attempted("v1", 1, 50.0)}
    due, after = due_retries([Troubled("a", "v1")], state, (60.0, 60.0), 100.0, busy={"a"})
    assert (due, after) == ([], state)


def test_a_mended_document_is_forgotten():
    """What is in order leaves the cursor."""
    assert due_retries([], {"a": Attempted("v1", 1, 0.0)}, (60.0,), 100.0) == ([], {})


@pytest.mark.parametrize(
    ("error_type", "retried"),
    [
        ("ChainExhausted", True),
        ("PageTimedOut", True),
        ("EncryptedDocument", False),
        ("UnreadableDocument", False),
        ("BadSidecar", False),
        ("BudgetExceeded", False),
        ("PageNotSelected", False),
    ],
)
def test_only_what_time_may_mend_is_retried(error_type, retried):
    """Unreadable bytes, a spent budget and pages left out wait for a person."""
    assert can_be_retried(error_type) is retried
    due, _ = due_retries(
        [Troubled("a", "v1", (error_type,))], {"a": Attempted("v1", 0, 0.0)}, (60.0,), 100.0
    )
    assert bool(due) is retried
