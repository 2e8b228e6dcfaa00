import json

import jsonschema
import pytest

from pdf_extraction.errors import Malformed, SchemaMismatch
from pdf_extraction.grounding import ground
from pdf_extraction.profiles import get_profile
from pdf_extraction_tests.assembly.acts import filled, page, tables_of

PROFILE = get_profile("legal_ptbr")
ACT = page(
    "Art. 1º Compete ao Município:",
    "I - legislar;",
    "Parágrafo único. A lei dispõe sobre o resto.",
    number=3,
)


def test_rules_answer_in_the_very_format_asked_of_a_model():
    """``read`` gives JSON of the prompt's schema, with the page's number."""
    answer = json.loads(PROFILE.read(ACT))
    jsonschema.validate(answer, PROFILE.prompt(ACT).schema)
    assert answer["page_number"] == 3
    assert [device["identifier"] for device in answer["devices"]] == [
        "Art. 1º",
        "I",
        "Parágrafo único",
    ]
    assert answer["devices"][1]["parent_identifier"] == "Art. 1º"


def test_what_was_read_stands_on_the_page_word_by_word():
    """Every text that the rules answer is found exactly where it was taken."""
    answer = PROFILE.parse(PROFILE.read(ACT), 3)
    groundings = ground(PROFILE.claims(answer), ACT.text)
    assert {grounding.method for grounding in groundings} == {"exact"}


def test_the_prompt_names_the_page_and_is_the_same_each_time():
    """Its hash files answers in the cache, so nothing in it may vary."""
    prompt = PROFILE.prompt(ACT)
    assert "página 3" in prompt.user
    assert prompt.prompt_hash == PROFILE.prompt(ACT).prompt_hash
    assert PROFILE.prompt(ACT, [page(number=2)]).prompt_hash != prompt.prompt_hash


def test_the_schema_is_of_the_strict_kind():
    """Every object closes its properties and requires them all, as strict modes ask."""

    def objects(schema):
        if schema.get("type") == "object":
            yield schema
            for inner in schema["properties"].values():
                yield from objects(inner)
        if "items" in schema:
            yield from objects(schema["items"])

    for schema in objects(PROFILE.prompt(ACT).schema):
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"page_number": 4, "devices": []}, "page 3 was asked for"),
        ({"page_number": 3, "devices": "none"}, "must be a list"),
        ({"page_number": 3, "devices": [{"device_type": "clause"}]}, "device_type"),
        ({"page_number": 3, "devices": [{"device_type": "artigo"}]}, "neither text nor"),
    ],
)
def test_a_wrong_answer_is_told_what_is_wrong(answer, told):
    """The error's message is what the model is asked again with."""
    with pytest.raises(SchemaMismatch, match=told):
        PROFILE.parse(json.dumps(answer), 3)


def test_no_json_is_malformed():
    """Prose is not an empty page."""
    with pytest.raises(Malformed):
        PROFILE.parse("Não encontrei dispositivos.", 3)


def test_loose_answers_are_understood():
    """Fences, thoughts, a bare list, accents in types and a wrong box do no harm."""
    text = (
        "<think>hm</think>```json\n"
        '[{"device_type": "Parágrafo", "identifier": "§ 1º", "text": "x", "bbox": [0, 9]}]\n```'
    )
    (claim,) = PROFILE.parse(text, 3).devices
    assert (claim.device_type, claim.bbox, claim.confidence) == ("paragrafo", None, None)


def test_both_tables_are_always_there():
    """A document without devices has empty tables, not missing ones."""
    assert tables_of(page("Edital.")) == {"devices": [], "chunks": []}


def test_confidence_comes_from_evidence_and_names_it():
    """Copied text is not verified against itself; its place in the numbering speaks."""
    rows = tables_of(ACT)["devices"]
    assert {row["confidence_method"] for row in rows} == {"text_layer+numbering"}
    assert all(0 < row["confidence"] < 1 for row in rows)


def test_a_device_that_runs_on_past_a_page_without_text_is_a_row_all_the_same():
    """Nothing read the scan between two pages; it proves nothing and breaks nothing."""
    first = page("Art. 1º O prazo corre", *filled("da data da publicação oficial " * 12))
    last = page("e termina no dia útil seguinte.", "Art. 2º Esta Lei entra em vigor.")
    claimed = {"device_type": "artigo", "identifier": "Art. 1º", "text": "Art. 1º O prazo corre"}
    rows = tables_of(first, page(source="none"), last, answers={1: [claimed], 2: [], 3: []})
    across = rows["devices"][0]
    assert (across["page_number"], across["page_end"]) == (1, 3)
