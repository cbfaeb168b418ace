"""Weights from data on the whole road: worked out by the first run, told, published, and kept when the data change."""

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import leave_out_pages_and_robustness, policypulse, published

MINE = """
code: mine
version: 1
parent: life_default
title: Mine
weights_by_level: [expert, entropy]
weight_base: {cut: org_unit, first: 2025-01-01, last: 2025-10-31}
index:
  weights: {method: ahp, judgements: {objective: {perceived: 2}}}
  children:
    perceived: {weights: {method: equal}}
    objective:
      children:
        objective_reliability: {children: {claim_paid_share: {if_small: shrunk}}}
"""
RANKED = """
code: ranked
version: 1
parent: life_default
title: Ranked
aggregation_by_level: [outranking]
grades: null
"""
SMALL = """
code: own
version: 1
title: Own
weight_base: {first: 2025-05-01, last: 2025-05-31}
index:
  weights: {method: pca}
  children:
    received: {kpi: complaints_received_count, goalposts: {worst: 9, best: 0}}
    on_time: {kpi: complaint_on_time_share, goalposts: {worst: 0, best: 1}}
"""
CHILDREN = ("objective_assurance", "objective_reliability", "objective_responsiveness")


@pytest.fixture(scope="module")
def project(insurer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated insurer with two frameworks of its own, run once."""
    folder = tmp_path_factory.mktemp("methods") / "project"
    shutil.copytree(insurer, folder, symlinks=True)
    (folder / "mine.yml").write_text(MINE, encoding="utf-8")
    (folder / "ranked.yml").write_text(RANKED, encoding="utf-8")
    file = folder / "policypulse.yml"
    text = file.read_text(encoding="utf-8")
    own = re.sub(r"^index: .*$", "index: {frameworks: [mine.yml, ranked.yml]}", text, flags=re.MULTILINE)
    file.write_text(own, encoding="utf-8")
    leave_out_pages_and_robustness(folder)
    first = policypulse("run", "--project", folder)
    assert first.status == 0, first.text
    assert (
        "mine version 1: weights of objective by entropy from org_unit, 2025-01-01 to 2025-10-31: "
        in first.text
    )
    return folder


def test_data_that_give_no_weights_are_told_with_the_file_and_what_to_do(tmp_path: Path) -> None:
    files = {
        "policypulse.yml": "insurer: Example\nas_of: 2025-06-30\nmonths: 3\nindex: {frameworks: [own.yml]}\n"
        "only: {kpis: [complaints_received_count, complaint_on_time_share], tables: [index.scores]}\n"
        "feeds:\n  complaints: {files: c.csv, columns: {complaint_id: id, received_on: day, org_unit: unit}}\n",
        "c.csv": "id,day,unit\nK1,2025-05-02,B1\nK2,2025-05-02,B2\n",
        "own.yml": SMALL,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = policypulse("run", "--project", tmp_path)
    assert told.status == 1, told.text
    text = " ".join(told.text.split())
    assert "own.yml: own version 1: pca gives the children of index no weights from org_unit" in text
    assert (
        "fewer than 3 segments have scores of all children in the base period; name another weight_base"
        in text
    )
    assert "Traceback" not in told.text


def frozen(project: Path) -> dict[str, float]:
    said = published(project, "SELECT specification FROM catalog.frameworks WHERE framework = 'mine'").item()
    return json.loads(said)["frozen_weights"]


def in_force(project: Path) -> dict[str, float]:
    rows = published(
        project, "SELECT DISTINCT node, weight FROM index.nodes WHERE framework = 'mine' AND level <= 2"
    )
    return dict(rows.iter_rows())


def by_entropy(project: Path) -> dict[str, float]:
    rows = published(
        project,
        "SELECT node, weight FROM index.weight_comparisons WHERE framework = 'mine' AND method = 'entropy' "
        "AND parent = 'objective'",
    )
    return dict(rows.iter_rows())


def test_the_methods_of_a_framework_reach_the_published_file(project: Path) -> None:
    weights = in_force(project)
    assert weights["objective"] == pytest.approx(2 / 3)
    assert {weights[f"perceived_{name}"] for name in ("empathy", "tangibles")} == {0.2}
    assert sorted(frozen(project)) == sorted(CHILDREN)
    assert [weights[code] for code in CHILDREN] == pytest.approx(
        [by_entropy(project)[code] for code in CHILDREN], abs=1e-5
    )
    shrunk = published(
        project,
        "SELECT count(*), bool_and(shrunk_value BETWEEN shrunk_low AND shrunk_high) FROM index.nodes "
        "WHERE status = 'shrunk' AND node = 'claim_paid_share' AND score IS NOT NULL",
    )
    assert shrunk.row(0)[0] > 0
    assert shrunk.row(0)[1]
    places = published(
        project, "SELECT count(*), count(DISTINCT status) FROM index.scores WHERE framework = 'ranked' AND level = 0 "
        "AND cut = 'org_unit' AND score IS NOT NULL",
    )  # fmt: skip
    assert places.row(0)[0] > 0
    assert places.row(0)[1] == 1


def test_later_data_move_what_the_method_would_say_and_not_the_weights(project: Path) -> None:
    before, said = frozen(project), by_entropy(project)
    again = policypulse("run", "--project", project, "--as-of", "2025-09-30")
    assert again.status == 0, again.text
    assert "weights of objective by entropy" not in again.text
    assert frozen(project) == before
    assert {code: in_force(project)[code] for code in CHILDREN} == pytest.approx(before, abs=1e-6)
    assert by_entropy(project) != pytest.approx(said, abs=0.01)


def test_another_method_under_the_published_version_is_refused(project: Path) -> None:
    file = project / "mine.yml"
    file.write_text(MINE.replace("entropy", "critic"), encoding="utf-8")
    refused = policypulse("run", "--project", project)
    file.write_text(MINE, encoding="utf-8")
    assert refused.status == 2, refused.text
    assert "mine was published as version 1" in refused.text
