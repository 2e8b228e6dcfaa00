# ruff: noqa: DTZ001  (printed times have no zone)
from datetime import date, datetime, time
from decimal import Decimal

import pytest

from pdf_extraction.profiles.user_model.values import (
    Unreadable,
    printed_forms,
    read_bool,
    read_date,
    read_datetime,
    read_number,
    read_time,
    uses_comma,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("R$ 10,00", "10.00"),
        ("US$ 4.11", "4.11"),
        ("10,00 EUR", "10.00"),
        ("(12.50)", "-12.50"),
        ("12,50-", "-12.50"),
        ("R$ -5,00", "-5.00"),
        ("− 5", "-5"),
        ("1.234.567", "1234567"),
        ("1 234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("₹ 1,23,456.00", "123456.00"),
        ("312,75 m²", "312.75"),
        ("15%", "15"),
        ("1e5", "1E+5"),
    ],
)
def test_a_number_is_read_as_printed_in_either_language(text, value):
    """Separators, signs, currencies and units of Portuguese and English print."""
    assert read_number(text)[0] == Decimal(value)


@pytest.mark.parametrize("text", ["abc", "1.23.4", "1,2,3", "12 x 3", "1 2 3", "2024-01-02", "("])
def test_what_is_no_single_number_is_none(text):
    """Nothing is guessed out of two numbers, a date or a word."""
    with pytest.raises(Unreadable, match="number"):
        read_number(text)


def test_three_digits_behind_one_mark_are_settled_by_the_other_numbers():
    """1.234 is a thousand where the answer's other numbers have a decimal comma."""
    assert uses_comma(["1.234", "R$ 10,50", "texto"]) is True
    assert uses_comma(["10.50", "1,234.00"]) is False
    assert uses_comma(["10,50", "10.50"]) is None
    assert read_number("1.234", comma=True)[0] == 1234
    assert read_number("1.234", comma=False)[0] == Decimal("1.234")
    assert read_number("1,234", comma=None)[0] == 1234


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31/12/2024", date(2024, 12, 31)),
        ("12/31/2024", date(2024, 12, 31)),
        ("05/06/2024", date(2024, 6, 5)),
        ("31.12.24", date(2024, 12, 31)),
        ("2024-12-31T10:00:00Z", date(2024, 12, 31)),
        ("1º de abril de 2021", date(2021, 4, 1)),
        ("Segunda-feira, 5 de março de 2024", date(2024, 3, 5)),
        ("31-dez-2024", date(2024, 12, 31)),
        ("Jan 5, 2024", date(2024, 1, 5)),
        ("January 5th, 2024", date(2024, 1, 5)),
        ("5 January 2024", date(2024, 1, 5)),
    ],
)
def test_a_day_is_read_as_printed_in_either_language(text, day):
    """The day comes first where both could be meant, and months have names."""
    assert read_date(text) == day


def test_the_month_may_come_first():
    """A model of American documents says so, and an impossible month is a day all the same."""
    assert read_date("05/06/2024", month_first=True) == date(2024, 5, 6)
    assert read_date("31/12/2024", month_first=True) == date(2024, 12, 31)


@pytest.mark.parametrize("text", ["31/02/2024", "abril de 2021", "20240131", "hoje", "1/2/3/4"])
def test_what_is_no_day_of_the_calendar_is_none(text):
    """No day is made up for a month, and none that no month has."""
    with pytest.raises(Unreadable, match="no date"):
        read_date(text)


def test_times_are_read_with_their_day_and_alone():
    """14h30 and 2:05 PM; midnight only where a day has no time."""
    assert read_datetime("31/12/2024 às 14h30") == datetime(2024, 12, 31, 14, 30)
    assert read_datetime("12/31/2024 2:05 PM") == datetime(2024, 12, 31, 14, 5)
    assert read_datetime("31/12/2024") == datetime(2024, 12, 31)
    assert read_time("14:30:05") == time(14, 30, 5)
    with pytest.raises(Unreadable, match="time"):
        read_time("25:00")


def test_yes_and_no_are_read_in_both_languages():
    """`sim` and `não` as well as boxes that are ticked."""
    assert [read_bool(text) for text in ("Sim", "yes", "☑", "Não", "NO", "false")] == [
        *(True,) * 3,
        *(False,) * 3,
    ]
    with pytest.raises(Unreadable, match="neither"):
        read_bool("talvez")


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Decimal("1234.5"), "1.234,50"),
        (1234.5, "1,234.50"),
        (12, "12"),
        (date(2021, 4, 1), "1º de abril de 2021"),
        (date(2024, 1, 5), "Jan 5, 2024"),
        (datetime(2024, 12, 31, 14, 30), "31/12/2024 14:30"),
    ],
)
def test_a_value_is_sought_in_the_forms_that_people_print(value, form):
    """What a model gives as a number is found as it stands on the page."""
    assert form in list(printed_forms(value))
