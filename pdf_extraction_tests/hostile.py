"""Hostile and broken files, made by code: each kind that a stranger's folder may hold.

Written byte by byte, because no library writes what a broken or malicious one would.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path

import pymupdf
from PIL import Image

from pdf_extraction_tests.pdf.made import PROSE

#: A page that shows one line of text.
_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_LINE = b"BT /F1 12 Tf 72 700 Td (Art. 1 Texto da pagina.) Tj ET"


def stream(data: bytes, entries: str = "", *, length: int | None = None) -> bytes:
    """A stream object's body."""
    size = len(data) if length is None else length
    return f"<</Length {size}{entries}>>stream\n".encode() + data + b"\nendstream"


def flate(data: bytes, entries: str = "") -> bytes:
    """A stream object's body, deflated."""
    return stream(zlib.compress(data, 9), f"/Filter/FlateDecode{entries}")


def zeros(count: int, entries: str) -> bytes:
    """A stream of ``count`` zero bytes, deflated without ever holding them all."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    pieces = [packer.compress(block) for _ in range(count >> 20)]
    pieces.append(packer.compress(bytes(count & 0xFFFFF)))
    return stream(b"".join([*pieces, packer.flush()]), f"/Filter/FlateDecode{entries}")


def pdf(objects: Mapping[int, str | bytes], *, root: int = 1, before: bytes = b"") -> bytes:
    """A file of these objects with a true cross-reference table."""
    out = bytearray(before + b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        raw = body.encode("latin-1") if isinstance(body, str) else body
        out += b"%d 0 obj\n" % number + raw + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        place = places.get(number)
        kind = b"%010d 00000 n \n" % place if place is not None else b"0000000000 00000 f \n"
        out += kind
    out += f"trailer<</Size {size}/Root {root} 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def one_page(
    contents: str | bytes = stream(_LINE),
    *,
    page: str = "",
    box: str = "[0 0 595 842]",
    resources: str = "/XObject<</X 6 0 R>>",
    catalog: str = "",
    further: Mapping[int, str | bytes] | None = None,
) -> bytes:
    """A file of one page: 1 catalog, 2 pages, 3 the page, 4 its contents, 5 a font."""
    objects: dict[int, str | bytes] = {
        1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: f"<</Type/Page/Parent 2 0 R/MediaBox{box}/Contents 4 0 R"
        f"/Resources<</Font<</F1 5 0 R>>{resources}>>{page}>>",
        4: contents,
        5: _FONT,
    }
    return pdf({**objects, **(further or {})})


def image(data: bytes, width: int, height: int, entries: str = "") -> bytes:
    """A page that shows one image, whose stream stands as object 6."""
    how = f"/Type/XObject/Subtype/Image/Width {width}/Height {height}{entries}"
    header, _, body = data.partition(b">>stream")
    shown = header + how.encode() + b">>stream" + body
    return one_page(stream(b"q 500 0 0 700 40 40 cm /X Do Q"), further={6: shown})


def many_pages(count: int, words: int = 6) -> bytes:
    """So many pages of so many words each, none of which shares its contents."""
    kids = " ".join(f"{10 + 2 * n} 0 R" for n in range(count))
    objects: dict[int, str | bytes] = {
        1: "<</Type/Catalog/Pages 2 0 R>>",
        2: f"<</Type/Pages/Count {count}/Kids[{kids}]/MediaBox[0 0 595 842]"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        5: _FONT,
    }
    for n in range(count):
        text = [f"palavra{n}x{word}" for word in range(words)]
        lines = [" ".join(text[at : at + 10]) for at in range(0, words, 10)]
        drawn = "".join(f"({line}) Tj 0 -11 Td " for line in lines)
        objects[10 + 2 * n] = f"<</Type/Page/Parent 2 0 R/Contents {11 + 2 * n} 0 R>>"
        objects[11 + 2 * n] = flate(f"BT /F1 9 Tf 40 800 Td {drawn} ET".encode())
    return pdf(objects)


def act(pages: int = 3) -> bytes:
    """A plain good file, out of which others are broken."""
    document = pymupdf.open()
    for _ in range(pages):
        document.new_page().insert_textbox((50, 50, 500, 700), PROSE)
    return document.tobytes()


def locked(*, user: str = "", owner: str = "dono") -> bytes:
    """A file encrypted with AES-256."""
    document = pymupdf.open()
    document.new_page().insert_textbox((50, 50, 500, 700), PROSE)
    return document.tobytes(
        encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=user, owner_pw=owner, permissions=0
    )


def _ccitt_bomb() -> bytes:
    return image(
        stream(
            b"\x00" * 64, "/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60000/Rows 60000>>"
        ),
        60000,
        60000,
        "/BitsPerComponent 1/ColorSpace/DeviceGray",
    )


def _jbig2_bomb() -> bytes:
    side = (60000).to_bytes(4, "big")
    # A page information segment that claims 60,000 x 60,000, and an end of page.
    info = b"\0\0\0\0\x30\0\x01\0\0\0\x13" + side + side + bytes(8) + b"\0\0\0"
    return image(
        stream(info, "/Filter/JBIG2Decode"),
        60000,
        60000,
        "/BitsPerComponent 1/ColorSpace/DeviceGray",
    )


def _jpx_bomb() -> bytes:
    buffer = BytesIO()
    Image.new("L", (64, 64)).save(buffer, "JPEG2000")
    raw = buffer.getvalue()
    # The size marker SIZ holds the picture's width and height after its length and capability.
    at = raw.index(b"\xff\x51") + 6
    side = (50000).to_bytes(4, "big")
    claimed = raw[:at] + side + side + raw[at + 8 :]
    return image(stream(claimed, "/Filter/JPXDecode"), 50000, 50000)


def _jpeg_bomb() -> bytes:
    buffer = BytesIO()
    Image.new("L", (64, 64)).save(buffer, "JPEG")
    raw = buffer.getvalue()
    at = raw.index(b"\xff\xc0") + 5
    claimed = raw[:at] + (65000).to_bytes(2, "big") * 2 + raw[at + 4 :]
    return image(
        stream(claimed, "/Filter/DCTDecode"),
        65000,
        65000,
        "/BitsPerComponent 8/ColorSpace/DeviceGray",
    )


def _nested_forms(depth: int, fan: int) -> bytes:
    """Each form calls the next ``fan`` times: ``fan ** depth`` drawings in a few bytes."""
    forms: dict[int, str | bytes] = {}
    for level in range(depth):
        call = b"/X Do " * fan if level < depth - 1 else b"0 0 1 1 re f "
        nxt = f"/Resources<</XObject<</X {7 + level} 0 R>>>>" if level < depth - 1 else ""
        forms[6 + level] = stream(call, f"/Type/XObject/Subtype/Form/BBox[0 0 600 900]{nxt}")
    return one_page(stream(b"/X Do"), further=forms)


def _annotations(count: int) -> bytes:
    kids = " ".join(f"{10 + n} 0 R" for n in range(count))
    link = "<</Type/Annot/Subtype/Text/Rect[10 10 20 20]/Contents(x)>>"
    return one_page(page=f"/Annots[{kids}]", further={10 + n: link for n in range(count)})


def _function_loop() -> bytes:
    program = b"{ " + b"dup mul 2 add " * 200_000 + b"}"
    return one_page(
        stream(b"/S sh"),
        resources="/Shading<</S<</ShadingType 1/ColorSpace/DeviceGray/Function 6 0 R>>>>",
        further={6: stream(program, "/FunctionType 4/Domain[0 1 0 1]/Range[0 1]")},
    )


def _tiling() -> bytes:
    pattern = stream(
        b"0 0 .01 .01 re f",
        "/Type/Pattern/PatternType 1/PaintType 1/TilingType 1"
        "/BBox[0 0 .01 .01]/XStep .01/YStep .01/Resources<<>>",
    )
    return one_page(
        stream(b"/Pattern cs /P scn 0 0 595 842 re f"),
        resources="/Pattern<</P 6 0 R>>",
        further={6: pattern},
    )


def _type3_loop() -> bytes:
    font = (
        "<</Type/Font/Subtype/Type3/FontBBox[0 0 10 10]/FontMatrix[.1 0 0 .1 0 0]"
        "/CharProcs<</a 7 0 R>>/Encoding<</Differences[97/a]>>/FirstChar 97/LastChar 97"
        "/Widths[10]/Resources<</Font<</F1 5 0 R>>>>>>"
    )
    glyph = stream(b"10 0 0 0 10 10 d1 BT /F1 9 Tf (aaaa) Tj ET")
    return one_page(stream(b"BT /F1 12 Tf 72 700 Td (aaaa) Tj ET"), further={5: font, 7: glyph})


def _xref_loop() -> bytes:
    good = one_page()
    at = int(good.rsplit(b"startxref\n", 1)[1].split()[0])
    return good.replace(b"/Root 1 0 R", b"/Prev %d/Root 1 0 R" % at)


def _deep_pages() -> bytes:
    objects: dict[int, str | bytes] = {1: "<</Type/Catalog/Pages 2 0 R>>"}
    for n in range(2, 20_000):
        objects[n] = f"<</Type/Pages/Count 1/Kids[{n + 1} 0 R]/Parent {n - 1} 0 R>>"
    objects[20_000] = "<</Type/Page/Parent 19999 0 R/MediaBox[0 0 595 842]>>"
    return pdf(objects)


def _pages_in_a_ring() -> bytes:
    return pdf(
        {
            1: "<</Type/Catalog/Pages 2 0 R>>",
            2: "<</Type/Pages/Count 2/Kids[3 0 R 3 0 R]>>",
            3: "<</Type/Pages/Count 1/Kids[2 0 R]/Parent 2 0 R>>",
        }
    )


def _lying_count() -> bytes:
    return one_page().replace(b"/Count 1>>", b"/Count 2147483647>>")


def _linearised() -> bytes:
    good = act(3)
    head = b"9 0 obj\n<</Linearized 1/L 999999/H[500 100]/O 3/E 9000/N 3/T 9999>>\nendobj\n"
    cut = good.index(b"\n") + 1
    return (good[:cut] + head + good[cut:])[: int(0.6 * len(good))]


def _million_words() -> bytes:
    line = b"(" + b"ab " * 200 + b") Tj 0 -0.2 Td "
    return one_page(flate(b"BT /F1 .1 Tf 1 840 Td " + line * 5_000 + b"ET"))


#: A file's bytes by the name of its kind.
KINDS: Mapping[str, Callable[[], bytes]] = {
    "truncated_half": lambda: act()[: len(act()) // 2],
    "truncated_tail": lambda: act()[:-40],
    "truncated_head": lambda: act()[300:],
    "linearised_truncated": _linearised,
    "owner_password": locked,
    "user_password": lambda: locked(user="abre"),
    "zero_bytes": lambda: b"",
    "one_byte": lambda: b"%",
    "header_alone": lambda: b"%PDF-1.7\n",
    "header_and_noise": lambda: b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "nul_bytes": lambda: bytes(100_000),
    "not_a_pdf": lambda: b"<html><body>404 Not Found</body></html>",
    "zip_archive": lambda: b"PK\x03\x04" + bytes(100),
    "polyglot": lambda: b"GIF89a" + bytes(64) + act(1),
    "in_junk": lambda: bytes(5_000) + act(1) + bytes(5_000),
    "two_files": lambda: act(1) + act(2),
    "no_pages": lambda: pdf(
        {1: "<</Type/Catalog/Pages 2 0 R>>", 2: "<</Type/Pages/Kids[]/Count 0>>"}
    ),
    "no_catalog": lambda: pdf({1: "<</Nothing true>>"}),
    "catalog_is_a_number": lambda: pdf({1: "42"}),
    "lying_page_count": _lying_count,
    "negative_page_count": lambda: one_page().replace(b"/Count 1>>", b"/Count -7>>"),
    "xref_loop": _xref_loop,
    "pages_in_a_ring": _pages_in_a_ring,
    "deep_pages": _deep_pages,
    "page_is_its_own_parent": lambda: one_page().replace(b"/Parent 2 0 R", b"/Parent 3 0 R"),
    "reference_to_itself": lambda: one_page(further={4: "4 0 R"}),
    "form_calls_itself": lambda: one_page(
        stream(b"/X Do /X Do"),
        further={
            6: stream(
                b"/X Do /X Do",
                "/Type/XObject/Subtype/Form/BBox[0 0 600 900]/Resources<</XObject<</X 6 0 R>>>>",
            )
        },
    ),
    "forms_by_the_billion": lambda: _nested_forms(16, 10),
    "type3_glyph_calls_itself": _type3_loop,
    "image_flate_bomb": lambda: image(
        zeros(20_000 * 20_000, ""), 20_000, 20_000, "/BitsPerComponent 8/ColorSpace/DeviceGray"
    ),
    "image_rgb16_bomb": lambda: image(
        zeros(400_000_000, ""), 40_000, 40_000, "/BitsPerComponent 16/ColorSpace/DeviceRGB"
    ),
    "image_ccitt_bomb": _ccitt_bomb,
    "image_jbig2_bomb": _jbig2_bomb,
    "image_jpx_bomb": _jpx_bomb,
    "image_jpeg_bomb": _jpeg_bomb,
    "image_without_size": lambda: image(stream(b"x"), 0, -5),
    "stream_bomb": lambda: one_page(zeros(300 << 20, "")),
    "stream_bomb_twice": lambda: one_page(
        stream(
            zlib.compress(zlib.compress(bytes(1 << 28), 9), 9), "/Filter[/FlateDecode/FlateDecode]"
        )
    ),
    "runlength_bomb": lambda: one_page(
        flate(
            b"\x81\x20" * 4_000_000,
        ).replace(b"/Filter/FlateDecode", b"/Filter[/FlateDecode/RunLengthDecode]")
    ),
    "endless_operators": lambda: one_page(flate(b"0 0 m 9 9 l S " * 20_000_000)),
    "deep_graphics_state": lambda: one_page(flate(b"q " * 5_000_000)),
    "deep_arrays": lambda: one_page(b"[" * 2_000_000 + b"]" * 2_000_000),
    "deep_arrays_in_contents": lambda: one_page(flate(b"[" * 3_000_000)),
    "deep_dictionaries": lambda: one_page(b"<</a " * 500_000 + b">>" * 500_000),
    "huge_string": lambda: one_page(stream(b"BT /F1 9 Tf (" + b"a" * 30_000_000 + b") Tj ET")),
    "unclosed_string": lambda: one_page(stream(b"BT /F1 9 Tf (abc")),
    "million_words": _million_words,
    "many_annotations": lambda: _annotations(100_000),
    "function_bomb": _function_loop,
    "tiling_bomb": _tiling,
    "dash_bomb": lambda: one_page(stream(b"[.0001] 0 d .1 w 0 0 m 500000 800000 l S")),
    "font_is_no_font": lambda: one_page(
        further={
            5: "<</Type/Font/Subtype/TrueType/BaseFont/X/FontDescriptor 6 0 R>>",
            6: "<</Type/FontDescriptor/FontFile2 7 0 R>>",
            7: stream(b"\0\1\0\0" * 999),
        }
    ),
    "font_descends_into_itself": lambda: one_page(
        further={5: "<</Type/Font/Subtype/Type0/DescendantFonts[5 0 R]/Encoding/Identity-H>>"}
    ),
    "box_14400": lambda: one_page(box="[0 0 14400 14400]"),
    "box_million": lambda: one_page(box="[0 0 1000000 1000000]"),
    "box_1e30": lambda: one_page(box="[0 0 1e30 1e30]"),
    "box_digits": lambda: one_page(box="[0 0 " + "9" * 60 + " " + "9" * 60 + "]"),
    "box_nan": lambda: one_page(box="[nan nan inf -inf]"),
    "box_negative": lambda: one_page(box="[595 842 0 0]"),
    "box_far_away": lambda: one_page(box="[-1e7 -1e7 -9999000 -9999000]"),
    "box_empty": lambda: one_page(box="[0 0 0 0]"),
    "box_tiny": lambda: one_page(box="[0 0 .001 .001]"),
    "box_thin": lambda: one_page(box="[0 0 1 20000]"),
    "box_short": lambda: one_page(box="[0 0 595]"),
    "box_is_a_name": lambda: one_page(box="/Nothing"),
    "user_unit": lambda: one_page(page="/UserUnit 1000000"),
    "rotated_45": lambda: one_page(page="/Rotate 45"),
    "rotated_absurdly": lambda: one_page(page="/Rotate 99999999999"),
    "rotated_by_a_name": lambda: one_page(page="/Rotate/Left"),
    "no_resources": lambda: one_page().replace(b"/Resources", b"/Rezources"),
    "resources_are_text": lambda: one_page().replace(b"/Resources<</Font", b"/Resources(x)/A<</B"),
    "no_contents": lambda: one_page("null"),
    "contents_are_a_name": lambda: one_page("/Name"),
    "wrong_length": lambda: one_page(stream(_LINE, length=3)),
    "length_too_long": lambda: one_page(stream(_LINE, length=99_999_999)),
    "length_negative": lambda: one_page(stream(_LINE, length=-1)),
    "unknown_filter": lambda: one_page(stream(_LINE, "/Filter/Magic")),
    "thousand_filters": lambda: one_page(
        stream(_LINE, "/Filter[" + "/ASCIIHexDecode" * 9999 + "]")
    ),
    "javascript": lambda: one_page(catalog="/OpenAction<</S/JavaScript/JS(while(true){})>>"),
    "launch_action": lambda: one_page(
        catalog="/OpenAction<</S/Launch/F(touch)/Unix<</F(touch /tmp/pwned)>>>>"
    ),
    "goes_to_the_network": lambda: one_page(
        catalog="/OpenAction<</S/URI/URI(http://127.0.0.1:9/)>>"
    ),
    "attachment": lambda: one_page(
        catalog="/Names<</EmbeddedFiles<</Names[(a.exe)<</Type/Filespec/F(../../a.exe)"
        "/EF<</F 6 0 R>>>>]>>>>",
        further={6: stream(b"MZ")},
    ),
    "outline_in_a_ring": lambda: one_page(
        catalog="/Outlines 6 0 R",
        further={6: "<</First 7 0 R/Last 7 0 R>>", 7: "<</Title(x)/Next 7 0 R/Parent 6 0 R>>"},
    ),
    "xfa_form": lambda: one_page(
        catalog="/AcroForm<</XFA 6 0 R/Fields[]>>",
        further={6: stream(b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>')},
    ),
    "external_stream": lambda: one_page(stream(b"", "/F(/etc/passwd)")),
    "object_stream_in_itself": lambda: one_page(
        further={4: flate(b"4 0 <<>>", "/Type/ObjStm/N 99999999/First 4")}
    ),
}


def written(folder: Path, names: Iterable[str] | None = None) -> dict[str, Path]:
    """Files of the named kinds, or of all, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name in names or KINDS:
        paths[name] = folder / f"{name}.pdf"
        paths[name].write_bytes(KINDS[name]())
    return paths
