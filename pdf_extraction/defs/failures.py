"""The one translation of this package's errors into Dagster's. No error is handled here.

A document's or page's error never comes this far: it is a row and a failed check. What does
come is settings and infrastructure, and of those none is mended by trying the op again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pdf_extraction.errors import ExtractionError

#: Keeps Dagster's run retries off too: ``allow_retries`` alone stops only those of the op.
NO_RUN_RETRY = {"dagster/retry_on_asset_or_op_failure": "false"}


@contextmanager
def translated() -> Iterator[None]:
    """Turn an error of ours into a failure that shows its sentence first.

    Raises:
        dagster.Failure: With the sentence as description and the class in the metadata.
    """
    try:
        yield
    except ExtractionError as error:
        raise failure(error) from error
    except ExceptionGroup as group:
        own, others = group.split(ExtractionError)
        if others is not None or own is None:
            raise
        raise failure(_first(own)) from group


def failure(error: ExtractionError) -> dg.Failure:
    """The failure for one error."""
    metadata = {"error_type": error.kind, "remedy": error.remedy.value}
    return dg.Failure(str(error), metadata=metadata, allow_retries=False)


def _first(group: BaseExceptionGroup[ExtractionError]) -> ExtractionError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
