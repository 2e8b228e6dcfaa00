"""Documents that are no PDF: pictures, books and plain text become pages as people see them."""

import io
import struct
import zipfile

import pymupdf
import pytest
from PIL import Image

from pdf_extraction.errors import UnreadableDocument
from pdf_extraction.pdf.document import damage_shown, open_document
from pdf_extraction.pdf.kinds import decoded
from pdf_extraction.pdf.page import PageOptions, read_page

NO_OCR = PageOptions(ocr_languages=(), want_picture=True)


def picture(width=1240, height=1754):
    """White with ink in its upper left corner."""
    image = Image.new("L", (width, height), 255)
    image.paste(0, (width // 10, height // 10, width // 3, height // 6))
    return image


def sizes(path):
    return [(round(p.rect.width), round(p.rect.height)) for p in open_document(path)]


@pytest.mark.parametrize(
    ("pixels", "dpi", "points"),
    [
        ((1240, 1754), 150, (595, 842)),
        ((1240, 1754), None, (595, 842)),
        ((4000, 3000), 72, (960, 720)),
        ((800, 600), 96, (600, 450)),
        ((200, 100), 300, (48, 24)),
    ],
)
@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_a_picture_has_the_size_of_its_paper(tmp_path, pixels, dpi, points, ending):
    """By its dots an inch where they mean anything; screens' 72 and 96 do not."""
    path = tmp_path / f"a.{ending}"
    picture(*pixels).save(path, **({"dpi": (dpi, dpi)} if dpi else {}))
    ((width, height),) = sizes(path)
    assert (width, height) == pytest.approx(points, abs=1)


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    """The ink is at the upper left again, and the picture that is sent stands upright."""
    exif = Image.Exif()
    exif[274] = 6
    picture().rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif)
    page = open_document(tmp_path / "a.jpg")[0]
    read = read_page(page, NO_OCR)
    assert read.picture.width < read.picture.height
    shown = Image.open(io.BytesIO(read.picture.data)).convert("L")
    assert shown.getpixel((shown.width // 5, shown.height // 8)) < 50
    assert shown.getpixel((shown.width * 4 // 5, shown.height // 8)) > 200
    assert not read.is_blank


def test_each_page_of_a_tiff_is_a_page_and_an_empty_one_is_blank(tmp_path):
    """Fax pages and scanned piles come so."""
    pages = [picture(), Image.new("L", (1240, 1754), 255), picture()]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:], dpi=(150, 150))
    document = open_document(tmp_path / "a.tif")
    assert [read_page(page, NO_OCR).is_blank for page in document] == [False, True, False]


@pytest.mark.parametrize("ending", ["bmp", "gif", "webp", "jp2", "pdf"])
def test_the_content_decides_not_the_ending(tmp_path, ending):
    """Other pictures are read as well, and one that calls itself a PDF is still a picture."""
    kind = "png" if ending == "pdf" else None
    picture().convert("RGB").save(tmp_path / f"a.{ending}", format=kind)
    assert sizes(tmp_path / f"a.{ending}") == [(595, 842)]


@pytest.mark.parametrize("name", ["a.pdf", "a.html", "a.docx", "a.zip", "a.txt"])
def test_what_cannot_be_read_is_told_which_kinds_can(tmp_path, name):
    """HTML, archives and binary rubbish are refused by the kinds' names."""
    path = tmp_path / name
    if name.endswith(("docx", "zip")):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
    else:
        path.write_bytes(b"\x00\x01\x02" if name == "a.txt" else b"<html><body>Oi</body></html>")
    with pytest.raises(UnreadableDocument, match=r"PDF, PNG, JPEG, TIFF, .* EPUB, .* plain text"):
        open_document(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_is_read_in_its_own_encoding(tmp_path, encoding):
    """No mojibake: a mark at its start, else UTF-8, else what Windows wrote."""
    said = "Ação é “boa” – R$ 1.234,56"
    assert decoded(said.encode(encoding)) == said
    (tmp_path / "a.txt").write_bytes(said.encode(encoding))
    read = read_page(open_document(tmp_path / "a.txt")[0], NO_OCR)
    assert (read.text.source, read.text.text) == ("text_layer", said)


def test_text_keeps_its_lines_and_its_page_breaks(tmp_path):
    """Marks are text, a form feed begins a page, and no picture is made of it."""
    (tmp_path / "a.txt").write_bytes(b"<b>um & dois</b>\r\nlinha\fpagina dois\n")
    pages = [read_page(page, NO_OCR) for page in open_document(tmp_path / "a.txt")]
    assert [page.text.text for page in pages] == ["<b>um & dois</b>\nlinha", "pagina dois"]
    assert all(page.is_text and page.picture is None for page in pages)


def book(path):
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="c.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><manifest>'
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    prose = "".join(f"<p>Parágrafo {n} de um livro com muitas palavras.</p>" for n in range(120))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("c.opf", package)
        archive.writestr("a.xhtml", f"<html><body><h1>Título</h1>{prose}</body></html>")


def test_a_book_is_laid_out_on_pages_of_one_size(tmp_path):
    """The same pages on every machine, whatever a reader's own size of type would be."""
    book(tmp_path / "a.epub")
    document = open_document(tmp_path / "a.epub")
    assert {(p.rect.width, p.rect.height) for p in document} == {(595, 842)}
    texts = [read_page(page, NO_OCR).text.text for page in document]
    assert texts[0].startswith("Título\nParágrafo 0")
    assert sum(text.count("Parágrafo") for text in texts) == 120
    assert len(texts) > 2


@pytest.mark.parametrize("ending", ["png", "tif", "bmp"])
@pytest.mark.parametrize("kept", [0.03, 0.5])
def test_a_damaged_picture_fails_with_what_to_do(tmp_path, ending, kept):
    """What was cut off is not filled up with white, and nothing crashes."""
    path = tmp_path / f"a.{ending}"
    picture().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(40, int(kept * len(whole)))])
    with pytest.raises(UnreadableDocument, match=rf"a\.{ending} .*get it again"):
        open_document(path)


def test_a_photograph_that_ends_early_is_marked(tmp_path):
    """Its upper part can be read, and its verdict says that it is not all."""
    picture().save(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: len(whole) // 2])
    page = damage_shown(read_page(open_document(tmp_path / "a.jpg")[0], NO_OCR), "a.jpg")
    assert page.error is not None or page.text_verdict.endswith("+damaged")


def test_a_password_is_asked_for_as_before(tmp_path):
    """Documents that are PDFs take the way that they always took."""
    document = pymupdf.open()
    document.new_page()
    document.save(tmp_path / "a.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x")
    assert open_document(tmp_path / "a.pdf", "x").page_count == 1


def fb2():
    title = "<title><p>Um conto</p></title>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body>'
        f"<section>{title}<p>Era uma vez um rei.</p></section></body></FictionBook>"
    ).encode()


def mobi():
    """A Palm database of two records: headers without compression, and HTML."""
    text = b"<html><body><h1>Um conto</h1><p>Era uma vez um rei.</p></body></html>"
    header = struct.pack(">HHIHHI", 1, 0, len(text), 1, 4096, 0)
    header += (b"MOBI" + struct.pack(">IIIII", 232, 2, 65001, 1, 6)).ljust(232, b"\0")
    name = b"conto".ljust(60, b"\0")
    first = len(name) + 8 + 8 + 2 + 2 * 8 + 2
    offsets = (first, first + len(header))
    index = b"".join(struct.pack(">II", at, number) for number, at in enumerate(offsets))
    counts = struct.pack(">IIH", 0, 0, len(offsets))
    return name + b"BOOKMOBI" + counts + index + b"\0\0" + header + text


def xps():
    """A package of one fixed page, as a printer driver writes it."""
    space = "http://schemas.microsoft.com/xps/2005/06"
    glyphs = 'Fill="#ff000000" FontUri="/font.ttf" FontRenderingEmSize="16" StyleSimulations="None"'
    page = (
        f'<FixedPage Width="816" Height="1056" xmlns="{space}" xml:lang="pt">'
        f'<Glyphs {glyphs} OriginX="96" OriginY="96" UnicodeString="Um conto"/>'
        f'<Glyphs {glyphs} OriginX="96" OriginY="140" UnicodeString="Era uma vez um rei."/>'
        "</FixedPage>"
    )
    parts = {
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Type="http://schemas.microsoft.com/xps/2005/06/'
        'fixedrepresentation" Target="/a.fdseq" Id="R0"/></Relationships>',
        "a.fdseq": f'<FixedDocumentSequence xmlns="{space}"><DocumentReference Source="/a.fdoc"/>'
        "</FixedDocumentSequence>",
        "a.fdoc": f'<FixedDocument xmlns="{space}"><PageContent Source="/1.fpage"/>'
        "</FixedDocument>",
        "1.fpage": page,
        "font.ttf": pymupdf.Font("helv").buffer,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(("made", "is_text"), [(fb2, True), (mobi, True), (xps, False)])
def test_books_and_print_files_are_read_with_their_words(tmp_path, made, is_text):
    """FB2 and MOBI are laid out as text, with no picture; XPS has pages of its own."""
    path = tmp_path / f"a.{made.__name__}"
    path.write_bytes(made())
    document = open_document(path)
    assert len(document) == 1
    read = read_page(document[0], NO_OCR)
    assert read.text.text.split("\n") == ["Um conto", "Era uma vez um rei."]
    assert (read.text.source, read.is_text) == ("text_layer", is_text)
    assert (read.picture is None) == is_text
    if not is_text:
        assert (read.width_pt, read.height_pt) == (612, 792)
        top = read.text.words[0].bbox[1]
        assert 0.06 < top < 0.1
