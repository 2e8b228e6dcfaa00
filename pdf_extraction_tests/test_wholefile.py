"""Files replaced at once or not at all."""

import asyncio
import errno
import os
import time

import pytest

from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction.wholefile import replacing


def names_in(folder):
    return sorted(file.name for file in folder.iterdir())


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    """What was begun and not ended leaves the old content and nothing beside it."""
    file = tmp_path / "a.json"
    file.write_text("old")

    def full_disk():
        with replacing(file) as new:
            new.write_text("half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        full_disk()
    assert (file.read_text(), names_in(tmp_path)) == ("old", ["a.json"])
    with replacing(file) as new:
        new.write_text("new")
    assert (file.read_text(), names_in(tmp_path)) == ("new", ["a.json"])


@pytest.mark.parametrize(
    "folder", ["stages/page_images", "tables/invoice", "catalogue/.index/id", "."]
)
def test_what_kills_left_a_day_ago_is_gone_when_a_run_begins(tmp_path, folder):
    """Another process's young file stays, and so does every file of any other name."""
    old, young = f".{'a' * 32}", f".{'b' * 32}"
    others = [".lock", "a.json"]
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / old).touch()
    os.utime(tmp_path / "inbox" / old, (0, 0))
    for name in (old, *others):
        (tmp_path / folder / name).touch()
        os.utime(tmp_path / folder / name, (0, time.time() - 86_401))
    (tmp_path / folder / young).touch()

    async def begun():
        async with open_tools(Workspace(tmp_path, parse_settings({}, "test"))):
            return [file.name for file in (tmp_path / folder).iterdir() if file.is_file()]

    assert sorted(asyncio.run(begun())) == sorted([young, *others])
    assert names_in(tmp_path / "inbox") == [old]
