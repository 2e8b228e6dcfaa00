"""Where the real documents are, for tests that skip without them."""

from pathlib import Path

import pytest

from pdf_extraction.pdf.engines import ocr_engine_status

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real documents is not beside this checkout"
)
calibrated_on_tesseract = pytest.mark.skipif(
    ocr_engine_status(("por", "eng")).engine != "tesserocr",
    reason="confidence of scans is calibrated on Tesseract, whose Portuguese data is not here; "
    "RapidOCR's word confidences tell nothing",
)
