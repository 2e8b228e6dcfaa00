"""How well one process keeps a server's slots busy, and what a call costs the client.

    python benchmarks/client.py                       # the product's chain, 64/256/512 slots
    python benchmarks/client.py --stream never        # without streaming; default: both
    python benchmarks/client.py --client sdk          # OpenAI's SDK as it comes (`dev` extra)
    python benchmarks/client.py --kilobytes 1000 --slots 64

The server is ours, in a process of its own, with as many slots as are named and 1 s a call; it
shares the machine's cores with the client, so what it costs itself is shown too, and for how
much of the time the client stood ready and others had the cores: what is lost so is not its own.
Pictures are ready in memory: rendering is not measured here. The best that can be reached
with N pages and S slots is N / ceil(N / S) calls/s, which the last column is measured by too.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.chain import build_chain
from pdf_extraction.backends.fake_server import serve
from pdf_extraction.model import PageImage, PageText, Picture, Prompt, Request, View
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import window as pages_at_once

SCHEMA = {"type": "object", "properties": {"devices": {"type": "array"}}}
PROMPT = Prompt("Extraia os dispositivos. " * 120, "Página {page}", SCHEMA, "page")
#: Processes that read pages beside.
WORKERS = 2
Ask = Callable[[Request], Awaitable[object]]


def requests(count: int, size: int, prompt: Prompt = PROMPT) -> list[Request]:
    """Questions about distinct pictures of ``size`` bytes each."""
    body = os.urandom(size)

    async def load(page: PageImage, _view: View) -> bytes:
        return page.page_number.to_bytes(8, "big") + body[8:]

    def request(number: int) -> Request:
        sha = hashlib.sha256(str(number).encode()).hexdigest()
        picture = Picture(1400, 1400, size, sha, "image/jpeg")
        page = PageImage(number, text=PageText("text_layer", "x"), picture=picture)
        return Request("bench", "0" * 64, page, prompt, lambda _: "", lambda _: None, load)

    return [request(number) for number in range(1, count + 1)]


def product(
    base_url: str, concurrency: int, folder: Path, stream: str
) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """The chain with all its policies, the cache and the ledger on disk."""
    backend = {
        "kind": "openai",
        "base_url": base_url,
        "model": "scripted",
        "concurrency": concurrency,
        "calls_per_minute": 0,
        "input_tokens_per_minute": 0,
        "output_tokens_per_minute": 0,
        **({} if stream == "default" else {"stream": stream}),
    }
    settings = parse_settings({"chain": ["fake"], "backends": {"fake": backend}}, "benchmark")
    chain = build_chain(settings, CallStore(folder / "calls.sqlite"), share=folder)
    return chain.complete, chain.aclose


def sdk(
    base_url: str, concurrency: int, _folder: Path, _stream: str
) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    """The official client as its documentation shows it."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0)
    slots = asyncio.Semaphore(concurrency)

    async def ask(request: Request) -> object:
        async with slots:
            data = base64.b64encode(await request.load_picture(request.page, request.view)).decode()
            picture = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
            text = {"type": "text", "text": request.prompt.user}
            return await client.chat.completions.create(
                model="scripted",
                temperature=0,
                max_tokens=8192,
                messages=[
                    {"role": "system", "content": request.prompt.system},
                    {"role": "user", "content": [text, picture]},
                ],
            )

    return ask, client.close


async def measure(
    make: Callable, url: str, asked: list[Request], slots: int, folder: Path, stream: str
) -> str:
    """One line of figures."""
    ask, close = make(url, slots, folder, stream)
    await ask(asked.pop())  # connections and imports
    count, waiting = len(asked), iter(asked)

    async def one_after_another() -> None:
        for request in waiting:
            await ask(request)

    cpu, started, stood = time.process_time(), time.perf_counter(), waited_s()
    await asyncio.gather(*(one_after_another() for _ in range(pages_at_once(slots, WORKERS))))
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    stood = waited_s() - stood
    await close()
    rate = count / wall
    reachable = count / math.ceil(count / slots)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{make.__name__:8} {stream:7} {slots:4} slots {count:5} pages  {rate:6.1f} calls/s  "
        f"{rate / slots:6.1%} of the slots ({rate / reachable:6.1%} of what can be reached)  "
        f"{cpu / count * 1000:5.2f} ms CPU a call  {memory:5.0f} MB peak  "
        f"ready without a core {stood / wall:4.0%} of the time"
    )


def waited_s() -> float:
    """Seconds that this thread could have run and others had the cores; 0 where nobody says."""
    told = Path("/proc/self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


def served(faults: str) -> None:
    """Be the server; says its URL first and its CPU at the end."""
    began = 0.0

    def announce(url: str) -> None:
        nonlocal began
        began = time.process_time()
        print(url, flush=True)

    stats = serve(0, faults, announce)
    print((time.process_time() - began) / max(1, stats["requests"]) * 1000, flush=True)


def bench(arguments: argparse.Namespace, slots: int, stream: str) -> None:
    """Start a server, ask it, print one line."""
    command = [sys.executable, __file__, "--serve", f"latency={arguments.latency},slots={slots}"]
    count = arguments.pages or slots * 16
    asked = requests(count + 1, arguments.kilobytes * 1000)
    make = {"product": product, "sdk": sdk}[arguments.client]
    concurrency = round(slots * arguments.over)
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        url = server.stdout.readline().strip()
        load = os.getloadavg()[0]
        line = asyncio.run(measure(make, url, asked, concurrency, Path(folder), stream))
        server.terminate()
        server_ms = float(server.stdout.readline())
    print(f"{line}  server {server_ms:5.2f} ms CPU a call  load {load:.1f}", flush=True)


def main() -> None:
    """Parse arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--client", choices=["product", "sdk"], default="product")
    parser.add_argument("--slots", default="64,256,512")
    parser.add_argument("--over", type=float, default=1.0, help="client slots per server slot")
    parser.add_argument("--pages", type=int, default=0, help="0 = sixteen rounds of the slots")
    parser.add_argument("--kilobytes", type=int, default=150)
    parser.add_argument("--latency", default="1.0")
    parser.add_argument("--stream", default="default,never", help="settings to compare")
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        served(arguments.serve)
        return
    streams = arguments.stream.split(",") if arguments.client == "product" else ["never"]
    for slots in map(int, arguments.slots.split(",")):
        for stream in streams:
            bench(arguments, slots, stream)


if __name__ == "__main__":
    main()
