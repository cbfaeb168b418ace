"""A project folder without code adds a feed, facts, a mart, checks, KPIs and an index: run as a user runs it."""

import csv
import shutil
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from conftest import ROOT, policypulse
from polars.testing import assert_frame_equal

from orchestration.definitions import definitions
from orchestration.project import read_project
from warehouse.landing.keys import create_key_file

EXAMPLE = ROOT / "examples" / "own_models"
OWN = ("core.decisions", "core.second_looks", "marts.disputes_by_month")


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the example finds a small simulated insurer and puts its warehouse, after one run."""
    folder = tmp_path_factory.mktemp("own_models")
    book = folder / "insurer"
    made = policypulse("simulate", "--out", book, "--policies", 1000, "--months", 12, "--seed", 5)
    assert made.status == 0, made.text
    create_key_file(folder / "pseudonym.key")
    places = {"POLICYPULSE_DATA": str(book), "POLICYPULSE_WAREHOUSES": str(folder)}
    ran = policypulse("run", "--project", EXAMPLE, **places)
    assert ran.status == 0, ran.text
    return places


@pytest.fixture(scope="module")
def published(places: dict[str, str]) -> duckdb.DuckDBPyConnection:
    current = Path(places["POLICYPULSE_WAREHOUSES"]) / "own_models" / "current.duckdb"
    return duckdb.connect(str(current.resolve()), read_only=True)


def test_own_tables_are_published_with_what_they_say_where_they_come_from_and_what_was_checked(published):
    tables = published.sql(f"FROM catalog.tables WHERE table_name IN {OWN} ORDER BY ALL").pl()
    assert tables["source_file"].to_list() == [
        "models/core/decisions.sql",
        "models/core/second_looks.sql",
        "models/marts/disputes_by_month.sql",
    ]
    assert tables["row_count"].min() > 0
    silent = f"SELECT count(*) FROM catalog.columns WHERE table_name IN {OWN} AND description = ''"
    assert published.sql(silent).fetchall() == [(0,)]
    sources = "SELECT DISTINCT source_table FROM catalog.column_lineage WHERE table_name = 'core.decisions' ORDER BY 1"
    assert published.sql(sources).fetchall() == [("core.claims",), ("core.complaints",)]
    checked = f"""
        SELECT table_name, check_name, passed FROM catalog.checks
        WHERE table_name IN {OWN} OR check_name IN ('decision_has_outcome', 'answered_after_asked') ORDER BY ALL
    """
    assert published.sql(checked).fetchall() == [
        ("core.claims", "decision_has_outcome", True),
        ("core.decisions", "disputed_within_90_days", True),
        ("core.decisions", "grain_unique", True),
        ("core.second_looks", "grain_unique", True),
        ("marts.disputes_by_month", "disputes_add_up", True),
        ("marts.disputes_by_month", "grain_unique", True),
        ("raw.second_looks", "answered_after_asked", True),
    ]


def test_an_own_feed_lands_and_is_told_of_like_ours(published):
    with (EXAMPLE / "looks" / "second_looks.csv").open(encoding="utf-8", newline="") as file:
        looks = list(csv.DictReader(file, delimiter=";"))
    told = "SELECT source_file, row_count, grain FROM catalog.tables WHERE table_name = 'raw.second_looks'"
    assert published.sql(told).fetchall() == [("contracts/second_looks.yml", len(looks), "look_id")]
    lineage = """
        SELECT source_table, source_column FROM catalog.column_lineage
        WHERE table_name = 'core.second_looks' AND column_name = 'finding'
    """
    assert published.sql(lineage).fetchall() == [("staging.second_looks", "finding")]
    in_time = """
        SELECT sum(numerator), sum(denominator) FROM kpi.monthly
        WHERE kpi = 'second_look_within_5_days_share' AND cut = 'company' AND status <> 'immature'
    """
    days = [(_day(look["Asked"]), look["Answered"] and _day(look["Answered"])) for look in looks]
    known = [(asked, given) for asked, given in days if asked < date(2025, 12, 1)]
    met = sum(bool(given) and (given - asked).days <= 5 for asked, given in known)
    assert published.sql(in_time).fetchall() == [(met, len(known))]
    joined = published.sql("FROM core.key_matches WHERE from_feed = 'second_looks'").pl()
    assert joined.select("from_column", "to_feed", "n_rows").rows() == [
        ("claim_id", "claim_events", len(looks))
    ]


def test_a_further_column_of_ours_is_one_of_its_facts_and_a_cut(published):
    assert published.sql("FROM core.policies WHERE product_family <> left(product_code, 3)").fetchall() == []
    told = published.sql("SELECT DISTINCT product_family AS segment FROM core.policies").pl()
    segments = published.sql("SELECT DISTINCT segment FROM kpi.monthly WHERE cut = 'product_family'").pl()
    assert set(segments["segment"]) == set(told["segment"]) and len(told) > 2
    described = "SELECT DISTINCT description FROM catalog.columns WHERE column_name = 'product_family'"
    assert published.sql(described).fetchall() == [("Family of the product, the first letters of its code.",)]


def _day(text: str) -> date:
    return datetime.strptime(text, "%d.%m.%Y").date()


def test_the_disputes_are_those_that_claims_and_complaints_tell(published):
    told = published.sql("""
        SELECT date_trunc('month', decided_on)::DATE AS month, count(*) AS decided_claims,
            count(*) FILTER (EXISTS (
                FROM core.complaints AS c WHERE c.policy_id = claims.policy_id
                AND date_diff('day', claims.decided_on, c.received_on) BETWEEN 0 AND 90
            )) AS disputes
        FROM core.claims AS claims
        WHERE spell_no = 1 AND decided_on IS NOT NULL AND sequence_fault IS NULL GROUP BY ALL ORDER BY month
    """).pl()
    ours = published.sql("""
        SELECT month, sum(decided_claims)::BIGINT AS decided_claims, sum(disputes)::BIGINT AS disputes
        FROM marts.disputes_by_month GROUP BY month ORDER BY month
    """).pl()
    assert_frame_equal(ours, told)
    assert told["disputes"].sum() > 0


def test_own_kpis_are_records_like_ours_and_leaves_of_an_own_index(published):
    told = published.sql("""
        SELECT date_trunc('month', decided_on)::DATE AS period, count(disputed_on)::DOUBLE AS numerator,
            count(*)::DOUBLE AS denominator
        FROM core.decisions WHERE decided_on < DATE '2025-09-01' AND decided_on >= DATE '2025-01-01'
        GROUP BY ALL ORDER BY ALL
    """).pl()
    ours = published.sql("""
        SELECT period, numerator, denominator FROM kpi.monthly
        WHERE kpi = 'decision_disputed_within_90_days_share' AND cut = 'company' AND period < DATE '2025-09-01'
        ORDER BY period
    """).pl()
    assert_frame_equal(ours, told)
    assert told["numerator"].sum() > 0
    scored = published.sql("""
        SELECT count(*) FROM index.scores
        WHERE framework = 'fair_decisions' AND node = 'index' AND cut = 'company' AND score BETWEEN 0 AND 100
    """)
    assert scored.fetchall()[0][0] >= 3
    of_own = """
        SELECT DISTINCT source_table FROM catalog.column_lineage
        WHERE table_name = 'kpi.monthly' AND column_name = 'kpi'
    """
    assert ("core.decisions",) in published.sql(of_own).fetchall()


def test_a_crossed_cut_by_an_own_column_has_what_the_fact_tells_of_each_segment(published):
    told = published.sql("""
        SELECT date_trunc('month', decided_on)::DATE AS period, claim_type || ' × ' || decided_by AS segment,
            count(*) FILTER (decided_by = 'system')::DOUBLE AS numerator, count(*)::DOUBLE AS denominator
        FROM core.decisions WHERE decided_on >= DATE '2025-01-01' GROUP BY ALL ORDER BY ALL
    """).pl()
    ours = published.sql("""
        SELECT period, segment, numerator, denominator FROM kpi.monthly
        WHERE kpi = 'decided_by_system_share' AND cut = 'claim_type × decided_by' AND denominator > 0 ORDER BY ALL
    """).pl()
    assert_frame_equal(ours, told)
    assert told["segment"].n_unique() > 4


def test_the_cases_of_an_own_kpi_in_a_crossed_segment_sum_to_its_record(places, published, tmp_path):
    period, segment, numerator, denominator = published.sql("""
        SELECT period, segment, numerator, denominator FROM kpi.monthly
        WHERE kpi = 'decided_by_system_share' AND cut = 'claim_type × decided_by'
        ORDER BY denominator DESC, period, segment LIMIT 1
    """).fetchall()[0]
    listed = policypulse(
        *("cases", "decided_by_system_share", "--period", f"{period:%Y-%m}", "--project", EXAMPLE),
        *("--cut", "claim_type × decided_by", "--segment", segment, "--out", tmp_path / "cases.csv"),
        **places,
    )
    assert listed.status == 0, listed.text
    cases = pl.read_csv(tmp_path / "cases.csv")
    assert (cases["case_numerator"].sum(), cases["case_denominator"].sum()) == (numerator, denominator)


def test_dagster_and_the_dictionary_show_own_tables_like_ours(places, monkeypatch):
    for name, value in places.items():
        monkeypatch.setenv(name, value)
    graph = definitions(read_project(EXAMPLE)).resolve_asset_graph()
    mart = dg.AssetKey(["marts", "disputes_by_month"])
    assert dg.AssetKey(["raw", "complaints"]) in graph.get_ancestor_asset_keys(mart)
    looks = dg.AssetKey(["core", "second_looks"])
    assert dg.AssetKey(["raw", "second_looks"]) in graph.get_ancestor_asset_keys(looks)
    assert mart in graph.get_ancestor_asset_keys(dg.AssetKey("published"))
    assert graph.get_check_spec(dg.AssetCheckKey(mart, "disputes_add_up")).blocking
    page = policypulse("dictionary", "--project", EXAMPLE, **places).text
    assert "## core.decisions" in page
    assert "## staging.second_looks" in page
    assert "| decision_to_dispute_days | Calendar days until then. |" in page


def test_an_own_check_that_fails_keeps_what_readers_see(places, tmp_path):
    """A changed own file is a reason to run; its failing check is one not to publish."""
    again = policypulse("run", "--project", EXAMPLE, **places)
    assert (again.status, "Nothing to do" in again.text) == (0, True)
    folder = tmp_path / "own_models"
    shutil.copytree(EXAMPLE, folder)
    suite = folder / "expectations" / "core" / "decisions.yml"
    suite.write_text(
        suite.read_text(encoding="utf-8").replace("max_value: 90", "max_value: 1"), encoding="utf-8"
    )
    current = Path(places["POLICYPULSE_WAREHOUSES"]) / "own_models" / "current.duckdb"
    before = current.readlink()
    # The project file is the same, and the warehouse; only the check is another.
    ran = policypulse("run", "--project", folder, **places)
    assert ran.status == 1, ran.text
    assert "blocked by core.decisions disputed_within_90_days" in ran.text
    assert current.readlink() == before
