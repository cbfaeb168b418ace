"""Regulators' yearly tables, of counts and not of cases: invented ones worked by hand, and that of Texas."""

import os
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT, policypulse, published
from scipy.stats import norm

# Complaints closed in a year by company and line, upheld or not, one row each; with the premium of company and market.
CLOSED = """key,year,company,line,decision,n
A24u,2024,Acme,motor,Y,30
A24n,2024,Acme,motor,N,70
A25u,2025,Acme,motor,Y,12
A25n,2025,Acme,motor,N,88
B25u,2025,Bolt,motor,Y,1000000000
B25n,2025,Bolt,motor,N,3000000000
B24z,2024,Bolt,motor,Y,0
C25u,2025,Cape,travel,Y,7
C25n,2025,Cape,travel,N,3
"""
PREMIUM = """month,company,line,premium
2024-01-01,Acme,motor,1000000000
2025-01-01,Acme,motor,2000000000
2025-01-01,Bolt,motor,500000000
"""
MARKET = """year,line,complaints,premium
2024,motor,1000,100000000000
2025,motor,1200,100000000000
"""
PROJECT = """
insurer: Three insurers (invented)
as_of: 2025-12-31
months: 24
grains: [year]
cuts: [company, org_unit]
calendar_gaps: weekdays
feeds:
  complaints:
    files: closed.csv
    columns:
      complaint_id: key
      closed_on: {column: year, format: "%Y"}
      org_unit: company
      product_line: line
      outcome: {column: decision, codes: {Y: upheld, N: not_upheld}}
      cases: n
  exposures:
    files: premium.csv
    columns: {month: month, org_unit: company, product_line: line, premium_income: premium}
  market_values:
    files: market.csv
    columns: {period: year, product_line: line, complaints: complaints, premium_income: premium}
index: {frameworks: []}
only: {tables: ["kpi.*"]}
pages: {written: false}
"""
SHARED = Path(os.environ.get("POLICYPULSE_SHARED", ROOT.parent / "shared"))
TEXAS = SHARED / "data" / "complaints_texas" / "tx_complaints_yearly_confirmed.csv"


def ran(folder: Path, project: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    (folder / "policypulse.yml").write_text(project)
    done = policypulse("run", "--project", folder)
    assert done.status == 0, done.text
    return folder


@pytest.fixture(scope="module")
def regulator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ran(tmp_path_factory.mktemp("regulator"), PROJECT, closed=CLOSED, premium=PREMIUM, market=MARKET)


def yearly(folder: Path, kpi: str, *columns: str) -> dict[tuple[int, str], tuple]:
    rows = published(
        folder,
        f"SELECT year(period), segment, {', '.join(columns)} FROM kpi.periodic "
        f"WHERE kpi = '{kpi}' AND basis = 'period' AND grain = 'year'",
    ).rows()
    return {(year, segment): tuple(values) for year, segment, *values in rows}


def test_counts_are_those_of_the_table(regulator: Path):
    found = yearly(regulator, "complaints_closed_count", "value", "status")
    assert found == {
        (2024, "Acme"): (100, "ok"),
        (2025, "Acme"): (100, "ok"),
        (2024, "Bolt"): (0, "low_n"),
        (2025, "Bolt"): (4_000_000_000, "ok"),
        (2024, "Cape"): (0, "low_n"),
        (2025, "Cape"): (10, "ok"),
        (2024, "company"): (100, "ok"),
        (2025, "company"): (4_000_000_110, "ok"),
    }


def test_shares_have_the_intervals_of_their_cases(regulator: Path):
    """Wilson's of 30 of 100 and of a billion of four, by his formula."""
    found = yearly(regulator, "complaint_upheld_share", "value", "n", "ci_low", "ci_high")
    for place, share, n in (((2024, "Acme"), 0.3, 100), ((2025, "Bolt"), 0.25, 4_000_000_000)):
        z = norm.ppf(0.975)
        middle, reach = share + z**2 / (2 * n), z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
        low, high = ((middle + side * reach) / (1 + z**2 / n) for side in (-1, 1))
        assert found[place] == pytest.approx((share, n, low, high), rel=1e-12)


def test_complaint_indices_are_shares_of_complaints_over_shares_of_premium(regulator: Path):
    found = yearly(regulator, "complaint_index_ratio", "value", "status")
    assert found[2024, "Acme"] == (pytest.approx((30 / 1_000) / (1 / 100)), "ok")
    assert found[2025, "Acme"] == (pytest.approx((12 / 1_200) / (2 / 100)), "ok")
    assert found[2025, "Bolt"] == (pytest.approx((1e9 / 1_200) / (0.5 / 100)), "ok")
    assert found[2025, "Cape"] == (None, "no_data"), "nobody states a premium"


def test_what_needs_the_day_of_receipt_is_not_applicable(regulator: Path):
    silent = published(
        regulator,
        "SELECT DISTINCT kpi, status FROM kpi.monthly WHERE kpi IN ('complaints_received_count', "
        "'complaint_resolution_days_median', 'complaints_open_count', 'complaint_repeated_within_90_days_share')",
    )
    assert set(silent["status"]) == {"not_applicable"}, silent
    assert silent.height >= 3


def test_the_cases_of_a_record_add_up_to_it(regulator: Path, tmp_path: Path):
    out = tmp_path / "cases.csv"
    done = policypulse(
        "cases", "complaint_upheld_share", "--project", regulator, "--basis", "period", "--period", "2025-01",
        "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.text
    rows = pl.read_csv(out)
    assert rows.height == 6
    assert rows["case_numerator"].sum() == 1_000_000_019
    assert rows["case_denominator"].sum() == 4_000_000_110


@pytest.mark.skipif(not TEXAS.exists(), reason="the public data sets are not there")
def test_the_confirmed_complaints_of_texas(tmp_path: Path):
    """All years and lines as published: closed, and confirmed among them."""
    table = pl.read_csv(TEXAS).filter(pl.col("coverage_type") != "ALL")
    counts = pl.concat(
        table.select(
            key=pl.format("{}-{}-" + name, "year_closed", "coverage_type"),
            year="year_closed",
            company="coverage_type",
            line=pl.lit("all"),
            decision=pl.lit(code),
            n=name,
        )
        for name, code in (("confirmed", "Y"), ("not_confirmed", "N"))
    )
    project = PROJECT[: PROJECT.index("  exposures:")] + PROJECT[PROJECT.index("index:") :]
    months = 12 * (2026 - counts["year"].min())
    folder = ran(tmp_path, project.replace("months: 24", f"months: {months}"), closed=counts.write_csv())
    found = yearly(folder, "complaint_upheld_share", "numerator", "denominator")
    expected = {
        (year, line): (confirmed, total)
        for year, line, confirmed, total in table.select(
            "year_closed", "coverage_type", "confirmed", "total"
        ).rows()
        if year <= 2025 and total
    }
    assert {place: found[place] for place in expected} == expected
