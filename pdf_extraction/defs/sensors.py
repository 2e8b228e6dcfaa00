"""stub"""

import dagster as dg
from pdf_extraction.defs import jobs


@dg.sensor(
    job=jobs.extract_documents,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
)
def inbox(context):
    return dg.SkipReason("x")


@dg.sensor(
    job=jobs.extract_documents,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
)
def retry_failed(context):
    return dg.SkipReason("x")
