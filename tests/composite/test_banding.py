"""Grades as positions on a scale."""

import numpy as np

from orchestration.project import shipped_frameworks
from transforms.composite.banding import banded, capped, grade_names
from transforms.framework import Grades

SCALE = Grades.model_validate(
    {"scale": {"A": 80, "B": 60, "C": 0}, "cap": {"kpi": "k", "above": 1, "at_most": "B"}}
)


def test_grades_of_the_six_close_branches():
    grades = shipped_frameworks()["life_default"].grades
    means = np.array([74.5, 75.1, 75.6, 74.9, 73.1, 70.75])
    assert grade_names(banded(means, grades), grades).to_list() == ["BB", "BBB", "BBB", "BB", "BB", "BB"]


def test_a_score_on_a_cut_but_for_its_last_digits_has_the_better_grade():
    scores = np.array([80.0, np.nextafter(80.0, 0), 79.99, -1.0, np.nan])
    assert grade_names(banded(scores, SCALE), SCALE).to_list() == ["A", "A", "B", "C", None]


def test_a_cap_takes_the_best_grades_and_leaves_the_rest():
    position, is_capped = np.array([0, 1, 2, 3, 0]), np.array([True, True, True, True, False])
    assert capped(position, is_capped, SCALE).tolist() == [1, 1, 2, 3, 0]
