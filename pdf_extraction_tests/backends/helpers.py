"""Requests, settings and a clock whose waits cost nothing, for the tests of this folder."""

import asyncio
import hashlib
import heapq
import json

from pdf_extraction.backends.base import Health
from pdf_extraction.errors import Malformed
from pdf_extraction.model import (
    WHOLE_PAGE,
    Completion,
    PageImage,
    PageText,
    Picture,
    Prompt,
    Request,
)
from pdf_extraction.settings import OpenAIBackendSettings, parse_settings

PROMPT = Prompt(
    "Extract devices.",
    "Page text",
    {"type": "object", "properties": {"devices": {"type": "array"}}},
    "page",
)


def picture_of(number):
    return f"the picture of page {number}".encode() * 20


def page(number, **fields):
    data = picture_of(number)
    sha = hashlib.sha256(data).hexdigest()
    picture = Picture(800, 1000, len(data), sha, "image/jpeg")
    text = PageText("text_layer", f"text of page {number}")
    return PageImage(number, **{"picture": picture, "text": text, **fields})


async def load_picture(page, view):
    """The page's bytes; those of a part or of a turned page are others."""
    shown = "" if view == WHOLE_PAGE else f" {view}"
    return picture_of(page.page_number) + shown.encode()


def parse(text):
    """Accepts an object with a list of devices."""
    try:
        devices = json.loads(text)["devices"]
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(f"no devices: {error}") from error
    if not isinstance(devices, list):
        raise Malformed("devices is no list")
    return devices


def request(number=1, **fields):
    defaults = {
        "document_id": "lei-1",
        "sha256": "a" * 64,
        "page": page(number),
        "prompt": Prompt(
            "Extract devices.",
            f"Page {number}",
            {"type": "object", "properties": {"devices": {"type": "array"}}},
            "page",
        ),
        "read": lambda page: json.dumps({"page_number": page.page_number, "devices": []}),
        "parse": parse,
        "load_picture": load_picture,
    }
    return Request(**{**defaults, **fields})


def backend_settings(base_url="http://127.0.0.1:9/v1", **fields):
    values = {"kind": "openai", "base_url": base_url, "model": "scripted", "timeout_s": 10.0}
    return OpenAIBackendSettings(**{**values, **fields})


def chain_settings(*servers, embedded=False, max_cost_usd=None, **fields):
    """Settings of a chain over servers, named s1, s2 and so on."""
    tables = {
        f"s{position}": {
            "kind": "openai",
            "base_url": server.base_url,
            "model": "scripted",
            "calls_per_minute": 0,
            **fields,
        }
        for position, server in enumerate(servers, start=1)
    }
    chain = [*tables, *(["embedded"] if embedded else [])]
    budget = {} if max_cost_usd is None else {"max_cost_usd": max_cost_usd}
    return parse_settings({"chain": chain, "backends": tables, "budget": budget}, "test")


class LeapingClock:
    """Time that jumps to the next waker as soon as every task waits for it."""

    def __init__(self):
        self.time = 1000.0
        self.slept = []
        self._sleepers = []
        self._count = 0
        self._driver = None

    def now(self):
        return self.time

    async def sleep(self, seconds):
        self.slept.append(seconds)
        waker = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.time + seconds, self._count, waker))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        await waker

    async def _drive(self):
        while self._sleepers:
            for _ in range(20):  # let everything that can go on do so
                await asyncio.sleep(0)
            moment, _, waker = heapq.heappop(self._sleepers)
            if not waker.done():  # whoever is cancelled waits for no moment
                self.time = max(self.time, moment)
                waker.set_result(None)


class ScriptedBackend:
    """A backend in this process: each call takes a step of a script.

    A step is an exception to raise or the text to answer; the last one repeats.
    """

    needs_picture = True
    is_local = False

    def __init__(self, *steps, name="s1", clock=None, latency_s=0.0, usage=(100, 10), pause_s=None):
        self.name = name
        self.steps = list(steps) or ['{"devices": []}']
        self.asked = []
        self.clock = clock
        self.latency_s = latency_s
        self.usage = usage
        self.pause_s = pause_s
        self.in_flight = self.most_in_flight = 0

    async def complete(self, request):
        self.asked.append((self.clock.now() if self.clock else 0.0, request))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.clock and self.latency_s:
                await self.clock.sleep(self.latency_s)
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
            if isinstance(step, Exception):
                raise step
            used = dict(zip(("input_tokens", "output_tokens"), self.usage, strict=True))
            return Completion(step, self.name, "scripted", pause_s=self.pause_s, **used)
        finally:
            self.in_flight -= 1

    async def health(self):
        return Health(self.name, ok=True, detail="scripted")

    async def aclose(self):
        pass
