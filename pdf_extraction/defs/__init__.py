"""The only place that imports Dagster, one module for each of its concepts.

Bodies are calls into the modules below; nothing here reads a PDF, asks a model or writes a row.
"""
