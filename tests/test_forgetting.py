"""People are forgotten on the whole road: no file tells of them any more, and a night after equals a rebuild."""

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import policypulse
from planted_persons import Planted, delivered, found
from polars.testing import assert_frame_equal

from warehouse.landing.keys import key_in_file
from warehouse.landing.pseudonyms import pseudonyms


def tables(file: Path) -> dict[str, pl.DataFrame]:
    """What was made of cases, rows in a fixed order."""
    with duckdb.connect(str(file.resolve()), read_only=True) as con:
        names = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('core', 'kpi', 'index', 'marts')"
        ).fetchall()
        return {
            f"{schema}.{name}": con.sql(f'SELECT * FROM "{schema}"."{name}" ORDER BY ALL').pl()
            for schema, name in names
            if name != "history"
        }


@pytest.fixture(scope="module")
def run_once(tmp_path_factory) -> tuple[Path, Planted]:
    folder = tmp_path_factory.mktemp("forgetting") / "project"
    planted, _ = delivered(folder)
    with (folder / "policypulse.yml").open("a", encoding="utf-8") as file:
        file.write("pages: {written: false}\n")
    done(folder, "run")
    return folder, planted


def done(folder: Path, *words: object) -> str:
    where = () if words[:2] == ("keys", "new") else ("--project", folder)
    ended = policypulse(*words, *where)
    assert ended.status == 0, ended.text
    return ended.text


def test_after_withdraw_forget_and_rotate_a_night_is_as_a_rebuild(run_once):
    folder, planted = run_once
    person, handler = planted.texts["policies.customer_id"][0], planted.texts["complaints.handler_id"][1]
    key = key_in_file(folder / "key", "k1")
    of_people = Planted({
        "customer": pseudonyms([person], domain="customer", key=key),
        "handler": pseudonyms([handler], domain="handler", key=key),
    })  # fmt: skip
    done(folder, "export", "--to", "csv", folder / "out", "--tables", "core.*")
    kept = [path for top in ("warehouse", "out") for path in (folder / top).rglob("*") if path.is_file()]
    assert found(of_people, iter(kept), {}).keys() == {"customer", "handler"}, "they were there"

    done(folder, "withdraw", "sheet.xlsx", "--why", "wrong")
    (folder / "who").write_text(f"{person}\n", encoding="utf-8")
    told = done(folder, "forget", "--from", folder / "who")
    assert "policies: 1 rows are gone" in told and "premiums: 1 rows are gone" in told
    assert "complaints: 1 values are gone" in done(
        folder, "forget", "--id", handler, "--column", "handler_id"
    )
    kept = [path for top in ("warehouse", "out") for path in (folder / top).rglob("*") if path.is_file()]
    assert found(of_people, iter(kept), {}) == {}

    done(folder, "keys", "new", folder / "another")
    refused = policypulse("keys", "rotate", folder / "another", "--key-id", "k1", "--project", folder)
    assert refused.status == 1 and "has its name" in refused.text
    assert "are those of k2 now" in done(folder, "keys", "rotate", folder / "another", "--key-id", "k2")
    everybody = [
        one for place, some in planted.texts.items() if place.endswith("customer_id") for one in some
    ]
    old = Planted({"everybody": pseudonyms(everybody, domain="customer", key=key)})
    assert found(old, (folder / "warehouse").rglob("*.duckdb"), {}) == {}
    file = folder / "policypulse.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("{key_file: key}", "{key_file: another, key_id: k2}"),
        encoding="utf-8",
    )
    key = key_in_file(folder / "another", "k2")
    of_people = Planted({"customer": pseudonyms([person], domain="customer", key=key)})

    done(folder, "run")
    more = (folder / "complaints.csv").read_text(encoding="utf-8", errors="ignore").splitlines()[:3]
    (folder / "complaints_later.csv").write_text(
        "\n".join(more).replace("co-", "later-") + "\n", encoding="utf-8"
    )
    done(folder, "run")
    night = tables(folder / "warehouse" / "current.duckdb")
    for made in ("build.duckdb", "state.duckdb"):
        (folder / "warehouse" / made).unlink()
    done(folder, "run")
    rebuilt = tables(folder / "warehouse" / "current.duckdb")
    assert night.keys() == rebuilt.keys()
    for name, rows in night.items():
        assert_frame_equal(rows, rebuilt[name])
    assert rebuilt["core.complaints"]["complaint_id"].str.starts_with("later-").any()
    assert found(of_people, (folder / "warehouse").glob("*.duckdb"), {}) == {}
    shutil.rmtree(folder)


def test_without_a_key_there_is_nobody_to_forget(tmp_path):
    feed = "complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}"
    (tmp_path / "policypulse.yml").write_text(f"insurer: Example\nfeeds: {{{feed}}}\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text("id,day\nK1,2025-05-02\n", encoding="utf-8")
    refused = policypulse("forget", "--id", "11010119900307123X", "--project", tmp_path)
    assert refused.status == 2
    assert "no key of pseudonyms" in " ".join(refused.text.split())
