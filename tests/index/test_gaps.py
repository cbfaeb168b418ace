"""index.gaps: how to read the distance between what records say and what customers say."""

from dimension_scores import SPEC, scored
from index_examples import made

from transforms.index.gaps import gaps


def test_four_months_have_the_four_readings():
    objective, perceived = [90, 90, 40, 40], [80, 50, 80, 50]
    rows = made(gaps, SPEC, scores=scored(objective, perceived)).collect().sort("period")
    assert rows["gap_points"].to_list() == [-10, -40, 40, 10]
    assert rows["reading"].to_list() == [
        "strength",
        "communication problem",
        "survey or survivorship bias",
        "weakness",
    ]
