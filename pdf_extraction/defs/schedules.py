"""When the warehouse is tidied. What that is, is the asset's business."""

import dagster as dg

from pdf_extraction.defs import jobs

warehouse_compaction = dg.ScheduleDefinition(
    name="warehouse_compaction",
    job=jobs.compact_warehouse,
    cron_schedule="30 3 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each night: bring what changed and build the file anew.",
)
