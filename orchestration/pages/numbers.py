"""Numbers as people read them: rounded as their unit asks for, with the unit; the exact value stays beside them.

The units' range and factor are of `transforms/units.py`, their words of the vocabulary.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import floor, isnan, log10
from typing import Any

from orchestration.pages.words import Words
from transforms.units import UNITS

NOTHING = "–"
MINUS = "\N{MINUS SIGN}"


# Of these nobody reads more than a tenth.
TENTHS = ("score_0_100", "points", "days", "hours", "minutes", "seconds")


def shown(value: float | None, unit: str, words: Words) -> str:
    """A value in its unit, as in `86.4 %`, `3.2 days`, `1,204`; a dash for none."""
    if value is None or isnan(value):
        return NOTHING
    return words.say(f"units.{unit}", number=_rounded(_as_shown(value, unit), unit))


def change(value: float | None, unit: str, words: Words) -> str:
    """A difference of two values in that unit, with its sign; of shares it is in percentage points."""
    if value is None or isnan(value):
        return NOTHING
    number = _rounded(abs(_as_shown(value, unit)), unit)
    sign = "±" if not float(number.replace(",", "")) else "+" if value > 0 else MINUS
    return words.say(f"changes.{unit}", number=f"{sign}{number}")


def interval(low: float, high: float, unit: str, words: Words) -> str:
    """An interval with its unit said once, as in `96.2–99.1 %`."""
    both = f"{_rounded(_as_shown(low, unit), unit)}–{_rounded(_as_shown(high, unit), unit)}"
    return words.say(f"units.{unit}", number=both)


def in_shown_unit(
    rows: Sequence[Mapping[str, Any]], unit: str, columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows whose columns of that unit are as their axis shows them: shares as per cent."""
    return [
        {**row, **{name: _as_shown(row[name], unit) for name in columns if row[name] is not None}}
        for row in rows
    ]


def month(value: date, words: Words) -> str:
    """A month as in `June 2025`."""
    return words.say("month", month=words.say(f"months.{value.month}"), number=value.month, year=value.year)


def _as_shown(value: float, unit: str) -> float:
    times = UNITS[unit].shown_times if unit in UNITS else 1.0
    return value if times == 1.0 else value * times


def _rounded(value: float, unit: str) -> str:
    if unit == "count" or isinstance(value, int):
        return f"{value:,.0f}".replace("-", MINUS)
    size = abs(value)
    # Small rates keep two digits that tell something; everything else one decimal.
    decimals = 1 if size >= 1 or size == 0 or unit in TENTHS else min(6, 1 - floor(log10(size)))
    return f"{value:,.{decimals}f}".replace("-", MINUS)
