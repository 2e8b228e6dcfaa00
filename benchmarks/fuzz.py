"""Broken files and broken answers by the thousand: nothing outside the error tree may come out.

``python benchmarks/fuzz.py [PDFS] [ANSWERS] [SEED]`` (2,000 and 5,000 by default). The suite runs a
few with a fixed seed. A finding is printed with the seed that makes it again.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pymupdf

from pdf_extraction.errors import ExtractionError, ReaderFault
from pdf_extraction.extraction import assemble_document, ground_document
from pdf_extraction.model import Completion, Document, DocumentOutcome, PageImage, PageOutcome
from pdf_extraction.pdf.options import ReadOptions
from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.tasks import PageOptions
from pdf_extraction.pdf.workers import Reader
from pdf_extraction.profiles import get_profile

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "data" / "samples"
HOSTILE = ROOT.parent / "shared" / "corpus" / "hostile"
#: Larger files would take the time of many small ones.
_MOST_BYTES = 300_000
_OBJECT = re.compile(rb"\d+ 0 obj\b.*?endobj", re.DOTALL)
_ODD = ('"', "{", "}", "[", "]", ",", "\\", "\\u", "\x00", "null", "NaN", "1e999", "-0", "true")
_ODDER = (
    "\ud800",
    "\u202e",
    "```",
    "<think>",
    "Art. 1º",
    "§",
    "9" * 400,
    "[" * 3000,
    "é",
    " " * 999,
)


def mutated_pdf(data: bytes, dice: random.Random) -> bytes:
    """A file with a few bytes flipped, a piece gone or doubled, or objects exchanged."""
    for _ in range(dice.randint(1, 4)):
        data = data or b"%PDF-1.7"
        size = len(data)
        at, length = dice.randrange(size), dice.randint(1, max(1, size // 8))
        match dice.randrange(5):
            case 0:
                raw = bytearray(data)
                for _ in range(dice.randint(1, 60)):
                    raw[dice.randrange(size)] = dice.randrange(256)
                data = bytes(raw)
            case 1:
                data = data[:at] + data[at + length :]
            case 2:
                data = data[: at + length] + data[at:]
            case 3:
                found = [match.span() for match in _OBJECT.finditer(data)]
                if len(found) > 1:
                    (a, b), (c, d) = sorted(dice.sample(found, 2))
                    data = data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]
            case 4:
                number = str(dice.choice((0, -1, 2**31, 7, 65536))).encode()
                data = re.sub(
                    rb"\b\d+\b",
                    lambda m, number=number: number if dice.random() < 0.01 else m[0],
                    data,
                )
    return data or b"%PDF-1.7"


def mutated_answer(text: str, dice: random.Random) -> str:
    """An answer with pieces gone, doubled, exchanged, or replaced by what JSON dislikes."""
    if dice.random() < 0.4:
        return json.dumps(_mutated_value(json.loads(text), dice), ensure_ascii=False)
    for _ in range(dice.randint(1, 5)):
        text = text or "{}"
        at, length = dice.randrange(len(text) + 1), dice.randint(1, 40)
        piece = dice.choice(_ODD + _ODDER) if dice.random() < 0.6 else text[at : at + length]
        text = text[:at] + piece + text[at + dice.choice((0, length)) :]
    return text[: dice.randrange(len(text) + 1)] if dice.random() < 0.2 else text


def _mutated_value(value: object, dice: random.Random) -> object:
    odd = (None, True, -1, 1e300, 10**40, "", "x", "\ud800", [], {}, [[]], "9" * 300, float("nan"))
    if dice.random() < 0.06:
        return dice.choice(odd)
    if isinstance(value, dict):
        return {
            (dice.choice(("x", "", key)) if dice.random() < 0.05 else key): _mutated_value(v, dice)
            for key, v in value.items()
            if dice.random() > 0.03
        }
    if isinstance(value, list):
        kept = [_mutated_value(item, dice) for item in value if dice.random() > 0.05]
        return kept * dice.choice((1, 1, 1, 2))
    return value


def fuzz_pdfs(count: int, seed: int, folder: Path) -> Counter[str]:
    """How so many mutated files ended, by class."""
    pool = [*SAMPLES.glob("*.pdf"), *HOSTILE.glob("*.pdf")]
    originals = [p.read_bytes() for p in sorted(pool) if p.stat().st_size <= _MOST_BYTES]

    async def one(reader: Reader, number: int) -> str:
        dice = random.Random(f"{seed}-{number}")
        path = folder / f"{number}.pdf"
        path.write_bytes(mutated_pdf(dice.choice(originals), dice))
        try:
            facts = await reader.open(path)
            pages = [await reader.read(path, n) for n in range(1, min(facts.page_count, 2) + 1)]
        except ExtractionError as error:
            ends = [error]
        else:
            ends = [page.error for page in pages if page.error is not None]
        faults = [str(error) for error in ends if isinstance(error, ReaderFault)]
        if faults:
            print(f"seed {seed}-{number}: {faults[0]}")
        else:
            path.unlink()
        return ends[0].kind if ends else "read"

    async def work() -> list[str]:
        options = ReadOptions(want_picture=True, max_pixels=200_000, ocr_languages=(), page_cpu_s=2)
        async with Reader(options) as reader:
            turn = asyncio.Semaphore(8)

            async def held(number: int) -> str:
                async with turn:
                    return await one(reader, number)

            return await asyncio.gather(*(held(number) for number in range(count)))

    return Counter(asyncio.run(work()))


class _NoCalls:
    def attempts(self, *_: object) -> list[object]:
        return []


def fuzz_answers(count: int, seed: int) -> Counter[str]:
    """How so many mutated answers ended: refused by class, or rows."""
    ends: Counter[str] = Counter()
    cases = [(get_profile(name), page) for name in ("legal_ptbr", "markdown") for page in _pages()]
    for number in range(count):
        dice = random.Random(f"{seed}-{number}")
        profile, page = dice.choice(cases)
        text = mutated_answer(profile.read(page), dice)
        ends[_ended(lambda p=profile, q=page, t=text: _assembled(p, q, t), f"{seed}-{number}")] += 1
    return ends


def _ended(work: Callable[[], str], seed: str) -> str:
    try:
        return work()
    except ExtractionError as error:
        return error.kind
    except Exception as error:  # noqa: BLE001 - what is looked for
        print(f"seed {seed}: {type(error).__name__}: {str(error)[:200]}")
        return f"OUTSIDE {type(error).__name__}"


def _assembled(profile, page: PageImage, text: str) -> str:  # noqa: ANN001 - any profile
    profile.parse(text, page.page_number)
    document = Document("fuzz", "fuzz", Path("fuzz.pdf"), "0" * 64, 1)
    ended = PageOutcome(page, Completion(text, "fuzz"), prompt_hash="p", schema_hash="s")
    outcome = DocumentOutcome(document, profile.name, (ended,))
    rows = assemble_document(profile, outcome, ground_document(profile, outcome), _NoCalls())
    _as_tables(rows)
    return "rows"


def _as_tables(rows) -> None:  # noqa: ANN001 - rows of any tables
    from datetime import UTC, datetime

    from pdf_extraction.storage.checked import to_table

    for row in rows["documents"]:
        row |= {"run_id": "fuzz", "extracted_at": datetime.now(UTC)}
    for name, found in rows.items():
        to_table(name, found)


def _pages() -> list[PageImage]:
    pages = []
    for path in sorted(SAMPLES.glob("*.pdf")):
        try:
            document = pymupdf.open(path)
        except pymupdf.FileDataError:
            continue
        for number in range(min(2, document.page_count)):
            page = read_page(document[number], PageOptions(ocr_languages=()))
            if page.text.text:
                pages.append(replace(page, picture=None))
    return pages


def main() -> None:
    """Run both and say how everything ended."""
    given = [int(word) for word in sys.argv[1:]]
    pdfs, answers, seed = (*given, *(2_000, 5_000, 1)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        print("files:", dict(fuzz_pdfs(pdfs, seed, Path(folder))))
    print("answers:", dict(fuzz_answers(answers, seed)))


if __name__ == "__main__":
    main()
