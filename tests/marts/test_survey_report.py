from mart_examples import assert_rows, mart

PARTS = """
survey   wave     roll_up    part         status  perception_score  gap_points
service  2025-Q1  dimension  reliability  ok      80                -0.5
service  2025-Q1  dimension  empathy      withheld  -               -
service  2025-Q1  stage      claim        ok      75                -
other    2025-Q1  stage      claim        ok      60                -
"""
WAVES = """
survey   wave     is_audit  n_responses  nps_points
service  2025-Q1  false     240          35
other    2025-Q1  true      12           -
"""
RELIABILITY = """
survey   wave     dimension    alpha  reading
service  2025-Q1  reliability  0.86   acceptable
service  2025-Q1  empathy      0.9    acceptable
service  2025-Q1  claim        0.1    weak
"""


def test_dimensions_have_their_reliability_and_all_parts_the_figures_of_their_wave():
    """A withheld dimension does not show its reliability; a stage has none, even if a dimension shares its name."""
    tables = {
        "core.survey_parts": PARTS,
        "core.survey_waves": WAVES,
        "core.survey_reliability": RELIABILITY,
    }
    assert_rows(
        mart("survey_report", tables),
        """
        survey   roll_up    part         perception_score  alpha  reliability_reading  wave_responses  wave_nps_points
        service  dimension  reliability  80                0.86   acceptable           240             35
        service  dimension  empathy      -                 -      -                    240             35
        service  stage      claim        75                -      -                    240             35
        other    stage      claim        60                -      -                    12              -
        """,
    )
