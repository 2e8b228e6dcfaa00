"""Real worker processes: crashes, time, memory, and the end of the parent."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pymupdf
import pytest
from pebble import ProcessExpired

from pdf_extraction.errors import (
    DocumentError,
    DocumentNotFound,
    EncryptedDocument,
    PageError,
    PageTimedOut,
    PageTooLarge,
    UnreadableDocument,
)
from pdf_extraction.model import WHOLE_PAGE, View
from pdf_extraction.pdf import deaths, tasks
from pdf_extraction.pdf.allowance import Allowance, allowed, lifted
from pdf_extraction.pdf.memory import give_back_spare, usage
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.tasks import PictureOptions
from pdf_extraction.pdf.workers import Reader
from pdf_extraction_tests.corpus import CORPUS, needs_corpus
from pdf_extraction_tests.hostile import KINDS
from pdf_extraction_tests.pdf.made import PROSE, saved

ROOT = Path(__file__).resolve().parents[2]


async def _until_running(reader):
    while not reader._running:  # noqa: ASYNC110 - the reader has no event for tests
        await asyncio.sleep(0)


@pytest.fixture
def document(tmp_path):
    made = pymupdf.open()
    for _ in range(6):
        made.new_page().insert_textbox((50, 50, 500, 700), PROSE)
    return saved(made, tmp_path)


def reading(work, **options):
    async def run():
        async with Reader(ReadOptions(**{"workers": 2, **options})) as reader:
            return await work(reader)

    return asyncio.run(run())


def test_pages_of_a_document_are_read_in_workers(document):
    async def work(reader):
        facts = await reader.open(document)
        numbers = range(1, facts.page_count + 1)
        return await asyncio.gather(*(reader.read(document, number) for number in numbers))

    pages = reading(work)
    assert [page.page_number for page in pages] == [1, 2, 3, 4, 5, 6]
    assert all(page.error is None and page.text.text.startswith("Compete") for page in pages)


def test_workers_that_may_rest_are_gone_until_the_next_page(document):
    """Their memory is free for whoever works on; another page is read all the same."""

    async def work(reader):
        await reader.read(document, 1)
        here = psutil.Process()
        workers = [one for one in here.children(recursive=True) if one.ppid() != here.pid]
        await reader.rest()
        return workers, psutil.wait_procs(workers, timeout=60)[1], await reader.read(document, 2)

    workers, left, page = reading(work)
    assert workers
    assert not left
    assert page.text.text


def test_a_picture_is_brought_when_asked_for(document):
    async def work(reader):
        return await reader.read(document, 1), await reader.picture(document, 1)

    page, picture = reading(work, want_picture=True)
    assert page.picture == picture
    assert picture.data == page.picture.data


def test_a_short_documents_first_page_comes_with_its_facts(document):
    """One task reads a document of one page; of a long one nobody knows yet when its turn is."""

    async def work(reader):
        opened = [await reader.open(document, first_up_to=most) for most in (0, 5, 6)]
        return [facts.first_page for facts in opened], await reader.read(document, 1)

    (*none, first), page = reading(work, want_picture=True, thumbnail=PictureOptions(dpi=30))
    assert none == [None, None]
    assert first == page
    assert first.picture.data == page.picture.data
    assert 0 < first.thumbnail.width <= 248  # 595 points at 30 dots an inch


def test_a_first_page_that_kills_its_worker_leaves_the_document_open(tmp_path):
    path = tmp_path / "cheia.pdf"
    path.write_bytes(KINDS["huge_string"]())

    async def work(reader):
        facts = await reader.open(path, first_up_to=1)
        return facts, await reader.read(path, 1)

    facts, page = reading(
        work, page_memory_bytes=100_000_000, page_cpu_s=0, workers=1, ocr_languages=()
    )
    assert (facts.page_count, facts.first_page) == (1, None)
    assert isinstance(page.error, PageTooLarge)


def test_decoded_scans_do_not_stay_in_a_reader(tmp_path):
    """A reader of a hundred scans came to hold 128 MB of them, whatever page it read next."""
    made = pymupdf.open()
    for shade in range(8):
        pixmap = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 2_000, 2_000))
        pixmap.clear_with(shade)
        made.new_page().insert_image((0, 0, 500, 500), pixmap=pixmap)
    path = saved(made, tmp_path, deflate=True)

    async def work(reader):
        for number in range(1, 9):
            await reader.read(path, number)
        return await reader._run(_stored_bytes)

    assert 0 < reading(work, workers=1, want_picture=True, ocr_languages=()) < 12_000_000


def _stored_bytes():
    """Bytes in the MuPDF store of this process; the library tells in print alone."""
    buffer = pymupdf.mupdf.FzBuffer(1_000)
    out = pymupdf.mupdf.FzOutput(buffer)
    pymupdf.mupdf.fz_debug_store(out)
    out.fz_close_output()
    return int(re.findall(rb"size=(\d+), actual", buffer.fz_buffer_extract())[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps what was freed")
def test_what_many_pages_have_freed_goes_back_to_the_system():
    """A hundred varied pages left 50 MB in a reader that nothing held any more."""
    assert reading(lambda reader: reader._run(_given_back), workers=1) > 60_000_000


def _given_back():
    give_back_spare()
    chunks = [b"x" * 100_000 for _ in range(1_000)]
    held = usage().anonymous
    del chunks[:-1]  # the last one keeps the heap from shrinking by itself
    give_back_spare()
    return held - usage().anonymous


def test_a_part_of_a_page_is_brought_turned(document):
    """A worker shows what a view asks for."""

    async def work(reader):
        views = (WHOLE_PAGE, View(90), View(0, (0.0, 0.0, 1.0, 0.5)))
        return [await reader.picture(document, 1, None, view) for view in views]

    whole, turned, half = reading(work)
    assert (turned.width, turned.height) == (whole.height, whole.width)
    assert half.width > whole.width


def test_a_replaced_file_is_opened_anew(document, tmp_path):
    async def work(reader):
        before = await reader.read(document, 1)
        other = pymupdf.open()
        other.new_page().insert_text((72, 72), "outro texto")
        saved(other, tmp_path)
        return before, await reader.read(document, 1)

    before, after = reading(work, workers=1)
    assert before.text.text != after.text.text == "outro texto"


def test_a_page_that_is_not_there_is_that_pages_error(document):
    page = reading(lambda reader: reader.read(document, 99))
    assert isinstance(page.error, PageError)
    assert page.page_number == 99


def test_a_missing_file_is_the_documents_error(tmp_path):
    with pytest.raises(DocumentNotFound):
        reading(lambda reader: reader.open(tmp_path / "none.pdf"))


def test_a_crash_costs_only_the_task_that_crashed(document):
    async def work(reader):
        tasks = [reader._run(os._exit, 3), reader._run(os.abort)]
        tasks += [reader.read(document, number) for number in range(1, 7)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, *pages = reading(work)
    assert isinstance(first, Exception)
    assert isinstance(second, Exception)
    assert [page.error for page in pages] == [None] * 6


def test_what_takes_too_long_is_killed_and_named(document):
    async def work(reader):
        with pytest.raises(TimeoutError):
            # Holds the interpreter in C, as a looping PDF does.
            await reader._run(re.match, r"(a+)+$", "a" * 40 + "b")
        return await reader.read(document, 1)

    assert reading(work, page_timeout_s=1, ocr_languages=()).error is None


def test_cancelling_stops_the_work_at_once(document):
    async def work(reader):
        await reader.open(document)
        task = asyncio.create_task(reader._run(time.sleep, 600))
        await _until_running(reader)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await reader.read(document, 1)

    assert reading(work, workers=1).error is None


def test_closing_ends_what_still_runs(document):
    async def work(reader):
        await reader.open(document)
        task = asyncio.create_task(reader._run(time.sleep, 600))
        await _until_running(reader)
        await reader.aclose()
        with pytest.raises(asyncio.CancelledError):
            await task

    reading(work)


def test_too_much_memory_is_the_pages_error():
    async def work(reader):
        with pytest.raises(MemoryError):
            await reader._run(bytes, 800_000_000)

    reading(work, memory_limit_bytes=500_000_000, workers=1)


def test_workers_do_not_import_the_callers_main_module(document, tmp_path):
    script = tmp_path / "caller.py"
    script.write_text(
        textwrap.dedent(f"""
        import asyncio, sys
        from pathlib import Path
        print("imported", __name__, flush=True)
        if __name__ == "__main__":
            sys.path.insert(0, {str(ROOT)!r})
            from pdf_extraction.pdf.options import ReadOptions
            from pdf_extraction.pdf.workers import Reader
            async def main():
                async with Reader(ReadOptions(workers=1)) as reader:
                    print((await reader.open(Path({str(document)!r}))).page_count)
            asyncio.run(main())
        """)
    )
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split() == ["imported", "__main__", "6"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_workers_die_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        textwrap.dedent(f"""
        import asyncio, re, sys
        sys.path.insert(0, {str(ROOT)!r})
        import psutil
        from pdf_extraction.pdf.options import ReadOptions
        from pdf_extraction.pdf.workers import Reader
        async def main():
            reader = Reader(ReadOptions(workers=2))
            await reader._run(len, "")
            task = asyncio.create_task(reader._run(re.match, r"(a+)+$", "a" * 40 + "b"))
            await asyncio.sleep(0.3)
            print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
            await task
        asyncio.run(main())
        """)
    )
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    with parent:
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(children) >= 3
    for pid in children:
        _gone(pid)


def _gone(pid):
    try:
        child = psutil.Process(pid)
        if child.status() != psutil.STATUS_ZOMBIE:
            child.wait(timeout=20)
    except psutil.NoSuchProcess:
        pass


@needs_corpus
def test_hostile_files_end_in_pages_or_a_named_error(capfd):
    async def look(reader, path):
        try:
            facts = await reader.open(path)
        except DocumentError as error:
            assert path.name in str(error)  # noqa: PT017 - most files of the set open
            return path.stem, error
        numbers = range(1, min(facts.page_count, 3) + 1)
        return path.stem, [await reader.read(path, number) for number in numbers]

    async def work(reader):
        paths = sorted((CORPUS / "hostile").glob("*.pdf"))
        return dict(await asyncio.gather(*(look(reader, path) for path in paths)))

    ends = reading(work, want_picture=True, max_pixels=500_000, ocr_languages=())
    assert len(ends) == 55
    assert isinstance(ends["derived_html_named"], UnreadableDocument)
    (picture,) = ends["derived_png_named"]
    assert picture.error is None
    assert isinstance(ends["synthetic_zero_pages"], UnreadableDocument)
    assert isinstance(ends["derived_user_password"], EncryptedDocument)
    assert ends["derived_owner_password_only"][0].error is None
    # Contents that cannot be decoded must not pass for a blank page.
    assert isinstance(ends["derived_page2_garbage_content"][1].error, PageError)
    assert isinstance(ends["derived_bitflips400"][0].error, PageError)
    assert ends["derived_truncated_half"][1].text_verdict == "text_layer+damaged"
    assert ends["synthetic_mediabox_1e6"][0].picture.width <= 1000
    assert capfd.readouterr() == ("", "")


def test_the_callers_process_never_loads_the_pdf_library(document):
    """It costs 77 MB there, and most of a second at every start."""
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "import pdf_extraction.cli.run, pdf_extraction.definitions, pdf_extraction.steps\n"
        "from pdf_extraction.pdf.options import ReadOptions\n"
        "from pdf_extraction.pdf.workers import Reader\n"
        "async def main():\n"
        "    async with Reader(ReadOptions(workers=1, want_picture=True)) as reader:\n"
        f"        return await reader.read(Path({str(document)!r}), 1)\n"
        "page = asyncio.run(main())\n"
        "print(page.error, page.picture.width, 'pymupdf' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split()[0::2] == ["None", "False"]


def test_ocr_has_a_time_of_its_own(document):
    """A dense page keeps RapidOCR busy for longer than a hostile one may keep the library."""

    async def work(reader):
        assert reader.options.timeout_s(tasks.facts) == 25
        return deaths.of_page(TimeoutError(), reader.options, document, 1)

    assert ReadOptions().timeout_s(tasks.read) == 25 + 180
    assert "after 180 s: raise [ocr] timeout_s" in str(reading(work))
    assert "after 25 s: raise page_timeout_s" in str(reading(work, ocr_languages=()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such timers")
def test_the_clock_of_a_page_stands_still_while_ocr_works():
    with allowed(Allowance(clock_s=1_000)):
        with lifted():
            assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1_000
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def _hanging():
    with allowed(Allowance(clock_s=0.05)):
        re.match(r"(a+)+$", "a" * 40 + "b")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such timers")
def test_a_hostile_page_gets_nothing_of_the_time_for_ocr(document):
    async def work(reader):
        with pytest.raises(ProcessExpired) as caught:
            await reader._run(_hanging)
        return deaths.of_page(caught.value, reader.options, document, 1)

    error = reading(work, workers=1)
    assert isinstance(error, PageTimedOut)
    assert "after 25 s: raise page_timeout_s" in str(error)
