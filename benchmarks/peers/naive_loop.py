"""What a user writes first: one page after another, a 300-DPI PNG, the official client."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.peers.common import arguments, done

Place = tuple[Path, int]


def run(threads: int) -> None:
    """Ask about every page with so many threads, and keep the answers in memory."""
    import pymupdf
    from openai import OpenAI

    asked = arguments()
    client = OpenAI(base_url=asked.url, api_key="none")

    def ask(place: Place) -> int:
        path, number = place
        with pymupdf.open(path) as document:
            picture = document[number].get_pixmap(dpi=300).tobytes("png")
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        said = client.chat.completions.create(
            model="scripted",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": f"Convert page {number + 1} to Markdown."},
                        {"type": "image_url", "image_url": {"url": url}},
                    ],
                }
            ],
        )
        return len(said.choices[0].message.content or "")

    started = done.clock()
    places = list(_places(sorted(asked.pdfs.glob("*.pdf")), pymupdf.open))
    with ThreadPoolExecutor(threads) as pool:
        lengths = list(pool.map(ask, places))
    done(started, pages=sum(length > 0 for length in lengths), lost=lengths.count(0))


def _places(paths: list[Path], opened: Callable[[Path], object]) -> Iterator[Place]:
    for path in paths:
        with opened(path) as document:
            yield from ((path, number) for number in range(len(document)))


if __name__ == "__main__":
    run(1)
