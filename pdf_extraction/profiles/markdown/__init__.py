"""Pages as Markdown, and the cells of their tables."""

from pdf_extraction.profiles.markdown.profile import Markdown

__all__ = ["Markdown"]
