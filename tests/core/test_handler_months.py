"""core.handler_months: how many claims a handler had open at the end of each month."""

from datetime import date

import pytest

from tests.kpi.claims_made import SETTINGS, core_claims
from transforms.core.handler_months import handler_months

AS_OF = date(2025, 6, 30)


def test_open_and_ended_claims_of_two_handlers():
    """H1 has two claims open at the end of May and one at the end of June, when one ended."""
    claims = core_claims(
        {
            "a": [("reported", date(2025, 5, 3)), ("closed", date(2025, 6, 12))],
            "b": [("reported", date(2025, 5, 20))],
            "c": [("reported", date(2025, 6, 2)), ("closed", date(2025, 6, 30))],
            "d": [("reported", date(2025, 6, 2))],
        },
        AS_OF,
        {
            "a": {"handler_id": "H1", "org_unit": "north"},
            "b": {"handler_id": "H1", "org_unit": "north"},
            "c": {"handler_id": "H2", "org_unit": "south"},
        },
    )
    found = handler_months(
        claims=claims.lazy(), as_of=AS_OF, settings=SETTINGS.model_copy(update={"months": 2})
    ).collect()
    rows = found.sort("handler_id", "month").select(
        "handler_id", "month", "org_unit", "open_count", "closed_count"
    )
    assert rows.rows() == [
        ("H1", date(2025, 5, 1), "north", 2, 0),
        ("H1", date(2025, 6, 1), "north", 1, 1),
        ("H2", date(2025, 6, 1), "south", 0, 1),
    ]
    days = dict(found.filter(month=date(2025, 6, 1)).select("handler_id", "backlog_days").iter_rows())
    assert days == {"H1": pytest.approx(30), "H2": pytest.approx(0)}


def test_a_handler_is_of_the_unit_of_most_claims():
    claims = core_claims(
        {name: [("reported", date(2025, 6, 2))] for name in "abc"},
        AS_OF,
        {
            name: {"handler_id": "H", "org_unit": unit}
            for name, unit in zip("abc", ("b", "a", "b"), strict=True)
        },
    )
    (row,) = handler_months(claims=claims.lazy(), as_of=AS_OF, settings=SETTINGS).collect().to_dicts()
    assert (row["org_unit"], row["open_count"]) == ("b", 3)
