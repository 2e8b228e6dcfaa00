"""What the runners of one contender each share: their arguments and what they say at the end."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any


def arguments() -> argparse.Namespace:
    """``--pdfs``, ``--url``, ``--out``, ``--slots`` and ``--tuned``, the same for everybody."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pdfs", type=Path, required=True)
    parser.add_argument("--url", default="")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--pixels", type=int, default=1_300_000)
    parser.add_argument("--tuned", action="store_true")
    return parser.parse_args()


class _Done:
    clock = staticmethod(time.perf_counter)

    def __call__(self, started: float, **said: Any) -> None:
        """Say the seconds of the work itself, imports and starting left out, and the rest."""
        work_s = round(time.perf_counter() - started, 3)
        print(json.dumps({"work_s": work_s, **said}), flush=True)


done = _Done()


def ours(asked: argparse.Namespace) -> Any:
    """A workspace of ours: everybody's server and pixels, nothing else set."""
    from pdf_extraction.settings import parse_settings
    from pdf_extraction.tools import Workspace

    server = {
        "kind": "openai",
        "base_url": asked.url,
        "model": "scripted",
        "concurrency": asked.slots,
        "calls_per_minute": 0,
        "input_tokens_per_minute": 0,
        "output_tokens_per_minute": 0,
    }
    table = server if asked.url else {"kind": "embedded"}
    settings = {
        "chain": ["bench"],
        "backends": {"bench": table},
        "render": {"max_pixels": asked.pixels},
    }
    return Workspace(asked.out, parse_settings(settings, "benchmark"))
