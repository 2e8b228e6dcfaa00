"""PDFs of text, vector and scanned pages, made here so that everybody has the same.

python -m benchmarks.pages mixed FOLDER --documents 10 --pages 10
"""

from __future__ import annotations

import argparse
import io
import random
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image

_TEXT = """
lei prazo órgão competente mediante disposição contratada licitação servidor público normas
gerais execução contrato administração aplicação recurso decisão autoridade interessado
processo parágrafo vigência publicação
"""
_WORDS = _TEXT.split()
_SCAN_DPI = 200
KINDS = ("text", "vector", "scan")


def make(kind: str, folder: Path, documents: int, pages: int) -> None:
    """Write ``documents`` files of ``pages`` pages; ``mixed`` takes the kinds in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(documents):
        dice = random.Random(index)
        made = pymupdf.open()
        for number in range(1, pages + 1):
            wanted = KINDS[(index * pages + number) % 3] if kind == "mixed" else kind
            _PAGES[wanted](made, number, dice)
        made.save(folder / f"{kind}-{index:05d}.pdf", deflate=True, garbage=1)
        made.close()


def _text(made: pymupdf.Document, number: int, dice: random.Random) -> pymupdf.Page:
    page = made.new_page()
    y = 70.0
    page.insert_text((72, y), f"Art. {number}º {_sentence(dice, 9)}:", fontsize=10)
    for item in range(1, 42):
        y += 16
        start = f"{_roman(item // 4)} - " if item % 4 == 0 else ""
        page.insert_text((72, y), start + _sentence(dice, 11), fontsize=10)
    return page


def _vector(made: pymupdf.Document, number: int, dice: random.Random) -> pymupdf.Page:
    page = made.new_page()
    page.insert_text((72, 60), f"Gráfico {number}: {_sentence(dice, 6)}", fontsize=11)
    shape = page.new_shape()
    for _ in range(900):
        x, y = dice.uniform(60, 520), dice.uniform(90, 760)
        shape.draw_line((x, y), (x + dice.uniform(-30, 30), y + dice.uniform(-30, 30)))
        shape.finish(color=(dice.random(), dice.random(), dice.random()), width=0.7)
    for _ in range(250):
        x, y = dice.uniform(60, 500), dice.uniform(90, 740)
        shape.draw_rect((x, y, x + dice.uniform(4, 40), y + dice.uniform(4, 40)))
        shape.finish(fill=(dice.random(), dice.random(), dice.random()), width=0.3)
    shape.commit()
    for row in range(30):
        page.insert_text((60, 100 + 22 * row), _sentence(dice, 3), fontsize=7)
    return page


def _scan(made: pymupdf.Document, number: int, dice: random.Random) -> pymupdf.Page:
    source = pymupdf.open()
    pixmap = _text(source, number, dice).get_pixmap(dpi=_SCAN_DPI, colorspace=pymupdf.csGRAY)
    shape = pixmap.height, pixmap.width
    noise = np.random.default_rng(dice.randrange(1 << 30)).normal(0, 6, shape)
    paper = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
    grey = np.clip(paper[:, : pixmap.width] * 0.92 + noise, 0, 255).astype(np.uint8)
    picture = io.BytesIO()
    Image.fromarray(grey).save(picture, "JPEG", quality=75)
    page = made.new_page()
    page.insert_image(page.rect, stream=picture.getvalue())
    return page


_PAGES = {"text": _text, "vector": _vector, "scan": _scan}


def _sentence(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def _roman(number: int) -> str:
    return ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")[number]


def main() -> None:
    """Parse arguments and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=[*KINDS, "mixed"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--pages", type=int, default=10)
    asked = parser.parse_args()
    make(asked.kind, asked.folder, asked.documents, asked.pages)


if __name__ == "__main__":
    main()
