"""What goes to and from worker processes, without the PDF library they need for it.

The process that a run lives in never loads that library: 77 MB, and most of a second at every
start. ``worker`` does the tasks; nothing here reads a page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pdf_extraction.errors import ExtractionError
from pdf_extraction.model import PageImage, Picture
from pdf_extraction.pdf.engines import EngineName

ImageFormat = Literal["jpeg", "png", "webp"]
LayoutEngine = Literal["none", "rules", "model"]

#: Exit status of a worker that ran into its limit of memory.
OUT_OF_MEMORY = 12


class FileVersion(NamedTuple):
    """A file as it was when a caller looked; a replaced file is opened anew."""

    path: str
    mtime_ns: int
    size: int
    ctime_ns: int = 0


@dataclass(frozen=True)
class DocumentFacts:
    """What is known of a document once it is open.

    Attributes:
        page_count: Pages, at least one.
        is_repaired: Its cross-reference table was damaged and had to be rebuilt.
        warnings: What the PDF library complained about while opening.
        first_page: As read along, where the caller wanted that.
    """

    page_count: int
    is_repaired: bool = False
    warnings: str = ""
    first_page: PageImage | None = None


@dataclass(frozen=True)
class PictureOptions:
    """How large a picture may be.

    Attributes:
        dpi: Pixels an inch, never more than ``max_pixels`` in all.
        max_pixels: Width times height.
        image_format: Encoding.
        max_image_bytes: Of the picture in base64.
    """

    dpi: int = 300
    max_pixels: int = 2_000_000
    image_format: ImageFormat = "jpeg"
    max_image_bytes: int = 4_000_000


@dataclass(frozen=True)
class PageOptions:
    """What is read of a page.

    Attributes:
        want_picture: Whether somebody looks at the picture.
        picture: Its limits.
        ocr_languages: Tesseract's codes, the most likely first; empty for no OCR.
        ocr_engine: ``auto`` takes Tesseract where its language data is found.
        layout: How tables and figures are looked for.
        thumbnail: Limits of the first page's, which comes with its picture alone. Readings are
            the same with and without, so that their fingerprint leaves it out.
    """

    want_picture: bool = False
    picture: PictureOptions = field(default_factory=PictureOptions)
    ocr_languages: tuple[str, ...] = ("por", "eng")
    ocr_engine: EngineName = "auto"
    layout: LayoutEngine = "none"
    thumbnail: PictureOptions | None = field(default=None, repr=False)


def start(memory_limit: int) -> None:
    """See ``worker``."""
    from pdf_extraction.pdf import worker  # noqa: PLC0415

    worker.start(memory_limit)


def facts(*args: Any) -> DocumentFacts | ExtractionError:
    """See ``worker``."""
    from pdf_extraction.pdf import worker  # noqa: PLC0415

    return worker.facts(*args)


def facts_and_first(*args: Any) -> DocumentFacts | ExtractionError:
    """See ``worker``."""
    from pdf_extraction.pdf import worker  # noqa: PLC0415

    return worker.facts_and_first(*args)


def read(*args: Any) -> PageImage:
    """See ``worker``."""
    from pdf_extraction.pdf import worker  # noqa: PLC0415

    return worker.read(*args)


def picture(*args: Any) -> Picture | ExtractionError:
    """See ``worker``."""
    from pdf_extraction.pdf import worker  # noqa: PLC0415

    return worker.picture(*args)
