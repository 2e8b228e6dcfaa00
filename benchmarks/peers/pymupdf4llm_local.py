"""PyMuPDF4LLM: pages to Markdown, on this machine alone."""

from __future__ import annotations

from benchmarks.peers.common import arguments, done


def main() -> None:
    """One file after another, as its documentation shows."""
    import pymupdf4llm

    asked = arguments()
    started = done.clock()
    pages = 0
    for path in sorted(asked.pdfs.glob("*.pdf")):
        pages += len(pymupdf4llm.to_markdown(str(path), page_chunks=True))
    done(started, pages=pages)


if __name__ == "__main__":
    main()
