"""OCR engines behind one small protocol; the only place that imports them.

Tesseract is taken where language data is installed, being 6 to 10 times cheaper and the one
with telling confidences; else RapidOCR, whose models come with its wheel. An engine is
loaded once a process.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from pdf_extraction.errors import Unavailable
from pdf_extraction.model import BBox
from pdf_extraction.pdf.memory import a_turn, give_back

if TYPE_CHECKING:
    from pdf_extraction.pdf.drawn import Pixels

EngineName = Literal["auto", "tesseract", "rapidocr"]

#: Where Debian, Fedora, Arch, source builds and Homebrew put language data.
_USUAL_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
#: RapidOCR's names of Tesseract's languages; its default model reads the others it can.
_RAPID_LANGUAGES = {"por": "pt", "eng": "en", "spa": "es", "fra": "fr", "deu": "de", "ita": "it"}


class OcrWord(NamedTuple):
    """A word that an engine read.

    Attributes:
        text: Without blanks.
        bbox: Pixels of the picture.
        line: Words of one line share it.
        confidence: 0-1, as the engine says.
    """

    text: str
    bbox: BBox
    line: int
    confidence: float


class Engine(Protocol):
    """Reads words from a grey picture."""

    name: str

    def words(self, pixels: Pixels, dpi: int) -> list[OcrWord]:
        """Words of an upright picture, doubtful ones too.

        Args:
            pixels: Grey levels, rows by columns, contiguous.
            dpi: Of the picture.
        """


@dataclass(frozen=True)
class OcrStatus:
    """What ``doctor`` shows about OCR.

    Attributes:
        ok: Whether an engine is there.
        engine: Its name, empty for none.
        detail: What was found, and what to do for more.
    """

    ok: bool
    engine: str
    detail: str


def ocr_engine_status(languages: tuple[str, ...], wanted: EngineName = "auto") -> OcrStatus:
    """Which engine would read these languages; loads none."""
    folder = tessdata_folder(languages)
    asked = "+".join(languages)
    if wanted != "rapidocr" and folder is not None and _is_installed("tesserocr"):
        return OcrStatus(True, "tesserocr", f"Tesseract with {asked} from {folder}")
    if wanted != "tesseract" and _is_installed("rapidocr") and _is_installed("onnxruntime"):
        return OcrStatus(
            True,
            "rapidocr",
            "RapidOCR with the models of its wheel; Tesseract would be 6 times faster: "
            + _install(languages),
        )
    return OcrStatus(False, "", _fixes(languages))


@functools.cache
def engine_for(languages: tuple[str, ...], wanted: EngineName = "auto") -> Engine:
    """The engine for these languages (Tesseract's codes), loaded once a process.

    Raises:
        Unavailable: No engine is installed.
    """
    status = ocr_engine_status(languages, wanted)
    if status.engine == "tesserocr":
        return Tesseract(tessdata_folder(languages), languages)
    if status.engine == "rapidocr":
        return Rapid(languages)
    raise Unavailable(status.detail, backend="embedded")


def tessdata_folder(languages: tuple[str, ...]) -> Path | None:
    """The first folder that holds data of all the languages."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    named = [Path(prefix), Path(prefix) / "tessdata"] if prefix else []
    for folder in [*named, *map(Path, _USUAL_FOLDERS)]:
        if all((folder / f"{language}.traineddata").is_file() for language in languages):
            return folder
    return None


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _install(languages: tuple[str, ...]) -> str:
    packages = " ".join(f"tesseract-ocr-{language}" for language in languages)
    return f"apt install {packages}, or set TESSDATA_PREFIX to a folder of .traineddata files"


def _fixes(languages: tuple[str, ...]) -> str:
    return (
        "no OCR engine for pages without a text layer: pip install rapidocr onnxruntime, "
        f"or pip install tesserocr and {_install(languages)}"
    )


class Tesseract:
    """Tesseract by its C interface.

    Args:
        folder: Of the language data; None for Tesseract's own choice.
        languages: Its codes, the most likely first.
    """

    name = "tesserocr"

    def __init__(self, folder: Path | None, languages: tuple[str, ...]) -> None:
        # Its threads slow each other down when a process a core reads a page each; the
        # limit is read when the OpenMP library is loaded.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        import tesserocr  # noqa: PLC0415

        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
        self._api = tesserocr.PyTessBaseAPI(
            path=f"{folder}/" if folder else "",
            lang="+".join(languages),
            psm=tesserocr.PSM.AUTO,
            oem=tesserocr.OEM.LSTM_ONLY,
        )

    def words(self, pixels: Pixels, dpi: int) -> list[OcrWord]:
        """Words of an upright picture, doubtful ones too."""
        height, width = pixels.shape
        self._api.SetImageBytes(pixels.tobytes(), width, height, 1, width)
        self._api.SetSourceResolution(dpi)
        rows = self._api.GetTSVText(0).splitlines()
        self._api.Clear()
        return list(_tsv_words(rows))


def _tsv_words(rows: list[str]) -> list[OcrWord]:
    """Words of Tesseract's TSV, whose columns its manual lists (level 5 is a word)."""
    lines: dict[tuple[str, ...], int] = {}
    words = []
    for row in rows:
        cells = row.split("\t", 11)
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = map(int, cells[6:10])
        line = lines.setdefault(tuple(cells[1:5]), len(lines))
        box = (float(left), float(top), float(left + width), float(top + height))
        words.append(OcrWord(cells[11].strip(), box, line, float(cells[10]) / 100))
    return words


class Rapid:
    """RapidOCR on onnxruntime, with the models of its wheel.

    Args:
        languages: Tesseract's codes, the most likely first.
    """

    name = "rapidocr"

    def __init__(self, languages: tuple[str, ...]) -> None:
        from rapidocr import RapidOCR  # noqa: PLC0415

        read: Any = RapidOCR(
            params={
                "Global.log_level": "critical",
                # Twice as fast as the default for a full page, with the same errors.
                "Det.limit_side_len": 1280,
                "Det.limit_type": "max",
                # Lines of one batch are padded to the widest: one by one they take a third
                # less memory and a fifth less time.
                "Rec.rec_batch_num": 1,
                # The default of 2,000 blurs "º" into "°" before recognition.
                "Global.max_side_len": 4000,
                "Global.return_word_box": True,
                "Rec.lang_type": _RAPID_LANGUAGES.get(languages[0], "ch") if languages else "ch",
                # One process a core: threads inside it only fight.
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        # What needs most memory by far; RapidOCR 3 makes it when it is first asked for.
        find_lines: Any = getattr(read, "_load_det_model", lambda: None)()
        if find_lines is not None:
            read.text_det = _InTurn(find_lines)
        self._read = read

    def words(self, pixels: Pixels, dpi: int) -> list[OcrWord]:  # noqa: ARG002
        """Words of an upright picture, doubtful ones too."""
        colour = np.repeat(pixels[:, :, None], 3, axis=2)
        result = self._read(colour, use_cls=False)
        give_back()
        return list(_rapid_words(result.word_results or ()))


class _InTurn:
    """RapidOCR's search for lines, so that few processes are at it together."""

    def __init__(self, find_lines: Any) -> None:
        self._find_lines = find_lines

    def __call__(self, *args: Any, **options: Any) -> Any:
        with a_turn():
            return self._find_lines(*args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find_lines, name)


def _rapid_words(lines: Iterable[Iterable[Any]]) -> Iterator[OcrWord]:
    for number, line in enumerate(lines):
        for word in line:
            # Of a line without a word in it comes ("", 1.0, None) in place of its words.
            if not isinstance(word, tuple | list) or len(word) != 3:
                continue
            text, confidence, corners = word
            if text.strip() and corners is not None:
                yield OcrWord(text.strip(), _box(corners), number, float(confidence))


def _box(corners: Any) -> BBox:
    xs, ys = [float(point[0]) for point in corners], [float(point[1]) for point in corners]
    return min(xs), min(ys), max(xs), max(ys)
