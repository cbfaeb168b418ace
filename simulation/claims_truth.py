"""What the hazards of claims imply: true medians, deciles, means and shares by branch and month of report.

The process of `claims.py` is integrated numerically, office hours and competing withdrawal included; nothing
here depends on which claims were drawn, except that deaths and terminating illnesses are taken as they fell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.claims import PAID_OUTCOMES, Claims
from simulation.clock import Window, at_work, month_label
from simulation.distributions import even_points, lognormal_cdf, normal_quantile
from simulation.hazards import CLAIM_TYPES, CLAIMS, OUTCOMES, QUALITY
from simulation.organisation import Organisation
from simulation.service_hazards import HANDLING
from simulation.truth import ratio, values

Floats = NDArray[np.float64]
POINTS = 4096
SHIFTS = 33
DAYS_GRID = np.concatenate([[0.0], np.geomspace(0.02, 500, 2500)])
LIMIT_DAYS = 30
ROUNDS = np.arange(3)[None, :, None]  # of a component by kind × rounds × shift
REOPENED_WITHIN_DAYS = 90


@dataclass(frozen=True)
class _Components:
    """Integrals for each kind × rounds × shift of quality; distributions on DAYS_GRID."""

    shifts: Floats  # log factors of time to decision
    shares: Floats  # of rounds given the kind: kind × rounds
    distributions: dict[str, Floats]
    means: dict[str, tuple[Floats, Floats]]  # sum and weight
    met: dict[str, Floats]
    breached: dict[str, Floats]
    decided: Floats
    documented: Floats  # share whose papers become complete


def claims_truth(claims: Claims, window: Window, org: Organisation) -> dict:
    """Truth by KPI for the received cohorts of each observed month, as if followed to the end."""
    slower = QUALITY.log_decision_days * org.quality
    parts = _components(float(slower.min()), float(slower.max()))
    weights = _weights(claims.expected, slower, parts)[:, -window.months :]
    labels = [month_label(month) for month in window.observed]
    paid_share = np.array(
        [sum(CLAIMS.types[name].outcome_shares[i] for i in PAID_OUTCOMES) for name in CLAIM_TYPES]
    )
    paid_weights = weights * paid_share[None, None, :, None, None]

    def total(cells: Floats, component: Floats) -> Floats:
        return np.einsum("bmkrs,krs->bm", cells, component)

    kpis = {
        f"claim_{name}_within_{LIMIT_DAYS}_days_share": ratio(
            "month of report",
            labels,
            total(weights, parts.met[key]),
            total(weights, parts.met[key] + parts.breached[key]),
            org,
        )
        for name, key in (("decided", "report"), ("documents_to_decision", "documents"))
    }
    kpis["claim_paid_share"] = ratio(
        "month of report", labels, total(paid_weights, parts.decided), total(weights, parts.decided), org
    )
    first, last = CLAIMS.reopening_delay_days
    reopened = CLAIMS.reopened_share * (REOPENED_WITHIN_DAYS - first) / (last - first)
    closed = total(weights, parts.decided)
    kpis["claim_reopened_within_90_days_share"] = ratio(
        "month of report", labels, reopened * closed, closed, org
    )
    kpis |= {
        "claim_first_time_complete_share": ratio(
            "month of report", labels, total(weights, parts.decided * (ROUNDS == 0)), closed, org
        ),
        "claim_prepaid_share": ratio(
            "month of report",
            labels,
            total(_of_kinds(paid_weights, HANDLING.prepaid_shares), parts.decided),
            closed,
            org,
        ),
        "claim_documents_mean": ratio(
            "month of report",
            labels,
            total(weights, parts.documented * (HANDLING.papers_least + HANDLING.papers_more_mean + ROUNDS)),
            total(weights, parts.documented),
            org,
        ),
    }
    # Illnesses that end a policy are few, as they fell: of all branches alike, so that none has none.
    evenly = _weights(np.ones_like(claims.expected), slower, parts)[:, -window.months :]
    for measure, cells in _lasting(weights, paid_weights, evenly).items():
        kpis |= _durations(measure, cells, parts, labels, org)
    return kpis


def _lasting(weights: Floats, paid_weights: Floats, evenly: Floats) -> dict[str, Floats]:
    """The durations, each with the expected claims that have it."""
    investigated = [CLAIMS.types[name].investigated_share for name in CLAIM_TYPES]
    assessed = [share + CLAIMS.assessed_otherwise_share * (1 - share) for share in investigated]
    of_illness = [
        share * (name == "critical_illness")
        for name, share in zip(CLAIM_TYPES, HANDLING.prepaid_shares, strict=True)
    ]
    return {
        "diagnosis_to_prepayment": _of_kinds(evenly, of_illness),
        "assessment_to_decision": _of_kinds(weights, assessed),
        "assessment_to_decision_net": _of_kinds(weights, assessed),
        "report_to_decision": weights,
        "report_to_decision_net": weights,
        "documents_to_decision": weights,
        "report_to_payment": paid_weights,
    }


def _of_kinds(weights: Floats, shares: Sequence[float]) -> Floats:
    """Expected claims by branch × month × kind × rounds × shift, of each kind a share."""
    return weights * np.array(shares)[None, None, :, None, None]


def type_truth() -> dict:
    """Of each kind of claim at quality 0: true median, p90 and share within 30 days from report to decision."""
    truth = {}
    for name, kind in CLAIMS.types.items():
        factors, sigma = CLAIMS.decision_factor_by_rounds, kind.decision_sigma
        distribution = sum(
            share * lognormal_cdf(DAYS_GRID, kind.decision_days_median * factor, sigma)
            for share, factor in zip(kind.document_round_shares, factors, strict=True)
        )
        truth[name] = {
            "report_to_decision_days_median": round(float(np.interp(0.5, distribution, DAYS_GRID)), 4),
            "report_to_decision_days_p90": round(float(np.interp(0.9, distribution, DAYS_GRID)), 4),
            "decided_within_30_days_share": round(float(np.interp(30.0, DAYS_GRID, distribution)), 6),
            "rejected_share": kind.outcome_shares[OUTCOMES.index("rejected")],
            "two_or_more_document_requests_share": kind.document_round_shares[2],
        }
    return truth


def _components(low: float, high: float) -> _Components:
    shifts = np.linspace(low, max(high, low + 1e-6), SHIFTS)
    points = even_points(POINTS, (2, 3, 5, 7, 11, 13))
    shape = (len(CLAIM_TYPES), 3, SHIFTS)
    kinds = [CLAIMS.types[name] for name in CLAIM_TYPES]
    result = _Components(
        shifts=shifts,
        shares=np.array([kind.document_round_shares for kind in kinds]),
        distributions={},
        means={},
        met={},
        breached={},
        decided=np.zeros(shape),
        documented=np.zeros(shape),
    )
    for index, kind in enumerate(kinds):
        for rounds in range(3):
            median = kind.decision_days_median * CLAIMS.decision_factor_by_rounds[rounds]
            standard = median * np.exp(kind.decision_sigma * normal_quantile(points[:, 0]))
            _integrate(result, (index, rounds), standard * np.exp(shifts)[:, None], points)
    return result


def _integrate(result: _Components, place: tuple[int, int], decision: Floats, points: Floats) -> None:
    """Fills in one kind and number of rounds; `decision` is days to decision by shift × point."""
    low, high = CLAIMS.documents_share_by_rounds[place[1]]
    documents = decision * (low + (high - low) * points[:, 1])
    lag = CLAIMS.payment_lag_days_median * np.exp(CLAIMS.payment_lag_sigma * normal_quantile(points[:, 2]))
    of_day = points[:, 3]
    stays = _not_withdrawn(decision)
    result.decided[place] = stays.mean(axis=1)
    result.documented[place] = _not_withdrawn(documents).mean(axis=1)
    for key, days, started in (("report", decision, 0.0), ("documents", decision - documents, documents)):
        in_time = np.floor(of_day + days) <= LIMIT_DAYS
        limit = started + LIMIT_DAYS + 1 - of_day
        open_then = _not_withdrawn(limit)
        _slot(result.met, key)[place] = (stays * in_time).mean(axis=1)
        _slot(result.breached, key)[place] = (open_then * ~in_time).mean(axis=1)
    to_decision = decision - documents
    notice = -CLAIMS.notice_days_mean * np.log1p(-points[:, 4])
    prepaid = documents + 0.5 * points[:, 5] * to_decision
    is_prepaid = to_decision < HANDLING.prepaid_decided_within_days
    assessed = documents + CLAIMS.assessed_at * to_decision
    for measure, days, weight in (
        ("diagnosis_to_prepayment", notice + prepaid, _not_withdrawn(prepaid) * is_prepaid),
        ("assessment_to_decision_net", decision - assessed, _not_withdrawn(assessed)),
        ("report_to_decision", decision, stays),
        ("report_to_decision_net", decision, np.ones_like(stays)),
        ("documents_to_decision", to_decision, stays),
        ("assessment_to_decision", decision - assessed, stays),
        ("report_to_payment", decision + lag, stays),
    ):
        seen = at_work(of_day + days) - at_work(of_day)
        bins = (
            np.searchsorted(DAYS_GRID, np.minimum(seen, DAYS_GRID[-1]))
            + len(DAYS_GRID) * np.arange(SHIFTS)[:, None]
        )
        counts = np.bincount(bins.ravel(), weight.ravel(), minlength=SHIFTS * len(DAYS_GRID))
        cumulated = np.cumsum(counts.reshape(SHIFTS, -1), axis=1) / POINTS
        _slot(result.distributions, measure, len(DAYS_GRID))[place] = cumulated
        if measure not in result.means:
            result.means[measure] = (
                np.zeros((len(CLAIM_TYPES), 3, SHIFTS)),
                np.zeros((len(CLAIM_TYPES), 3, SHIFTS)),
            )
        result.means[measure][0][place] = (seen * weight).mean(axis=1)
        result.means[measure][1][place] = weight.mean(axis=1)


def _not_withdrawn(days: Floats) -> Floats:
    """Chance that a claim has not been withdrawn so many days after the report."""
    return np.exp(-CLAIMS.withdrawal_a_day * days)


def _slot(table: dict[str, Floats], key: str, *more: int) -> Floats:
    return table.setdefault(key, np.zeros((len(CLAIM_TYPES), 3, SHIFTS, *more)))


def _weights(expected: Floats, slower: Floats, parts: _Components) -> Floats:
    """Expected claims by branch × month × kind × rounds × shift; a cell lies between two neighbouring shifts."""
    branches, months = slower.shape
    step = parts.shifts[1] - parts.shifts[0]
    place = np.clip((slower - parts.shifts[0]) / step, 0, SHIFTS - 1)
    lower = np.minimum(np.floor(place).astype(int), SHIFTS - 2)
    near = np.zeros((branches, months, SHIFTS))
    branch, month = np.indices((branches, months))
    near[branch, month, lower] = 1 - (place - lower)
    near[branch, month, lower + 1] += place - lower
    return np.einsum("kbm,kr,bms->bmkrs", expected, parts.shares, near)


def _durations(measure: str, cells: Floats, parts: _Components, labels: list[str], org: Organisation) -> dict:
    """Median, p90 and mean of a duration in fractional days.

    Among claims that reach the end; of `_net` measures had nobody withdrawn (Kaplan–Meier).
    """
    flat = cells.reshape(*cells.shape[:2], -1)
    table = parts.distributions[measure].reshape(-1, len(DAYS_GRID))
    by_cell = flat @ table
    whole = by_cell.sum(axis=0)
    total, weight = (flat @ column.reshape(-1) for column in parts.means[measure])
    name = f"claim_{measure.removesuffix('_net')}_days"
    km = "km_" if measure.endswith("_net") else ""

    def quantiles(distributions: Floats, share: float) -> list[float]:
        scaled = distributions / distributions[:, -1:]
        return [round(float(np.interp(share, row, DAYS_GRID)), 4) for row in scaled]

    by = "month of report"
    truth = {
        f"{name}_{km}{label}": values(
            by, labels, quantiles(whole, share), [quantiles(rows, share) for rows in by_cell], org
        )
        for label, share in (("median", 0.5), ("p90", 0.9))
    }
    means = np.round(total / weight, 4)
    company = np.round(total.sum(axis=0) / weight.sum(axis=0), 4)
    truth[f"{name}_{km}mean"] = values(by, labels, company.tolist(), means.tolist(), org)
    return truth
