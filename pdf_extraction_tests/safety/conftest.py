"""The command line's fixtures serve here too."""

from pdf_extraction_tests.cli.conftest import invoke

__all__ = ["invoke"]
