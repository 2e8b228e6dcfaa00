"""What Dagster loads. Loading reads no file, no environment and no network."""

from pdf_extraction.defs.build import build_definitions

__all__ = ["build_definitions", "defs"]

defs = build_definitions()
