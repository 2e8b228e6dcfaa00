"""Pages of acts made of plain lines, and the whole way from them to rows."""

import json
from pathlib import Path

from pdf_extraction.assembly.canonical import build_canonical
from pdf_extraction.grounding import ground
from pdf_extraction.model import (
    Completion,
    Document,
    GroundedPage,
    PageImage,
    PageOutcome,
    PageText,
    Word,
)
from pdf_extraction.profiles.legal_ptbr import LegalPtBr

#: Characters a full line holds; shorter lines end a paragraph.
WIDTH = 72
_CHAR, _LEFT, _TOP, _STEP, _HEIGHT = 0.011, 0.1, 0.15, 0.022, 0.016

PROFILE = LegalPtBr()


def page(*lines, source="text_layer", number=1):
    """A page of one column.

    A line that begins with ``^`` is centred, with ``<<`` stands at the head of the page, with
    ``>>`` at its foot; ``~word~`` is struck through; a line of nothing is a gap.
    """
    text, words, line_number, y = "", [], 0, _TOP
    head, foot = 0.03, 0.95
    for given in lines:
        if not given:
            y += _STEP
            continue
        place, line, top = _place(given, y, head, foot)
        y += _STEP if top == y else 0
        head += _STEP if place == "head" else 0
        x = 0.5 - len(line.replace("~", "")) * _CHAR / 2 if place == "centre" else _LEFT
        text += "\n" if text else ""
        for printed in line.split(" "):
            struck, token = printed.startswith("~"), printed.strip("~")
            box = (x, top, x + len(token) * _CHAR, top + _HEIGHT)
            start = len(text)
            text += token + " "
            words.append(Word(start, start + len(token), box, line_number, 10.0, struck=struck))
            x += (len(token) + 1) * _CHAR
        text = text.rstrip(" ")
        line_number += 1
    return PageImage(number, 595, 842, text=PageText(source, text, tuple(words)))


def _place(line, y, head, foot):
    if line.startswith("^"):
        return "centre", line[1:].strip(), y
    if line.startswith("<<"):
        return "head", line[2:].strip(), head
    if line.startswith(">>"):
        return "foot", line[2:].strip(), foot
    return "flow", line, y


def filled(text):
    """The lines that a justified paragraph takes, all but the last full."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def tables_of(*pages, answers=None, failed=()):
    """Rows of the profile's tables; ``answers`` are devices by page number, else it reads."""
    document, text, grounded = grounded_act(*pages, answers=answers, failed=failed)
    tables = PROFILE.assemble(document, text, grounded)
    check_invariants(tables["devices"], text)
    assert _grown(document, grounded) == tables
    return tables


def grounded_act(*pages, answers=None, failed=()):
    """What a profile assembles: a document, its text and its pages."""
    images = [
        PageImage(number, p.width_pt, p.height_pt, text=p.text)
        for number, p in enumerate(pages, start=1)
    ]
    canonical = build_canonical([image.text.text for image in images])
    grounded = [
        _grounded(image, start, answers, failed)
        for image, start in zip(images, canonical.page_starts, strict=True)
    ]
    return Document("ato", "ato", Path("ato.pdf"), "0" * 64, 1), canonical.text, grounded


def _grown(document, pages):
    """Rows of a document that was assembled again with each page that came."""
    profile = PROFILE.growing()
    for count in range(1, len(pages) + 1):
        text = build_canonical([page.outcome.page.text.text for page in pages[:count]]).text
        tables = profile.assemble(document, text, pages[:count])
    return {name: list(rows) for name, rows in tables.items()}


def devices_of(*pages, **how):
    """Rows of ``devices``."""
    return tables_of(*pages, **how)["devices"]


def paths(rows, context=None):
    """Paths joined by ``/``, of one context where given."""
    return ["/".join(row["path"]) for row in rows if context in {None, row["context"]}]


def texts(rows):
    """Texts by path; of several wordings the last."""
    return {"/".join(row["path"]): row["text"] for row in rows}


def device(device_type, identifier, text, parent=None):
    """One device of a model's answer."""
    return {
        "device_type": device_type,
        "identifier": identifier,
        "text": text,
        "parent_identifier": parent,
        "bbox": None,
        "confidence": 0.9,
    }


def _grounded(image, start, answers, failed):
    if image.page_number in failed:
        error = ValueError("no answer")
        return GroundedPage(PageOutcome(image, error=error), None, (), start)
    if answers is None:
        text, model = PROFILE.read(image), ""
    else:
        page_devices = answers.get(image.page_number, [])
        text = json.dumps({"page_number": image.page_number, "devices": page_devices})
        model = "model"
    answer = PROFILE.parse(text, image.page_number)
    groundings = ground(PROFILE.claims(answer), image.text)
    outcome = PageOutcome(image, completion=Completion(text, "b", model=model))
    return GroundedPage(outcome, answer, groundings, start)


def check_invariants(rows, text):
    """What holds for every document's rows."""
    ids = [row["device_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert [row["position"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert row["parent_id"] is None or row["parent_id"] in ids
        spans = row["canonical_spans"]
        assert row["source_text"] == "".join(text[s["start"] : s["end"]] for s in spans)
        assert bool(spans) == (row["grounding"] != "absent")
