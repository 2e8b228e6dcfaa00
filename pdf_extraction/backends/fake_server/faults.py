"""What the scripted server does wrong, how slow it is and what it limits, from one spec.

Only the script: how a fault looks on the wire is ``app``'s and ``answers``' business.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches

from pdf_extraction.errors import SettingsError

#: Faults that answer with an HTTP status; ``429_bare`` is a 429 without Retry-After.
STATUS_KINDS = ("429", "429_bare", "500", "502", "503")
#: Faults of the connection.
WIRE_KINDS = ("hang", "reset", "drip", "stall", "stream_cut")
#: Answers with status 200 that a client has to see through or to read all the same.
ANSWER_KINDS = (
    "truncated",
    "malformed",
    "token_loop",
    "whitespace_loop",
    "whitespace_tail",
    "refusal",
    "wrong_page",
    "empty",
    "list_content",
    "think",
    "think_open",
    "reasoning",
    "fences",
    "prose",
    "page_list",
    "tool_call",
    "no_usage",
    "sideways",
)
KINDS = STATUS_KINDS + WIRE_KINDS + ANSWER_KINDS


@dataclass(frozen=True)
class Latency:
    """Seconds from getting a slot to the answer.

    Attributes:
        low: The fixed value, the least of a range, or the median of a log-normal.
        high: The most of a uniform range; None otherwise.
        sigma: Of a log-normal; 0 otherwise.
    """

    low: float = 0.0
    high: float | None = None
    sigma: float = 0.0

    def draw(self, dice: random.Random) -> float:
        """One latency in seconds."""
        if self.high is not None:
            return dice.uniform(self.low, self.high)
        return self.low * dice.lognormvariate(0, self.sigma) if self.sigma else self.low

    @classmethod
    def parse(cls, text: str) -> Latency:
        """``1.0`` fixed, ``0.5-2`` uniform, ``1.0~0.4`` log-normal (median and sigma)."""
        if "~" in text:
            median, sigma = text.split("~")
            return cls(float(median), sigma=float(sigma))
        low, _, high = text.partition("-")
        return cls(float(low), float(high) if high else None)


@dataclass(frozen=True)
class Faults:
    """The server's script.

    Attributes:
        shares: Share of calls, 0-1, that meet each of ``KINDS``.
        latency: Of a call that holds a slot.
        slots: Calls worked on at once; later ones wait. 0 = no limit.
        seed: The same seed and the same calls give the same faults, in any order of arrival.
        retry_after: Seconds that a 429 by share asks to wait.
        rpm: Calls in any window. 0 = no limit.
        itpm: Input tokens in any window.
        otpm: Output tokens in any window.
        window: Seconds of such a window.
        usage: 0 leaves ``usage`` out of answers.
        picture_tokens: Input tokens counted for each picture.
        devices: Devices of a made-up page.
        key: Where set, calls without this key get 401.
        open_list: 1 lists the models without a key, as OpenRouter does.
        echo: 1 repeats a wrong key in the 401, as some servers do.
        model: Name of the only model served; empty serves any.
        token_s: Seconds for each token of a stream.
        cut_above: Tokens at which every answer is cut, whatever room was asked for. 0 = never.
        refuses: Parts of a request that are not taken, joined by ``+``: top-level fields, or a type
            of ``response_format``.
        refuse_status: Status of that refusal.
        list_status: Of the list of models; some servers fail it and answer questions.
        most_tokens: Calls with more ``max_tokens`` get 400, as a model's context refuses them.
        most_pictures: Calls with more pictures get 400, as vLLM can be set. 0 = no limit.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    latency: Latency = Latency()
    slots: int = 0
    seed: int = 0
    retry_after: float = 1.0
    rpm: int = 0
    itpm: int = 0
    otpm: int = 0
    window: float = 60.0
    usage: int = 1
    picture_tokens: int = 1000
    devices: int = 3
    key: str = ""
    open_list: int = 0
    echo: int = 0
    model: str = ""
    token_s: float = 0.0
    cut_above: int = 0
    refuses: str = ""
    refuse_status: int = 400
    list_status: int = 200
    most_tokens: int = 0
    most_pictures: int = 0

    @classmethod
    def parse(cls, spec: str) -> Faults:
        """Read ``429=0.15,malformed=0.08,latency=1.0,slots=64,seed=7``.

        Raises:
            SettingsError: Names the word that is not understood and the nearest right one.
        """
        faults = cls()
        for item in filter(None, (part.strip() for part in spec.split(","))):
            name, _, value = item.partition("=")
            try:
                faults = faults._with(name.strip(), value.strip())
            except ValueError as error:
                raise SettingsError(f"--faults: {item!r} is no number; {error}") from error
        if sum(faults.shares.values()) > 1:
            raise SettingsError("--faults: the shares add up to more than 1")
        return faults

    def _with(self, name: str, value: str) -> Faults:
        if name in KINDS:
            return replace(self, shares={**self.shares, name: _share(value)})
        if name == "latency":
            return replace(self, latency=Latency.parse(value))
        plain = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        if name in plain and name != "shares":
            return replace(self, **{name: plain[name](value)})
        known = sorted({*KINDS, *plain} - {"shares"})
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
        raise SettingsError(f"--faults: unknown {name!r}; {hint}")

    def dice(self, *identity: object) -> random.Random:
        """Chance that depends on the seed and on what is asked, not on who came first."""
        return random.Random(":".join(map(str, (self.seed, *identity))))  # noqa: S311 - a script

    def draw(self, dice: random.Random) -> str | None:
        """Kind of fault that a call meets; None for none."""
        point = dice.random()
        for kind, share in self.shares.items():
            point -= share
            if point < 0:
                return kind
        return None


def _share(value: str) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise ValueError("a share is from 0 to 1")
    return share
