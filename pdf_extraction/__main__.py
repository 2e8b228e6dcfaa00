"""``python -m pdf_extraction`` is ``pdf-extraction``."""

from pdf_extraction.cli import main

if __name__ == "__main__":
    main()
