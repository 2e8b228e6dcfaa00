"""docling's own conversion, on this machine alone; needs its models in the local cache."""

from __future__ import annotations

from benchmarks.peers.common import arguments, done


def main() -> None:
    """Its defaults."""
    from docling.document_converter import DocumentConverter

    asked = arguments()
    started = done.clock()
    paths = sorted(asked.pdfs.glob("*.pdf"))
    found = DocumentConverter().convert_all(paths, raises_on_error=False)
    done(started, pages=sum(len(result.pages) for result in found))


if __name__ == "__main__":
    main()
