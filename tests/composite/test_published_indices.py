"""Published composite indices reproduced: ASEM Sustainable Connectivity and the Technology Achievement Index.

Data: COINr (Becker et al. 2022, MIT) and OECD/JRC Handbook on Constructing Composite Indicators (2008).
"""

from datetime import date

import numpy as np
import polars as pl
import pytest
from index_examples import framework, leaf, made, records
from scipy.stats import rankdata

from transforms.composite import normalise
from transforms.composite.treat import treated
from transforms.index.scores import scores

YEAR = date(2018, 1, 1)


@pytest.fixture(scope="module")
def asem(shared):
    folder = shared / "data" / "index_asem"
    return {path.stem: pl.read_csv(path) for path in folder.glob("*.csv")}


def asem_framework(indicators: pl.DataFrame):
    """The tree of the indicators' table: indicator, group, sub-index, index; equal weights, arithmetic."""
    tree: dict = {}
    for row in indicators.iter_rows(named=True):
        group = tree.setdefault(row["Agg2"], {"children": {}})["children"]
        direction = int(row["Direction"])
        indicator = leaf(
            row["IndCode"], normalisation="min_max", direction=direction, weight=row["IndWeight"]
        )
        group.setdefault(row["Agg1"], {"children": {}})["children"][row["IndCode"]] = indicator
    return framework(tree)


def test_asem_treatment_is_that_of_coinr(asem):
    """49 indicators, at most six winsorised points each."""
    summary = asem["treat_treatsummary"]
    for code, low, high in summary.select("IndCode", "Low", "High").iter_rows():
        result = treated(asem["data_imputed"][code].cast(pl.Float64).to_numpy(), most_points=6)
        assert (result.n_low, result.n_high) == (low, high), code
        assert result.values == pytest.approx(asem["data_treated"][code].to_numpy(), abs=1e-12), code


def test_asem_normalised_from_treated(asem):
    directions = asem["ind_meta"].select("IndCode", "Direction").iter_rows()
    found = asem["data_treated"].select(
        normalise.min_max(pl.col(code), pl.lit(direction)).alias(code) for code, direction in directions
    )
    expected = asem["data_normalised"].select(found.columns)
    assert np.abs(found.to_numpy() - expected.to_numpy()).max() < 1e-12


def test_asem_entered_as_kpi_records(asem):
    """51 countries: every aggregate of three levels and the index to 1e-9, and the published ranks."""
    indicators = asem["ind_meta"]
    spec = asem_framework(indicators)
    kpis = records(
        [
            {"kpi": code, "segment": country, "cut": "country", "period": YEAR, "value": float(value)}
            for code in indicators["IndCode"]
            for country, value in asem["data_treated"].select("UnitCode", code).iter_rows()
        ]
    )
    found = (
        made(scores, spec, kpi_monthly=kpis)
        .collect()
        .pivot("node", index="segment", values="score")
        .sort("segment")
    )
    expected = asem["data_aggregated"].sort("UnitCode")
    nodes = {node.code: node.code.replace("index", "Index") for node in spec.nodes}
    for node, column in nodes.items():
        difference = np.abs(found[node].to_numpy() - expected[column].to_numpy())
        assert difference.max() < 1e-9, node
    ranks = asem["results_aggregatesrank"].sort("UnitCode")
    for node in (node.code for node in spec.nodes if node.leaf is None):
        published = found[node].to_numpy().round(2)  # scores are published, and ranked, with two decimals
        assert rankdata(-published, method="min").tolist() == ranks[nodes[node]].to_list(), node
    assert rankdata(-found["index"].to_numpy()).tolist() == ranks["Index"].to_list()
    index = dict(zip(found["segment"], found["index"], strict=True))
    assert index["CHE"] == pytest.approx(68.383724, abs=5e-7)
    assert index["BEL"] == pytest.approx(63.539520, abs=5e-7)
    assert np.mean(list(index.values())) == pytest.approx(51.461134, abs=5e-7)


@pytest.fixture(scope="module")
def tai(shared):
    folder = shared / "data" / "index_tai"
    return {path.stem: pl.read_csv(path) for path in folder.glob("*.csv")}


def test_normalisations_of_schooling_in_table_15(tai):
    """As printed, with two decimals."""
    table = tai["tai_table15_schooling_normalisations"]
    up, years = pl.lit(1), pl.col("schooling_years")
    found = table.select(
        z_score=normalise.z_score(years, up),
        min_max=normalise.min_max(years, up) / 100,
        rank_high_is_top=normalise.borda(years, up) + 1,
    )
    for column in found.columns:
        assert np.abs(found[column].to_numpy() - table[column].to_numpy()).max() <= 0.0051, column


@pytest.mark.parametrize("method", ["EW", "BAP"])
def test_ranks_of_table_23(tai, method):
    """23 of 23 countries, with the goalposts of UNDP; telephones and electricity are logarithms already."""
    posts = {row["indicator"]: row for row in tai["tai_goalposts"].iter_rows(named=True)}
    weights = tai["tai_weights_table22"].filter(method=method).row(0, named=True)
    names = [name for name in weights if name != "method"]

    def ends(name: str) -> tuple[float, float]:
        low, high = posts[name]["min"], posts[name]["max"]
        return (np.log10(low), np.log10(high)) if name.endswith("_log") else (low, high)

    raw = tai["tai_raw_23"]
    spec = framework({name: leaf(name, *map(float, ends(name)), weight=weights[name]) for name in names})
    kpis = records(
        [
            {"kpi": name, "segment": country, "cut": "country", "value": value}
            for name in names
            for country, value in raw.select("country", name).iter_rows()
        ]
    )
    index = made(scores, spec, kpi_monthly=kpis).filter(pl.col("level") == 0).collect()
    place = dict(
        zip(index["segment"], rankdata(-index["score"].to_numpy().round(9), method="min"), strict=True)
    )
    assert place == dict(tai["tai_ranks_table23"].select("country", method).iter_rows())
