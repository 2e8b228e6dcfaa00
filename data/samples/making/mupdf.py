"""The one door to PyMuPDF, which is marked as typed and mostly is not.

Only this name is untyped: everything that passes the door is given a type again on
the other side, so the rest stays under mypy's strict eye.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pymupdf

mupdf: Any = pymupdf
Pdf: TypeAlias = Any
Font: TypeAlias = Any
Page: TypeAlias = Any
