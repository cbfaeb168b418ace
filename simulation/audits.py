"""Audits: visits of mystery shoppers in every branch and month, samples of decided claims and of recorded sales.

Whether a standard is met follows the quality of the branch; nothing of it goes into other feeds.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.claims import Claims
from simulation.clock import MONTH_STARTS, Window, month_label, month_of
from simulation.columns import dates, numbered, pointed, recorded
from simulation.life_course import Parts
from simulation.organisation import Organisation
from simulation.policies import Ints, Register
from simulation.service_hazards import AUDITS
from simulation.truth import ratio

MYSTERY, CLAIM_FILE, RECORDING = range(3)
# As the source writes them.
KINDS = ("MS", "CF", "SR")
STANDARDS = (
    ("welcome", "waiting", "needs asked", "terms explained", "privacy"),
    ("amount", "reasons told", "documents", "term kept"),
    ("identity shown", "risks read out", "consent heard"),
)
MINOR, MAJOR, CRITICAL = "minor", "major", "critical"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Audits:
    """Findings of audits by the end of the window; `about` is a visit, a claim or a policy by its place."""

    kind: Ints
    branch: Ints
    day: Ints
    standard: Ints  # index into the standards of the kind
    about: Ints
    passed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.kind)


def audits(
    policies: Register, claims: Claims, window: Window, org: Organisation, rng: np.random.Generator
) -> Audits:
    parts = Parts()
    _visits(parts, window, org, rng)
    decided = np.where(np.isfinite(claims.decided), np.floor(claims.decided), window.end).astype(np.int64)
    _sampled(parts, CLAIM_FILE, claims.branch, decided, AUDITS.claim_share, window, rng)
    issued = np.where(policies.long_term, policies.issued, window.end)
    _sampled(parts, RECORDING, policies.branch, issued, AUDITS.recording_share, window, rng)
    kind, branch, day, standard, about = parts.columns()
    passed = rng.random(len(kind)) < passed_share(kind, _quality(branch, day, window, org))
    return Audits(kind, branch, day, standard, about, passed)


def passed_share(kind: Ints, quality: Floats) -> Floats:
    """Share of cases that meet a standard."""
    return 1 / (1 + np.exp(-np.array(AUDITS.passed_logits)[kind] - AUDITS.quality_logit * quality))


def _quality(branch: Ints, day: Ints, window: Window, org: Organisation) -> Floats:
    return org.quality[branch, month_of(day) - window.run_in_month]


def _visits(parts: Parts, window: Window, org: Organisation, rng: np.random.Generator) -> None:
    """Visits to every branch in every month, each held to all standards."""
    months = np.array(window.observed)
    standards = len(STANDARDS[MYSTERY])
    cells = len(org.codes) * len(months) * AUDITS.visits_a_month
    visit = np.repeat(np.arange(cells), standards)
    cell = visit // AUDITS.visits_a_month
    month = months[cell % len(months)]
    begin, end = MONTH_STARTS[month], MONTH_STARTS[month + 1]
    day = begin + np.floor(np.repeat(rng.random(cells), standards) * (end - begin)).astype(np.int64)
    kind = np.full(len(visit), MYSTERY)
    parts.add(kind, cell // len(months), day, np.tile(np.arange(standards), cells), visit)


def _sampled(
    parts: Parts,
    kind: int,
    branch: Ints,
    ready: Ints,
    share: float,
    window: Window,
    rng: np.random.Generator,
) -> None:
    """A share of cases, looked at some days after they are ready, each by one standard."""
    about = np.flatnonzero(rng.random(len(ready)) < share)
    day = ready[about] + rng.integers(*AUDITS.days_after, len(about))
    seen = (month_of(day) >= window.first_month) & (day <= window.as_of_day)
    about, day = about[seen], day[seen]
    standard = rng.integers(0, len(STANDARDS[kind]), len(about))
    parts.add(np.full(len(about), kind), branch[about], day, standard, about)


def audit_rows(
    found: Audits,
    policies: Register,
    claims: Claims,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The feed of findings, in the columns of the source system."""
    of_claim = np.where(found.kind == CLAIM_FILE, found.about, -1)
    policy = np.select(
        [found.kind == CLAIM_FILE, found.kind == RECORDING],
        [claims.policy[np.maximum(of_claim, 0)] if len(claims) else -1, found.about],
        -1,
    )
    first = np.cumsum([0, *map(len, STANDARDS[:-1])])
    severity = rng.choice([MINOR, MAJOR, CRITICAL], len(found), p=AUDITS.severity_shares)
    number = pl.Series(found.about).cast(pl.String)
    return pl.DataFrame(
        {
            "finding": numbered("F", len(found)),
            "kind": pl.Series(KINDS)[found.kind],
            "standard": pl.Series([name for names in STANDARDS for name in names])[
                first[found.kind] + found.standard
            ],
            "subject": pl.Series(KINDS)[found.kind] + number,
            "audited_on": dates(found.day),
            "result": pl.Series(("N", "Y"))[found.passed.astype(int)],
            "severity": pl.Series(severity.tolist(), dtype=pl.String).set(pl.Series(found.passed), None),
            "policy": pointed(policies.ids, policy),
            "claim": pointed(numbered("K", len(claims)), of_claim),
            "branch": pl.Series(org.codes)[found.branch],
            "recorded_at": recorded(found.day, window, rng),
        }
    )


def audit_truth(found: Audits, window: Window, org: Organisation) -> dict:
    """Expected shares by month of the audit, of the cases that were sampled."""
    labels = [month_label(month) for month in window.observed]
    cell = found.branch * window.months + month_of(found.day) - window.first_month
    expected = passed_share(found.kind, _quality(found.branch, found.day, window, org))

    def share(of: Floats, who: NDArray[np.bool_]) -> dict:
        size = len(org.codes) * window.months
        top, bottom = (
            np.bincount(cell[who], weight[who], minlength=size).reshape(-1, window.months)
            for weight in (of, np.ones(len(found)))
        )
        return ratio("month of the audit", labels, top, bottom, org)

    everybody = np.ones(len(found), dtype=bool)
    kpis = {
        "audit_passed_share": share(expected, everybody),
        "claim_audit_error_share": share(1 - expected, found.kind == CLAIM_FILE),
        "recording_defect_share": share(1 - expected, found.kind == RECORDING),
    }
    return {"kpis": kpis, "realised": {"audits": len(found)}}
