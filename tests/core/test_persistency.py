"""k-month persistency on the worked book of twelve policies: one book, five legitimate answers."""

from datetime import date, timedelta

import polars as pl
import pytest

from transforms.core.persistency import persistency
from transforms.settings import PersistencySettings, Settings

ISSUED = date(2024, 1, 15)
DUE = date(2025, 1, 15)
AS_OF = date(2025, 12, 31)
PREMIUMS = {
    "A": 10000,
    "B": 8000,
    "C": 12000,
    "D": 5000,
    "E": 6000,
    "F": 50000,
    "G": 9000,
    "H": 7000,
    "I": 4000,
    "J": 15000,
    "K": 3000,
    "L": 20000,
}
PAID_ON = {
    "A": DUE,
    "B": DUE,
    "H": DUE + timedelta(days=45),
    "I": DUE + timedelta(days=120),
    "J": DUE,
    "L": DUE,
}
EVENTS = [
    ("C", "lapse", date(2025, 3, 17)),
    ("D", "surrender", date(2024, 11, 1)),
    ("E", "free_look_cancellation", date(2024, 1, 25)),
    ("G", "death", date(2024, 9, 1)),
    ("I", "lapse", date(2025, 3, 17)),
    ("I", "reinstatement", DUE + timedelta(days=120)),
    ("K", "transfer_out", date(2024, 8, 1)),
]


def policies(issued_on: date = ISSUED, **premiums: float) -> pl.LazyFrame:
    premiums = premiums or PREMIUMS
    return pl.LazyFrame(
        {
            "policy_id": list(premiums),
            "issued_on": [issued_on] * len(premiums),
            "org_unit": ["B1"] * len(premiums),
            "current_org_unit": ["B1"] * len(premiums),
            "region": ["north"] * len(premiums),
            "product_line": ["life"] * len(premiums),
            "channel": ["agent"] * len(premiums),
            "age_band": ["30-44"] * len(premiums),
            "customer_segment": ["urban"] * len(premiums),
            "pay_mode": ["single" if p == "F" else "annual" for p in premiums],
            "premium_term_months": [240] * len(premiums),
            "modal_premium": list(premiums.values()),
            "annual_premium": list(premiums.values()),
            "grace_days": [None] * len(premiums),
        },
        schema_overrides={"grace_days": pl.Int32},
    )


def premiums(paid_on: dict[str, date]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "policy_id": list(paid_on),
            "instalment_no": [2] * len(paid_on),
            "months_since_issue": [12] * len(paid_on),
            "days_off": [0.0] * len(paid_on),
            "due_on": [DUE] * len(paid_on),
            "due_amount": [float(PREMIUMS[p]) for p in paid_on],
            "paid_on": list(paid_on.values()),
            "paid_amount": [10000.0 if p == "J" else float(PREMIUMS[p]) for p in paid_on],
        },
        schema={
            "policy_id": pl.String,
            "instalment_no": pl.Int32,
            "months_since_issue": pl.Int64,
            "days_off": pl.Float64,
            "due_on": pl.Date,
            "due_amount": pl.Float64,
            "paid_on": pl.Date,
            "paid_amount": pl.Float64,
        },
    )


def events(rows: list[tuple[str, str, date]]) -> pl.LazyFrame:
    return pl.LazyFrame(
        rows, schema={"policy_id": pl.String, "event": pl.String, "effective_on": pl.Date}, orient="row"
    )


def rows(variant: str) -> pl.DataFrame:
    settings = Settings(persistency=PersistencySettings(variant=variant))
    made = persistency(
        policies=policies(),
        premiums=premiums(PAID_ON),
        unbilled=unbilled(),
        events=events(EVENTS),
        as_of=AS_OF,
        settings=settings,
    )
    return made.filter(pl.col("duration_months") == 13).collect()


def unbilled(*policy_ids: str) -> pl.LazyFrame:
    """Policies of which no instalment is recorded."""
    return pl.LazyFrame({"policy_id": policy_ids}, schema={"policy_id": pl.String})


@pytest.mark.parametrize(
    ("variant", "eligible", "persisting", "at_issue", "received", "share", "share_by_premium"),
    [
        ("default", 8, 5, 81000, 55000, 0.625, 0.6790123456790124),
        ("including_reinstated", 8, 6, 81000, 59000, 0.75, 0.7283950617283951),
        ("cn_annex_literal", 6, 5, 65000, 55000, 0.8333333333333334, 0.8461538461538461),
        ("gross", 11, 5, 99000, 55000, 0.45454545454545453, 0.5555555555555556),
        ("irdai_like", 10, 6, None, None, 0.6, None),
    ],
)
def test_twelve_policies(variant, eligible, persisting, at_issue, received, share, share_by_premium):
    made = rows(variant)
    assert made["persisting"].sum() / made["eligible"].sum() == pytest.approx(share, abs=1e-9)
    if share_by_premium is not None:
        by_premium = made["premium_received"].sum() / made["premium_at_issue"].sum()
        assert by_premium == pytest.approx(share_by_premium, abs=1e-9)
    assert made["eligible"].sum() == eligible
    assert made["persisting"].sum() == persisting
    if at_issue is not None:
        assert made["premium_at_issue"].sum() == pytest.approx(at_issue)
        assert made["premium_received"].sum() == pytest.approx(received)


@pytest.mark.parametrize(
    ("issued_on", "due_on", "matures_on"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), date(2025, 4, 29)),
        (date(2024, 3, 31), date(2025, 3, 31), date(2025, 5, 30)),
        (date(2024, 4, 30), date(2025, 4, 30), date(2025, 6, 29)),
        (date(2024, 5, 1), date(2025, 5, 1), date(2025, 6, 30)),
        (date(2024, 12, 31), date(2025, 12, 31), date(2026, 3, 1)),
        (date(2023, 2, 28), date(2024, 2, 28), date(2024, 4, 28)),
    ],
)
def test_due_date_and_end_of_grace(issued_on, due_on, matures_on):
    """Month-end rule of the Civil Code art. 202, then 60 days."""
    assert_matures(issued_on, due_on, matures_on)


def assert_matures(issued_on: date, due_on: date, matures_on: date) -> None:
    made = persistency(
        policies=policies(issued_on, A=1000),
        premiums=premiums({}),
        unbilled=unbilled(),
        events=events([]),
        as_of=date(2026, 3, 1),
        settings=Settings(),
    ).collect()
    row = made.filter(pl.col("duration_months") == 13).row(0, named=True)
    assert (row["due_on"], row["matures_on"]) == (due_on, matures_on)
    assert row["eligible"] == (matures_on <= date(2026, 3, 1))


def test_day_sixty_of_grace_is_in_time_and_day_sixty_one_is_not():
    for late_days, persists in ((60, True), (61, False)):
        made = persistency(
            policies=policies(A=10000),
            premiums=premiums({"A": DUE + timedelta(days=late_days)}),
            unbilled=unbilled(),
            events=events([]),
            as_of=AS_OF,
            settings=Settings(),
        ).collect()
        assert made.filter(pl.col("duration_months") == 13)["persisting"].to_list() == [persists]


def test_a_policy_without_any_instalment_on_record_is_no_lapse_unless_its_end_is():
    """Of five unpaid ones: billed, never billed, never billed but lapsed, surrendered, and waived."""
    names = ("billed", "unknown", "lapsed", "surrendered", "waived")
    happened = [("lapsed", "lapse", DUE), ("surrendered", "surrender", DUE), ("waived", "waiver", DUE)]
    made = persistency(
        policies=policies(**dict.fromkeys(names, 1000)),
        premiums=premiums({}),
        unbilled=unbilled(*names[1:]),
        events=events(happened),
        as_of=AS_OF,
        settings=Settings(),
    ).collect()
    rows = (
        made.filter(duration_months=13)
        .sort("policy_id")
        .select("policy_id", "exclusion", "persisting")
        .rows()
    )
    assert rows == [
        ("billed", None, False),
        ("lapsed", None, False),
        ("surrendered", None, False),
        ("unknown", "no_instalments", False),
        ("waived", None, True),
    ]
