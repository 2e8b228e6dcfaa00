"""Frozen types of one page's journey, from a file to its table rows.

No behaviour beyond derivations of the fields, and no foreign library.
"""

from pdf_extraction.model.calls import (
    ANSWER_SEPARATOR,
    Attempt,
    Completion,
    Prompt,
    Request,
    Sent,
    digest,
    encodable,
    joined,
    joined_text,
)
from pdf_extraction.model.geometry import (
    WHOLE_PAGE,
    BBox,
    Span,
    View,
    union,
)
from pdf_extraction.model.outcomes import (
    Document,
    DocumentOutcome,
    Doubt,
    GroundedPage,
    Grounding,
    GroundingMethod,
    PageOutcome,
    PageStatus,
    Row,
)
from pdf_extraction.model.pages import (
    Line,
    PageFlag,
    PageImage,
    PageText,
    Picture,
    Region,
    RegionKind,
    TableCell,
    TextSource,
    Word,
)

__all__ = [
    "ANSWER_SEPARATOR",
    "WHOLE_PAGE",
    "Attempt",
    "BBox",
    "Completion",
    "Document",
    "DocumentOutcome",
    "Doubt",
    "GroundedPage",
    "Grounding",
    "GroundingMethod",
    "Line",
    "PageFlag",
    "PageImage",
    "PageOutcome",
    "PageStatus",
    "PageText",
    "Picture",
    "Prompt",
    "Region",
    "RegionKind",
    "Request",
    "Row",
    "Sent",
    "Span",
    "TableCell",
    "TextSource",
    "View",
    "Word",
    "digest",
    "encodable",
    "joined",
    "joined_text",
    "union",
]
