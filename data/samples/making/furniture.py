"""What repeats on every page and belongs to no act: arms, running heads, page numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from making.canvas import A4, Canvas, Color, text_width

if TYPE_CHECKING:
    from making.typesetter import Furniture

GREEN: Color = (0.25, 0.5, 0.3)
GOLD: Color = (0.85, 0.7, 0.25)
BLUE: Color = (0.3, 0.45, 0.7)


def coat_of_arms(canvas: Canvas, x: float, y: float, size: float = 46) -> None:
    """Draw the invented arms: a hill over water under a sun, in a shield; x is the middle."""
    half = size / 2
    shield = [(x - half, y), (x + half, y), (x + half, y + size * 0.7)]
    shield += [(x, y + size * 1.15), (x - half, y + size * 0.7)]
    canvas.path(shield, fill=(0.95, 0.95, 0.9), width=1.6)
    canvas.path(_sun(x + half * 0.4, y + size * 0.25, size * 0.14), fill=GOLD)
    hill = [(x - half * 0.9, y + size * 0.65), (x - half * 0.2, y + size * 0.2)]
    canvas.path([*hill, (x + half * 0.9, y + size * 0.65)], fill=GREEN)
    for row in range(3):
        inset = half * (0.9 - row * 0.25)
        top = y + size * (0.72 + row * 0.1)
        canvas.rect((x - inset, top, 2 * inset, size * 0.045), BLUE)


def _sun(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    rays = 16
    return [
        (
            x + radius * (1 if i % 2 else 0.6) * math.cos(math.pi * i / rays * 2),
            y + radius * (1 if i % 2 else 0.6) * math.sin(math.pi * i / rays * 2),
        )
        for i in range(rays)
    ]


def town_hall(head: str, footnotes: dict[int, list[str]] | None = None) -> Furniture:
    """Arms and letterhead on the first page, a running head after it, `Página 2 de 3`."""

    def draw(canvas: Canvas, number: int, total: int) -> None:
        if number == 1:
            _letterhead(canvas)
        else:
            canvas.centered(58, head, "tiit", 9)
            canvas.rect((85, 66, A4[0] - 155, 0.5))
        _footnotes(canvas, (footnotes or {}).get(number, []))
        canvas.right((A4[0] - 70, 806), f"Página {number} de {total}", "tiro", 9)
        canvas.text((85, 806), "Praça das Figueiras, 10 – Centro – Brejo Alto", "tiro", 9)

    return draw


def _letterhead(canvas: Canvas) -> None:
    coat_of_arms(canvas, A4[0] / 2, 34)
    canvas.centered(106, "ESTADO DE SERRA NOVA", "tibo", 11)
    canvas.centered(120, "MUNICÍPIO DE BREJO ALTO", "tibo", 11)
    canvas.centered(133, "Gabinete do Prefeito", "tiro", 10)


def _footnotes(canvas: Canvas, lines: list[str]) -> None:
    top = 788 - 10.5 * len(lines)
    if lines:
        canvas.rect((85, top - 11, 120, 0.5))
    for index, line in enumerate(lines):
        canvas.text((85, top + 10.5 * index), line, "tiro", 8.5)


def gazette(date: str, edition: str) -> Furniture:
    """Masthead on the first page, a head between rules after it, and a note of signature."""

    def draw(canvas: Canvas, number: int, total: int) -> None:
        width = A4[0] - 72
        if number == 1:
            coat_of_arms(canvas, 60, 30, 34)
            canvas.centered(56, "DIÁRIO OFICIAL", "hebo", 26)
            canvas.centered(72, "DO MUNICÍPIO DE BREJO ALTO – ESTADO DE SERRA NOVA", "helv", 9)
        base = 92 if number == 1 else 46
        canvas.rect((36, base - 11, width, 0.8))
        canvas.rect((36, base + 4, width, 0.8))
        canvas.text((38, base), date, "tiro", 9)
        canvas.centered(base, edition, "tibo", 9)
        canvas.right((A4[0] - 38, base), f"PÁGINA {number}", "tiro", 9)
        canvas.rect((36, 806, width, 0.5))
        note = "Documento assinado digitalmente. Confira em diario.brejoalto.example/autenticidade"
        canvas.text((36, 815), note, "tiro", 7)
        canvas.right((A4[0] - 36, 815), f"{number}/{total}", "tiro", 7)

    return draw


def browser_print(stamp: str, title: str, address: str) -> Furniture:
    """The head and foot that a browser adds: time, page title, address, `2/3`."""

    def draw(canvas: Canvas, number: int, total: int) -> None:
        canvas.text((24, 22), stamp, "tiro", 8)
        canvas.text(((A4[0] - text_width(title, "tiro", 8)) / 2, 22), title, "tiro", 8)
        canvas.text((24, 828), address, "tiro", 8)
        canvas.right((A4[0] - 24, 828), f"{number}/{total}", "tiro", 8)

    return draw


def office(foot: str = "") -> Furniture:
    """Arms on the first page, and the page number after `foot` in the middle below."""

    def draw(canvas: Canvas, number: int, _total: int) -> None:
        if number == 1:
            coat_of_arms(canvas, A4[0] / 2, 40)
            canvas.centered(112, "MUNICÍPIO DE BREJO ALTO", "tibo", 12)
        canvas.centered(806, f"{foot}{number}", "tiro", 10)

    return draw


def report_foot(title: str, blank_pages: set[int]) -> Furniture:
    """Title and number at the foot, nothing at all on the pages left blank on purpose."""

    def draw(canvas: Canvas, number: int, total: int) -> None:
        if number in blank_pages:
            return
        canvas.rect((70, 792, A4[0] - 140, 0.5))
        canvas.text((70, 806), title, "helv", 8.5)
        canvas.right((A4[0] - 70, 806), f"{number} / {total}", "helv", 8.5)

    return draw
