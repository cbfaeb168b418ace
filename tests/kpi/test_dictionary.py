"""The dictionary: every KPI explained with a worked example, and the committed page as the registry has it."""

import math
import re
from pathlib import Path

import pytest
from conftest import published

from transforms.graph import sql_models
from transforms.kpi.dictionary import dictionary_page, dictionary_rows, interval
from transforms.kpi.registry import registry
from transforms.pack import shipped_packs
from transforms.settings import ClaimSettings, Promise, Settings
from warehouse.catalogue import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "dictionary.md"


@pytest.mark.parametrize("kpi", registry(), ids=lambda kpi: kpi.code)
def test_every_kpi_is_explained_with_a_worked_example(kpi):
    for text in (kpi.title, kpi.source, kpi.definition, kpi.formula, kpi.counts, interval(kpi)):
        assert text.strip(), f"{kpi.code} lacks an explanation"
    assert kpi.example is not None, f"{kpi.code} has no worked example"
    assert kpi.example.given
    assert kpi.example.source
    assert math.isfinite(kpi.example.value)
    if kpi.unit == "share":
        assert 0 <= kpi.example.value <= 1


def test_the_committed_page_is_that_of_the_registry():
    assert PAGE.read_text(encoding="utf-8") == dictionary_page(Settings()), "run `make dictionary`"


def test_promises_and_packs_of_a_project_are_in_its_dictionary():
    promise = Promise(name="fast", title="Fast", starts="reported_at", ends="paid_at", limit=3, unit="days")
    pack = shipped_packs()["us_naic_mcas"]
    settings = Settings(claims=ClaimSettings(promises=(promise,)), packs=(pack,))
    assert "claim_promise_fast_share" in {row[0] for row in dictionary_rows(settings)}
    page = dictionary_page(settings)
    assert "### claim_promise_fast_share" in page
    assert "### us_naic_mcas" in page
    assert "### uk_disp" not in page
    for entry in pack.kpis:
        assert f"| {entry.kpi}, {entry.basis} | {entry.rule} |" in page
        (line,) = re.findall(rf"### {entry.kpi}\n(?:.+\n|\n(?!#))*?- \*packs\*: (.+)", page)
        assert line == "us_naic_mcas"


@pytest.mark.parametrize(
    "model", [m for m in sql_models() if m.name.startswith("marts.")], ids=lambda model: model.name
)
def test_the_example_query_of_every_mart_gives_rows(insurer, model):
    """As it stands in the dictionary and in the catalogue of the published simulated insurer."""
    assert published(insurer, model.example).height > 0
    listed = published(insurer, f"SELECT example FROM catalog.tables WHERE table_name = '{model.name}'")
    assert listed.item() == model.example
    assert model.example in PAGE.read_text(encoding="utf-8")


def test_rows_fit_the_catalogue():
    columns = TABLES["catalog.kpis"][1]
    assert {len(row) for row in dictionary_rows(Settings())} == {len(columns)}
