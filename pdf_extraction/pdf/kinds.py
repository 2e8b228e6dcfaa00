"""What kind of document some bytes are, and documents that are no PDF made ready to be read.

The content decides, not the ending: a PNG that is called ``.pdf`` is read as a picture. Only
plain text, which anything may look like, needs an ending of its own. Errors are ``document``'s.
"""

from __future__ import annotations

import html
import io
import re
import stat
import zipfile
from pathlib import Path

import pymupdf

from pdf_extraction.errors import UnreadableDocument

#: Pages of documents without pages of their own: A4 in points, and the size of their type.
#: They decide what stands on which page, and so the canonical hash; a reader cannot set them.
TEXT_PAGE, TEXT_SIZE = (595, 842), 11
TEXT_ENDINGS = (".txt", ".text", ".md")
KINDS = (
    "PDF, PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000, XPS, EPUB, MOBI, FB2, plain text (.txt, .md)"
)
#: ISO 32000-1, implementation note 13: readers look for the header in the first 1024 bytes.
_LOOKED_AT = 1024
#: Kinds by how their bytes begin; the first that fits.
_MAGIC = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("gif", re.compile(rb"GIF8")),
    ("jp2", re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51")),
    ("bmp", re.compile(rb"BM.{4}\0{4}", re.DOTALL)),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("mobi", re.compile(rb".{60}BOOKMOBI", re.DOTALL)),
    ("fb2", re.compile(rb"(?s:.*)<FictionBook")),
)
_PICTURES = frozenset({"png", "jpeg", "tiff", "gif", "jp2", "bmp", "webp"})
#: Dots an inch that programs write into pictures without meaning it, and others that no paper
#: has; what is then taken makes the longer side A4's, within what scanners and cameras do.
_MEANINGLESS_DPI, _SANE_DPI, _ASSUMED_DPI = (72.0, 96.0), (60.0, 1200.0), (96.0, 300.0)
_A4_INCHES = 11.69
#: What MuPDF says of pictures that it fills up with white.
_CUT_OFF = ("missing pixel data", "premature end")
#: Control characters that no text has; ESC and form feed it may.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STYLE = "@page{margin:40pt}pre{white-space:pre-wrap;font-size:10pt;margin:0}"


def kind_of(path: Path) -> str:
    """MuPDF's name of the document's kind, or ``webp``.

    Raises:
        UnreadableDocument: It is none that can be read.
    """
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        # A pipe would be waited for, a device read without end.
        raise UnreadableDocument(f"{path.name} is no plain file: name a document's file")
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if not start:
        raise pymupdf.EmptyFileError
    kind = _by_content(path, start)
    if kind is None:
        raise UnreadableDocument(
            f"{path.name} is none of the kinds that are read, whatever its name says: {KINDS}; "
            "convert it to one of them first"
        )
    return kind


def _by_content(path: Path, start: bytes) -> str | None:
    if b"%PDF-" in start:
        return "pdf"
    if start.startswith(b"PK"):
        return _zipped(path)
    kind = next((kind for kind, magic in _MAGIC if magic.match(start)), None)
    is_text = path.suffix.lower() in TEXT_ENDINGS and _is_text(start)
    return "txt" if kind is None and is_text else kind


def _zipped(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return None
    if "META-INF/container.xml" in names:
        return "epub"
    return "xps" if any(name.lower().endswith(".fdseq") for name in names) else None


def _is_text(start: bytes) -> bool:
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or not _BINARY.search(start)


def opened(path: Path, kind: str) -> pymupdf.Document:
    """A document with pages of sane sizes.

    Args:
        path: The file.
        kind: From ``kind_of``.
    """
    if kind == "txt":
        return _laid_out(pymupdf.open(stream=_as_html(path.read_bytes()), filetype="html"))
    if kind in _PICTURES:
        return _of_pictures(path, kind)
    document = pymupdf.open(path, filetype=kind)
    return _laid_out(document) if document.is_reflowable else document


def _laid_out(document: pymupdf.Document) -> pymupdf.Document:
    width, height = TEXT_PAGE
    document.layout(width=width, height=height, fontsize=TEXT_SIZE)
    return document


def _as_html(data: bytes) -> bytes:
    """Text with its line ends; a form feed begins a page, which MuPDF's own reader ignores."""
    parts = [part.strip("\n") for part in decoded(data).split("\f")]
    pages = [part for part in parts if part.strip()] or [""]
    style = ' style="page-break-after:always"'
    body = "".join(
        f"<div{style if number < len(pages) else ''}><pre>{_escaped(page)}</pre></div>"
        for number, page in enumerate(pages, start=1)
    )
    head = f'<head><meta charset="utf-8"/><style>{_STYLE}</style></head>'
    return f"<html>{head}<body>{body}</body></html>".encode()


def _escaped(page: str) -> str:
    return html.escape(page.expandtabs(8), quote=False)


def decoded(data: bytes) -> str:
    """Text of bytes: by its byte order mark, else UTF-8, else Windows' Latin 1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _of_pictures(path: Path, kind: str) -> pymupdf.Document:
    """A PDF with a page for each picture, turned as its EXIF says, in the size it has on paper."""
    pymupdf.TOOLS.reset_mupdf_warnings()
    if kind == "webp":
        pictures = pymupdf.open(stream=_png(path), filetype="png")
    else:
        pictures = pymupdf.open(path, filetype=kind)
    source = pymupdf.open("pdf", pictures.convert_to_pdf())
    warnings = pymupdf.TOOLS.mupdf_warnings()
    if any(mark in warnings for mark in _CUT_OFF):
        raise UnreadableDocument(
            f"{path.name} is damaged (its picture is cut off): get it again from its source"
        )
    document = pymupdf.open()
    for number in range(source.page_count):
        page = source[number]
        sides = [max(image[2:4]) for image in source.get_page_images(number)]
        pixels = max(sides, default=0) or max(page.rect.width, page.rect.height)
        scale = _scale(pixels, max(page.rect.width, page.rect.height))
        width, height = page.rect.width * scale, page.rect.height * scale
        sheet = document.new_page(width=width, height=height)
        sheet.show_pdf_page(sheet.rect, source, number)
    return document


def _scale(pixels: float, points: float) -> float:
    """By how much a page is too large or too small, given its longer side in both units."""
    dpi = 72 * pixels / points
    meant = all(abs(dpi - default) > 1 for default in _MEANINGLESS_DPI)
    if meant and _SANE_DPI[0] <= dpi <= _SANE_DPI[1]:
        return 1.0
    low, high = _ASSUMED_DPI
    return dpi / min(max(pixels / _A4_INCHES, low), high)


def _png(path: Path) -> bytes:
    """A WebP, which MuPDF does not read, as PNG."""
    from PIL import Image, ImageOps  # noqa: PLC0415

    buffer = io.BytesIO()
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableDocument(
            f"{path.name} is damaged ({error}): get it again from its source"
        ) from error
    upright.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
