"""zerox (py-zerox): Poppler pictures, one call a page, Markdown back."""

from __future__ import annotations

import asyncio
import os

from benchmarks.peers.common import arguments, done


async def main() -> None:
    """One file after another as its documentation shows; tuned, all at once with all slots."""
    asked = arguments()
    os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_API_BASE": asked.url}
    from pyzerox import zerox

    async def one(path: str, **options: int) -> int:
        result = await zerox(file_path=path, model="gpt-4o-mini", **options)
        return sum(bool(page.content) for page in result.pages)

    paths = [str(path) for path in sorted(asked.pdfs.glob("*.pdf"))]
    started = done.clock()
    if asked.tuned:
        each = max(1, asked.slots // len(paths))
        found = await asyncio.gather(*(one(path, concurrency=each) for path in paths))
    else:
        found = [await one(path) for path in paths]
    done(started, pages=sum(found))


if __name__ == "__main__":
    asyncio.run(main())
