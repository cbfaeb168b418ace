"""Published indices from raw values to the index, by nothing but a feed, declared indicators and a framework file.

ASEM Sustainable Connectivity (COINr, Becker et al. 2022, MIT) and the Technology Achievement Index (OECD/JRC Handbook
2008). From a bare clone the worked example in `tests/index/test_published_methods.py` stands for them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from scipy.stats import rankdata

from tests.conftest import policypulse, published

Tree = dict[str, Any]
FEED = {
    "files": "values.csv",
    "columns": {
        "indicator": "indicator", "period": "year", "cut": {"constant": "country"}, "segment": "country",
        "value": "value", "numerator": "numerator", "denominator": "denominator",
    },
}  # fmt: skip
LOGARITHMS = ("telephones", "electricity")
TAI_COUNTRY_YEAR = 2001


def declared(directions: dict[str, int], source: str) -> Tree:
    return {
        code: {"title": code, "unit": "number", "direction": direction, "source": source}
        for code, direction in directions.items()
    }


def asem_values(folder: Path) -> pl.DataFrame:
    """The raw figures as they were collected, over their denominators; what is missing is not delivered."""
    raw = pl.read_csv(folder / "data_raw.csv", infer_schema_length=None)
    per = pl.read_csv(folder / "denominators.csv")
    parts = []
    for code, denominator in (
        pl.read_csv(folder / "ind_meta.csv").select("IndCode", "Denominator").iter_rows()
    ):
        figure = raw[code].cast(pl.Float64, strict=False)
        parts.append(
            pl.DataFrame(
                {
                    "indicator": [code] * raw.height,
                    "year": raw["Year"].cast(pl.Int64),
                    "country": raw["UnitCode"],
                    "value": None if denominator else figure,
                    "numerator": figure if denominator else None,
                    "denominator": per[denominator] if denominator else None,
                },
                schema_overrides=dict.fromkeys(("value", "numerator", "denominator"), pl.Float64),
            ).filter(figure.is_not_null())
        )
    return pl.concat(parts)


def asem_framework(folder: Path) -> Tree:
    meta, raw = (
        pl.read_csv(folder / "ind_meta.csv"),
        pl.read_csv(folder / "data_raw.csv", infer_schema_length=None),
    )
    tree: Tree = {}
    for row in meta.iter_rows(named=True):
        group = tree.setdefault(row["Agg2"], {"children": {}})["children"]
        leaf = {
            "kpi": row["IndCode"],
            "basis": "period",
            "normalisation": "min_max",
            "weight": row["IndWeight"],
        }
        group.setdefault(row["Agg1"], {"children": {}})["children"][row["IndCode"]] = leaf
    strata = {
        str(kind): raw.filter(Group_EurAsia=kind)["UnitCode"].to_list()
        for kind in raw["Group_EurAsia"].unique()
    }
    return {
        "code": "asem",
        "version": "2018",
        "title": "Sustainable connectivity",
        "grain": "year",
        "strata": strata,
        "fill": "stratum_mean",
        "treatment": {"most_points": 6},
        "index": {"children": tree},
    }


def tai_values(folder: Path) -> pl.DataFrame:
    """Telephones and electricity as published are logarithms; delivered is what they are of."""
    raw = pl.read_csv(folder / "tai_raw_23.csv")
    return (
        raw.with_columns((10 ** pl.col(f"{name}_log")).alias(name) for name in LOGARITHMS)
        .drop(f"{name}_log" for name in LOGARITHMS)
        .unpivot(index="country", variable_name="indicator", value_name="value")
        .with_columns(pl.lit(TAI_COUNTRY_YEAR).alias("year"))
    )


def tai_framework(folder: Path, method: str) -> Tree:
    weights = pl.read_csv(folder / "tai_weights_table22.csv").filter(method=method).row(0, named=True)
    children: Tree = {}
    for row in pl.read_csv(folder / "tai_goalposts.csv").iter_rows(named=True):
        name = row["indicator"].removesuffix("_log")
        leaf = {"kpi": name, "basis": "period", "weight": weights[row["indicator"]]}
        leaf["goalposts"] = {"worst": row["min"], "best": row["max"]}
        children[name] = leaf | ({"scale": "log10"} if name in LOGARITHMS else {})
    return {
        "code": f"tai_{method.lower()}",
        "version": "2001",
        "title": "Technology achievement",
        "grain": "year",
        "index": {"children": children},
    }


@pytest.fixture(scope="module")
def folders(shared: Path) -> tuple[Path, Path]:
    return shared / "data" / "index_asem", shared / "data" / "index_tai"


@pytest.fixture(scope="module")
def project(folders: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of both, run once."""
    asem, tai = folders
    folder = tmp_path_factory.mktemp("indices")
    frameworks = [asem_framework(asem), tai_framework(tai, "EW"), tai_framework(tai, "BAP")]
    for framework in frameworks:
        (folder / f"{framework['code']}.yml").write_text(yaml.safe_dump(framework), encoding="utf-8")
    meta = pl.read_csv(asem / "ind_meta.csv")
    values = pl.concat([asem_values(asem), tai_values(tai)], how="diagonal_relaxed")
    values.write_csv(folder / "values.csv")
    codes = dict.fromkeys(frameworks[1]["index"]["children"], 1)
    content = {
        "insurer": "Published indices",
        "as_of": "2018-12-31",
        "months": 216,
        "grains": ["year"],
        "cuts": ["company"],
        "index": {"frameworks": [f"{framework['code']}.yml" for framework in frameworks]},
        "only": {"tables": ["index.scores"]},
        "pages": {"written": False},
        "indicators": declared(
            dict(meta.select("IndCode", pl.col("Direction").cast(int)).iter_rows()), "ASEM"
        )
        | declared(codes, "UNDP"),
        "feeds": {"indicator_values": FEED},
    }
    (folder / "policypulse.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    done = policypulse("run", "--project", folder)
    assert done.status == 0, done.text
    return folder


def test_asem_goes_from_raw_values_to_the_published_index(project: Path, folders: tuple[Path, Path]) -> None:
    """51 countries, 49 indicators, 63 values missing and 2 denominators: every node to 1e-9."""
    scores = published(
        project,
        "SELECT segment, node, score FROM index.scores WHERE framework = 'asem' AND period = DATE '2018-01-01'",
    ).pivot("node", index="segment", values="score")
    expected = pl.read_csv(folders[0] / "data_aggregated.csv").sort("UnitCode")
    found = scores.sort("segment").rename({"index": "Index"})
    assert found["segment"].to_list() == expected["UnitCode"].to_list()
    nodes = [name for name in found.columns if name != "segment"]
    assert len(nodes) == 49 + 8 + 2 + 1
    assert np.abs(found.select(nodes).to_numpy() - expected.select(nodes).to_numpy()).max() < 1e-9
    filled = published(
        project, "SELECT count(*) AS n FROM index.scores WHERE framework = 'asem' AND status = 'filled'"
    )
    denominated = pl.read_csv(folders[0] / "data_denominated.csv", infer_schema_length=None)
    assert filled.item() == denominated.null_count().sum_horizontal().item() == 65


@pytest.mark.parametrize("method", ["EW", "BAP"])
def test_tai_goes_from_values_to_the_published_ranks(
    project: Path, folders: tuple[Path, Path], method: str
) -> None:
    """23 of 23 countries of Table 23, with the goalposts of UNDP, telephones and electricity by their logarithm."""
    index = published(
        project,
        f"SELECT segment, score FROM index.scores WHERE framework = 'tai_{method.lower()}' AND level = 0",
    )
    ranks = rankdata(-index["score"].to_numpy().round(9), method="min")
    expected = pl.read_csv(folders[1] / "tai_ranks_table23.csv").select("country", method)
    assert dict(zip(index["segment"], ranks, strict=True)) == dict(expected.iter_rows())
