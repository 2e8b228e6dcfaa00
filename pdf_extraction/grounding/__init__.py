"""Where extracted texts stand on their page, and how far that proves them.

Pure: page text in, places and numbers out. What a text means, what belongs to the page's
furniture and what becomes a row is decided by profiles and assembly.
"""

from pdf_extraction.grounding.agreement import Agreement, compare
from pdf_extraction.grounding.align import MIN_SIMILARITY, ground
from pdf_extraction.grounding.boxes import boxes, words_in
from pdf_extraction.grounding.confidence import (
    Proof,
    confidence,
    confidence_by_ink,
    confidence_of_print,
)
from pdf_extraction.grounding.spelling import Spelling

__all__ = [
    "MIN_SIMILARITY",
    "Agreement",
    "Proof",
    "Spelling",
    "boxes",
    "compare",
    "confidence",
    "confidence_by_ink",
    "confidence_of_print",
    "ground",
    "words_in",
]
