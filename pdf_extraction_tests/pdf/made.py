"""PDFs that the tests draw themselves."""

from pathlib import Path

import pymupdf

PROSE = (
    "Compete ao Município prover a tudo quanto respeite ao interesse local e ao bem-estar de sua "
    "população, cabendo-lhe, entre outras atribuições, a de legislar sobre assuntos que lhe sejam "
    "próprios e a de suplementar a legislação federal e a estadual no que couber em cada caso."
)


def saved(document: pymupdf.Document, folder: Path, name: str = "made.pdf", **how) -> Path:
    path = folder / name
    document.save(path, **how)
    document.close()
    return path


def lines(page, texts, *, x=72.0, y=100.0, size=11.0, leading=14.0):
    for number, text in enumerate(texts):
        page.insert_text((x, y + number * leading), text, fontsize=size)


def column(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{n:02d} com palavras que enchem a linha" for n in range(count)]


def scan_of(page, dpi=200, turned=0.0) -> pymupdf.Document:
    """A one-page document that shows the page as a picture only."""
    picture = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
    if turned:
        from io import BytesIO

        from PIL import Image

        image = Image.frombytes("L", (picture.width, picture.height), picture.samples)
        buffer = BytesIO()
        image.rotate(turned, Image.Resampling.BICUBIC, expand=turned % 90 == 0, fillcolor=255).save(
            buffer, "PNG"
        )
        stream = buffer.getvalue()
    else:
        stream = picture.tobytes("png")
    document = pymupdf.open()
    sideways = turned % 180 == 90
    width, height = page.rect.width, page.rect.height
    sheet = document.new_page(
        width=height if sideways else width, height=width if sideways else height
    )
    sheet.insert_image(sheet.rect, stream=stream)
    return document
