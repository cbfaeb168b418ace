"""What a project does not ask for is not made, and what it asks for loses nothing."""

import pytest

from orchestration.models import models
from transforms.asked import asked_for, facts_of
from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures.definition import Kpi
from transforms.measures.example_record import record_of
from transforms.settings import OnlySettings, Settings

KPIS = [kpi for kpi in registry() if kpi.example]
FACTS = {model.writes: model.schema for model in transform_models() if model.writes.startswith("core.")}


def asked(**only: tuple[str, ...]) -> dict[str, object]:
    return dict(asked_for(models(), Settings(only=OnlySettings(**only))))


def test_a_project_that_says_nothing_asks_for_all() -> None:
    assert asked() == models()


def test_tables_that_are_named_come_with_what_they_are_made_from_and_no_others() -> None:
    made = [name for name in asked(tables=("marts.claims_open",)) if not name.startswith("staging.")]
    assert made == ["core.claims", "marts.claims_open"]


def test_records_read_the_facts_of_the_asked_kpis_alone() -> None:
    made = asked(kpis=("complaints_per_10k_policies",), tables=("kpi.monthly",))
    core = {name for name in made if name.startswith("core.")}
    assert core == {
        "core.complaints", "core.policies", "core.exposure_months",  # cases, and what they are per
        "core.key_matches", "core.indicator_values", "core.org_units",
    }  # fmt: skip
    assert not {"kpi.periodic", "index.scores"} & made.keys()


def test_facts_that_no_kpi_counts_are_made_where_they_are_asked_for_by_name() -> None:
    made = asked(kpis=("claim_open_count",), tables=("kpi.monthly", "marts.survey_report"))
    assert {"core.survey_parts", "core.survey_weights", "marts.survey_report"} <= made.keys()
    assert "core.contacts" not in made


def test_no_kpi_asked_for_is_none_of_the_others() -> None:
    codes = ("nps_points", "claim_open_count")
    assert {kpi.code for kpi in registry(Settings(only=OnlySettings(kpis=codes)))} == set(codes)
    with pytest.raises(ValueError, match="no KPI of ours called nps"):
        registry(Settings(only=OnlySettings(kpis=("nps",))))


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.code)
def test_a_kpi_has_its_record_from_the_facts_it_is_said_to_be_of(kpi: Kpi) -> None:
    assert kpi.example
    own = {name: FACTS[name] for name in facts_of([kpi])}
    assert record_of(kpi, kpi.example, own) == record_of(kpi, kpi.example, FACTS)
