"""Answers from the page's own text, by the profile's rules; no server and no OCR here.

OCR happens where the page is read (``pdf``); this backend only says what to do without it.
"""

from __future__ import annotations

from pdf_extraction.backends.base import Health
from pdf_extraction.errors import Unavailable
from pdf_extraction.model import Completion, Request
from pdf_extraction.settings import EmbeddedBackendSettings

OCR_FIXES = (
    "Either `pip install rapidocr onnxruntime` (slower, nothing else to install), or install "
    "Tesseract's language data (Debian and Ubuntu: `apt install tesseract-ocr-por`; elsewhere "
    "set TESSDATA_PREFIX to a folder with por.traineddata); see [ocr] and ocr_languages."
)


class EmbeddedBackend:
    """Reads devices from the text layer, or from what OCR found.

    Args:
        name: Of the backend in the settings.
        settings: Its table.
    """

    needs_picture = False
    is_local = True

    def __init__(self, name: str, settings: EmbeddedBackendSettings) -> None:
        self.name = name
        self.settings = settings

    async def complete(self, request: Request) -> Completion:
        """Answer by rules.

        Raises:
            Unavailable: The page has no text to read, because nothing recognised it.
        """
        page = request.page
        if page.text.source == "none" and not page.is_blank:
            raise Unavailable(
                f"{self.name}: page {page.page_number} is a picture and no OCR has read it. "
                f"{OCR_FIXES}",
                backend=self.name,
            )
        # No latency: a time that differs with every run would change rows that do not.
        return Completion(request.read(page), backend=self.name)

    async def health(self) -> Health:
        """Always well: text layers need nothing; ``doctor`` looks at OCR where pages are read."""
        return Health(self.name, ok=True, detail=f"{self.name}: text layers are read here.")

    async def aclose(self) -> None:
        """Nothing is open."""
