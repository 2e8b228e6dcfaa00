"""The press that makes the sample documents: act descriptions in, PDF files and gold out.

Nothing here reads a PDF of somebody else, and nothing here is imported by `pdf_extraction`.
"""
