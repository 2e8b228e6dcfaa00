"""olmOCR-bench's unit tests on pages' Markdown: what they mean, and running them on documents."""
