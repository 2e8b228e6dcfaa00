"""How documents are read, as a caller says it. What a worker is told of it stands in ``tasks``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version

from pdf_extraction.model import digest
from pdf_extraction.pdf import tasks
from pdf_extraction.pdf.allowance import Allowance
from pdf_extraction.pdf.engines import EngineName, ocr_engine_status
from pdf_extraction.pdf.tasks import ImageFormat, LayoutEngine, PageOptions, PictureOptions

#: Bytes that a page may take at first. One that needs more is read again with all that it may
#: have, alone: two bombs at once would take twice as much.
_FIRST_MEMORY = 128_000_000


@dataclass(frozen=True)
class ReadOptions:
    """How documents are read.

    Attributes:
        dpi: Of pictures, never more than ``max_pixels`` in all.
        max_pixels: Of a picture, width times height.
        image_format: Of pictures.
        max_image_bytes: Of a picture in base64.
        want_picture: Whether ``read`` brings the picture too.
        ocr_languages: Tesseract's codes, the most likely first; empty for no OCR.
        ocr_engine: ``auto`` takes Tesseract where its language data is found.
        layout: How tables and figures are looked for.
        thumbnail: Limits of the first page's, if somebody wants one.
        page_timeout_s: Seconds after which a page is given up and its worker killed, OCR apart.
        ocr_timeout_s: Seconds that OCR may add to them.
        page_cpu_s: Seconds of processor time that parsing and rendering a page may take, OCR
            apart; 0 for no limit.
        page_memory_bytes: Data that parsing and rendering a page may take, OCR apart; 0 for no
            limit.
        workers: Processes; 0 for one a core.
        tasks_per_worker: Pages after which a worker is replaced; 0 for never.
        memory_limit_bytes: Data a worker may hold; 0 for no limit.
    """

    dpi: int = 300
    max_pixels: int = 2_000_000
    image_format: ImageFormat = "jpeg"
    max_image_bytes: int = 4_000_000
    want_picture: bool = False
    ocr_languages: tuple[str, ...] = ("por", "eng")
    ocr_engine: EngineName = "auto"
    layout: LayoutEngine = "none"
    thumbnail: PictureOptions | None = None
    page_timeout_s: float = 25.0
    ocr_timeout_s: float = 180.0
    page_cpu_s: float = 8.0
    page_memory_bytes: int = 400_000_000
    workers: int = 0
    tasks_per_worker: int = 500
    memory_limit_bytes: int = 2 << 30

    @property
    def page(self) -> PageOptions:
        """What a worker needs to know."""
        picture = PictureOptions(self.dpi, self.max_pixels, self.image_format, self.max_image_bytes)
        return PageOptions(
            self.want_picture,
            picture,
            self.ocr_languages,
            self.ocr_engine,
            self.layout,
            self.thumbnail,
        )

    @property
    def allowance(self) -> Allowance:
        """What most pages do with; few need all of ``page_memory_bytes``."""
        first = min(self.page_memory_bytes, _FIRST_MEMORY)
        return Allowance(self.page_cpu_s, first, self.page_timeout_s)

    def timeout_s(self, task: Callable[..., object]) -> float:
        """Seconds after which a task is given up, whatever it does."""
        reads_scans = task in {tasks.read, tasks.facts_and_first} and self.ocr_languages
        return self.page_timeout_s + (self.ocr_timeout_s if reads_scans else 0.0)

    @functools.cached_property
    def fingerprint(self) -> str:
        """What decides how a page's text is read and how its picture looks.

        Readings of another fingerprint are not taken up again: another version of the PDF
        library may split words otherwise, and Tesseract reads better than RapidOCR.
        """
        engine = ""
        if self.ocr_languages:
            engine = ocr_engine_status(self.ocr_languages, self.ocr_engine).engine
        picture = replace(self.page, want_picture=False)
        return digest(_library(), engine, repr(picture))


@functools.cache
def _library() -> str:
    """The PDF library's version; looking it up takes 4 ms, and each document asks for it twice."""
    return version("pymupdf")
