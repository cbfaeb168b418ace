"""The shape of a true KPI in truth.json: by month, for the company and each branch.

What the values are follows from the hazards, in the `*_truth.py` modules.
"""

import numpy as np

from simulation.clock import Window, month_of
from simulation.organisation import Organisation


def ratio(
    by: str, labels: list[str], numerator: np.ndarray, denominator: np.ndarray, org: Organisation
) -> dict:
    """Expected numerators and denominators, for the company and each branch; their quotients add up over months."""

    def row(top: np.ndarray, bottom: np.ndarray) -> dict:
        return {"numerator": np.round(top, 4).tolist(), "denominator": np.round(bottom, 4).tolist()}

    return {
        "by": by,
        "months": labels,
        "company": row(numerator.sum(axis=0), denominator.sum(axis=0)),
        "org_unit": {
            code: row(top, bottom)
            for code, top, bottom in zip(org.codes, numerator, denominator, strict=True)
        },
    }


def values(
    by: str, labels: list[str], company: list[float], branches: list[list[float]], org: Organisation
) -> dict:
    """Values that do not add up, such as medians."""
    return {
        "by": by,
        "months": labels,
        "company": {"value": company},
        "org_unit": {code: {"value": row} for code, row in zip(org.codes, branches, strict=True)},
    }


def counts_by_month(branch: np.ndarray, moments: np.ndarray, window: Window, org: Organisation) -> np.ndarray:
    """How many days or instants there are by branch and observed month."""
    month = month_of(moments) - window.first_month
    seen = (month >= 0) & (month < window.months)
    cell = branch[seen] * window.months + month[seen]
    return (
        np.bincount(cell, minlength=len(org.codes) * window.months).reshape(-1, window.months).astype(float)
    )
