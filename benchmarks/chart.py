"""Bars as SVG text; nothing is measured here."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_ROW, _LABEL, _WIDTH, _HEAD = 26, 150, 420, 44


def chart(title: str, values: Mapping[str, float]) -> str:
    """Horizontal bars, the longest first; names that begin with ``ours`` stand out."""
    most = max(values.values(), default=1.0) or 1.0
    ordered = sorted(values.items(), key=lambda item: -item[1])
    height = _HEAD + _ROW * len(ordered) + 12
    width = _LABEL + _WIDTH + 90
    namespace = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg {namespace} width="{width}" height="{height}">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for row, (name, value) in enumerate(ordered):
        y = _HEAD + row * _ROW
        colour = "#1f6f54" if name.startswith("ours") else "#9aa5ab"
        told = f"{value:g}" if value else "failed"
        length = max(1.0, value / most * _WIDTH)
        parts += [
            f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="18" fill="{colour}"/>',
            f'<text x="{_LABEL + length + 6:.1f}" y="{y + 14}">{told}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
