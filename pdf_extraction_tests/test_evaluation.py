from pdf_extraction.evaluation import score, worst


def gold(path, text="x", context="corpo", status="vigente"):
    return {"path": path, "text": text, "context": context, "status": status, "page_start": 1}


def found(path, text="x", context="corpo", status="vigente"):
    return {"path": path, "text": text, "context": context, "status": status, "page_number": 1}


def test_devices_match_by_context_path_and_occurrence():
    """A second wording is another device; a context's name is not part of the identity."""
    result = score(
        [gold(["A", "Art. 1º"], context="anexo: A"), gold(["Art. 2º"]), gold(["Art. 2º"])],
        [found(["A", "Art. 1º"], context="anexo"), found(["Art. 2º"]), found(["Art. 9º"])],
    )
    assert (result.gold, result.found, result.matched) == (3, 3, 2)
    assert result.precision == result.recall == result.f1 == 2 / 3
    assert [d.kind for d in worst(result.differences)] == ["missing", "extra"]


def test_texts_are_compared_by_letters_and_digits():
    """Blanks, dashes, quotes, case and raised ordinals make no difference."""
    same = score([gold(["Art. 1º"], "A “lei” nº 5.")], [found(["Art. 1º"], "a lei - n° 5")])
    other = score([gold(["Art. 1º"], "prazo de 5 dias")], [found(["Art. 1º"], "prazo de 6 dias")])
    assert same.text_accuracy == 1
    assert other.text_accuracy == 0
    assert 0.8 < other.differences[0].similarity < 1


def test_struck_and_quoted_devices_are_counted_apart():
    """``riscado`` and ``alteracao`` count only where they are asked for."""
    rows = [gold(["Art. 1º"], status="riscado"), gold(["Art. 1º", "«I»"], context="alteracao")]
    assert score(rows, []).gold == 0
    assert score(rows, [], struck=True).gold == 1
    assert score(rows, [], contexts=frozenset({"alteracao"}), struck=None).gold == 1


def test_short_names_of_acts_are_paired_by_their_number():
    """How an act's short name is written is nobody's error."""
    result = score(
        [gold(["Portaria 16", "Art. 1º"]), gold(["Lei 4.320/1964", "Art. 1º"])],
        [found(["Portaria IPREV nº 16/2019", "Art. 1º"]), found(["Lei nº 4320", "Art. 1º"])],
    )
    assert result.f1 == 1


def test_nothing_in_both_is_perfect():
    """A document without devices in which none were found scores 1."""
    assert score([], []).f1 == 1
    assert score([], [found(["Art. 1º"])]).precision == 0
