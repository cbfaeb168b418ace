"""Framework files: the shipped ones, inheritance, and the refusal of wrong ones with key path and line."""

import subprocess
import sys
from pathlib import Path

import pytest

from transforms.framework import Framework
from transforms.framework_file import FrameworkError, read_framework

SHIPPED = Path(__file__).parents[2] / "transforms" / "frameworks"

SMALL = """
code: small
version: 1
title: Small
aggregation_by_level: [geometric]
index:
  children:
    claims:
      weight: 3
      children:
        paid: {kpi: claim_paid_share, weight: 2, goalposts: {worst: 0.5, best: 1}}
        days: {kpi: claim_days, goalposts: {worst: 30, best: 2}}
    answers: {kpi: nps_points, goalposts: {worst: -100, best: 100}}
"""
KNOWN = {"claim_paid_share": 1, "claim_days": -1, "nps_points": 1}


def shipped(name: str) -> Framework:
    parents = {"life_default": read_framework((SHIPPED / "life_default.yml").read_text(encoding="utf-8"))}
    return read_framework((SHIPPED / f"{name}.yml").read_text(encoding="utf-8"), parents=parents)


def refusal(text: str, **more: object) -> list[str]:
    with pytest.raises(FrameworkError) as error:
        read_framework(text, **more)
    return [str(problem) for problem in error.value.problems]


def test_the_tree_is_flattened_from_the_index_down():
    tree = read_framework(SMALL, KNOWN).nodes
    assert [(node.code, node.parent, node.level) for node in tree] == [
        ("index", None, 0),
        ("claims", "index", 1),
        ("paid", "claims", 2),
        ("days", "claims", 2),
        ("answers", "index", 1),
    ]
    assert [node.aggregation for node in tree[:2]] == ["geometric", "arithmetic"]
    assert [node.overall_weight for node in tree] == pytest.approx([1, 0.75, 0.5, 0.25, 0.25])
    assert [node.weight for node in tree] == pytest.approx([1, 0.75, 2 / 3, 1 / 3, 0.25])


def test_weights_of_every_level_sum_to_the_index():
    levels: dict[int, float] = {}
    for node in shipped("life_default").nodes:
        levels[node.level] = levels.get(node.level, 0) + node.overall_weight
    assert list(levels.values()) == pytest.approx([1, 1, 1, 1])


def test_every_shipped_framework_is_read():
    codes = {shipped(path.stem).code for path in SHIPPED.glob("*.yml")}
    assert codes == {f"{name}_default" for name in ("life", "property")} | {
        f"cn_service_evaluation_2015_{name}" for name in ("life", "property")
    }


def test_property_inherits_from_life_and_takes_life_policies_out():
    life, property_ = shipped("life_default"), shipped("property_default")
    gone = {node.code for node in life.leaves} - {node.code for node in property_.leaves}
    assert gone == {"persistency_13m_premium_share", "surrender_policy_share"}
    assert property_.coverage == life.coverage
    assert property_.version == "2"
    days = {node.code: node.leaf for node in property_.leaves}["claim_report_to_payment_days_median"]
    assert (days.goalposts.worst, days.weight, days.basis) == (20, 0.10, "period")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "life",
            {"policy_delivery": 15, "telephone": 15, "claims": 35, "policy_servicing": 10, "complaints": 25},
        ),
        (
            "property",
            {
                "inbound_answered": 10,
                "agent_satisfaction": 10,
                "objections_resolved": 10,
                "claims": 45,
                "complaints": 25,
            },
        ),
    ],
)
def test_service_evaluation_carries_the_published_weights(name, expected):
    """CIRC 2015, weights of the regulator's press briefing; eight indicators and 100 points in each set."""
    evaluation = shipped(f"cn_service_evaluation_2015_{name}")
    assert {code: node.weight for code, node in evaluation.index.children.items()} == expected
    assert sum(expected.values()) == 100
    assert len(evaluation.leaves) == 8


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("wieght: 3", "weight: 3", "line 9, index.children.claims.wieght: there is no such key; "
         "did you mean weight? known are aggregation, children, note, round_to, title, weight, weights"),
        ("weight: -3", "weight: 3", "line 9, index.children.claims.weight: input should be greater than or equal to 0"),
        ("version: 1.0", "version: 1", 'line 3, version: a version with a point needs quotes, as in "1.10"'),
        ("[geometrical]", "[geometric]", "line 5, aggregation_by_level.0: input should be 'arithmetic', "
         "'geometric', 'harmonic' or 'outranking'"),
        ("title: Small\ntitle: Other", "title: Small", "line 5, title: stands twice, on line 4 as well; YAML would "
         "keep the last without a word"),
        ("title: [", "title: Small", "line 6, file: this is not YAML: did not find expected ',' or ']'"),
        ("", "title: Small\n", "title: is required"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_refused_with_its_path_and_line(wrong, right, expected):
    assert refusal(SMALL.replace(right, wrong)) == [expected]


@pytest.mark.parametrize(
    ("wrong", "right", "path", "reason"),
    [
        ("claim_payed_share", "claim_paid_share", "paid.kpi", "did you mean claim_paid_share?"),
        ("worst: 2, best: 30", "worst: 30, best: 2", "days.goalposts", "contradict the KPI's direction -1"),
        ("best: 30", "best: 2", "days.goalposts", "worst and best are the same"),
        ("direction: 1, goalposts: {worst: 30", "goalposts: {worst: 30", "days.goalposts", "direction +1"),
        (
            "normalisation: min_max, goalposts: {worst: 30",
            "goalposts: {worst: 30",
            "days.goalposts",
            "no use",
        ),
        ("normalisation: bands, weight: 2", "weight: 2", "paid.bands", "is required by normalisation bands"),
    ],
)
def test_a_leaf_that_makes_no_sense_is_refused(wrong, right, path, reason):
    problems = refusal(SMALL.replace(right, wrong), known_kpis=KNOWN)
    assert any(path in problem and reason in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("coverage: {required_nodes: [nobody]}", "coverage.required_nodes: there is no node nobody"),
        (
            "coverage: {required_groups: {all: {leaves: [claims], minimum_share: 0.5}}}",
            "coverage.required_groups.all.leaves: claims is not a leaf",
        ),
        ("grades: {scale: {A: 80, B: 90}}", "grades.scale: must go from the best grade down"),
        (
            "grades: {scale: {A: 80, B: 0}, cap: {kpi: nps_points, at_most: C}}",
            "grades.cap.at_most: C is not a grade of the scale",
        ),
        ("valid_from: 2025-02-01\nvalid_to: 2025-01-01", "valid_to: is before valid_from"),
        (
            "dimensions: {claims: {objective: claims, perceived: voice}}",
            "dimensions.claims: there is no node voice",
        ),
    ],
)
def test_a_rule_that_names_nothing_is_refused(addition, expected):
    assert any(expected in problem for problem in refusal(SMALL + addition))


def test_all_problems_are_told_at_once():
    text = (
        SMALL.replace("claim_paid_share", "claim_x")
        .replace("nps_points", "nps_y")
        .replace("best: 2", "best: 30")
    )
    assert len(refusal(text, known_kpis=KNOWN)) == 3


def test_codes_are_unique_and_z_scores_stay_out_of_geometric_means():
    doubled = SMALL.replace("days: {", "answers: {")
    assert "the code answers is taken by" in refusal(doubled)[0]
    z = SMALL.replace("goalposts: {worst: 30, best: 2}", "normalisation: z_score")
    assert "every aggregation must be arithmetic" in refusal(z)[0]


def test_some_weights_may_be_zero_but_not_all():
    assert read_framework(SMALL.replace("weight: 3", "weight: 0")).nodes[1].overall_weight == 0
    both = SMALL.replace("weight: 3", "weight: 0").replace("nps_points,", "nps_points, weight: 0,")
    assert refusal(both) == ["line 7, index.children: their weights are all 0; at least one must count"]


def test_an_awaited_kpi_may_be_unknown():
    text = SMALL.replace("kpi: nps_points", "kpi: answered_share, awaited: true")
    assert read_framework(text, KNOWN).leaves[-1].leaf.awaited


def test_a_child_file_overrides_and_removes():
    parents = {"small@1": read_framework(SMALL)}
    child = read_framework(
        "code: small\nversion: 2\nparent: small@1\nvalid_from: 2025-07-01\n"
        "index: {children: {claims: {weight: 1, children: {days: null}}}}",
        parents=parents,
    )
    assert [node.code for node in child.leaves] == ["paid", "answers"]
    assert child.nodes[1].overall_weight == 0.5
    assert child.title == "Small"
    assert refusal("code: x\nversion: 1\nparent: nobody", parents=parents) == [
        "line 3, parent: there is no framework 'nobody'; known: small@1"
    ]


def test_reading_frameworks_imports_nothing_heavy():
    code = (
        "import sys, transforms.framework_file;"
        "sys.exit(bool({'polars', 'numpy', 'scipy', 'duckdb'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=SHIPPED.parents[1]).returncode == 0


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("[arithmetic, outranking]", "line 8, index.children.claims.aggregation: outranking makes places among "
         "segments, no scores: only the index itself can have it"),
        ("[outranking]\ngrades: {scale: {good: 60, bad: 0}}", "line 6, grades: an index by outranking is a place among "
         "segments and has no grade: write grades: null"),
    ],
)  # fmt: skip
def test_outranking_is_for_an_index_without_grades(wrong, expected):
    assert refusal(SMALL.replace("[geometric]", wrong)) == [expected]


AHP = "weights: {method: ahp, judgements: {paid: {days: 3}}}\n      "


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (AHP, []),
        ("weights: {method: equal}\n      ", []),
        ("weights: {method: budget, points: {head: {paid: 60, days: 40}}}\n      ", []),
        ("weights: {method: budget}\n      ", ["weights by budget need points, by expert and child"]),
        (AHP.replace("{paid: {days: 3}}", "{}"), ["judgements lack how important paid is beside days"]),
        (AHP.replace("days: 3", "answers: 3"), ["judgements name answers; the children with a weight are paid, days"]),
        (
            AHP.replace("{paid: {days: 3}}", "{paid: {days: 3}, days: {paid: 2}}"),
            ["judgements hold paid against days twice; each pair is judged once"],
        ),
        (
            AHP.replace("ahp", "entropy"),
            ["judgements have no use with method entropy"],
        ),
        (
            "weights: {method: budget, points: {head: {paid: 60}}}\n      ",
            ["points of head lack days; write 0 for none"],
        ),
        (
            "weights: {method: critic}\n      ",
            ["weight_base: is required: the weights of the children of claims come from data (critic)"],
        ),
    ],
)  # fmt: skip
def test_where_weights_come_from_is_refused_if_something_is_missing(weights, expected):
    text = SMALL.replace("weight: 3\n      ", f"weight: 3\n      {weights}")
    if not expected:
        method = next(word for word in ("ahp", "equal", "budget") if word in weights)
        shares = {node.code: node.weight for node in read_framework(text).nodes}
        assert shares["paid"] == pytest.approx({"ahp": 0.75, "equal": 0.5, "budget": 0.6}[method])
        return
    (told,) = refusal(text)
    assert expected[0] in told


def test_judgements_that_contradict_each_other_are_refused():
    """Consistency ratio 1.38 of the worked example, by Saaty's random index."""
    three = "{a: {b: 3, c: 0.25}, b: {c: 3}}"
    text = f"""
code: judged
version: 1
title: Judged
index:
  weights: {{method: ahp, judgements: {three}}}
  children: {{a: {{kpi: a, goalposts: {{worst: 0, best: 1}}}}, b: {{kpi: b, goalposts: {{worst: 0, best: 1}}}},
             c: {{kpi: c, goalposts: {{worst: 0, best: 1}}}}}}
"""
    assert refusal(text) == [
        "line 5, index: judgements contradict each other: their consistency ratio is 1.38, and 0.10 is the most that "
        "is accepted (Saaty 1980)"
    ]
    weights = {
        node.code: node.weight
        for node in read_framework(text.replace(three, "{a: {b: 3, c: 5}, b: {c: 2}}")).nodes
    }
    assert [weights[code] for code in "abc"] == pytest.approx([0.648329, 0.229651, 0.122020], abs=5e-7)
