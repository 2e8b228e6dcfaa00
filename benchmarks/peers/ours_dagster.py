"""Our pipeline through Dagster: ``pdf-extraction run``'s own function, checks and all."""

from __future__ import annotations

from benchmarks.peers.common import arguments, done, ours


def main() -> None:
    """Register every file and materialise its partition."""
    from pdf_extraction.defs.instance import open_instance
    from pdf_extraction.defs.launch import run_documents
    from pdf_extraction.tools import get_ready

    asked = arguments()
    workspace = ours(asked)
    get_ready(workspace.settings)
    with open_instance(workspace.data) as instance:
        started = done.clock()
        files = ((path, asked.pdfs) for path in sorted(asked.pdfs.glob("*.pdf")))
        keys = [entry.document.partition_key for entry in workspace.catalogue.register_all(files)]
        result = run_documents(instance, workspace, keys)
        rows = [result.documents[key] for key in keys]
        done(
            started,
            pages=sum(row["pages_done"] for row in rows),
            lost=sum(row["pages_failed"] for row in rows),
            broken=list(result.broken.values()),
        )


if __name__ == "__main__":
    main()
