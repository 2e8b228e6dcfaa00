"""What stands behind a model that answers from gold, rightly and with every kind of fault."""

import json
import tempfile
from functools import cache
from pathlib import Path

import pymupdf
import pytest

from pdf_extraction import quality
from pdf_extraction.backends.calls import CallStore
from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction.evaluation import score
from pdf_extraction.model import Completion, Document, DocumentOutcome, PageOutcome
from pdf_extraction.pdf.page import read_page
from pdf_extraction.pdf.tasks import PageOptions
from pdf_extraction.profiles import get_profile
from pdf_extraction_tests import simulated
from pdf_extraction_tests.corpus import CORPUS, calibrated_on_tesseract, needs_corpus
from pdf_extraction_tests.pdf.made import scan_of
from pdf_extraction_tests.pdf.test_page import needs_tesseract
from pdf_extraction_tests.test_extraction import run, workspace_for

SAMPLES = Path(__file__).resolve().parents[1] / "data" / "samples"
LEGAL = CORPUS / "legal_br"
OWN = (
    "decreto-brejo-alto-112-2024",
    "decreto-estatuto-45-2022",
    "diario-oficial-brejo-alto-2024-03-18",
    "lei-complementar-77-2023",
)
REAL = (
    "cf88_camara_ec105_p001-012",
    "decreto_rn_17456_2004",
    "dodf_2019-01-29_portaria_iprev_16_p003-008",
    "lc_rn_257_2003",
    "lc_rn_745_2023",
    "lei_13709_lgpd_planalto_2025_p001-008",
    "portaria_mapa_776_2025",
)
PROFILE = get_profile("legal_ptbr")
ALL = frozenset({"corpo", "anexo", "alteracao"})


@cache
def no_calls():
    """A ledger without a call: answers here were paid by nobody."""
    return CallStore(Path(tempfile.mkdtemp()) / "calls.sqlite")


def read(opened, name="ato", options=None):
    """A document whose pages the embedded backend has answered."""
    pages = []
    for number in range(len(opened)):
        page = read_page(opened[number], options or PageOptions())
        completion = None if page.is_blank else Completion(PROFILE.read(page), "embedded")
        pages.append(PageOutcome(page, completion))
    return DocumentOutcome(
        Document(name, name, Path(f"{name}.pdf"), "0" * 64, 1), PROFILE.name, tuple(pages)
    )


@cache
def truth_of(folder, name):
    """The document, its gold, and what a faultless model answers about it."""
    gold_file = next(f for f in (folder / "gold", folder) if f.is_dir()) / f"{name}.devices.jsonl"
    with pymupdf.open(folder / f"{name}.pdf") as opened:
        outcome = read(opened, name)
    gold = simulated.gold_rows(gold_file)
    rows = simulated.embedded(PROFILE, outcome, no_calls())
    text = rows["documents"][0]["canonical_text"]
    return outcome, gold, simulated.true_answers(outcome, rows, gold, text)


def rows_behind(outcome, answers, style=simulated.plain_answer):
    return simulated.behind(PROFILE, outcome, answers, no_calls(), style).rows


def fenced(number, devices):
    return f"Claro! Segue o JSON:\n```json\n{simulated.plain_answer(number, devices)}\n```\nFim."


def thought(number, devices):
    draft = '{"page_number": 1, "devices": [{"device_type": "artigo"}]}'
    return f"<think>Talvez {draft}? Não.</think>\n{simulated.plain_answer(number, devices)}"


def with_another_page(number, devices):
    other = [{**device, "identifier": "Art. 999", "text": "Outra página."} for device in devices]
    first = simulated.plain_answer(number + 1, other)
    return f"{first}\n{simulated.plain_answer(number, devices)}"


def bare_list(number, devices):
    return json.dumps(devices, ensure_ascii=False)


def unclosed(number, devices):
    return simulated.plain_answer(number, devices).rstrip("}]")


def with_labels_on_halves(number, devices):
    """What goes on from the page before begins with its label, as some models add it."""
    if devices and not devices[0]["text"].startswith(devices[0]["identifier"][:3]):
        first = {**devices[0], "text": f"{devices[0]['identifier']} {devices[0]['text']}"}
        devices = [first, *devices[1:]]
    return simulated.plain_answer(number, devices)


STYLES = (
    simulated.plain_answer,
    fenced,
    thought,
    with_another_page,
    bare_list,
    unclosed,
    with_labels_on_halves,
)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.__name__)
def test_broken_answers_lose_no_device(name, style):
    """However the answer is wrapped or broken, every device is there with the page's text."""
    outcome, gold, answers = truth_of(SAMPLES, name)
    found = score(gold, rows_behind(outcome, answers, style)["devices"], contexts=ALL, struck=None)
    assert (found.f1, found.text_accuracy) == (1.0, 1.0)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("repeated", [2, 8])
def test_devices_repeated_from_the_pages_around_are_left_out(name, repeated):
    """A model that was shown the next page, too, transcribes some of it: that is left out."""
    outcome, gold, answers = truth_of(SAMPLES, name)
    wider = {
        number: [
            *answers.get(number - 1, ())[-repeated:],
            *claims,
            *answers.get(number + 1, ())[:repeated],
        ]
        for number, claims in answers.items()
    }
    found = score(gold, rows_behind(outcome, wider)["devices"], contexts=ALL, struck=None)
    assert (found.f1, found.text_accuracy) == (1.0, 1.0)


@pytest.mark.parametrize("name", OWN)
def test_another_pages_object_under_this_pages_number_adds_no_device(name):
    """Its rows stand nowhere on this page: the page's own labels give its devices."""
    outcome, gold, answers = truth_of(SAMPLES, name)
    last = max(answers)
    swapped = {**answers, last: answers[min(answers)]} if last > 1 else answers
    rows = rows_behind(outcome, swapped)["devices"]
    standing = [row for row in rows if row["grounding"] != "absent"]
    found = score(gold, standing, contexts=ALL, struck=None)
    assert found.f1 >= 0.99
    assert found.text_accuracy == 1.0
    assert all(row["confidence"] <= 0.05 for row in rows if row["grounding"] == "absent")


@pytest.mark.parametrize("name", OWN)
def test_noise_in_answers_is_not_in_the_rows(name):
    """With 3 % of the letters wrong, rows still say what the page prints."""
    outcome, gold, answers = truth_of(SAMPLES, name)
    noisy = simulated.with_noise(answers, simulated.dice(name), 0.03)
    found = score(gold, rows_behind(outcome, noisy)["devices"], contexts=ALL, struck=None)
    assert found.f1 >= 0.99
    assert found.text_accuracy == 1.0


@needs_corpus
@pytest.mark.slow
@pytest.mark.parametrize("style", [simulated.plain_answer, fenced, unclosed, with_labels_on_halves])
@pytest.mark.parametrize("name", REAL)
def test_noise_in_answers_about_real_documents_is_not_in_the_rows(name, style):
    """The floor of what is promised, on each real document: F1 0.99, and the page's text."""
    outcome, gold, answers = truth_of(LEGAL, name)
    noisy = simulated.with_noise(answers, simulated.dice(name), 0.03)
    found = score(gold, rows_behind(outcome, noisy, style)["devices"], contexts=ALL, struck=None)
    assert found.f1 >= 0.99
    assert found.text_accuracy >= 0.99


@pytest.mark.parametrize("kind", simulated.FAULTS)
def test_a_planted_error_never_reaches_a_row_unmarked(kind):
    """What was changed in an answer is not in a row, or the row is absent and near zero."""
    outcome, gold, answers = truth_of(SAMPLES, OWN[0])
    wrong = simulated.planted(answers, simulated.dice(kind), 0.3, (kind,))
    behind = simulated.behind(PROFILE, outcome, wrong, no_calls())
    rows = behind.rows["devices"]
    assert behind.faults
    invented = [row for row in rows if row["grounding"] == "absent"]
    assert all(row["confidence"] <= 0.05 for row in invented)
    assert bool(invented) == (kind == "invented")
    stands = [row for row in rows if row["grounding"] != "absent"]
    assert score(gold, stands).text_accuracy == score(gold, stands).f1 == 1.0
    sure = [row for row in stands if row["confidence"] >= 0.98]
    doubted = len(stands) - len(sure)
    assert doubted == (0 if kind == "invented" else len(behind.faults))


def test_a_server_that_answers_from_gold_with_faults_gives_the_gold(tmp_path):
    """Over HTTP, by the whole way: asked again where it must be, read through where it can."""
    name = OWN[3]
    _, gold, answers = truth_of(SAMPLES, name)
    noisy = simulated.with_noise(answers, simulated.dice(name), 0.03)

    def answer(asked):
        devices = [claim.device for claim in noisy.get(asked.page_number, ())]
        return unclosed(asked.page_number, devices)

    faults = "fences=0.2,think=0.2,wrong_page=0.2,page_list=0.1,prose=0.1,truncated=0.1,seed=5"
    with FakeServer(faults, answer) as server:
        workspace = workspace_for(tmp_path / "data", server, max_attempts=20)
        run(workspace, [SAMPLES / f"{name}.pdf"])
    rows = workspace.tables.read("devices", name)
    found = score(gold, rows, contexts=ALL, struck=None)
    assert (found.f1, found.text_accuracy) == (1.0, 1.0)
    assert any(row["grounding"] == "fuzzy" for row in rows)
    assert min(row["confidence"] for row in rows) > 0.9


def invented_answers():
    texts = [f"Art. {n}º {prose}." for n, prose in enumerate(simulated.INVENTED, start=1)]
    devices = [
        {"device_type": "artigo", "identifier": f"Art. {n}º", "text": text, "bbox": None,
         "parent_identifier": None, "confidence": 0.97}
        for n, text in enumerate(texts, start=1)
    ]  # fmt: skip
    return {1: [simulated.Claim(None, device, "invented") for device in devices]}


def nearly_blank(*, scanned):
    sheet = pymupdf.open().new_page(width=595, height=842)
    sheet.insert_text((290, 420), "17", fontsize=11)
    return scan_of(sheet) if scanned else sheet.parent


@needs_tesseract
@pytest.mark.parametrize("scanned", [False, True])
def test_prose_invented_for_a_nearly_blank_page_is_absent_and_fails_the_check(scanned):
    """A page with a number alone gives rows next to zero, and the check names them."""
    with nearly_blank(scanned=scanned) as opened:
        outcome = read(opened)
    assert not outcome.pages[0].page.is_blank
    rows = rows_behind(outcome, invented_answers())["devices"]
    assert [row["grounding"] for row in rows] == ["absent"] * 4
    assert {row["confidence"] for row in rows} == {0.02}
    text = rows_behind(outcome, invented_answers())["documents"][0]["canonical_text"]
    assert not quality.grounding(rows, text, 0.1).passed
    assert not quality.confidence(rows, 0.6, 0.1).passed


def test_prose_invented_for_a_nearly_blank_scan_is_found_out_without_ocr():
    """Where nothing reads the scan, so little ink still cannot have been so many words."""
    unread = PageOptions(ocr_languages=())
    with nearly_blank(scanned=True) as opened:
        rows = rows_behind(read(opened, options=unread), invented_answers())["devices"]
    assert {(row["grounding"], row["confidence"]) for row in rows} == {("absent", 0.02)}
    assert {row["confidence_method"] for row in rows} == {"too_little_ink"}
    with pymupdf.open(SAMPLES / f"{OWN[0]}.pdf") as full, scan_of(full[0]) as opened:
        rows = rows_behind(read(opened, options=unread), invented_answers())["devices"]
    assert {(row["confidence"], row["confidence_method"]) for row in rows} == {(None, "none")}


def test_a_page_without_any_ink_is_asked_nothing():
    """It is blank before a call could be made."""
    with pymupdf.open() as opened:
        opened.new_page()
        assert read(opened).pages[0].status == "blank"


@needs_tesseract
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_scan_that_lies_on_its_side_gives_its_devices_in_the_displayed_frame(turned):
    """Boxes of devices stand where the turned sheet shows them."""
    with pymupdf.open(SAMPLES / f"{OWN[0]}.pdf") as opened:
        upright = read(opened)
        scan = scan_of(opened[0], turned=turned)
    truth = by_id(simulated.embedded(PROFILE, upright, no_calls())["devices"])
    with scan:
        rows = by_id(simulated.embedded(PROFILE, read(scan), no_calls())["devices"])
    first = {key for key, row in truth.items() if row["page_end"] == 1}
    assert len(first & set(rows)) >= 0.9 * len(first)
    for key in first & set(rows):
        assert middle(rows[key]["bbox"]) == pytest.approx(
            seen_turned(middle(truth[key]["bbox"]), turned), abs=0.03
        )


def by_id(rows):
    return {row["device_id"]: row for row in rows}


def middle(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def seen_turned(point, turned):
    """Where a point of the upright sheet is after the sheet was turned against the clock."""
    x, y = point
    return {90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[turned]


@pytest.mark.slow
@calibrated_on_tesseract
def test_confidence_is_calibrated_and_ranks_planted_errors_low(tmp_path):
    """What is promised: calibration error 0.05 at most, AUROC 0.97 at least, on public gold."""
    from benchmarks.calibration import experiments, gold_files
    from pdf_extraction.evaluation import auroc, calibration_error
    from pdf_extraction.settings import parse_settings
    from pdf_extraction.tools import Workspace

    folders = [SAMPLES / "gold", *([LEGAL] if LEGAL.is_dir() else [])]
    longest = ("cf88_camara_ec105", "lei_13709_lgpd_planalto_2025")  # their excerpts are there
    pairs = [pair for pair in gold_files(folders) if pair[0].stem not in longest]
    rows = list(experiments(Workspace(tmp_path, parse_settings({}, "test")), pairs))
    for name in ("embedded", "noise 0 planted", "noise 0.01 planted", "noise 0.03 planted"):
        mine = [row for row in rows if row.experiment == name]
        values = [row.confidence for row in mine]
        assert calibration_error(values, [row.right for row in mine]) <= 0.05
        if "planted" in name:
            assert auroc(values, [row.right for row in mine]) >= 0.97
            assert auroc(values, [not row.fault for row in mine]) >= 0.97
            scans = [row for row in mine if row.source == "ocr"]
            values, right = zip(*((row.confidence, row.right) for row in scans), strict=True)
            assert calibration_error(values, right) <= 0.06
            assert auroc(values, right) >= 0.97
