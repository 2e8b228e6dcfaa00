"""A model that answers from gold, with faults planted by a seeded dice; no server.

The answers of a page are made from the devices' gold texts (the page's own print where it has
a text layer, so that line breaks fall as they do on the page). ``benchmarks/calibration.py``
and tests of what stands behind a model use the same one.
"""

import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

from pdf_extraction.evaluation import loose, matched
from pdf_extraction.extraction import assemble_document, ground_document
from pdf_extraction.model import Completion

FAULTS = ("digits", "invented", "dropped", "neighbour", "negation")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
INVENTED = (
    "o órgão competente publicará relatório semestral de acompanhamento das metas pactuadas",
    "fica vedada a cobrança de taxa de inscrição de candidatos residentes na zona rural",
    "a comissão deliberará por maioria absoluta, presentes dois terços dos seus membros",
    "os recursos remanescentes reverterão ao fundo estadual de cultura e desporto",
)
_NEGATION = re.compile(r"\b(?:não|nem|vedad[ao]s?|exceto|salvo|sem)\b ?", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """One device of an answer.

    Attributes:
        identity: Of the gold device; None for an invented one.
        device: As it stands in the answer.
        fault: What was planted, or nothing.
    """

    identity: object
    device: dict
    fault: str = ""


@dataclass
class Behind:
    """Rows that stand behind answers.

    Attributes:
        rows: By table.
        faults: What was planted, by gold identity.
    """

    rows: dict
    faults: dict = field(default_factory=dict)


def gold_rows(path):
    """Gold devices of a file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def true_answers(outcome, rows, gold, canonical_text):
    """What a model without any fault answers, by page number.

    Args:
        outcome: The document as it was read.
        rows: ``devices`` and ``pages`` of the embedded backend.
        gold: Gold devices.
        canonical_text: Of the document.
    """
    pages = {page["page_number"]: page for page in rows["pages"]}
    answers = defaultdict(list)
    pairs = [pair for pair in matched(gold, rows["devices"]) if pair[1] and pair[2]]
    for identity, wanted, found in sorted(pairs, key=lambda pair: pair[2]["position"]):
        for number, text in _parts(wanted, found, pages, canonical_text):
            answers[number].append(Claim(identity, _device(wanted, text)))
    return answers


def _parts(wanted, found, pages, canonical_text):
    """The device's text on each of its pages, printed label included."""
    lengths, printed = defaultdict(int), defaultdict(str)
    for span in found["canonical_spans"]:
        for number, page in pages.items():
            start = max(span["start"], page["canonical_start"])
            end = min(span["end"], page["canonical_end"])
            if start < end:
                lengths[number] += end - start
                printed[number] += canonical_text[start:end]
    if all(pages[number]["text_source"] == "text_layer" for number in lengths):
        return [(number, " ".join(text.split())) for number, text in printed.items()]
    words = f"{wanted['label']} {wanted['text']}".split()
    total, parts, first = sum(lengths.values()), [], 0
    for number, length in lengths.items():
        last = min(len(words), first + max(1, round(len(words) * length / total)))
        parts.append((number, words[first:last]))
        first = last
    parts[-1][1].extend(words[first:])
    return [(number, " ".join(part)) for number, part in parts if part]


def _device(wanted, text):
    return {
        "device_type": wanted["device_type"],
        "identifier": wanted["identifier"],
        "text": text,
        "parent_identifier": wanted.get("parent"),
        "bbox": None,
        "confidence": 0.9,
    }


def noisy(text, rng, rate):
    """``text`` with a share of its letters replaced."""
    return "".join(
        rng.choice(LETTERS) if char.isalpha() and rng.random() < rate else char for char in text
    )


def planted(answers, rng, rate, kinds=FAULTS):
    """The answers with about ``rate`` of their devices made wrong, one way each."""
    wrong = {}
    for number, claims in answers.items():
        wrong[number] = []
        for claim in claims:
            kind = rng.choice(kinds) if rng.random() < rate else ""
            wrong[number].extend(_planted(claim, kind, rng, answers, number))
    return wrong


def _planted(claim, kind, rng, answers, number):
    text = claim.device["text"]
    if kind == "invented":
        device = {**claim.device, "identifier": _next(claim.device), "text": _invented(claim, rng)}
        return [claim, Claim(None, device, kind)]
    changed = {
        "digits": lambda: _other_digits(text, rng),
        "dropped": lambda: _without_words(text, rng),
        "negation": lambda: _NEGATION.sub("", text, count=1),
        "neighbour": lambda: _of_neighbour(answers, number, rng),
    }.get(kind, lambda: None)()
    if changed is None or loose(changed) == loose(text):
        return [claim]
    return [Claim(claim.identity, {**claim.device, "text": changed}, kind)]


def _next(device):
    number = re.search(r"\d+", device["identifier"])
    if device["device_type"] == "artigo" and number:
        return f"Art. {int(number[0]) + 700}"
    return {"inciso": "XLVII", "alinea": "z)", "paragrafo": "§ 47", "item": "47"}.get(
        device["device_type"], "47"
    )


def _invented(claim, rng):
    return f"{_next(claim.device)} - {rng.choice(INVENTED)}, na forma do item {rng.randint(3, 99)}."


def _other_digits(text, rng):
    """One digit behind the label swapped for another."""
    body = len(text) - len(_body(text))
    places = [at for at, char in enumerate(text) if char.isdigit() and at >= body]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + rng.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]


def _body(text):
    return text.split(" ", 2)[-1]


def _without_words(text, rng):
    """Two to four words behind the label left out."""
    words = text.split(" ")
    count = rng.randint(2, 4)
    if len(words) < count + 5:
        return None
    first = rng.randrange(3, len(words) - count)
    return " ".join(words[:first] + words[first + count :])


def _of_neighbour(answers, number, rng):
    others = [c for n in (number - 1, number + 1) for c in answers.get(n, ())]
    return rng.choice(others).device["text"] if others else None


def with_noise(answers, rng, rate):
    """Every text with character noise."""
    return {
        number: [
            replace(claim, device={**claim.device, "text": noisy(claim.device["text"], rng, rate)})
            for claim in claims
        ]
        for number, claims in answers.items()
    }


def plain_answer(number, devices):
    """A right answer, as text."""
    return json.dumps({"page_number": number, "devices": devices}, ensure_ascii=False)


def embedded(profile, outcome, calls):
    """Rows of the answers that the document has."""
    return assemble_document(profile, outcome, ground_document(profile, outcome), calls)


def behind(profile, outcome, answers, calls, style=plain_answer):
    """The rows that come of these answers."""
    pages = []
    for page in outcome.pages:
        number = page.page.page_number
        text = style(number, [claim.device for claim in answers.get(number, ())])
        completion = Completion(text, "simulated", "simulated")
        pages.append(replace(page, completion=completion) if page.status == "done" else page)
    asked = replace(outcome, pages=tuple(pages))
    rows = embedded(profile, asked, calls)
    faults = {c.identity: c.fault for claims in answers.values() for c in claims if c.fault}
    return Behind(rows, faults)


def dice(*seed):
    """A generator of its own for each experiment."""
    return random.Random("/".join(map(str, seed)))
