"""What customers write, on the published insurer: nobody is recognisable in it, and what was planted is found."""

import json
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from scipy.stats import binom
from small_warehouse import build

from expectations.run import run_checks
from expectations.suites import checks
from orchestration.fingerprint import fingerprint
from orchestration.project import read_project
from simulation.text_grammar import PERSONAL_MARK
from transforms.text_extra import PACKAGES, unread


@pytest.fixture(scope="module")
def truth(insurer: Path) -> dict:
    return json.loads((insurer / "truth.json").read_text(encoding="utf-8"))


def texts_of(file: Path) -> list[tuple[str, pl.Series]]:
    """Every text that a database file holds, by table and column."""
    with duckdb.connect(str(file), read_only=True) as con:
        columns = con.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() "
            "USING (schema_name, table_name) WHERE data_type = 'VARCHAR'"
        ).fetchall()
        return [
            (
                f"{table}.{column}",
                con.sql(f'SELECT DISTINCT "{column}" FROM "{schema}"."{table}"').pl()[column],
            )
            for schema, table, column in columns
        ]


@pytest.mark.parametrize("file", ["current.duckdb", "raw.duckdb"])
def test_personal_numbers_and_addresses_are_in_no_table(insurer, truth, file):
    planted = [one for feed in truth["personal"].values() for one in feed]
    assert min(len(feed) for feed in truth["personal"].values()) >= 5
    shown = [
        name
        for name, column in texts_of((insurer / "warehouse" / file).resolve())
        if column.str.contains_any(planted).any()
    ]
    assert shown == []


def test_each_that_was_planted_is_masked_whole(rows, truth):
    """Behind the mark stands nothing but that there was one."""
    behind = rows(f"SELECT source, split_part(text, '{PERSONAL_MARK}', 2) AS told FROM core.texts").filter(
        pl.col("told") != ""
    )
    assert set(behind["told"]) == {"[number]", "[e-mail]"}
    of_feed = behind.filter(~pl.col("source").is_in(["survey", "complaint"])).height
    # Of a text whose rows were all rejected, or recorded after the as-of day, nothing is known.
    assert 0.95 * len(truth["personal"]["texts"]) <= of_feed <= len(truth["personal"]["texts"])


def test_posts_that_repeat_a_complaint_are_found(rows, truth):
    planted = {row["msg_no"] for row in truth["texts"]["repeats"]}
    posts = rows("SELECT text_id, repeats_complaint_id FROM core.texts WHERE is_external")
    landed = planted & set(posts["text_id"])
    found = set(posts.drop_nulls()["text_id"])
    assert len(landed) >= 20
    assert len(landed & found) >= 0.95 * len(landed)
    # People who do not know each other may write the same sentence.
    assert len(found - planted) <= 0.15 * posts.height


def test_cues_are_those_that_were_planted(rows, truth):
    names = {"regulator": "names_regulator", "lawyer": "names_lawyer", "media": "names_media"}
    counted = rows(
        f"SELECT {', '.join(f'count(*) FILTER ({name}) AS {cue}' for cue, name in names.items())} "
        "FROM core.texts WHERE source IN ('email', 'chat')"
    ).row(0, named=True)
    for cue, planted in truth["texts"]["cues"].items():
        assert 0.9 * planted <= counted[cue] <= planted, cue


def test_models_are_published_and_people_agree_as_drawn(rows, truth):
    models = rows("SELECT * FROM core.text_models WHERE class = 'all'")
    assert set(models["status"]) == {"published"}
    category = models.row(by_predicate=pl.col("model") == "category", named=True)
    error = 2 * (category["alpha"] * (1 - category["alpha"]) / category["n_second_labels"]) ** 0.5
    assert abs(category["alpha"] - truth["texts"]["alpha_of_second_labels"]) < 2 * error


def test_precision_is_that_against_the_true_matters(rows, truth):
    """Of all that is stated, sorted by people or not; people err as often as the simulator says."""
    names, matters = truth["hazards"]["in_order_of"]["categories"], truth["texts"]["matters"]
    true = pl.DataFrame(
        {
            "text_id": [f"M{10_000_000 + place}" for place in range(len(matters))],
            "true": [names[matter] for matter in matters],
        }
    )
    stated = rows("SELECT text_id, category FROM core.text_readings WHERE category_reading = 'stated'")
    right = stated.join(true, on="text_id").select((pl.col("category") == pl.col("true")).mean()).item()
    wrong, k = truth["hazards"]["texts"]["label_error_share"], len(names)
    expected = right * (1 - wrong + wrong / k) + (1 - right) * wrong / k
    monthly = rows(
        "SELECT ci_low, ci_high FROM kpi.monthly WHERE kpi = 'text_classification_precision' AND cut = 'company' "
        "AND status IN ('ok', 'low_n')"
    )
    held = monthly.select(pl.lit(expected).is_between("ci_low", "ci_high")).to_series()
    assert len(held) >= 12
    assert (~held).sum() <= binom.ppf(0.9995, len(held), 0.05)


def test_external_texts_and_complaints_are_in_no_kpi_of_messages(rows):
    """The company's messages of all months are those that the model reads among e-mails and chats."""
    counted = rows(
        "SELECT sum(denominator) AS n FROM kpi.monthly WHERE kpi = 'text_auto_classified_share' AND cut = 'company'"
    )["n"].item()
    first = "(SELECT min(period) FROM kpi.monthly)"
    read = rows(
        "SELECT count(category_reading) AS n FROM core.text_readings "
        f"WHERE source IN ('email', 'chat') AND written_on >= {first}"
    )["n"].item()
    assert counted == read > 200


def test_without_the_extra_texts_land_and_tables_are_empty_with_a_reason(tmp_path, monkeypatch):
    for name in PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)
    with build(tmp_path, ("policies", "texts", "complaints")) as store:
        for table in ("texts", "text_models", "text_readings", "text_topics"):
            assert store.read(f"core.{table}").is_empty(), table
        assert store.con.execute("SELECT count(*) FROM raw.texts").fetchall() == [(240,)]
        chosen = [check for check in checks() if check.name == "texts_are_read"]
        (result,) = run_checks(store.con, chosen)
    assert not result.passed
    assert not result.check.blocking
    assert "216" in str(result.examples)
    (told,) = unread(is_asked=True)
    assert "sklearn, rjieba, opencc" in told
    assert "pip install 'policypulse[text]'" in told
    assert unread(is_asked=False) == []


def test_what_reads_texts_may_be_installed_later(insurer, monkeypatch):
    """A run after that has something to do, though no file has changed."""
    project = read_project(insurer)
    with_them = fingerprint(project, project.as_of())
    monkeypatch.setitem(sys.modules, PACKAGES[-1], None)
    assert fingerprint(project, project.as_of()) != with_them
