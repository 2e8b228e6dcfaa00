"""How many tokens a call takes: estimated before, learned from what servers report; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
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
        recall: Input ratios and output tokens of a prompt's last answers in earlier runs.
    """

    max_output: int
    recall: Callable[[str], Iterable[tuple[float, int]]] = field(default=lambda _group: ())
    _seen: dict[str, tuple[deque[float], deque[int]]] = field(default_factory=dict)

    def expect(self, request: Request, *, unknown: float = 1.0) -> Tokens:
        """Tokens that a call is likely not to exceed.

        Args:
            request: The call's.
            unknown: Times the rough count is taken for a prompt that was never answered.
        """
        ratios, outputs = self._known(_group(request))
        return Tokens(
            round(input_tokens(request) * max(ratios, default=unknown)),
            # Room that was asked for because less was not enough will be used.
            request.max_tokens or max(outputs, default=self.max_output),
        )

    def learn(self, request: Request, completion: Completion) -> None:
        """Take an answer's usage into account; where the server gave none, the answer's length.

        Each call of such a server was expected to use ``max_tokens``, so that a cap of money let
        two at a time through.
        """
        ratios, outputs = self._known(_group(request))
        outputs.append(completion.output_tokens)
        if not completion.usage_estimated:
            ratios.append(completion.input_tokens / max(1, input_tokens(request)))

    def _known(self, group: str) -> tuple[deque[float], deque[int]]:
        if group not in self._seen:
            ratios, outputs = deque[float](maxlen=REMEMBERED), deque[int](maxlen=REMEMBERED)
            for ratio, output in self.recall(group):
                ratios.append(ratio)
                outputs.append(output)
            self._seen[group] = ratios, outputs
        return self._seen[group]


def _group(request: Request) -> str:
    # Not the prompt's hash: user texts may name the page and differ on each.
    return request.prompt.schema_hash
