"""What was never recorded is not zero: which items a KPI needs, and which of its records say something."""

from datetime import date

import polars as pl
import pytest

from tests.kpi.claims_made import core_claims
from transforms.kpi.claims_flow import KPIS as FLOWS
from transforms.kpi.declared_needs import declared_needs
from transforms.kpi.registry import registry
from transforms.measures.needs import bases_of, lacks_of, words_of
from transforms.measures.records import kpi_records
from transforms.periods import long_periods, month_periods
from transforms.settings import ComplaintSettings, PersistencySettings, Settings

SETTINGS = Settings(time_zone="UTC", cuts=("company", "org_unit"))
KPIS = {kpi.code: kpi for kpi in registry(SETTINGS)}
AS_OF = date(2025, 7, 31)
MONTHS = [date(2025, month, 1) for month in range(1, 7)]


def event(code: str) -> str:
    return f"claim_events.event={code}"


def needed(code: str, settings: Settings = SETTINGS) -> str:
    kpi = next(kpi for kpi in registry(settings) if kpi.code == code)
    needs = declared_needs(settings)
    return words_of(needs.of(kpi, basis) for basis in bases_of(kpi))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "claim_contacted_within_24_hours_share",
            "claim_events.event=contacted and claim_events.event=reported",
        ),
        ("claim_progress_notices_per_stage_change", "claim_events.event=progress_notified"),
        (
            "lapse_reinstated_within_180_days_share",
            "policy_events.event=lapse and policy_events.event=reinstatement",
        ),
        # Both sides of a share: of paid claims alone it would be 1 whatever happened.
        ("claim_straight_through_share", "claim_events.actor=auto and claim_events.event=decided"),
        ("claim_straight_through_share", "claim_events.actor=human and claim_events.event=decided"),
        ("claim_closed_without_payment_share", "claim_events.event=cancelled|closed|withdrawn"),
        ("complaint_withdrawn_share", "complaints.closed_on and complaints.outcome=withdrawn"),
        ("claim_open_count", "claim_events.event=cancelled|closed|paid|withdrawn"),
        ("complaint_mis_selling_share", "setting.complaints.mis_selling"),
        ("persistency_13m_policy_share", "policies.pay_mode=(empty)|annual|half_yearly|monthly|quarterly"),
    ],
)
def test_needs_follow_from_the_expressions(code: str, words: str) -> None:
    assert words in needed(code)


def test_needs_follow_the_rules_of_the_project() -> None:
    by_force = Settings(persistency=PersistencySettings(variant="in_force"))
    assert "premiums" not in needed("persistency_13m_policy_share", by_force)
    sold = Settings(complaints=ComplaintSettings(mis_selling=("sales", "mis-sold")))
    assert "complaints.category=mis-sold|sales" in needed("complaint_mis_selling_share", sold)


def claims() -> pl.DataFrame:
    """Two branches of claims reported in January to May and closed paid; contacted since March, in one branch only."""
    histories, cases = {}, {}
    for month in range(1, 6):
        for i in range(40):
            name, day = f"{month}-{i}", date(2025, month, 5)
            contact = [("contacted", day)] if month >= 3 and i % 2 else []
            ends = [
                ("decided", date(2025, month, 9), {"outcome": "paid_full"}),
                ("paid", date(2025, month + 1, 2)),
            ]
            histories[name] = [("reported", day), *contact, *ends]
            cases[name] = {"org_unit": "a" if i % 2 else "b"}
    return core_claims(histories, AS_OF, cases)


def records(days: dict[str, date | None], periods: pl.DataFrame) -> pl.DataFrame:
    """The records of claims where the sources record from these days on what is given."""
    recorded = pl.DataFrame(
        {"item": list(days), "is_mapped": [True] * len(days), "recorded_from": list(days.values())},
        schema={"item": pl.String, "is_mapped": pl.Boolean, "recorded_from": pl.Date},
    )
    facts = {"core.claims": claims().lazy()}
    kpis = [
        kpi for kpi in KPIS.values()
        if {kpi.fact, *(flow.fact for flow in kpi.measure.flows.values())} == facts.keys()
    ]  # fmt: skip
    return kpi_records(
        facts,
        kpis,
        periods,
        as_of=AS_OF,
        settings=SETTINGS,
        needs=declared_needs(SETTINGS),
        recorded=recorded,
    )


SINCE = {
    event("reported"): date(2025, 1, 5),
    event("decided"): date(2025, 1, 9),
    "claim_events.outcome=paid_full": date(2025, 1, 9),
    event("paid"): date(2025, 2, 2),
    event("contacted"): date(2025, 3, 5),
}


def statuses(found: pl.DataFrame, kpi: str, basis: str = "cohort", segment: str = "company") -> list[str]:
    rows = found.filter(kpi=kpi, basis=basis, segment=segment).sort("period")
    return rows["status"].to_list()


def test_months_before_the_first_are_not_applicable_and_none_within_is_zero() -> None:
    found = records(SINCE, month_periods(MONTHS))
    contacted = "claim_contacted_within_24_hours_share"
    assert statuses(found, contacted) == ["not_applicable"] * 2 + ["ok"] * 3 + ["no_data"]
    # Per source, never per segment: nobody was contacted in the second branch, and that is 0.
    rows = found.filter(kpi=contacted, segment="b", status="low_n").sort("period")
    assert rows["value"].to_list() == [0.0] * 3
    before = found.filter(kpi=contacted, status="not_applicable")
    assert before["numerator"].null_count() == before["denominator"].null_count() == before.height
    assert before["n"].sum() == 0


def test_a_cohort_counts_if_it_was_still_to_be_judged_when_the_first_was_recorded() -> None:
    """Claims of January are paid in February, the first month with payments; nothing was paid in January."""
    found = records(SINCE, month_periods(MONTHS))
    assert statuses(found, "claim_report_to_payment_days_median")[:3] == ["ok", "ok", "ok"]
    assert statuses(found, "claim_report_to_payment_days_median", "period")[:3] == [
        "not_applicable",
        "ok",
        "ok",
    ]


def test_a_longer_period_is_judged_by_its_first_month_with_cases() -> None:
    """The first quarter has two months without contacts; of payments it has all there were."""
    found = records(SINCE, long_periods(MONTHS, ("quarter", "year"))).filter(pl.col("grain") == "quarter")
    assert statuses(found, "claim_contacted_within_24_hours_share") == ["not_applicable", "ok"]
    assert statuses(found, "claim_report_to_payment_days_median", "period") == ["ok", "ok"]


@pytest.mark.parametrize("item", [None, "never"])
def test_what_never_landed_leaves_no_value_in_any_measure(item: str | None) -> None:
    days = SINCE | {event("withdrawn"): None} if item else SINCE
    found = records(days, month_periods(MONTHS))
    silent = (
        "claim_withdrawn_share", "claim_cancelled_share", "claims_closed_withdrawn_count", "claims_reopened_count",
        "claim_refusal_letter_over_3_days_share", "claim_progress_notices_per_stage_change", "claim_admitted_share",
        "claim_closed_without_payment_share", "claim_repudiation_ratio_share", "claim_part_payment_over_60_days_share",
    )  # fmt: skip
    told = found.filter(pl.col("kpi").is_in(silent))
    assert told["status"].unique().to_list() == ["not_applicable"]
    assert told["value"].null_count() == told.height
    assert found.filter(pl.col("kpi") == FLOWS[0].code, pl.col("segment") == "company")["value"].sum() == 200


def test_what_a_project_says_it_records_is_zero_within_its_rows() -> None:
    found = records(SINCE | {event("withdrawn"): date(2025, 1, 5)}, month_periods(MONTHS))
    assert (
        found.filter(kpi="claims_closed_withdrawn_count", segment="company")["value"].to_list() == [0.0] * 6
    )


def test_the_catalogue_says_what_is_lacking_and_why() -> None:
    kpi, needs = KPIS["claim_withdrawn_share"], declared_needs(SETTINGS)
    asked = {basis: needs.of(kpi, basis) for basis in bases_of(kpi)}

    def lacks(is_mapped: bool, since: date | None) -> str:
        rows = [(name, True, day) for name, day in SINCE.items()]
        return lacks_of(
            asked,
            pl.DataFrame(
                [*rows, (event("withdrawn"), is_mapped, since)],
                schema={"item": pl.String, "is_mapped": pl.Boolean, "recorded_from": pl.Date},
                orient="row",
            ),
        )

    assert lacks(False, None) == "claim_events.event=withdrawn (not mapped)"
    assert lacks(True, None) == "claim_events.event=withdrawn (mapped, but none has landed)"
    assert lacks(True, AS_OF) == ""
