"""PDFs to SQL tables, with every value proven on its page."""

__version__ = "0.1.0"
