import json
import random

import pytest

from pdf_extraction.errors import Looping, Malformed, OutputError, SchemaMismatch, Truncated
from pdf_extraction.repair import content_text, excerpt, is_looping, parse_object, validate

ANSWER = {
    "page_number": 3,
    "devices": [
        {"identifier": "Art. 5º", "text": 'O "termo" de que trata\na Lei {x} [1].'},
        {"identifier": "I", "text": "o prazo de 30 (trinta) dias;"},
    ],
}
GOOD = json.dumps(ANSWER, ensure_ascii=False)
SCHEMA = {
    "type": "object",
    "required": ["page_number", "devices"],
    "additionalProperties": False,
    "properties": {
        "page_number": {"type": "integer"},
        "devices": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["identifier", "text"],
                "properties": {"identifier": {"type": "string"}, "text": {"type": "string"}},
            },
        },
    },
}


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"\n\n  {GOOD}  \n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}",
        f"```json\n{GOOD}\n```\nHope this helps!",
        f"Here is page 3 [as asked] {{see below}}:\n\n{GOOD}\n\nLet me know.",
        f"<think>The page has {{two}} devices: [1, 2].</think>\n{GOOD}",
        f"<thinking>\nA draft: {{'page_number': 9}}\n</thinking>{GOOD}",
        f"so the answer is a list</think>{GOOD}",
        f"<think>I read the page. {GOOD}",
        f"<think>I read the page.\n```json\n{GOOD}\n```",
        json.dumps(GOOD),
        f"[{GOOD}]",
        json.dumps([{"page_number": 2, "devices": []}, ANSWER]),
        json.dumps([{"page_number": 2, "devices": []}, {**ANSWER, "page_number": "3"}]),
        '{"page_number": 2, "devices": []}\n' + GOOD,
        json.dumps({"result": ANSWER}),
        json.dumps({"pages": [{"page_number": 2, "devices": []}, ANSWER]}),
        json.dumps(ANSWER["devices"]),
        GOOD[:-1],
        GOOD[:-2],
        GOOD[:-3],
        f"```json\n{GOOD[:-2]}\n```",
        f"```json\n{GOOD[:-2]}\n```\n\nThat was the page.",
        f"{GOOD[:-3]}\n\nThat was the page.",
        GOOD.replace("}, {", "}{"),
        GOOD.replace("]}", ",]}"),
        GOOD.replace('"page_number"', "page_number"),
        GOOD.replace('"page_number"', "“page_number”"),
        str(ANSWER),
        GOOD.replace("\\n", "\n"),
        GOOD.replace('\\"', '"'),
        GOOD.replace('\\"', '"').replace("\\n", "\n")[:-1],
    ],
)
def test_broken_answers_of_real_kinds_give_the_same_object(answer):
    """Thinking, fences, prose, lists, wrappers and broken JSON all give what the model meant."""
    found = parse_object(answer, 3, list_key="devices")
    assert str(found["page_number"]) == "3"
    assert found["devices"] == ANSWER["devices"]


@pytest.mark.parametrize(
    "cut",
    [
        GOOD[: GOOD.index("termo")],
        GOOD[: GOOD.index("termo") + 9],
        GOOD[: GOOD.index(', {"identifier"') + 1],
        GOOD[: GOOD.index('"devices"') + 10],
        GOOD[: GOOD.index('"devices"') + 12],
        f"```json\n{GOOD[: GOOD.index('termo')]}",
        f"```json\n{GOOD[: GOOD.index('prazo')]}\n```",
        GOOD.replace('\\"', '"')[: GOOD.index("prazo")],
        str(ANSWER)[: str(ANSWER).index("prazo")],
    ],
)
def test_an_answer_that_stops_in_the_middle_is_no_whole_one(cut):
    """Repaired, half an answer would be a page with fewer records, and nobody would know."""
    with pytest.raises(Truncated, match="stops in the middle"):
        parse_object(cut, 3, list_key="devices")
    assert isinstance(parse_object(cut, 3, takes_cut=True), dict)


def test_python_literals_become_json_values():
    """True, False and None in a Python-like answer are read as JSON's."""
    found = parse_object("{'a': None, 'b': True, 'c': False, 'd': 'água',}")
    assert found == {"a": None, "b": True, "c": False, "d": "água"}


def test_numbers_that_json_does_not_know_become_null():
    """NaN and Infinity never reach a row."""
    assert parse_object('{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


def test_half_a_surrogate_pair_becomes_the_replacement_character():
    """Every text of the object can be encoded as UTF-8, and whole pairs stay."""
    found = parse_object(r'{"a": "x\ud83d y", "b": "\ud83d\ude00"}')
    assert found == {"a": "x\ufffd y", "b": "\U0001f600"}


def test_a_list_without_the_page_gives_its_first_object():
    """Where no object names the page asked for, the first is taken and its number kept."""
    assert parse_object('[{"page_number": 1}, {"page_number": 2}]', 7) == {"page_number": 1}


def test_a_draft_inside_unclosed_thinking_is_no_answer():
    """An object that is followed by more thoughts was not the conclusion."""
    with pytest.raises(Malformed):
        parse_object(f"<think>perhaps {GOOD} but let me look at it again", 3)


def test_a_fence_inside_a_text_stays_in_the_text():
    """Code fences in a JSON string are content, not wrapping."""
    markdown = "# A\n```python\nprint(1)\n```\nend"
    answer = "```json\n" + json.dumps({"page_number": 1, "markdown": markdown}) + "\n```"
    assert parse_object(answer, 1)["markdown"] == markdown


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\t ",
        "I cannot see any page.",
        "The page holds [1] and {nothing} else.",
        "[]",
        "{}",
        "null",
        "42",
        '"text"',
        "[1, 2, 3]",
        "```json\n```",
        "<think>hm",
        "[" * 50_000 + "x",
        "}{",
    ],
)
def test_an_answer_without_an_object_is_malformed(answer):
    """Emptiness and prose are errors, never an empty success."""
    with pytest.raises(Malformed) as raised:
        parse_object(answer, 1)
    assert len(str(raised.value)) < 300


def test_the_message_shows_where_it_went_wrong_and_not_the_whole_answer():
    """A long answer is quoted in part only, on one line."""
    with pytest.raises(Malformed) as raised:
        parse_object("O texto\n" * 1000, 1)
    assert "line 1, column 1" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_thoughts_among_the_parts_of_a_message_are_left_out():
    """Parts that say that they are reasoning may hold a draft of the answer."""
    draft = {"type": "thinking", "text": '{"devices": []}'}
    assert content_text([draft, {"type": "text", "text": GOOD}]) == GOOD


def test_a_looping_answer_is_told_from_a_broken_one():
    """A broken answer that repeats itself raises Looping, whose remedy is other sampling."""
    with pytest.raises(Looping):
        parse_object('{"page_number": 3, "devices": [' + '{"text": "de", ' * 2000, 3)


def test_a_broken_answer_of_many_megabytes_is_refused_at_once():
    """Repair is bounded, because it is quadratic on some inputs."""
    rng = random.Random(1)
    noise = "".join(rng.choice('abc{}[]",: ') for _ in range(500_000))
    with pytest.raises(Malformed, match="too much to repair"):
        parse_object('{"a" ' + noise, 3)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("abc", "abc"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        (["a", {"text": {"value": "x"}}, {"type": "image_url"}], "a"),
        ({"type": "text", "text": "a"}, "a"),
    ],
)
def test_content_is_text_in_every_form_servers_give_it(content, text):
    """A message's content as string, parts, one part or nothing."""
    assert content_text(content) == text


def test_a_valid_answer_passes():
    """Validation says nothing about the asked shape."""
    validate(ANSWER, SCHEMA)


def test_problems_are_named_by_path_and_at_most_five():
    """The message names each wrong place, so that a model can mend it."""
    wrong = {"page_number": "x" * 5000, "devices": [{"text": 1}] * 4}
    with pytest.raises(SchemaMismatch) as raised:
        validate(wrong, SCHEMA)
    message = str(raised.value)
    assert "$.devices[0].text: 1 is not of type 'string'" in message
    assert "$.devices[0]: 'identifier' is a required property" in message
    assert message.endswith("and 4 more")
    assert len(message) < 1000


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + " " * 300,
        '{"a": "x"\n' + " \n\t" * 100,
        '{"a": "' + "de " * 300,
        '{"a": "' + "\\n" * 400,
        '{"devices": [' + '{"identifier": "I", "text": "o prazo de trinta dias úteis;"}, ' * 12,
        "começo " + "." * 800,
    ],
)
def test_loops_at_the_end_are_seen(text):
    """White space and passages that repeat without end."""
    assert is_looping(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD,
        "Art. 1º " + "." * 160,
        ("." * 110 + "\n") * 4,
        "".join(f"Art. {n}. Fica revogado o artigo anterior.\n" for n in range(400)),
        "de " * 300 + "fim e mais alguma coisa que se segue ao trecho repetido",
        "| a | b |\n|---|---|\n" + "| | |\n" * 60,
    ],
)
def test_what_real_pages_print_is_no_loop(text):
    """Dotted lines, counted lists and empty table rows are left alone."""
    assert not is_looping(text)


def _mutated(rng, text):
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text) + 1)
        match rng.randrange(6):
            case 0:
                text = text[:at]
            case 1:
                text = text[:at] + text[at + rng.randint(1, 9) :]
            case 2:
                text = text[:at] + rng.choice("{}[]\"':,\\`\n\x00<é") + text[at:]
            case 3:
                text = text[at:] + text[:at]
            case 4:
                text = (
                    text[:at]
                    + rng.choice(["```", "<think>", "</think>", "\\u12", "\ud800", "NaN"])
                    + text[at:]
                )
            case _:
                text = text + text[at:]
    return text


def test_whatever_a_model_writes_ends_in_an_object_or_an_output_error():
    """2,000 seeded mutations raise nothing but errors whose class carries a remedy."""
    rng = random.Random(7)
    seeds = [GOOD, f"<think>x</think>\n```json\n{GOOD}\n```", str(ANSWER), json.dumps([ANSWER] * 3)]
    parsed, messages = 0, []
    for _ in range(2000):
        answer = _mutated(rng, rng.choice(seeds))
        try:
            found = parse_object(answer, 3, list_key="devices")
            parsed += isinstance(found, dict) and bool(found)
            validate(found, SCHEMA)
        except OutputError as error:
            messages.append(str(error))
    assert parsed > 800
    assert all(0 < len(message) < 2500 for message in messages)


def test_excerpts_are_short_and_on_one_line():
    """A quotation in a message shows both ends of a long text."""
    assert excerpt("a\n" * 200, 40) == '"' + "a\\n" * 10 + " … a" + "\\na" * 8 + '"'
