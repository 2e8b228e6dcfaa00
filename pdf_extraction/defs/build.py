"""Everything assembled by one function; what is assembled is defined beside this module."""

import warnings
from typing import Any

import dagster as dg

with warnings.catch_warnings():
    # Backfill policies are beta and partitioned checks a preview in Dagster 1.13; its minor
    # version is pinned, and the tests hold what is used of them.
    warnings.simplefilter("ignore", category=dg.BetaWarning)
    warnings.simplefilter("ignore", category=dg.PreviewWarning)
    from pdf_extraction.defs import assets, checks, jobs, resources, schedules, sensors, session


def build_definitions(**overrides: Any) -> dg.Definitions:
    """All definitions of the product.

    Args:
        overrides: Resources to put in place of those of the same name.
    """
    return dg.Definitions(
        assets=[
            assets.read_and_ask,
            assets.page_extractions,
            assets.document_chunks,
            assets.warehouse,
        ],
        asset_checks=[checks.document_checks],
        jobs=[jobs.extract_documents, jobs.compact_warehouse],
        sensors=[sensors.inbox, sensors.retry_failed],
        schedules=[schedules.warehouse_compaction],
        resources={
            "renderer": resources.Renderer(),
            "backends": resources.Backends(),
            "folder": resources.DataFolder(),
            "session": session.Session(),
            **overrides,
        },
        executor=jobs.EXECUTOR,
    )
