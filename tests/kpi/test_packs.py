"""Packs: shipped ones name KPIs that exist, say how well each rule is known, and switch definitions openly."""

from pathlib import Path

import pytest

from orchestration.project import ProjectError, read_project, shipped_frameworks
from transforms.kpi.registry import registry
from transforms.pack import SHIPPED, PackError, read_pack, shipped_packs
from transforms.settings import Settings

CODES = {kpi.code: kpi for kpi in registry()}
PROJECT = """
insurer: Example
warehouse: w
{keys}
feeds: {{complaints: [{{files: c.csv, columns: {{complaint_id: id, received_on: day}}}}]}}
"""


def test_the_packs_of_seven_rule_books_are_shipped():
    assert set(shipped_packs()) == {
        "cn_insurance_law",
        "cn_service_evaluation_2015_life",
        "cn_service_evaluation_2015_property",
        "uk_disp",
        "in_irdai",
        "us_naic_mcas",
        "au_apra",
    }


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_a_shipped_pack_fits_the_registry(path: Path):
    pack = read_pack(path.read_text(encoding="utf-8"), CODES)
    assert pack.code == path.stem
    Settings(**pack.definitions)
    for entry in pack.kpis:
        kpi = CODES.get(entry.kpi)
        assert entry.awaited == (kpi is None), f"{entry.kpi} is measured, or nobody measures it"
        if kpi is None:
            continue
        assert entry.basis in (kpi.dates or {"stock"}), f"{entry.kpi} has no basis {entry.basis}"
        assert not (entry.at_least is not None and kpi.direction == -1), entry.kpi
        assert not (entry.at_most is not None and kpi.direction == 1), entry.kpi


@pytest.mark.parametrize("name", ["life", "property"])
def test_pack_and_framework_of_an_evaluation_name_the_same_figures(name: str):
    code = f"cn_service_evaluation_2015_{name}"
    leaves = [node.leaf for node in shipped_frameworks()[code].leaves]
    entries = read_pack((SHIPPED / f"{code}.yml").read_text(encoding="utf-8"), CODES).kpis
    assert [(e.kpi, e.basis) for e in entries] == [(leaf.kpi, leaf.basis) for leaf in leaves]


def test_an_unknown_code_is_refused_with_its_key_path():
    text = """
        code: mine
        title: Mine
        authority: Us
        kpis:
          - {kpi: complaint_on_time_share, rule: in time, evidence: own_reading}
          - {kpi: complaint_on_time_shear, rule: in time, evidence: own_reading}
    """
    with pytest.raises(PackError, match=r"kpis\.1\.kpi: .*complaint_on_time_share\?") as error:
        read_pack(text, CODES)
    assert len(error.value.problems) == 1
    assert len(read_pack(text).kpis) == 2


def project(folder: Path, keys: str):
    (folder / "policypulse.yml").write_text(PROJECT.format(keys=keys), encoding="utf-8")
    return read_project(folder)


def test_a_project_takes_the_definitions_of_its_packs(tmp_path: Path):
    settings = project(tmp_path, "packs: [uk_disp, in_irdai]").settings
    assert [pack.code for pack in settings.packs] == ["uk_disp", "in_irdai"]
    assert settings.complaints.limit_days.simple == 56
    assert settings.complaints.unclassified == "simple"
    assert settings.persistency.variant == "irdai_like"


def test_definitions_told_two_ways_are_refused(tmp_path: Path):
    with pytest.raises(ProjectError, match=r"packs\.0: in_irdai sets persistency\.variant"):
        project(tmp_path, "packs: [in_irdai]\npersistency: {variant: gross}")
    with pytest.raises(
        ProjectError, match=r"packs\.1: in_irdai sets .* but cn_insurance_law sets it to default"
    ):
        project(tmp_path, "packs: [cn_insurance_law, in_irdai]")
    with pytest.raises(ProjectError, match=r"packs\.0: 'fr_acpr' is neither"):
        project(tmp_path, "packs: [fr_acpr]")
