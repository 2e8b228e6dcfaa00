"""A part of a page shown alone and larger, to better what was answered about the page.

Which part, and what its answer is for, a profile says.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from pdf_extraction.errors import ExtractionError, SettingsError, StorageError
from pdf_extraction.model import Completion, Request
from pdf_extraction.tools import Tools

_log = logging.getLogger(__name__)


async def look_closer(tools: Tools, request: Request, before: Completion) -> Completion:
    """The answer about a part of a page; an empty one where none comes.

    The page keeps what it has then: its first answer was good. What the calls cost stands in
    the ledger either way, and the next run asks again.

    Args:
        tools: Of the run.
        request: About the part.
        before: The page's answer so far.

    Raises:
        SettingsError: Something is missing that no page could do without.
        StorageError: Answers cannot be kept.
    """
    try:
        return await tools.chain.complete(request)
    except (SettingsError, StorageError):
        raise
    except ExtractionError as error:
        key, number = request.partition_key, request.page.page_number
        _log.warning("%s: page %d keeps a part as first answered: %s", key, number, error)
        nothing = replace(before, text="", input_tokens=0, output_tokens=0, cost_usd=0.0)
        return replace(nothing, latency_ms=0.0, usage_estimated=False)
