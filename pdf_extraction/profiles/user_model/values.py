"""Values as printed in Portuguese and English, to real types and back to their printed forms.

Pure; no schema is known here. What cannot be read raises ``Unreadable``, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

# fmt: off
_MONTHS_PT = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho",
    "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
)
_MONTHS_EN = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)
# fmt: on
_MONTHS = {
    name[:length]: number
    for names in (_MONTHS_PT, _MONTHS_EN)
    for number, name in enumerate(names, start=1)
    for length in (3, 4, len(name))
} | {"marco": 3}

_TRUE = frozenset(
    ("true", "yes", "y", "sim", "s", "verdadeiro", "x", "✓", "✔", "☑", "☒", "[x]", "(x)", "1")
)
_FALSE = frozenset(["false", "no", "n", "não", "nao", "falso", "☐", "[]", "()", "0"])

#: Figures with their separators, after signs, currencies and units are gone.
_FIGURE = re.compile(r"\d[\d.,'’\s]*|[.,]\d+")
_CURRENCY = r"[A-Za-z]{0,3}\s?[$€£¥₹₽]|[A-Za-z]{3}"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-−–+])?\s*(?:{_CURRENCY})?\s*(?P<after>[-−–+])?\s*"
    rf"(?P<figure>{_FIGURE.pattern})\s*(?P<unit>%|[^\W\d]{{1,5}}\.?|[$€£¥₹₽²³°º/]{{1,3}})?\s*"
    r"(?P<end>[-−–])?\s*(?P<close>\))?"
)
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d+")

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?!\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:º|°|o|st|nd|rd|th)?[\s\-/.]*(?:de|of)?[\s\-/.]*([^\W\d_]{3,9})\.?"
    r"[\s\-/.,]*(?:de|of)?[\s\-/.,]*(\d{4}|\d{2})(?!\d)",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    r"([^\W\d_]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(\d{1,2})(?:[:h]|\s?h\s?)(\d{2})?(?::(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.)?", re.IGNORECASE
)


class Unreadable(ValueError):
    """A text that is no value of the wanted type; the message says what was expected."""


def read_number(text: str, comma: bool | None = None) -> tuple[Decimal, bool]:
    """A number, and whether it is followed by a percent sign.

    Args:
        text: Such as ``R$ 1.234,56``, ``(12.50)`` or ``15%``.
        comma: Whether the decimal sign is a comma, for ``1.234``; None where unknown.

    Raises:
        Unreadable: It is no single number.
    """
    stripped = text.strip()
    if _SCIENTIFIC.fullmatch(stripped):
        return Decimal(stripped), False
    found = _NUMBER.fullmatch(stripped)
    if found is None or bool(found["open"]) != bool(found["close"]):
        raise Unreadable(f"{text!r} is no number")
    value = _figure(found["figure"].strip(), text, comma)
    signs = (found["sign"], found["after"], found["end"])
    negative = bool(found["open"]) or any(sign and sign != "+" for sign in signs)
    return (-value if negative else value), found["unit"] == "%"


def _figure(figure: str, text: str, comma: bool | None) -> Decimal:
    if re.search(r"\s(?!\d{3}(?:\D|$))", figure):
        raise Unreadable(f"{text!r} is more than one number")
    figure = re.sub(r"[\s'’]", "", figure).rstrip(".,")
    marks = [char for char in figure if char in ".,"]
    kinds = set(marks)
    if len(kinds) == 2:
        decimal = marks[-1]
        if marks.count(decimal) > 1:
            raise Unreadable(f"{text!r} is no number")
    elif len(marks) == 1:
        decimal = marks[0] if not _is_thousands(figure, marks[0], comma) else ""
    else:
        decimal = ""
    whole, _, part = figure.rpartition(decimal) if decimal else (figure, "", "")
    if not _grouped(whole):
        raise Unreadable(f"{text!r} is no number")
    try:
        return Decimal(re.sub(r"[.,]", "", whole) + (f".{part}" if part else ""))
    except InvalidOperation:
        raise Unreadable(f"{text!r} is no number") from None


def _is_thousands(figure: str, mark: str, comma: bool | None) -> bool:
    """Whether the only mark of ``1.234`` or ``1,234`` parts thousands."""
    whole, _, part = figure.partition(mark)
    if len(part) != 3 or not whole or len(whole) > 3 or whole == "0":
        return False
    if comma is None:
        return mark == ","
    return (mark == ",") != comma


def _grouped(whole: str) -> bool:
    first, *groups = re.split(r"[.,]", whole)
    if not groups:
        return True
    # Indian figures have groups of two before the last one.
    return 0 < len(first) <= 3 and len(groups[-1]) == 3 and all(len(g) in {2, 3} for g in groups)


def uses_comma(texts: Iterable[str]) -> bool | None:
    """Whether numbers that leave no doubt have a decimal comma; None where none or both do."""
    votes = set()
    for text in texts:
        figure = text.strip().strip("()%-−+ ")
        if re.search(r"\d,\d{1,2}$|\d,\d{4,}$|\.\d{3},\d|\.\d{3}\.", figure):
            votes.add(True)
        elif re.search(r"\d\.\d{1,2}$|\d\.\d{4,}$|,\d{3}\.\d|,\d{3},", figure):
            votes.add(False)
    return votes.pop() if len(votes) == 1 else None


def read_bool(text: str) -> bool:
    """Yes or no, in Portuguese or English.

    Raises:
        Unreadable: It is neither.
    """
    word = text.strip().strip(".!").casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unreadable(f"{text!r} is neither yes nor no")


def read_date(text: str, *, month_first: bool = False) -> date:
    """A day.

    Args:
        text: Such as ``31/12/2024``, ``1º de abril de 2021`` or ``Jan 5, 2024``.
        month_first: Which of the two ``05/06/2024`` is; ``12/31/2024`` can only be one.

    Raises:
        Unreadable: It is no day of the calendar.
    """
    return _dated(text, month_first=month_first)[0]


def read_datetime(text: str, *, month_first: bool = False) -> datetime:
    """A day with its time, midnight where none is given; a zone only where one is printed.

    Raises:
        Unreadable: It is no day of the calendar.
    """
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        day, rest = _dated(text, month_first=month_first)
    return datetime.combine(day, _clock(rest) or time())


def read_time(text: str) -> time:
    """A time of day, such as ``14:30``, ``14h30`` or ``2:30 pm``.

    Raises:
        Unreadable: It is none.
    """
    found = _clock(text)
    if found is None:
        raise Unreadable(f"{text!r} is no time of day")
    return found


def _dated(text: str, *, month_first: bool) -> tuple[date, str]:
    for pattern, order in _date_patterns(month_first=month_first):
        found = pattern.search(text)
        if found is None or (
            text[: found.start()].strip(" ,.") and re.search(r"\d", text[: found.start()])
        ):
            continue
        for places in order:
            day = _day(*(found[place] for place in places))
            if day is not None:
                return day, text[found.end() :]
    raise Unreadable(f"{text!r} is no date")


def _date_patterns(
    *, month_first: bool
) -> Iterator[tuple[re.Pattern[str], tuple[tuple[int, int, int], ...]]]:
    """Patterns with the groups of year, month and day, in the order to try."""
    yield _ISO, ((1, 2, 3),)
    day_first, american = (3, 2, 1), (3, 1, 2)
    yield _NUMERIC, (american, day_first) if month_first else (day_first, american)
    yield _DAY_MONTH, ((3, 2, 1),)
    yield _MONTH_DAY, ((3, 1, 2),)


def _day(year: str, month: str, day: str) -> date | None:
    number = int(month) if month.isdigit() else _month(month)
    full = int(year) if len(year) == 4 else 2000 + int(year) - 100 * (int(year) > 68)
    try:
        return date(full, number, int(day))
    except ValueError:
        return None


def _month(name: str) -> int:
    word = name.casefold()
    return _MONTHS.get(word) or 0


def _clock(text: str) -> time | None:
    found = _CLOCK.search(text)
    if found is None:
        return None
    hour, minute, second = (int(found[n] or 0) for n in (1, 2, 3))
    half = (found[4] or "").replace(".", "").casefold()
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def printed_forms(value: Any) -> Iterator[str]:
    """The ways in which a value is usually printed, the likeliest first."""
    if isinstance(value, bool):
        yield from ("sim", "yes", "true") if value else ("não", "no", "false")
    elif isinstance(value, int | float | Decimal):
        yield from _numbers(value)
    elif isinstance(value, datetime):
        clocks = (f"{value:%H:%M:%S}", f"{value:%H:%M}")
        yield from (f"{day} {clock}" for day in _days(value) for clock in clocks)
        yield from _days(value)
    elif isinstance(value, date):
        yield from _days(value)
    elif isinstance(value, time):
        yield from (f"{value:%H:%M:%S}", f"{value:%H:%M}", f"{value:%Hh%M}")
    else:
        yield str(value)


def _numbers(value: float | Decimal) -> Iterator[str]:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        return
    exact = abs(exact).normalize()
    if isinstance(value, int):
        yield f"{exact:f}"
    exponent = exact.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    for digits in dict.fromkeys((max(places, 2), places, places + 1, 3, 4)):
        if digits < places:
            continue
        english = f"{exact:,.{digits}f}"
        plain = f"{exact:.{digits}f}"
        swapped = english.translate(str.maketrans(",.", ".,"))
        yield from dict.fromkeys((swapped, english, plain, plain.replace(".", ",")))


def _days(value: date) -> Iterator[str]:
    day, month, year = value.day, value.month, value.year
    portuguese, english = _MONTHS_PT[month - 1], _MONTHS_EN[month - 1].capitalize()
    yield f"{day:02}/{month:02}/{year}"
    yield f"{year}-{month:02}-{day:02}"
    yield f"{day:02}.{month:02}.{year}"
    yield f"{day:02}-{month:02}-{year}"
    yield f"{month:02}/{day:02}/{year}"
    yield f"{day} de {portuguese} de {year}"
    yield f"{day}º de {portuguese} de {year}"
    yield f"{english} {day}, {year}"
    yield f"{english[:3]} {day}, {year}"
    yield f"{day} {english} {year}"
    yield f"{day} {english[:3]} {year}"
    yield f"{day}/{month}/{year}"
    yield f"{month}/{day}/{year}"
    yield f"{day:02}/{month:02}/{year % 100:02}"
    yield f"{day:02}.{month:02}.{year % 100:02}"


def utc(value: datetime) -> datetime:
    """The same instant in UTC; one without a zone is taken for UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
