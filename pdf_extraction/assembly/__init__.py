"""Pages become one document: canonical text, structure, ids, chunks; pure, no I/O."""
