from mart_examples import assert_rows, mart

GAPS = """
cut       segment  dimension    objective_score  perceived_score  gap_points
company   company  reliability  80               70               -10
org_unit  north    reliability  90               65               -25
org_unit  north    empathy      -                60               -
org_unit  unknown  reliability  50               50               0
org_unit  south    reliability  -                -                -
"""
CALIBRATION = """
cut       dimension    spearman  verdict
org_unit  reliability  0.6       go together
"""


def test_each_dimension_stands_beside_the_companys_and_the_verdict_on_its_cut():
    """Segments nobody named, and those without either score, are left out."""
    assert_rows(
        mart(
            "gap_map",
            {"index.gaps": GAPS, "index.calibration": CALIBRATION},
            framework="life",
            framework_version="1",
            period="2025-03-01",
        ),
        """
        segment  dimension    gap_points  objective_apart_points  perceived_apart_points  spearman  verdict
        company  reliability  -10         0                       0                       -         -
        north    reliability  -25         10                      -5                      0.6       go together
        north    empathy      -           -                       -                       -         -
        """,
    )
