"""``evaluate``: how well documents with gold were extracted. What is equal is decided elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pdf_extraction.cli.common import DONE, FAILED, INTERRUPTED, Common, common_options
from pdf_extraction.cli.console import Column, Screen, counted, err, out, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pdf_extraction.evaluation import Difference
    from pdf_extraction.gold import Figures, GoldFile
    from pdf_extraction.tools import Workspace

_COLUMNS = (
    Column("document"),
    Column("gold", right=True),
    Column("found", right=True),
    Column("precision", right=True),
    Column("recall", right=True),
    Column("f1", right=True),
    Column("equal texts", right=True),
    Column("similar", right=True),
    Column("boxes", right=True),
    Column("calibration error", right=True),
)
_WORST = 10
_SHOWN = 60


@click.command(short_help="Hold the extraction against gold files.")
@click.argument("folder", metavar="GOLD_DIR", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@common_options
@click.pass_context
def evaluate(context: click.Context, folder: Path, form: Literal["table", "json"]) -> None:
    """Hold the extraction against gold files.

    GOLD_DIR has NAME.devices.jsonl files, one device a line; their documents are NAME.pdf
    beside them, else in the folder above. Documents whose rows are of the same bytes and
    profile are not run again.

    Devices are the same where context, path and version are; texts are equal where their
    letters and digits are. Devices struck through (riscado) and quoted from other acts
    (alteracao) are counted apart. The calibration error says how far confidence is from the
    share of rows that are right.

    GOLD_DIR may instead hold olmOCR-bench's unit tests (JSON lines with pdf, page, id and type;
    the PDFs beside them or in the folder pdfs), or be such a file. They are run on the Markdown
    of the profile markdown, whose rows take the place of these documents' others.
    """
    from pdf_extraction import gold  # noqa: PLC0415
    from pdf_extraction.olmocr.running import test_files  # noqa: PLC0415

    has_devices = any(folder.glob(f"*{gold.ENDING}"))
    if not has_devices and (files_of_tests := test_files(folder)):
        _evaluate_tests(context, files_of_tests, form)
        return
    workspace = context.ensure_object(Common).workspace()
    files = gold.find_gold(folder)
    truth = {file.name: gold.read_gold(file.path) for file in files}
    keys = {
        file.name: workspace.catalogue.register(file.pdf).document.partition_key
        for file in files
        if file.pdf is not None
    }
    interrupted = _extract(workspace, keys)
    rows = {name: workspace.tables.read("documents", key) for name, key in keys.items()}
    figures = {
        name: gold.measure(workspace, key, truth[name]) for name, key in keys.items() if rows[name]
    }
    problems = [*_without_pdf(files), *_not_done(rows)]
    if form == "json":
        _print_json(figures, problems)
    else:
        _print_tables(out(), figures)
    _end(context, problems, interrupted=interrupted)


def _end(context: click.Context, problems: Sequence[str], *, interrupted: bool) -> None:
    for problem in problems:
        err().line(f"error: {visible(problem)}", "red")
    if interrupted:
        err().line("Stopped; the figures are those of the documents that have rows.", "yellow")
        context.exit(INTERRUPTED)
    context.exit(FAILED if problems else DONE)


def _evaluate_tests(
    context: click.Context, files: Sequence[Path], form: Literal["table", "json"]
) -> None:
    from pdf_extraction.cli.evaluate_pages import evaluate_pages  # noqa: PLC0415
    from pdf_extraction.olmocr.running import PROFILE, find_tests  # noqa: PLC0415

    workspace = context.ensure_object(Common).workspace(PROFILE)
    found = find_tests(files)
    register = workspace.catalogue.register
    keys = {name: register(path).document.partition_key for name, path in found.files.items()}
    interrupted = _extract(workspace, keys)
    rows = {name: workspace.tables.read("documents", key) for name, key in keys.items()}
    problems = [f"{name}: no such file beside the tests" for name in found.missing]
    problems += _not_done(rows)
    evaluate_pages(workspace, found, keys, problems, form)
    _end(context, problems, interrupted=interrupted)


def _extract(workspace: Workspace, keys: Mapping[str, str]) -> bool:
    """Run what has no rows of this version; whether that was interrupted."""
    from pdf_extraction.gold import has_rows  # noqa: PLC0415

    documents = (workspace.catalogue.document(key) for key in keys.values())
    missing = [one.partition_key for one in documents if not has_rows(workspace, one)]
    if not missing:
        return False
    from pdf_extraction.cli.progress import Watch  # noqa: PLC0415
    from pdf_extraction.defs.instance import open_instance  # noqa: PLC0415
    from pdf_extraction.defs.launch import run_documents  # noqa: PLC0415

    watch = Watch(err(), len(missing), lambda: 0.0)
    with watch.shown(), open_instance(workspace.data) as instance:
        result = run_documents(instance, workspace, missing, progress=watch.progress())
    for reason in result.broken.values():
        err().line(f"error: {visible(reason)}", "red")
    return result.interrupted


def _without_pdf(files: Sequence[GoldFile]) -> list[str]:
    return [
        f"{file.path}: no {file.name}.pdf beside it or in the folder above"
        for file in files
        if file.pdf is None
    ]


def _not_done(rows: Mapping[str, Sequence[Mapping[str, object]]]) -> list[str]:
    problems = []
    for name, found in rows.items():
        if not found:
            problems.append(f"{name}: was not extracted")
        elif found[0]["status"] != "done":
            reason = found[0]["error"] or counted(int(str(found[0]["pages_failed"])), "failed page")
            problems.append(f"{name}: {found[0]['status']}: {reason}")
    return problems


def _print_json(figures: Mapping[str, Figures], problems: Sequence[str]) -> None:
    from pdf_extraction import gold  # noqa: PLC0415

    answer = {
        "documents": {name: found.as_json() for name, found in figures.items()},
        "all": gold.added(figures.values()).as_json(),
        "worst": [gold.difference_json(name, one) for name, one in _worst(figures)],
        "problems": list(problems),
    }
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _print_tables(screen: Screen, figures: Mapping[str, Figures]) -> None:
    from pdf_extraction.gold import COUNTED, added  # noqa: PLC0415

    everything = added(figures.values())
    titles = {
        "devices": "Devices of acts and annexes",
        "riscado": "Struck through (riscado)",
        "alteracao": "Quoted from other acts (alteracao)",
    }
    for kind in COUNTED:
        counts = {name: one for name, one in figures.items() if _counts(one, kind)}
        if not counts:
            continue
        screen.heading(titles[kind])
        lines = [_line(name, found, kind) for name, found in counts.items()]
        screen.table(_COLUMNS, [*lines, _line("all", everything, kind)])
    differences = _worst(figures)
    if differences:
        screen.heading("Worst differences")
        columns = [
            Column(title) for title in ("document", "page", "what", "device", "gold", "found")
        ]
        screen.table(columns, [_told(name, one) for name, one in differences])


def _counts(figures: Figures, kind: str) -> bool:
    score = figures.scores[kind]
    return kind == "devices" or bool(score.gold or score.found)


def _line(name: str, figures: Figures, kind: str) -> list[object]:
    score, whole = figures.scores[kind], kind == "devices"
    return [
        name,
        score.gold,
        score.found,
        *(_share(v) for v in (score.precision, score.recall, score.f1)),
        *(_share(v) for v in (score.text_accuracy, score.text_similarity)),
        _share(figures.overlap if whole else None),
        _share(figures.calibration_error if whole else None),
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _worst(figures: Mapping[str, Figures]) -> list[tuple[str, Difference]]:
    from pdf_extraction.evaluation import worst  # noqa: PLC0415

    owners = {id(one): name for name, found in figures.items() for one in found.worst(_WORST)}
    every = [one for found in figures.values() for one in found.worst(_WORST)]
    return [(owners[id(one)], one) for one in worst(every, _WORST)]


def _told(name: str, one: Difference) -> list[object]:
    context, path, version = one.identity
    where = "" if context == "corpo" else f"{context}: "
    device = f"{where}{' / '.join(path)}" + (f" (version {version})" if version > 1 else "")
    before, after = _apart(one.gold, one.found)
    return [name, one.page_number, one.kind, device, before, after]


def _apart(gold: str, found: str) -> tuple[str, str]:
    """Both texts, cut to where they begin to differ."""
    same = next((i for i, (a, b) in enumerate(zip(gold, found, strict=False)) if a != b), 0)
    begin = max(same - _SHOWN // 3, 0) if gold and found else 0
    lead = "…" if begin else ""
    cut = [shortened(lead + text[begin:], _SHOWN) if text else "-" for text in (gold, found)]
    return cut[0], cut[1]
