"""Whether confidence means what it says: calibration error and ranking on the public gold.

    python -m benchmarks.calibration [--engine rapidocr] DATA [GOLD_DIR ...]

DATA keeps the readings between two runs, each engine's apart. Each gold document is extracted by
the embedded backend, then stood behind a simulated model that answers from gold with 0, 1 and 3 %
character noise, without and with planted errors. A row is right where gold has its identity and
its text is equal by letters and digits. Prints, for each half of the documents (related ones
together): calibration error (ECE, 10 bins of equal width) and AUROC, for rows that are wrong and
for rows whose answer had a planted error, right or wrong, those apart that the page's own text
has wrong (they rank low for that, and should); then the share right of every kind of evidence,
which is what ``grounding/calibrated.py`` holds.
"""

from __future__ import annotations

import argparse
import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pdf_extraction.asking import read_and_ask
from pdf_extraction.evaluation import auroc, calibration_error, is_right, loose, matched
from pdf_extraction.grounding import confidence, ground
from pdf_extraction.model import DocumentOutcome, Row
from pdf_extraction.settings import parse_settings
from pdf_extraction.tools import Workspace, open_tools
from pdf_extraction_tests import simulated

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = (ROOT / "data/samples/gold", ROOT.parent / "shared/corpus/legal_br")
HALVES = {
    "a": ("cf88", "lc_rn_257", "simscan_lc", "dodf", "decreto-brejo", "portaria-31", "lei-comp"),
    "b": ("",),
}
NOISE = (0.0, 0.01, 0.03)
PLANTED = 0.2
Answers = Mapping[int, Sequence[simulated.Claim]]


@dataclass(frozen=True)
class Judged:
    """One row with what gold says of it."""

    document: str
    experiment: str
    source: str
    confidence: float | None
    method: str
    right: bool
    fault: str
    absent: bool

    @property
    def half(self) -> str:
        """Which half its document belongs to."""
        return next(h for h, starts in HALVES.items() if self.document.startswith(starts))


def gold_files(folders: Iterable[Path]) -> list[tuple[Path, Path]]:
    """(PDF, gold file) pairs that exist."""
    found = []
    for folder in folders:
        for gold in sorted(folder.glob("*.devices.jsonl")):
            name = gold.name.removesuffix(".devices.jsonl") + ".pdf"
            pdf = next((p for p in (folder / name, folder.parent / name) if p.exists()), None)
            if pdf is not None and gold.stat().st_size:
                found.append((pdf, gold))
    return found


def experiments(workspace: Workspace, pairs: Sequence[tuple[Path, Path]]) -> Iterator[Judged]:
    """Every row of every experiment."""
    documents = [workspace.catalogue.register(pdf).document for pdf, _ in pairs]

    async def read() -> list[DocumentOutcome]:
        async with open_tools(workspace) as tools:
            return await read_and_ask(tools, documents)

    for outcome, (_, path) in zip(asyncio.run(read()), pairs, strict=True):
        gold = simulated.gold_rows(path)
        base = simulated.embedded(workspace.profile, outcome, workspace.calls)
        yield from judged(outcome, "embedded", gold, base, {})
        text = base["documents"][0]["canonical_text"]
        truth = simulated.true_answers(outcome, base, gold, text)
        for rate in NOISE:
            for share in (0.0, PLANTED):
                name = f"noise {rate:g}" + (" planted" if share else "")
                rng = simulated.dice(outcome.document.partition_key, name)
                answers = simulated.planted(truth, rng, share) if share else truth
                answers = simulated.with_noise(answers, rng, rate) if rate else answers
                found = simulated.behind(workspace.profile, outcome, answers, workspace.calls)
                yield from judged(outcome, name, gold, found.rows, found.faults)
                yield from claims_judged(outcome, name, answers, truth)


def claims_judged(
    outcome: DocumentOutcome, experiment: str, answers: Answers, truth: Answers
) -> Iterator[Judged]:
    """The same answers as records that show what was answered, as any other profile's do."""
    for page in outcome.pages:
        text, number = page.page.text, page.page.page_number
        claims = answers.get(number, [])
        true = {claim.identity: claim.device["text"] for claim in truth.get(number, [])}
        found = ground([claim.device["text"] for claim in claims], text)
        differ = (sum(g.similarity < 1 for g in found) + 1) / (len(found) + 2)
        for claim, grounding in zip(claims, found, strict=True):
            said = claim.device["text"]
            value, method = confidence(said, grounding, text, copied=False, disagreement=differ)
            right = loose(said) == loose(true.get(claim.identity, ""))
            key = outcome.document.partition_key
            yield Judged(key, f"answers, {experiment}", text.source, value, method, right,
                         claim.fault, grounding.method == "absent")  # fmt: skip


def judged(
    outcome: DocumentOutcome,
    experiment: str,
    gold: Sequence[Row],
    rows: Mapping[str, list[Row]],
    faults: Mapping[object, str],
) -> Iterator[Judged]:
    """The rows of one experiment."""
    sources = {page["page_number"]: page["text_source"] for page in rows["pages"]}
    for identity, wanted, found in matched(gold, rows["devices"]):
        if found is None:
            continue
        yield Judged(
            outcome.document.partition_key,
            experiment,
            sources[found["page_number"]],
            found["confidence"],
            found["confidence_method"],
            is_right(wanted, found),
            faults.get(identity, "") or ("invented" if found["grounding"] == "absent" else ""),
            found["grounding"] == "absent",
        )


def kind_of(row: Judged) -> tuple[str, str]:
    """Evidence without its figures, but for similarity in steps."""
    signals = []
    for signal in row.method.split("+"):
        name, _, figure = signal.partition(":")
        if name == "agreement" and figure:
            steps = (0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 1.0)
            name += f"<{next(step for step in steps if float(figure) <= step)}"
        if name == "words" and figure:
            steps = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
            name += f"<{next(step for step in steps if float(figure) <= step)}"
        signals.append(name)
    return row.source, "+".join(s for s in signals if s != "digits")


def refitted(rows: Sequence[Judged], on: str) -> list[tuple[float, bool]]:
    """Rows of the other half, with an isotonic map of confidence fitted on half ``on``."""
    known = [row for row in rows if row.confidence is not None]
    blocks: list[list[float]] = []  # right, rows, highest confidence
    for row in sorted((r for r in known if r.half == on), key=lambda r: r.confidence or 0):
        blocks.append([float(row.right), 1.0, row.confidence or 0.0])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            right, count, top = blocks.pop()
            blocks[-1] = [blocks[-1][0] + right, blocks[-1][1] + count, top]
    tops = [block[2] for block in blocks]
    return [
        (block[0] / block[1], row.right)
        for row in known
        if row.half != on
        for block in [blocks[min(bisect_left(tops, row.confidence or 0.0), len(blocks) - 1)]]
    ]


def figures(name: str, rows: Sequence[Judged]) -> None:
    """One line of the table."""
    known = [row for row in rows if row.confidence is not None]
    if not known:
        return
    values = [row.confidence or 0.0 for row in known]
    right = [row.right for row in known]
    told = [row for row in known if row.right or row.fault]
    planted = auroc([row.confidence or 0.0 for row in told], [not row.fault for row in told])
    print(
        f"{name:<40} {len(known):>7} {100 * sum(right) / len(right):7.2f} %"
        f" {calibration_error(values, right):7.3f} {_shown(auroc(values, right))}"
        f" {_shown(planted)}"
    )


def _shown(value: float | None) -> str:
    return "      -" if value is None else f"{value:7.4f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", default="auto", choices=("auto", "tesseract", "rapidocr"))
    parser.add_argument("data", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    asked = parser.parse_args()
    settings = parse_settings({"ocr": {"engine": asked.engine}}, "calibration")
    workspace = Workspace(asked.data, settings)
    folders = asked.folders or [f for f in DEFAULT if f.is_dir()]
    found = list(experiments(workspace, gold_files(folders)))
    answers = [row for row in found if row.experiment.startswith("answers")]
    rows = [row for row in found if not row.experiment.startswith("answers")]
    print("rows of devices, which show the page's text: rows, right, ECE, AUROC")
    print(f"{'':<40} {'rows':>7} {'right':>9} {'ECE':>7} {'wrong':>7} {'planted':>7}")
    for half in (*HALVES, "all"):
        mine = [row for row in rows if half in (row.half, "all")]
        for experiment in dict.fromkeys(row.experiment for row in rows):
            one = [row for row in mine if row.experiment == experiment]
            figures(f"{half}: {experiment}", one)
            figures("   of these on OCR", [row for row in one if row.source == "ocr"])
        figures(f"{half}: everything", mine)
        figures("   of these on OCR", [row for row in mine if row.source == "ocr"])
    print("\nwith an isotonic map on top, fitted on one half: ECE of the other")
    for half in HALVES:
        for name, some in (("all", rows), ("OCR", [row for row in rows if row.source == "ocr"])):
            values, right = zip(*refitted(some, half), strict=True)
            print(f"fitted on {half}, {name:<28} {calibration_error(values, right):.3f}")
    print("\nby planted error (right rows without one against those with it, and wrong ones)")
    for fault in simulated.FAULTS:
        kept = [row for row in rows if "planted" in row.experiment and row.fault in ("", fault)]
        figures(fault, kept)
    print("\nrecords that show the answer's own text")
    for experiment in dict.fromkeys(row.experiment for row in answers):
        one = [row for row in answers if row.experiment == experiment]
        figures(experiment.removeprefix("answers, "), one)
        figures("   of these on OCR", [row for row in one if row.source == "ocr"])
    for fault in simulated.FAULTS:
        kept = [r for r in answers if r.experiment == "answers, noise 0 planted"]
        figures(f"noise 0: {fault}", [row for row in kept if row.fault in ("", fault)])
    print("\nshare right by evidence: rows, documents, half a, half b, all, said")
    groups: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for row in rows:
        groups[kind_of(row)].append(row)
    for kind, group in sorted(groups.items()):
        shares = [[row.right for row in group if row.half == half] for half in HALVES]
        print(
            f"{kind[0]:<11} {kind[1]:<64} {len(group):>7} {len({r.document for r in group}):>3} "
            + " ".join(f"{sum(s) / len(s):6.3f}" if s else "     -" for s in shares)
            + f" {sum(r.right for r in group) / len(group):6.3f}"
            + f" {sum(r.confidence or 0 for r in group) / len(group):6.3f}"
        )


if __name__ == "__main__":
    main()
