"""The tables of the index on the simulated insurer, through the real job, against what was planted in it."""

import json

import numpy as np
import polars as pl
import pytest
from index_examples import close_branches, made
from scipy import stats

from transforms.index.influence import influence
from transforms.index.rank_intervals import rank_intervals

# Of its frameworks the insurer's own, which the regulator's evaluations stand beside.
OWN = "framework = 'example_life'"


@pytest.fixture(scope="module")
def truth(insurer) -> dict:
    return json.loads((insurer / "truth.json").read_text(encoding="utf-8"))


def test_contributions_sum_to_every_change(rows):
    scores = rows(
        f"SELECT cut, segment, period, score FROM index.scores WHERE level = 0 AND score IS NOT NULL AND {OWN}"
    ).sort("cut", "segment", "period")
    steps = scores.with_columns(
        change=pl.col("score").diff().over("cut", "segment"),
        follows=pl.col("period").shift(1).over("cut", "segment").dt.offset_by("1mo") == pl.col("period"),
    ).filter("follows")
    explained = rows(
        "SELECT cut, segment, period, sum(contribution_points) AS explained FROM marts.index_change "
        f"WHERE {OWN} GROUP BY ALL"
    )
    joined = steps.join(explained, on=["cut", "segment", "period"])
    assert joined.height == explained.height > 100
    assert np.abs(joined["change"] - joined["explained"]).max() < 1e-9


def test_objective_and_perceived_scores_follow_the_quality_of_branches(rows, truth):
    """Over branches and months both pillars rise with the quality that was planted, as does the index."""
    quality = pl.DataFrame(
        [
            {"segment": branch, "month": i, "quality": q}
            for branch, months in truth["organisation"]["quality_by_month"].items()
            for i, q in enumerate(months)
        ]
    )
    months = {
        p: i for i, p in enumerate(rows("SELECT DISTINCT period FROM index.scores ORDER BY 1")["period"])
    }
    scores = rows(
        "SELECT period, segment, index_score, part_scores['objective'] AS objective_score, "
        "part_scores['perceived'] AS perceived_score FROM marts.scorecard "
        f"WHERE cut = 'org_unit' AND {OWN}"
    ).with_columns(month=pl.col("period").replace_strict(months, return_dtype=pl.Int64))
    both = scores.join(quality, on=["segment", "month"])
    assert both.height == scores.height
    for score in ("objective_score", "perceived_score", "index_score"):
        pairs = both.drop_nulls(score)
        found = stats.spearmanr(pairs[score], pairs["quality"], alternative="greater")
        assert found.statistic > 0.3, score
        assert found.pvalue < 0.01, score


def test_the_planted_change_of_a_branch_is_a_signal_for_the_worse(rows, truth):
    """The branch whose process got worse has bad signals of claim handling or of its index after it did."""
    change = truth["organisation"]["process_change"]
    found = rows(
        "SELECT segment, period, measure, sentence FROM marts.signals WHERE cut = 'org_unit' AND NOT is_good "
        f"AND period >= DATE '{change['from_month']}-01'"
    )
    own = found.filter(pl.col("segment") == change["org_unit"])
    claims = own.filter(pl.col("measure").str.contains("days|decided|index"))
    assert claims.height > 0, found
    assert all(
        sentence.startswith("Signal: ") and sentence.endswith("worse.") for sentence in own["sentence"]
    )


def test_the_scorecard_says_signal_or_no_signal_beside_every_change(rows):
    said = rows("SELECT index_change_points, index_signal, index_signal_sentence FROM marts.scorecard")
    assert set(said["index_signal"]) <= {"signal", "no signal", "no limits"}
    assert said["index_signal"].null_count() == 0
    told = said.filter(pl.col("index_signal") != "no limits")
    assert told.height > 0
    assert (
        told["index_signal_sentence"].str.starts_with("Signal: ").sum()
        == (told["index_signal"] == "signal").sum()
    )


def test_a_branch_of_few_cases_without_a_failure_is_within_the_funnel(rows):
    found = rows(
        "SELECT denominator, target, position FROM kpi.funnels WHERE numerator = denominator AND target < 1"
    )
    likely = found.filter(pl.col("target") ** pl.col("denominator") > 0.06)
    assert likely.height > 0
    assert set(likely["position"]) == {"within"}


def test_robustness_says_how_sure_the_scores_of_the_company_are(rows):
    for table in ("rank_intervals", "score_intervals", "grade_probabilities", "influence"):
        assert rows(f"SELECT count(*) FROM index.{table}").item() > 0
    shown = rows(
        f"SELECT score, score_low, score_high FROM marts.index_trend WHERE cut = 'company' AND level = 0 AND {OWN}"
    )
    known = shown.drop_nulls()
    assert known.height > shown.height / 2 and (known["score_low"] < known["score_high"]).all()


def test_robustness_is_empty_unless_asked_for():
    kpis, spec = close_branches()
    for table in (rank_intervals, influence):
        assert made(table, spec, kpi_monthly=kpis).collect().is_empty()


def test_the_insurers_own_goalposts_leave_no_kpi_of_the_company_beyond_them(rows):
    """What it inherits would score every month's complaints 0."""
    leaves = rows(
        "SELECT node, score, n_truncated FROM index.nodes WHERE cut = 'company' AND kpi IS NOT NULL "
        f"AND {OWN}"
    )
    complaints = leaves.filter(node="complaints_per_10k_policies")
    assert complaints["score"].is_between(1, 99).all()
    assert complaints["n_truncated"].sum() == 0


def test_the_ranking_of_branches_is_that_of_their_scores(rows):
    ranked = rows(
        f"SELECT period, rank, score, n_branches FROM marts.branch_ranking WHERE {OWN} ORDER BY period, rank"
    )
    assert ranked["score"].null_count() == 0
    assert ranked.filter(pl.col("score").diff().over("period") > 1e-9).is_empty()
    assert ranked.filter(pl.col("score").diff().over("period") < -1e-9).height > 0
    assert (ranked["rank"] <= ranked["n_branches"]).all()
