"""Documents that are too long for their lines, answers and rows to be held as objects."""

from pdf_extraction.remade import HELD
from pdf_extraction_tests.assembly.acts import PROFILE, filled, grounded_act, page


def book(count):
    """Pages with a running head, devices that go on overleaf, headings, a struck wording."""
    for number in range(1, count + 1):
        yield page(
            f"<<Diário da Câmara, página {number}",
            *([f"^CAPÍTULO {number}", f"^DAS REGRAS {number}"] if number % 90 == 0 else []),
            f"Art. {number}º O órgão {number} observará:",
            f"I - o regimento interno {number};",
            "II - ~a~ ~regra~ ~antiga;~" if number % 70 == 0 else "II - a regra nova;",
            *filled(f"§ 1º A Lei nº {number}, de 2001, passa a vigorar com a redação da pág-"),
            "ina anterior, que não se interrompe e" if number % 2 else "ina seguinte.",
            number=number,
        )


def test_a_very_long_document_has_the_rows_that_it_would_have_if_it_were_held(tmp_path):
    """A profile that is to see more of a document holds it all, and makes the same rows of it.

    What one that need not do so has laid aside bears no name, so that a kill leaves none of it.
    """
    act = grounded_act(*book(HELD + 30))
    rows, held = (
        {name: list(found) for name, found in profile.assemble(*act).items()}
        for profile in (PROFILE.shelving(tmp_path), PROFILE.growing())
    )
    assert rows == held
    assert not list(tmp_path.iterdir())
    assert {row["status"] for row in rows["devices"]} == {"vigente", "riscado"}
    assert not any("Diário" in row["text"] for row in rows["devices"])
