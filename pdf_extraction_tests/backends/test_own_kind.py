"""The example of a backend of one's own in docs/models.md works as it stands there."""

import asyncio
import re
from importlib.metadata import EntryPoint
from pathlib import Path

from pdf_extraction.backends import chain as chain_module
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_backend, build_chain
from pdf_extraction.settings import parse_settings
from pdf_extraction_tests.backends.helpers import request

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def test_the_documented_example_answers_in_a_chain(tmp_path, monkeypatch):
    """Its class is found by its entry point, gets its keys, and is kept and billed like any."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "your_package.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("shouting", "your_package:Shouting", "pdf_extraction.backends")
    monkeypatch.setattr(chain_module, "entry_points", lambda **_: [point])
    table = {"kind": "shouting", "greeting": "LEI", "concurrency": 4}
    settings = parse_settings({"chain": ["loud"], "backends": {"loud": table}}, "test")

    async def run():
        bare = build_backend("loud", settings.chained["loud"])
        chain = build_chain(settings, CallStore(tmp_path / "calls.sqlite"))
        health = await bare.health()
        first, again = [await chain.complete(request()) for _ in range(2)]
        await chain.aclose()
        return health, first, again

    health, first, again = asyncio.run(run())
    assert "LEI" in health.detail
    assert (first.model, first.cached, again.cached) == ("shouting", False, True)
