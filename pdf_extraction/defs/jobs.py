"""The jobs: everything for some documents, and the warehouse alone. No op is defined here."""

import dagster as dg

from pdf_extraction.defs import failures

#: Steps of a run follow each other in one process: each process more costs 3 s to start,
#: and what is parallel here are pages, not steps.
EXECUTOR = dg.in_process_executor

extract_documents = dg.define_asset_job(
    "extract_documents",
    selection=dg.AssetSelection.all(),
    description="Documents from their files to the warehouse, with all checks.",
    tags=failures.NO_RUN_RETRY,
    executor_def=EXECUTOR,
)

compact_warehouse = dg.define_asset_job(
    "compact_warehouse",
    selection=dg.AssetSelection.assets("warehouse"),
    description="Refresh the warehouse and build its file anew.",
    config=dg.RunConfig(ops={"warehouse": {"config": {"compact": True}}}),
    tags=failures.NO_RUN_RETRY,
    executor_def=EXECUTOR,
)
