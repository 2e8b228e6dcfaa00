"""Displayed formulas from the places and sizes of their symbols; pure, points, origin top left.

Understood are scripts, limits of large signs and fractions with a drawn bar. What stands in
any other way is left as running text: no LaTeX is better than wrong LaTeX. Formulas within a
line of prose are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pdf_extraction.model import BBox, union

#: Signs that only formulas have, or seldom anything else.
SIGNS = re.compile("[=∫∑∏√∂∇∞≤≥≠≈≡∈±→]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_FUNCTION = re.compile("sin|cos|tan|cot|sec|csc|log|exp|lim|max|min|sup|inf|det|arg|mod")
#: Sizes of type between symbols of one formula, across and down.
_ACROSS, _DOWN = 0.95, 0.33
#: Sizes of type from a formula to prose beside it, which makes it part of a line.
_BESIDE = 3.0
#: A script's size, and how far its baseline lies above or below, in sizes of what it belongs to.
_SCRIPT, _RAISED, _LOWERED = 0.85, 0.18, 0.08
#: Baselines of one line differ by less, in sizes.
_LEVEL = 0.3
_LATEX = {
    "−": "-", "–": "-", "⋅": r"\cdot", "·": r"\cdot", "×": r"\times", "÷": r"\div", "±": r"\pm",
    "∗": "*", "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv",
    "∈": r"\in", "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∫": r"\int", "∑": r"\sum",
    "∏": r"\prod", "→": r"\to", "′": "'", "α": r"\alpha", "β": r"\beta", "γ": r"\gamma",
    "δ": r"\delta", "ε": r"\varepsilon", "ϵ": r"\epsilon", "ζ": r"\zeta", "η": r"\eta",
    "θ": r"\theta", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi",
    "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "ϕ": r"\phi",
    "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta",
    "Λ": r"\Lambda", "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega",
    "{": r"\{", "}": r"\}", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_",
}  # fmt: skip


class Symbols(NamedTuple):
    """Symbols set in one font, side by side.

    Attributes:
        text: Without blanks; LaTeX where ``is_latex``.
        bbox: Points.
        size: Of the type, in points.
        baseline: y in points.
        bold: Whether the font says bold.
        is_latex: A fraction that was understood already.
    """

    text: str
    bbox: BBox
    size: float
    baseline: float
    bold: bool = False
    is_latex: bool = False


class Formula(NamedTuple):
    """A displayed formula.

    Attributes:
        bbox: Points.
        latex: Without marks around it.
    """

    bbox: BBox
    latex: str


def formulas_in(symbols: Sequence[Symbols], bars: Iterable[BBox]) -> list[Formula]:
    """Displayed formulas of a page.

    Args:
        symbols: All of the page's text.
        bars: Drawn horizontal lines.
    """
    bars = list(bars)
    prose = [one for one in symbols if not _is_symbols(one.text)]
    found = []
    for group in _groups([one for one in symbols if _is_symbols(one.text)]):
        text = "".join(one.text for one in group)
        box = union(one.bbox for one in group)
        if box is None or not SIGNS.search(text) or len(text) < 4 or _is_inline(group, prose):
            continue
        latex = _line(_with_fractions(group, [bar for bar in bars if _touches(bar, box)]))
        if latex:
            found.append(Formula(box, latex))
    return found


def _is_symbols(text: str) -> bool:
    return all(_FUNCTION.fullmatch(word) for word in _WORD.findall(text))


def _groups(symbols: Sequence[Symbols]) -> list[list[Symbols]]:
    """Symbols that stand near each other."""
    groups: list[list[Symbols]] = []
    for one in sorted(symbols, key=lambda s: s.bbox[0]):
        near = [group for group in groups if any(_is_near(one, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), one])
    return groups


def _is_near(one: Symbols, other: Symbols) -> bool:
    size = max(one.size, other.size)
    across = max(one.bbox[0] - other.bbox[2], other.bbox[0] - one.bbox[2])
    down = max(one.bbox[1] - other.bbox[3], other.bbox[1] - one.bbox[3])
    return across < _ACROSS * size and down < _DOWN * size


def _is_inline(group: Sequence[Symbols], prose: Sequence[Symbols]) -> bool:
    size = max(one.size for one in group)
    box = union(one.bbox for one in group)
    assert box is not None
    return any(
        other.bbox[1] < box[3] - 0.3 * size
        and box[1] + 0.3 * size < other.bbox[3]
        and max(box[0] - other.bbox[2], other.bbox[0] - box[2]) < _BESIDE * size
        for other in prose
    )


def _touches(bar: BBox, box: BBox) -> bool:
    return box[0] - 2 <= bar[0] and bar[2] <= box[2] + 2 and box[1] < bar[1] < box[3]


def _with_fractions(group: Sequence[Symbols], bars: Sequence[BBox]) -> list[Symbols]:
    """The symbols with those above and below each bar as one; shorter bars are inner ones."""
    left = list(group)
    for bar in sorted(bars, key=lambda bar: bar[2] - bar[0]):
        over = [s for s in left if bar[0] - 2 <= _middle(s) <= bar[2] + 2]
        above = [s for s in over if s.baseline <= bar[1] + 1]
        below = [s for s in over if s.baseline > bar[1] + 1]
        top, bottom = _line(above), _line(below)
        box = union(s.bbox for s in over)
        if not top or not bottom or box is None:
            continue
        size = max(s.size for s in over)
        fraction = rf"\frac{{{top}}}{{{bottom}}}"
        left = [s for s in left if s not in over]
        left.append(Symbols(fraction, box, size, bar[1] + 0.3 * size, is_latex=True))
    return left


def _middle(symbols: Symbols) -> float:
    return (symbols.bbox[0] + symbols.bbox[2]) / 2


def _line(symbols: Sequence[Symbols]) -> str:
    """LaTeX of one line; empty where it is not understood."""
    if not symbols:
        return ""
    size = max(s.size for s in symbols)
    main = [s for s in symbols if s.size > _SCRIPT * size]
    base = max(main, key=lambda s: len(s.text)).baseline
    parts: list[str] = []
    scripts: dict[str, list[str]] = {"_": [], "^": []}
    for one in sorted(symbols, key=lambda s: s.bbox[0]):
        offset = (base - one.baseline) / size
        if one.size <= _SCRIPT * size and parts and (offset > _RAISED or offset < -_LOWERED):
            scripts["^" if offset > 0 else "_"].append(_latex(one))
        elif abs(offset) > _LEVEL:
            return ""
        else:
            parts += [*_closed(scripts), _latex(one)]
    return _joined([*parts, *_closed(scripts)])


def _closed(scripts: dict[str, list[str]]) -> list[str]:
    """Scripts of what stands before, the lower one first; none are left."""
    found = [f"{mark}{{{_joined(parts)}}}" for mark, parts in scripts.items() if parts]
    for parts in scripts.values():
        parts.clear()
    return found


def _latex(symbols: Symbols) -> str:
    if symbols.is_latex:
        return symbols.text
    if _FUNCTION.fullmatch(symbols.text):
        return f"\\{symbols.text}"
    text = _joined([_LATEX.get(symbol, symbol) for symbol in symbols.text])
    is_vector = symbols.bold and symbols.text.isalpha()
    return rf"\mathbf{{{text}}}" if is_vector else text


def _joined(parts: Iterable[str]) -> str:
    """Parts one after another, with a blank where a command would run into a letter."""
    text = ""
    for part in parts:
        runs_on = re.search(r"\\[A-Za-z]+\Z", text) and part[:1].isalpha()
        text += f" {part}" if runs_on else part
    return text
