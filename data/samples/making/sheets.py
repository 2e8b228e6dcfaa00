"""The house styles: one sheet of type sizes and indents for each kind of publication."""

from __future__ import annotations

from dataclasses import replace

from making.act import KINDS
from making.blocks import Sheet
from making.linebreak import Style


def _device_styles(base: Style, indents: tuple[float, ...]) -> dict[str, Style]:
    """Return one style a kind of device, moved in step by step from article to item."""
    return {kind: replace(base, left=indent) for kind, indent in zip(KINDS, indents, strict=True)}


def _headings(font: str, size: float, leading: float, before: float) -> dict[str, Style]:
    """Centred lines: headings that stay with what follows, and the signature."""
    base = Style(font=font, size=size, leading=leading, align="center", keep=True)
    return {
        "titulo": replace(base, before=before),
        "subtitulo": base,
        "centro": replace(base, font="tiro", bold=font, keep=False),
    }


def decree_sheet() -> Sheet:
    """One column of Times with bold labels and hyphenation, as town halls print."""
    body = Style(size=11, leading=14.5, before=4, first=34, label_font="tibo", hyphen="-")
    small = Style(size=9, leading=11, left=0)
    return Sheet(
        {
            **_device_styles(body, (0, 0, 0, 14, 28)),
            **_headings("tibo", 11, 14.5, 10),
            "epigrafe": Style(font="tibo", size=12, align="center", leading=18, before=4),
            "ementa": Style(font="tiit", size=10.5, leading=13, left=200, before=8, hyphen="-"),
            "preambulo": replace(body, before=12),
            "texto": body,
            "espaco": Style(leading=22),
            "assinatura": Style(font="tibo", align="center", before=26),
            "cargo": Style(align="center"),
            "nota": small,
        }
    )


def statute_sheet() -> Sheet:
    """One column of wide Times without bold labels, as office programs print."""
    body = Style(size=12, leading=16, before=6, first=57)
    return Sheet(
        {
            **_device_styles(body, (0, 0, 0, 0, 0)),
            **_headings("tibo", 12, 16, 12),
            "epigrafe": Style(font="tiro", size=12, align="center", leading=22),
            "ementa": Style(font="tibi", size=12, leading=15, left=205, before=10),
            "preambulo": replace(body, before=16),
            "texto": body,
            "assinatura": Style(size=12, align="center", before=30, leading=16),
            "cargo": Style(size=12, align="center", leading=16),
        }
    )


def gazette_sheet() -> Sheet:
    """Two columns of 8 pt Times without a blank line to spare."""
    body = Style(size=8, leading=9.7, hyphen="-")
    band = Style(font="hebo", size=11, leading=15, align="center", before=6, keep=True)
    return Sheet(
        {
            **_device_styles(body, (0, 0, 0, 0, 0)),
            **_headings("tibo", 8, 9.2, 4),
            "faixa": band,
            "subfaixa": replace(band, font="helv", size=8.5, before=0, leading=13),
            "epigrafe": Style(font="tibo", size=8, leading=11, align="center", before=3, keep=True),
            "ementa": Style(font="tiit", size=8, leading=9.2, left=70, hyphen="-", before=2),
            "texto": replace(body, before=2),
            "assinatura": Style(font="tibo", size=8, leading=10, align="center", before=6),
            "cargo": Style(size=8, leading=10, align="center"),
        }
    )


def browser_sheet() -> Sheet:
    """Arial-like text as a browser prints it: no hyphenation, notes as blue links."""
    body = Style(
        font="helv", bold="hebo", size=9.75, leading=10.9, before=9.3, first=26.25, links=True
    )
    heading = Style(font="hebo", size=9.75, leading=11.5, align="center", keep=True)
    return Sheet(
        {
            **_device_styles(body, (0, 0, 0, 0, 0)),
            "titulo": replace(heading, before=14),
            "subtitulo": heading,
            "orgao": replace(heading, size=11, leading=14),
            "epigrafe": replace(heading, before=12, size=10.5),
            "ementa": replace(body, left=250, first=0, font="heit"),
            "preambulo": body,
            "texto": body,
            "assinatura": replace(heading, before=16, font="helv", align="left"),
            "cargo": replace(heading, font="heit", align="left"),
            "aviso": Style(font="heit", size=8.5, leading=11, align="center", before=18),
        },
        quote_indent=24,
    )


def report_sheet() -> Sheet:
    """An office report in Helvetica with bullets and a ruled table."""
    body = Style(font="helv", bold="hebo", size=10.5, leading=15, before=7)
    return Sheet(
        {
            **_device_styles(body, (0, 0, 0, 0, 0)),
            "capa": Style(font="hebo", size=20, leading=26, align="left"),
            "subcapa": Style(font="helv", size=11, leading=18, align="left"),
            "secao": Style(font="hebo", size=13, leading=18, align="left", before=14, keep=True),
            "texto": body,
            "marcador": replace(body, left=22, first=-6.6, before=4),
            "legenda": Style(font="heit", size=9, leading=12, before=10, keep=True),
        }
    )
