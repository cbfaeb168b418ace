"""Which version of a framework is in force when, and that a new one leaves what was published as it is."""

import re
import shutil
from datetime import UTC, date, datetime

from conftest import ROOT, leave_out_pages_and_robustness, policypulse, published
from index_examples import framework, leaf

from transforms.framework_versions import redefined, specification, versions

OURS = ROOT / "simulation" / "example_life.yml"


def version(number: str, **more):
    return framework({"a": leaf("a"), "b": leaf("b")}, version=number, **more)


def in_force(current, known=(), as_of=date(2025, 12, 31)):
    rows = [(f.code, f.version, specification(f), datetime(2025, 1, 1, tzinfo=UTC)) for f in known]
    return {v.version: v for v in versions(current, rows, as_of)}


def test_the_version_that_began_last_is_in_force():
    first, second = version("1"), version("2", valid_from=date(2025, 7, 1))
    found = in_force([first, second])
    assert (found["1"].in_force_from, found["1"].in_force_to) == (None, date(2025, 6, 30))
    assert (found["2"].in_force_from, found["2"].in_force_to) == (date(2025, 7, 1), None)
    assert [found[v].is_in_force for v in "12"] == [False, True]
    assert [v.is_in_force for v in in_force([first, second], as_of=date(2025, 6, 30)).values()] == [
        True,
        False,
    ]


def test_a_version_no_longer_computed_is_known_from_its_publication():
    first, second = version("1"), version("2", valid_from=date(2025, 7, 1))
    found = in_force([second], known=[first])
    assert (found["1"].is_computed, found["2"].is_computed) == (False, True)
    assert found["1"].specification == specification(first)


def test_a_version_published_with_another_meaning_is_redefined():
    def changed(now) -> bool:
        at = datetime(2025, 1, 1, tzinfo=UTC)
        return [f for f, _ in redefined([now], [("example", "1", specification(version("1")), at)])] == [now]

    assert changed(framework({"a": leaf("a", weight=0.9), "b": leaf("b", weight=0.1)}, version="1"))
    assert changed(framework({"a": leaf("a"), "b": leaf("b", best=90)}, version="1"))
    assert changed(version("1", floor=2))
    assert changed(version("1", coverage={"parent": 0.5}))
    assert changed(framework({"a": leaf("a"), "b": leaf("b"), "c": leaf("c", weight=0)}, version="1"))
    assert not changed(version("1"))
    assert not changed(version("1", title="Else", source="Else", valid_to=date(2025, 6, 30)))
    assert not changed(framework({"a": leaf("a", weight=50), "b": leaf("b", weight=50)}, version="1"))
    swapped = framework({"b": leaf("b"), "a": leaf("a")}, version="1")
    assert not changed(swapped), "siblings are summed up in any order"
    assert not changed(version("2", floor=2)), "another version may mean something else"


def test_of_two_that_began_alike_the_later_publication_is_in_force():
    found = in_force([version("2")], known=[version("1")])
    assert [found[v].is_in_force for v in "12"] == [False, True]


def test_a_new_weight_is_a_new_version_and_the_published_past_stays(insurer, tmp_path):
    """A copied framework with another weight: its months are computed anew, version 2 stays as published."""
    project = tmp_path / "project"
    shutil.copytree(insurer, project, symlinks=True)
    copy = OURS.read_text(encoding="utf-8")
    copy = copy.replace("version: 2", "version: 3\nvalid_from: 2025-12-01\nbackcast_months: 9", 1)
    copy = copy.replace("    objective:\n", "    objective:\n      weight: 0.40\n", 1)
    (project / "ours.yml").write_text(copy, encoding="utf-8")
    settings = project / "policypulse.yml"
    settings.write_text(
        re.sub(r"\[example_life\.yml.*?\]", "[ours.yml]", settings.read_text("utf-8")), encoding="utf-8"
    )
    leave_out_pages_and_robustness(project)
    ours = "WHERE framework = 'example_life'"
    before = published(insurer, f"SELECT * EXCLUDE (window_months) FROM index.scores {ours} ORDER BY ALL")
    run = policypulse("run", "--project", project)
    assert run.status == 0, run.text

    said = published(project, "SELECT framework_version, count(DISTINCT period) AS months, min(period) AS first "
                     "FROM index.scores GROUP BY ALL")  # fmt: skip
    assert said.rows() == [("3", 10, date(2025, 3, 1))]
    kept = published(
        project,
        "SELECT framework, framework_version, period, cut, segment, node, level, score, coverage, grade, status "
        f"FROM index.history {ours} AND framework_version = '2' ORDER BY ALL",
    )
    assert kept.equals(before)
    moved = published(
        project,
        "SELECT avg(abs(new.score - old.score)) FROM index.history AS old JOIN index.history AS new "
        "USING (framework, period, cut, segment, node) "
        "WHERE old.framework_version = '2' AND new.framework_version = '3' AND node = 'index'",
    )
    assert moved.item() > 0.5
    listed = published(
        project,
        "SELECT framework_version, is_computed, is_in_force, in_force_from, in_force_to, scored_from "
        "FROM catalog.frameworks WHERE framework = 'example_life' ORDER BY framework_version",
    )
    first = published(
        insurer,
        "SELECT min(period) FROM index.scores WHERE score IS NOT NULL AND framework = 'example_life'",
    ).item()
    assert listed.rows() == [
        ("2", False, False, None, date(2025, 11, 30), first),
        ("3", True, True, date(2025, 12, 1), None, date(2025, 3, 1)),
    ]

    (project / "ours.yml").write_text(copy.replace("weight: 0.40", "weight: 0.50", 1), encoding="utf-8")
    again = policypulse("run", "--project", project)
    assert again.status == 2, again.text
    assert policypulse("check", "--project", project) == again, "check and run refuse alike"
    assert "ours.yml: example_life was published as version 3 on " in again.text
    assert "write another version" in again.text and "--accept example_life" in again.text
    still = published(project, "SELECT DISTINCT framework_version FROM index.scores")
    assert still.item() == "3", "readers keep what was published"


def test_one_version_twice_is_refused(insurer, tmp_path):
    text = (insurer / "policypulse.yml").read_text("utf-8")
    text = text.replace("[example_life.yml,", "[example_life.yml, ours.yml,")
    (tmp_path / "policypulse.yml").write_text(text, encoding="utf-8")
    shutil.copy(insurer / "pseudonym.key", tmp_path)
    shutil.copy(OURS, tmp_path / "example_life.yml")
    shutil.copy(OURS, tmp_path / "ours.yml")
    refused = policypulse("check", "--project", tmp_path)
    assert refused.status == 2, refused.text
    assert "example_life has version 2 twice" in refused.text
