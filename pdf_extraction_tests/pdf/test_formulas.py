"""Displayed formulas from the places and sizes of symbols."""

import pytest

from pdf_extraction.pdf.formulas import Symbols, formulas_in


def at(x, baseline, text, size=14.0, *, bold=False):
    width = 0.5 * size * len(text)
    return Symbols(text, (x, baseline - 0.8 * size, x + width, baseline + 0.2 * size),
                   size, baseline, bold)  # fmt: skip


def latex(*symbols, bars=()):
    return [formula.latex for formula in formulas_in(symbols, bars)]


def test_raised_and_lowered_symbols_are_scripts():
    """By size and baseline; the lower script is written first."""
    squares = [at(100, 200, "a"), at(107, 194, "2", 9), at(118, 200, "+b"), at(132, 194, "2", 9),
               at(142, 200, "=c"), at(156, 194, "2", 9)]  # fmt: skip
    assert latex(*squares) == ["a^{2}+b^{2}=c^{2}"]
    assert latex(at(100, 200, "∫"), at(108, 210, "a", 9), at(109, 188, "b", 9),
                 at(118, 200, "f(x)dx=F")) == [r"\int_{a}^{b}f(x)dx=F"]  # fmt: skip


def test_symbols_over_and_under_a_bar_are_a_fraction():
    """A bold letter is a vector, and a command is kept apart from the letter after it."""
    symbols = [at(100, 200, "∇×"), at(116, 200, "E", bold=True), at(126, 200, "=−"),
               at(142, 192, "∂"), at(149, 192, "B", bold=True), at(142, 210, "∂t")]  # fmt: skip
    assert latex(*symbols, bars=[(141, 196, 157, 196)]) == [
        r"\nabla\times\mathbf{E}=-\frac{\partial\mathbf{B}}{\partial t}"
    ]


@pytest.mark.parametrize(
    "symbols",
    [
        [at(100, 200, "a=b+c"), at(140, 200, "where")],
        [at(100, 200, "Total=valor+imposto")],
        [at(100, 200, "1,234"), at(150, 200, "5,678")],
        [at(100, 200, "x=y+"), at(126, 207, "z=w")],
    ],
    ids=["within a line of prose", "words", "figures", "two levels without a bar"],
)
def test_what_is_not_understood_stays_text(symbols):
    """No LaTeX is better than wrong LaTeX."""
    assert latex(*symbols) == []
