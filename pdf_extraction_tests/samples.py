"""PDFs that tests make for themselves."""

from collections.abc import Sequence
from pathlib import Path

import pymupdf

LAW_PAGE = """LEI Nº {number}, DE 2 DE MAIO DE 2024

Art. {first}º Fica criado o Conselho Municipal de Águas de Brejo Alto.
§ 1º O Conselho reúne-se a cada mês:
I - em sessão ordinária; e
II - em sessão extraordinária, quando convocado.
§ 2º As sessões são públicas.
Art. {second}º Esta Lei entra em vigor na data de sua publicação."""


def write_pdf(path: Path, pages: Sequence[str]) -> Path:
    """A PDF of plain pages in 11 points; an empty text is a blank page."""
    document = pymupdf.open()
    for text in pages:
        page = document.new_page()
        y = 90.0
        for line in text.splitlines():
            page.insert_text((72, y), line, fontsize=11)
            y += 18
    path.parent.mkdir(parents=True, exist_ok=True)
    document.save(path)
    document.close()
    return path


def write_law(path: Path, pages: int = 1) -> Path:
    """A law of two articles a page, numbered on: Art. 1º, 2º on page 1, and so on."""
    texts = [
        LAW_PAGE.format(number=100 + n, first=2 * n + 1, second=2 * n + 2) for n in range(pages)
    ]
    return write_pdf(path, texts)
