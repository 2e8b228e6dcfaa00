"""PDF files to pages: the only place that imports the PDF library and OCR engines."""
