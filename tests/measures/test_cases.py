"""The drill to the cases: of the simulated insurer, the cases of every KPI sum to its published records."""

from datetime import date

import polars as pl
import pytest
from conftest import policypulse, published

from transforms.kpi.registry import registry
from transforms.measures.case_measures import Quantile
from transforms.measures.cases import has_cases, kpi_cases
from transforms.settings import ComplaintSettings, Settings

COMPLAINTS = ComplaintSettings(mis_selling=("sales",), loss_assessment=("loss_assessment",))
WITH_CASES = [kpi for kpi in registry(Settings(complaints=COMPLAINTS)) if has_cases(kpi)]


@pytest.fixture(scope="module")
def tables(insurer) -> dict[str, pl.DataFrame]:
    names = {kpi.fact for kpi in registry()} | {"kpi.monthly"}
    return {name: published(insurer, f"SELECT * FROM {name}") for name in sorted(names)}


# What the insurer does not record, or has too few months of.
WITHOUT_VALUES = {
    "application_decided_by_system_rescinded_share",
    "perceived_application_score",
    "perceived_complaint_score",
    "perceived_presale_score",
    "lapse_reinstated_within_730_days_share",
}


@pytest.mark.parametrize("kpi", WITH_CASES, ids=lambda kpi: kpi.code)
def test_cases_sum_to_the_records(tables, kpi):
    records = tables["kpi.monthly"].filter(kpi=kpi.code, cut="org_unit").drop_nulls("value")
    assert records.is_empty() == (kpi.code in WITHOUT_VALUES)
    for basis in kpi.dates:
        cases = kpi_cases(tables[kpi.fact].lazy(), kpi, basis, tables["kpi.monthly"]["as_of"][0])
        if "org_unit" not in cases.collect_schema():
            continue
        added = cases.group_by("period", segment="org_unit").agg(
            pl.col("case_numerator", "case_denominator").sum(), median=pl.col("case_value").median()
        )
        both = records.filter(basis=basis).join(added.collect(), on=["period", "segment"], how="left")
        for name in ("numerator", "denominator"):
            told = both.filter(pl.col(name).is_not_null(), pl.col(f"case_{name}") != 0)
            ours = told[f"case_{name}"].to_list()
            assert ours == pytest.approx(told[name].to_list(), rel=1e-9, abs=1e-6), (basis, name)
        silent = both.filter(pl.col("case_numerator").fill_null(0.0) == 0, pl.col("numerator") != 0)
        assert silent.is_empty(), "a numerator without cases"
        if isinstance(kpi.measure, Quantile) and kpi.measure.q == 0.5:
            assert both["median"].to_list() == pytest.approx(both["value"].to_list())


def test_a_stock_has_no_cases_of_its_month():
    stock = next(kpi for kpi in registry() if kpi.code == "claim_open_count")
    with pytest.raises(ValueError, match=r"core\.claims"):
        kpi_cases(pl.LazyFrame(), stock, "stock", date(2025, 1, 31))


def test_from_the_index_to_the_claims_of_a_branch(insurer, tmp_path):
    """The KPI that hurt a branch's index most, as marts.index_change says it, and its cases by the command."""
    worst = published(
        insurer,
        "SELECT kpi, basis, segment, period FROM marts.index_change WHERE cut = 'org_unit' "
        "AND kpi LIKE 'claim_%' ORDER BY contribution_points, segment LIMIT 1",
    ).row(0, named=True)
    out = tmp_path / "cases.csv"
    done = policypulse(
        "cases", worst["kpi"], "--project", insurer, "--basis", worst["basis"],
        "--period", f"{worst['period']:%Y-%m}", "--cut", "org_unit", "--segment", worst["segment"], "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.text
    cases = pl.read_csv(out)
    record = published(
        insurer,
        f"SELECT n FROM kpi.monthly WHERE kpi = '{worst['kpi']}' AND basis = '{worst['basis']}' "
        f"AND cut = 'org_unit' AND segment = '{worst['segment']}' AND period = DATE '{worst['period']}'",
    )
    assert cases.filter(pl.col("case_denominator") > 0).height == record.item()
    assert {"claim_id", "policy_id", "case_numerator"} <= set(cases.columns)
    asked = ("cases", worst["kpi"], "--project", insurer, "--period", "2025-11")
    company = policypulse(*asked, "--cut", "company", "--segment", "company")
    assert (company.status, company.text) == (0, policypulse(*asked).text)
    refused = policypulse("cases", "claim_paid_shar", "--project", insurer, "--period", "2025-11")
    assert refused.status == 2
    assert "claim_paid_share" in refused.text
