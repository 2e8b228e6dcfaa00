"""From files to partition keys: which file each partition stands for, and its version.

No document is opened here and no row written: a file is bytes with a hash, a sidecar is JSON.
"""

from pdf_extraction.catalogue.files import hash_file, partition_key
from pdf_extraction.catalogue.registry import Catalogue, Entry
from pdf_extraction.catalogue.search import Found, find_documents, search
from pdf_extraction.catalogue.sidecar import password, read_sidecar, sidecar_path

__all__ = [
    "Catalogue",
    "Entry",
    "Found",
    "find_documents",
    "hash_file",
    "partition_key",
    "password",
    "read_sidecar",
    "search",
    "sidecar_path",
]
