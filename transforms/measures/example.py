"""Worked examples: rows of a KPI's fact and the record that follows from them.

The dictionary prints them as they are written here, and a test runs each through the engine; nothing here computes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from transforms.settings import Settings

Row = Mapping[str, object]
Rows = tuple[Row, ...]
EMPTY = "-"


@dataclass(frozen=True)
class Example:
    """A case in words, rows of the KPI's own fact with only the columns that matter, and what follows from them.

    `every` are columns with one value in every row, `also` the rows of other facts, such as what a rate is per.
    Texts are cast to the types that the facts declare. `period` is a month (2025-03) or whole months
    (2025-01/2025-03), of which the company's record is taken on the KPI's first basis, as known on the day `as_of`.
    Minima and maturity are not what an example is about: it shows the number behind them. `under` are the rules of
    a project without which there is no value. `source` says where the case is from.
    """

    given: str
    rows: Rows
    value: float
    numerator: float | None = None
    denominator: float | None = None
    every: Row = field(default_factory=dict)
    also: Mapping[str, Rows] = field(default_factory=dict)
    period: str = "2025-03"
    as_of: str = "2025-12-31"
    under: Settings | None = None
    source: str = "worked by hand"


def rows(table: str) -> Rows:
    """The rows of a table of texts: a line of column names, then one line per row, `-` for empty.

    A column `cases` says how many cases alike a row stands for. Raises ValueError for a line with more or fewer
    values than there are columns.

    >>> rows('''
    ... received_on  closed_on
    ... 2025-03-03   2025-03-10
    ... 2025-03-04   -
    ... ''')
    ({'received_on': '2025-03-03', 'closed_on': '2025-03-10'}, {'received_on': '2025-03-04', 'closed_on': None})
    """
    header, *lines = (line.split() for line in table.strip().splitlines())
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{' '.join(line)!r} has {len(line)} values for the columns {', '.join(header)}")
    return tuple(
        {name: None if text == EMPTY else text for name, text in zip(header, line, strict=True)}
        for line in lines
    )
