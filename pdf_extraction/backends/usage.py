"""How many tokens a call takes: estimated before, learned from what servers report; pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pdf_extraction.model import Completion, Request

#: Characters of a token; Portuguese prose in current tokenizers has 3 to 4.
CHARACTERS_PER_TOKEN = 3.5
#: Pixels of a picture token: 28 x 28, as Qwen-VL merges its patches (arXiv 2409.12191).
PIXELS_PER_TOKEN = 784
#: How many of the last answers an estimate looks at.
REMEMBERED = 50


def text_tokens(text: str) -> int:
    """Rough tokens of a text, at least 1."""
    return max(1, round(len(text) / CHARACTERS_PER_TOKEN))


def input_tokens(request: Request) -> int:
    """Rough input tokens of a request, before anything is learned."""
    prompt = request.prompt
    texts = [prompt.system, prompt.user, *(text for pair in request.rejected for text in pair)]
    pages = (request.page, *request.neighbours)
    pixels = sum(page.picture.width * page.picture.height for page in pages if page.picture)
    return sum(map(text_tokens, texts)) + pixels // PIXELS_PER_TOKEN


@dataclass(frozen=True)
class Tokens:
    """Tokens of one call."""

    input: int
    output: int


@dataclass
class Estimator:
    """Learns one backend's tokens from its answers; shared by that backend's policies.

    It errs to the safe side: the most of the last answers of the same prompt and schema.

    Attributes:
        max_output: ``max_tokens``; expected of a prompt that was never answered.
    """

    max_output: int
    _ratios: dict[str, deque[float]] = field(default_factory=dict)
    _outputs: dict[str, deque[int]] = field(default_factory=dict)

    def expect(self, request: Request) -> Tokens:
        """Tokens that a call is likely not to exceed."""
        ratios = self._ratios.get(_group(request), (1.0,))
        outputs = self._outputs.get(_group(request), (self.max_output,))
        return Tokens(round(input_tokens(request) * max(ratios)), max(outputs))

    def learn(self, request: Request, completion: Completion) -> None:
        """Take an answer's usage into account."""
        if completion.usage_estimated:
            return
        group = _group(request)
        ratios = self._ratios.setdefault(group, deque(maxlen=REMEMBERED))
        ratios.append(completion.input_tokens / max(1, input_tokens(request)))
        outputs = self._outputs.setdefault(group, deque(maxlen=REMEMBERED))
        outputs.append(completion.output_tokens)


def _group(request: Request) -> str:
    # Not the prompt's hash: user texts may name the page and differ on each.
    return request.prompt.schema_hash
