"""The PDF library imported without what it takes in tow; loaded first in a worker server."""

import sys

#: What PyMuPDF imports along wherever it is installed: layout models, whose sessions take 2 s
#: of CPU and 100 MB in each process. ``layout`` imports them when it needs them.
_IN_TOW = ("pymupdf.layout", "pymupdf4llm")

_kept_out = [name for name in _IN_TOW if name not in sys.modules]
sys.modules.update(dict.fromkeys(_kept_out))  # type: ignore[arg-type]  # None: not to be found
try:
    import pymupdf  # noqa: F401
finally:
    for _name in _kept_out:
        del sys.modules[_name]
