"""Limits in real time, as the server saw them; a mix of faults; kept answers; memory.

    python benchmarks/limits.py calls      # 600 calls/min bind, three minutes
    python benchmarks/limits.py input      # 200,000 input tokens/min bind, three minutes
    python benchmarks/limits.py output     # 100,000 output tokens/min bind, three minutes
    python benchmarks/limits.py processes  # the same calls from two processes, one killed half-way
    python benchmarks/limits.py faults     # 2,000 pages, 39 % of the calls fail
    python benchmarks/limits.py cached     # 10,000 pages asked, then served again
    python benchmarks/limits.py stragglers # 640 pages with a long tail, raced and not

The server is ours, in a process of its own, and counts in windows of 60 s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from client import PROMPT, requests

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.backends.fake_server import serve
from pdf_extraction.errors import ExtractionError, Malformed
from pdf_extraction.model import Request
from pdf_extraction.settings import parse_settings

MIX = (
    "429=0.15,500=0.04,502=0.04,reset=0.03,hang=0.02,malformed=0.08,truncated=0.02,token_loop=0.01"
)
PICTURE = 20_000
#: Minutes' worth of the binding limit that is waited for, in the cases of one limit.
MINUTES = 3
LIMITS = {
    "calls_per_minute": 600,
    "input_tokens_per_minute": 200_000,
    "output_tokens_per_minute": 100_000,
}


@dataclass(frozen=True)
class Binding:
    """Questions of which one limit is reached first.

    Attributes:
        counted: What the server calls it.
        limit: A minute.
        words: How often the prompt says the same, 6 tokens each time.
        script: Of the server: tokens of a picture, devices of an answer (some 65 tokens each).
    """

    counted: str
    limit: int
    words: int
    script: str


BINDINGS = {
    "calls": Binding("requests", 600, 4, "picture_tokens=200,devices=1"),
    "input": Binding("input_tokens", 200_000, 120, "picture_tokens=1000,devices=3"),
    "output": Binding("output_tokens", 100_000, 4, "picture_tokens=200,devices=15"),
}


@contextmanager
def server(faults: str) -> Iterator[str]:
    """The scripted server in a process of its own."""
    command = [sys.executable, __file__, "--serve", faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def stats(url: str) -> dict:
    """What the server counted."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)


def resident_mb() -> float:
    """Memory of this process now, in MB; Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


async def ask(
    url: str, asked: Sequence[Request], folder: Path, watch: Sequence[int] = (), **fields: object
) -> tuple[int, float, CallStore]:
    """Ask about all pages through the whole chain; how many were answered, in how many seconds."""
    table = {"kind": "openai", "base_url": url, "model": "scripted", "calls_per_minute": 0}
    table |= {"input_tokens_per_minute": 0, "output_tokens_per_minute": 0, **fields}
    settings = parse_settings({"chain": ["fake"], "backends": {"fake": table}}, "benchmark")
    calls = CallStore(folder / "calls.sqlite")
    chain = build_chain(settings, calls, share=folder / "meeting")
    window, done = asyncio.Semaphore(settings.backends["fake"].concurrency + 8), 0

    async def one(request: Request) -> bool:
        nonlocal done
        try:
            await chain.complete(request)
        except ExtractionError as error:
            print(f"page {request.page.page_number}: {error}")
            return False
        finally:
            window.release()
            done += 1
            if done in watch:
                print(f"after page {done:6,}: {resident_mb():.0f} MB resident", flush=True)
        return True

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for request in asked:
            await window.acquire()
            tasks.append(group.create_task(one(request)))
    took = time.perf_counter() - started
    await chain.aclose()
    return sum(task.result() for task in tasks), took, calls


def limit(folder: Path, binding: Binding) -> None:
    """How much of the limit that binds is used, and the most that any 60 s saw of each."""
    with (
        server(f"latency=0.5-1.5,{binding.script}") as url,
        asking(url, folder, 0, LIMITS, binding.words),
    ):
        while (seen := stats(url))["requests"] == 0:
            time.sleep(0.1)
        began = time.perf_counter()
        while seen[binding.counted] <= MINUTES * binding.limit:
            time.sleep(0.1)
            seen = stats(url)
        took = time.perf_counter() - began
    used = MINUTES * 60 / took
    print(
        f"{MINUTES * binding.limit:,} {binding.counted} took {took:.1f} s: {used:.1%} of "
        f"{binding.limit:,} a minute used, with {seen['requests']} calls"
    )
    for name, most in LIMITS.items():
        peak = seen[f"peak_{name.removesuffix('_per_minute')}"]
        print(f"  most in any 60 s: {peak:,} of {most:,} {name} ({peak / most:.1%})")
    print(f"  {seen['statuses']}")


@contextmanager
def asking(
    url: str, folder: Path, first: int, limits: dict[str, int], words: int
) -> Iterator[subprocess.Popen]:
    """A process that asks page after page, killed at the end."""
    given = {"url": url, "folder": str(folder), "first": first, "limits": limits, "words": words}
    with subprocess.Popen([sys.executable, __file__, "--child", json.dumps(given)]) as process:
        yield process
        process.kill()


def child(url: str, folder: str, first: int, limits: dict[str, int], words: int) -> None:
    """Such a process; all of one folder share limits and nothing else."""
    own, meeting = Path(folder) / str(first), Path(folder) / "meeting"
    own.mkdir()
    meeting.mkdir(exist_ok=True)
    (own / "meeting").symlink_to(meeting)
    prompt = replace(PROMPT, system="Extraia os dispositivos. " * words)
    asyncio.run(ask(url, requests(first + 3000, 2000, prompt)[first:], own, **limits))


def processes(folder: Path) -> None:
    """Two processes and a killed one keep the calls of one minute."""
    limits = {"calls_per_minute": 600}
    with (
        server("latency=0.5-1.5,rpm=600") as url,
        asking(url, folder, 0, limits, 120) as one,
        asking(url, folder, 5000, limits, 120),
    ):
        time.sleep(75)
        one.kill()
        time.sleep(75)
        seen = stats(url)
    print(f"{seen['requests']} calls in 150 s from two processes, one killed after 75 s: most in")
    print(f"any 60 s {seen['peak_calls']} of 600, most in flight {seen['max_in_flight']} of 64")
    print(f"{seen['statuses']}")


def faults(folder: Path, pages: int) -> None:
    """Every page ends, and little more is called than must be."""

    def parse(text: str) -> None:
        try:
            assert isinstance(json.loads(text)["devices"], list)
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            raise Malformed(str(error)) from error

    asked = [
        Request(r.document_id, r.sha256, r.page, r.prompt, r.read, parse, r.load_picture)
        for r in requests(pages, PICTURE)
    ]
    with server(f"{MIX},latency=0.5-1.5,slots=64,retry_after=1,seed=7") as url:
        done, took, calls = asyncio.run(
            ask(url, asked, folder, concurrency=64, timeout_s=5.0, max_attempts=12)
        )
        seen = stats(url)
    spent = calls.spent()
    print(
        f"{done} of {pages} pages done with {spent.calls / pages:.3f} calls a page in {took:.0f} s "
        f"({seen['requests']} calls seen, {spent.calls} in the ledger, most in flight "
        f"{seen['max_in_flight']}, during a pause {seen['retry_after_ignored']})"
    )


def cached(folder: Path, pages: int) -> None:
    """Memory while asking, then all of it again for nothing."""
    asked = requests(pages, 150_000)
    with server("latency=0.05") as url:
        watch = (100, 1000, 2500, 5000, 10_000)
        asyncio.run(ask(url, asked, folder, watch, concurrency=64))
        before = stats(url)["requests"]
        done, took, _ = asyncio.run(ask(url, asked, folder, watch, concurrency=64))
        again = stats(url)["requests"] - before
    print(f"{done} kept pages served again in {took:.1f} s with {again} calls")


def stragglers(folder: Path) -> None:
    """What racing the last slow pages saves."""
    for raced in (False, True):
        with server("latency=1.0~1.0,slots=64,seed=3") as url:
            _, took, calls = asyncio.run(
                ask(url, requests(640, PICTURE), folder / str(raced), race_stragglers=raced)
            )
        print(f"race_stragglers = {raced}: {took:.1f} s, {calls.spent().calls} calls")


def main() -> None:
    """Parse arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", default="calls")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(0, arguments.serve, lambda url: print(url, flush=True))
        return
    if arguments.child:
        child(**arguments.child)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        {
            **{name: partial(limit, folder, binding) for name, binding in BINDINGS.items()},
            "processes": lambda: processes(folder),
            "faults": lambda: faults(folder, arguments.pages or 2000),
            "cached": lambda: cached(folder, arguments.pages or 10_000),
            "stragglers": lambda: stragglers(folder),
        }[arguments.what]()


if __name__ == "__main__":
    main()
