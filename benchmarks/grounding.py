"""Cost and accuracy of grounding on made-up pages of 60 devices.

    python benchmarks/grounding.py

Prints CPU milliseconds a page (one core) and the share of claims found at their true
place: for claims as printed, with character noise, with copies of boilerplate on the
page, and with a fifth of the claims left out.
"""

from __future__ import annotations

import random
import time

from pdf_extraction.grounding import ground
from pdf_extraction.model import PageText, Span

WORDS = """
o a de do da em que os as para com por não ser ao lei prazo serviço público dias órgão
processo administrativo autoridade competente contratação licitação contrato valor edital
responsável execução empresa pagamento município estado união artigo inciso parágrafo
previsto disposto mediante exceto quando nos termos desta forma regulamento
""".split()  # noqa: SIM905  # as a list it would take seventy lines


def passage(rng: random.Random, size: int) -> str:
    """Some ``size`` words of official prose, now and then with a number."""
    words = [
        rng.choice(WORDS) if rng.random() > 0.06 else str(rng.randint(2, 990)) for _ in range(size)
    ]
    return " ".join(words).capitalize() + rng.choice([";", ".", ";"])


def noisy(rng: random.Random, text: str, share: float) -> str:
    """``text`` with ``share`` of its characters replaced, dropped or doubled."""
    out = []
    for character in text:
        dice = rng.random() / share
        if dice < 1 / 3:
            out.append(rng.choice("abcdefghijlmnopqrstuvzáéçõ 0123456789"))
        elif dice < 2 / 3:
            continue
        else:
            out.append(character * (2 if dice < 1 else 1))
    return "".join(out)


def made_page(rng: random.Random, copies: float) -> tuple[PageText, list[str], list[Span]]:
    """A page of 60 labelled devices, of which ``copies`` repeat one of six passages."""
    boilerplate = [passage(rng, rng.randint(4, 14)) for _ in range(6)]
    text, claims, spans = "", [], []
    for number in range(60):
        own = passage(rng, rng.randint(4, 22))
        claim = rng.choice(boilerplate) if rng.random() < copies else own
        text += f"{number + 1} – "
        broken = "".join("\n" if c == " " and rng.random() < 0.1 else c for c in claim)
        spans.append(Span(len(text), len(text) + len(broken)))
        claims.append(claim)
        text += broken + "\n"
    return PageText("text_layer", text), claims, spans


def measure(name: str, pages: int, *, copies: float, noise: float, left_out: float) -> None:
    """Ground ``pages`` made pages and print one line."""
    rng = random.Random(5)
    right = total = characters = 0
    spent = 0.0
    for _ in range(pages):
        page, claims, spans = made_page(rng, copies)
        kept = [i for i in range(60) if rng.random() >= left_out]
        asked = [noisy(rng, claims[i], noise) if noise else claims[i] for i in kept]
        began = time.process_time()
        found = ground(asked, page)
        spent += time.process_time() - began
        characters += len(page.text)
        total += len(kept)
        for i, grounding in zip(kept, found, strict=True):
            place = grounding.spans[0] if grounding.spans else Span(-99, -99)
            right += abs(place.start - spans[i].start) < 4 and abs(place.end - spans[i].end) < 4
    print(
        f"{name:<44} {1000 * spent / pages:6.2f} ms/page of {characters // pages} characters, "
        f"{100 * right / total:6.2f} % at their place"
    )


def main() -> None:
    """Print the table."""
    measure("as printed", 50, copies=0, noise=0, left_out=0)
    measure("as printed, half copies", 50, copies=0.5, noise=0, left_out=0)
    measure("as printed, half copies, a fifth left out", 50, copies=0.5, noise=0, left_out=0.2)
    measure("5 % noise", 50, copies=0, noise=0.05, left_out=0)
    measure("5 % noise, half copies", 50, copies=0.5, noise=0.05, left_out=0)
    measure("5 % noise, half copies, a fifth left out", 50, copies=0.5, noise=0.05, left_out=0.2)
    measure("10 % noise, half copies", 50, copies=0.5, noise=0.1, left_out=0)


if __name__ == "__main__":
    main()
