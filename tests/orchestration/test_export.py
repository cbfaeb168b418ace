"""Published tables as files for other tools, and the KPIs as a semantic model, by the command from a small file."""

import json
from io import BytesIO

import duckdb
import polars as pl
import pytest
from conftest import policypulse

from orchestration.commands.console import print_query

TABLES = """
    CREATE SCHEMA marts; CREATE SCHEMA kpi; CREATE SCHEMA catalog;
    CREATE TABLE marts.scorecard AS SELECT '=1+1' AS segment, DATE '2025-03-01' AS period, 0.25 AS score,
        MAP {'objective': 70.5} AS part_scores, TIMESTAMPTZ '2025-03-01 09:00:00+08' AS made_at;
    CREATE TABLE marts.long AS SELECT range AS n FROM range(1_048_576);
    CREATE TABLE kpi.monthly AS SELECT * FROM (VALUES
        ('nps_points', 'period', 'company', 'company', DATE '2025-03-01', 30.0),
        ('paid_days_median', 'cohort', 'company', 'company', DATE '2025-03-01', 12.0),
        ('paid_days_median', 'cohort', 'org_unit', 'B1', DATE '2025-03-01', 15.0)
    ) AS records(kpi, basis, cut, segment, period, value);
    CREATE TABLE catalog.kpis AS SELECT *, 'd' AS definition, 1 AS direction, '1' AS definition_version, 's' AS source
    FROM (VALUES ('nps_points', 'Net promoter score', 'points'), ('paid_days_median', 'Days to payment', 'days'))
        AS kpis(kpi, title, unit);
    CREATE TABLE catalog.units AS SELECT 'days' AS unit, 'days' AS title, FALSE AS adds_up;
    CREATE TABLE catalog.columns AS SELECT * FROM (VALUES
        ('kpi.monthly', 'kpi', 1, 'Code.'), ('kpi.monthly', 'basis', 2, 'Basis.'), ('kpi.monthly', 'cut', 3, 'Cut.'),
        ('kpi.monthly', 'segment', 4, 'Segment.'), ('kpi.monthly', 'period', 5, 'Month.'),
        ('kpi.monthly', 'value', 6, 'Value.')
    ) AS columns(table_name, column_name, position, description);
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    (folder / "policypulse.yml").write_text("insurer: Test\nfeeds: {complaints: {files: none.csv}}\n")
    (folder / "warehouse").mkdir()
    with duckdb.connect(str(folder / "warehouse" / "current.duckdb")) as con:
        con.execute(TABLES)
    return folder


def exported(project, to, target, *tables):
    asked = [word for table in tables for word in ("--tables", table)]
    return policypulse("export", "--to", to, target, "--project", project, *asked)


def test_every_form_holds_the_rows_and_no_text_becomes_a_formula(project, tmp_path):
    for form in ("parquet", "csv", "xlsx"):
        done = exported(project, form, tmp_path / "out", "marts.score*")
        assert (done.status, "1 rows" in done.text) == (0, True), done.text
    parquet = pl.read_parquet(tmp_path / "out" / "marts.scorecard.parquet")
    assert parquet["made_at"].dt.convert_time_zone("UTC").dt.hour().to_list() == [1]
    csv = pl.read_csv(tmp_path / "out" / "marts.scorecard.csv")
    assert csv["segment"].to_list() == ["'=1+1"]
    assert csv["part_scores"].to_list() == ['{"objective":70.5}']
    sheet = pl.read_excel(tmp_path / "out" / "marts.scorecard.xlsx")
    assert sheet.select("segment", "score", "part_scores").rows() == [("=1+1", 0.25, '{"objective":70.5}')]
    assert sheet["made_at"].dt.hour().to_list() == [1]
    assert len(list((tmp_path / "out").iterdir())) == 3, "nothing is left beside the files"


@pytest.mark.parametrize(
    ("to", "tables", "told"),
    [
        ("csv", ["marts.scorcard"], "there is no published table marts.scorcard; did you mean marts.scorecard?"),
        ("xlsx", [], "marts.long has 1,048,576 rows, a sheet of Excel at most 1,048,575; export it to parquet or csv"),
        ("semantic-model", ["kpi.monthly"], "--tables has no say in a semantic model"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_told_before_anything_is(project, tmp_path, to, tables, told):
    done = exported(project, to, tmp_path / "out", *tables)
    assert done.status == 2
    assert told in " ".join(done.text.split())
    assert list(tmp_path.iterdir()) == []


def test_the_semantic_model_gives_stored_values_and_calls_them_so(project, tmp_path):
    """Each metric is one record: what its expression gives at the grain it names is what is stored there."""
    assert exported(project, "semantic-model", tmp_path / "kpis.json").status == 0
    document = json.loads((tmp_path / "kpis.json").read_text(encoding="utf-8"))
    assert document["version"] == "0.1.1"
    (model,) = document["semantic_model"]
    (dataset,) = model["datasets"]
    assert [field["name"] for field in dataset["fields"] if field["dimension"]["is_time"]] == ["period"]
    assert [metric["name"] for metric in model["metrics"]] == [
        "nps_points__period",
        "paid_days_median__cohort",
    ]
    median = model["metrics"][1]
    told = json.loads(median["custom_extensions"][0]["data"])
    assert (told["stored"], told["grain"]) == (True, ["cut", "segment", "period"])
    assert "Never sum or average it" in median["ai_context"]["instructions"]
    expression = median["expression"]["dialects"][0]["expression"]
    with duckdb.connect(str(project / "warehouse" / "current.duckdb"), read_only=True) as con:
        rows = con.sql(
            f"SELECT segment, {expression} FROM {dataset['source']} GROUP BY {', '.join(told['grain'])}"
        )
        assert sorted(rows.fetchall()) == [("B1", 15.0), ("company", 12.0)]


def test_rows_of_a_query_as_parquet(project, capsysbinary):
    current = project / "warehouse" / "current.duckdb"
    assert print_query(current, "SELECT value FROM kpi.monthly ORDER BY value", "parquet") == 0
    assert pl.read_parquet(BytesIO(capsysbinary.readouterr().out))["value"].to_list() == [12.0, 15.0, 30.0]
