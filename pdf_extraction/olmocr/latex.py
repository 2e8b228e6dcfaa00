"""Formulas of a Markdown text, and whether one of them holds another; pure.

olmOCR-bench renders both formulas with KaTeX and compares where their symbols lie. Nothing
here renders: symbols are compared in their order, without blanks and looks, which takes for
different what KaTeX draws alike in two ways of writing, and never the other way round but
for braces that change nothing.
"""

from __future__ import annotations

import re

_DELIMITED = (
    re.compile(r"\\\((.+?)\\\)", re.DOTALL),
    re.compile(r"\\\[(.+?)\\\]", re.DOTALL),
    re.compile(r"\$\$(.+?)\$\$", re.DOTALL),
    re.compile(r"\$(.+?)\$", re.DOTALL),
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[^\s]")
#: Commands that change how a symbol looks or how far apart symbols stand.
_LOOKS = re.compile(
    r"\\(left|right|[bB]igg?|math(rm|bf|it|sf)|boldsymbol|bm|text(bf)?|rm|bf|(display|text)style"
    r"|limits|nolimits|q?quad|operatorname|vec|[ ,;:!])"
)
_SAME = {
    "−": "-", "·": r"\cdot", "×": r"\times", "÷": r"\div", "±": r"\pm", "∓": r"\mp",
    "∗": "*", r"\ast": "*", "≤": r"\leq", r"\le": r"\leq", "≥": r"\geq", r"\ge": r"\geq",
    "≠": r"\neq", r"\ne": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∈": r"\in",
    "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∫": r"\int", "∑": r"\sum",
    "∏": r"\prod", "√": r"\sqrt", "→": r"\to", r"\rightarrow": r"\to", "π": r"\pi",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\epsilon",
    "θ": r"\theta", "λ": r"\lambda", "μ": r"\mu", "σ": r"\sigma", "φ": r"\phi",
    "ω": r"\omega", "ρ": r"\rho", "τ": r"\tau", "Δ": r"\Delta", "Ω": r"\Omega",
    "Σ": r"\Sigma", r"\dfrac": r"\frac", r"\tfrac": r"\frac", "'": r"\prime",
}  # fmt: skip


def formulas(markdown: str) -> list[str]:
    """What stands between dollars, and between backslashes with round or square brackets."""
    found: list[str] = []
    for pattern in _DELIMITED:
        found += [match.strip() for match in pattern.findall(markdown)]
        markdown = pattern.sub("", markdown)
    return found


def holds(formula: str, wanted: str) -> bool:
    """Whether the symbols of ``wanted`` stand in ``formula`` one after another."""
    symbols, others = _symbols(formula), _symbols(wanted)
    last = len(symbols) - len(others)
    return any(symbols[at : at + len(others)] == others for at in range(last + 1))


def _symbols(formula: str) -> list[str]:
    """Tokens without looks, each script in braces and no other braces around one token."""
    symbols = [_SAME.get(symbol, symbol) for symbol in _TOKEN.findall(formula)]
    found: list[str] = []
    for symbol in symbols:
        if _LOOKS.fullmatch(symbol):
            continue
        if found[-1:] in (["^"], ["_"]) and symbol != "{":
            found += ["{", symbol, "}"]
            continue
        found.append(symbol)
        if found[-3:-2] == ["{"] and symbol == "}" and not _is_needed(found[-4:-3]):
            found[-3:] = [found[-2]]
    return found


def _is_needed(before: list[str]) -> bool:
    """Whether braces after this symbol belong to it."""
    return before in ([symbol] for symbol in ("^", "_", "}", "]", r"\frac", r"\sqrt"))
