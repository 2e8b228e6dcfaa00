from pdf_extraction_tests.assembly.acts import device, devices_of, filled, page, paths, texts

_ACT = (
    "Art. 1º Compete ao Município:",
    "I - legislar sobre o interesse local;",
    "II - instituir tributos municipais.",
    "Parágrafo único. A lei disporá sobre o resto.",
)
_DEVICES = [
    device("artigo", "Art. 1º", "Art. 1º Compete ao Município:"),
    device("inciso", "I", "I - legislar sobre o interesse local;", "Art. 1º"),
    device("inciso", "II", "II - instituir tributos municipais.", "Art. 1º"),
    device(
        "paragrafo",
        "Parágrafo único",
        "Parágrafo único. A lei disporá sobre o resto.",
        "Art. 1º",
    ),
]


def test_ids_are_the_same_whichever_backend_read_the_page():
    """A model's answer and the rules give the same rows, but for how they were grounded."""
    read = devices_of(page(*_ACT))
    asked = devices_of(page(*_ACT), answers={1: _DEVICES})
    bare = [{**item, "text": item["text"].split(" ", 2)[2]} for item in _DEVICES]
    unlabelled = devices_of(page(*_ACT), answers={1: bare})
    keys = ("device_id", "text", "path", "canonical_spans", "parent_id")
    for rows in (asked, unlabelled):
        assert [[row[key] for key in keys] for row in rows] == [
            [row[key] for key in keys] for row in read
        ]


def test_the_text_is_the_page_s_and_not_the_noise():
    """A noisy claim is located and the row says what the page prints."""
    noisy = [dict(item) for item in _DEVICES]
    noisy[1]["text"] = "I - legislar sobra o intercsse loca1;"
    rows = devices_of(page(*_ACT), answers={1: noisy})
    assert rows[1]["text"] == "legislar sobre o interesse local;"
    assert rows[1]["grounding"] == "fuzzy"


def test_an_invented_device_keeps_its_row_as_absent():
    """What stands nowhere on the page is told by its grounding, with its place by order."""
    invented = device("inciso", "III", "III - cunhar moeda de prata e ouro;", "Art. 1º")
    rows = devices_of(page(*_ACT), answers={1: [*_DEVICES[:3], invented, _DEVICES[3]]})
    row = next(row for row in rows if row["grounding"] == "absent")
    assert row["text"] == "III - cunhar moeda de prata e ouro;"
    assert row["canonical_spans"] == []
    assert row["parent_id"] == "art1"
    assert [r["identifier"] for r in rows] == ["Art. 1º", "I", "II", "III", "Parágrafo único"]
    assert row["confidence"] < 0.1


def test_a_device_repeated_on_the_next_page_is_one_device():
    """Page-break halves, labelled or not, become one row over both pages."""
    lines = filled(
        "Art. 1º O Município manterá programas de educação infantil e de ensino fundamental e "
        "destinará recursos à conservação das estradas vicinais."
    )
    first, second = " ".join(lines[:1]), " ".join(lines[1:])
    rows = devices_of(
        page(*lines[:1]),
        page(*lines[1:], "Art. 2º Fim."),
        answers={
            1: [device("artigo", "Art. 1º", first)],
            2: [
                device("artigo", "Art. 1º", second),
                device("artigo", "Art. 2º", "Art. 2º Fim."),
            ],
        },
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º"]
    assert (rows[0]["page_number"], rows[0]["page_end"]) == (1, 2)
    assert rows[0]["text"].endswith("estradas vicinais.")


def test_devices_of_a_neighbouring_page_are_dropped():
    """What a model copied from a context picture stands once, on its own page."""
    more = ("Art. 2º As estradas vicinais são conservadas pelo Município.", "Art. 3º Fim.")
    second = [
        device("artigo", "Art. 2º", more[0]),
        device("artigo", "Art. 3º", "Art. 3º Fim."),
    ]
    rows = devices_of(page(*_ACT), page(*more), answers={1: [*_DEVICES, second[0]], 2: second})
    assert paths(rows)[-2:] == ["Art. 2º", "Art. 3º"]
    assert all(row["grounding"] != "absent" for row in rows)


def test_halves_repeated_on_both_sides_of_a_page_break_split_no_device():
    """Each answer tells both halves; the lower one is still no device of its own."""
    first = "Art. 1º O Município manterá programas de educação infantil e destinará recursos"
    second = "à conservação das estradas vicinais e das pontes de madeira."
    both = [device("artigo", "Art. 1º", first), device("artigo", "Art. 1º", second)]
    last = device("artigo", "Art. 2º", "Art. 2º Fim.")
    rows = devices_of(
        page(first), page(second, "Art. 2º Fim."), answers={1: [*both, last], 2: [*both, last]}
    )
    assert paths(rows) == ["Art. 1º", "Art. 2º"]
    assert rows[0]["text"].endswith(
        "destinará recursos à conservação das estradas vicinais e das pontes de madeira."
    )


def test_a_device_that_the_model_skipped_is_found_by_its_label():
    """A label that the numbering expects brings its device in, claimed or not."""
    rows = devices_of(page(*_ACT), answers={1: [_DEVICES[0], _DEVICES[1], _DEVICES[3]]})
    assert "Art. 1º/II" in paths(rows)
    assert texts(rows)["Art. 1º/I"] == "legislar sobre o interesse local;"


def test_a_page_without_text_keeps_what_the_model_said():
    """Where no text can be compared every device stays, absent and in order."""
    rows = devices_of(page(), answers={1: _DEVICES})
    assert [row["identifier"] for row in rows] == ["Art. 1º", "I", "II", "Parágrafo único"]
    assert {row["grounding"] for row in rows} == {"absent"}
    assert [row["parent_id"] for row in rows] == [None, "art1", "art1", "art1"]
