"""What the cores can render and encode, with nothing else done: the bound beside the slots."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.peers.common import arguments, done


def encoded(path: Path, numbers: range, pixels: int) -> int:
    """Render and encode some pages of a file; how many there were."""
    import numpy as np
    import pymupdf
    import simplejpeg

    with pymupdf.open(path) as document:
        for number in numbers:
            page = document[number]
            scale = (pixels / (page.rect.width * page.rect.height)) ** 0.5
            pixmap = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale))
            rows = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
            colours = rows[:, : pixmap.width * 3].reshape(pixmap.height, pixmap.width, 3)
            simplejpeg.encode_jpeg(np.ascontiguousarray(colours), 85, "RGB", "420", fastdct=True)
    return len(numbers)


def main() -> None:
    """Spread the pages over as many processes as there are cores."""
    import pymupdf

    asked = arguments()
    started = done.clock()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        parts = []
        for path in sorted(asked.pdfs.glob("*.pdf")):
            with pymupdf.open(path) as document:
                count = len(document)
            parts += [
                pool.submit(encoded, path, range(n, min(n + 10, count)), asked.pixels)
                for n in range(0, count, 10)
            ]
        pages = sum(part.result() for part in parts)
    done(started, pages=pages, lost=0)


if __name__ == "__main__":
    main()
