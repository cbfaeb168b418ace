"""What the hazards of the service of claims imply: true shares and times by month of report, and exact work counts.

Times and shares are of the process, as in `claims_truth.py`; who has how many claims open is counted in this draw.
"""

import numpy as np
import polars as pl

from simulation.claim_events import EVENTS, ClaimLog
from simulation.claim_service import ClaimService
from simulation.claims import Claims
from simulation.clock import MONTH_STARTS, Instants, Window, at_work, month_label
from simulation.distributions import even_points, normal_quantile
from simulation.hazards import CLAIMS
from simulation.organisation import Organisation
from simulation.service_hazards import HANDLING
from simulation.truth import ratio, values

POINTS = 65_536


def claim_service_truth(
    claims: Claims,
    service: ClaimService,
    registered: Instants,
    log: ClaimLog,
    window: Window,
    org: Organisation,
) -> dict:
    """Truth by KPI of what is drawn for each claim alone; shares of kinds by the expected claims of the month."""
    steps = (registered, service.assigned, service.prepaid, service.contacted)
    labels = [month_label(month) for month in window.observed]
    expected = claims.expected[:, :, -window.months :]
    by = "month of report"

    def of_kinds(shares: tuple[float, ...]) -> dict:
        flagged = np.einsum("kbm,k->bm", expected, np.array(shares))
        return ratio(by, labels, flagged, expected.sum(axis=0), org)

    everywhere = np.ones((len(org.codes), window.months))
    electronic = sum(
        share * media[0]
        for share, media in zip(HANDLING.channel_shares, HANDLING.medium_shares_by_channel, strict=True)
    )
    hours, contact_hours, in_time = _waiting_hours()
    kpis = {
        "claim_direct_pay_share": of_kinds(HANDLING.direct_pay_shares),
        "claim_green_channel_share": of_kinds(HANDLING.green_channel_shares),
        "claim_documents_electronic_share": ratio(by, labels, electronic * everywhere, everywhere, org),
        "claim_report_to_assignment_hours_median": values(
            by, labels, [hours] * window.months, [[hours] * window.months] * len(org.codes), org
        ),
        "claim_report_to_contact_hours_median": values(
            by,
            labels,
            [contact_hours] * window.months,
            [[contact_hours] * window.months] * len(org.codes),
            org,
        ),
        "claim_contacted_within_24_hours_share": ratio(by, labels, in_time * everywhere, everywhere, org),
        "claims_open_per_handler": _work(claims, service, log, window, org),
        **_static(claims, steps, log, window, org),
    }
    return {"kpis": kpis, "realised": {"claims_prepaid": int((service.prepaid < window.end).sum())}}


def _waiting_hours() -> tuple[float, float, float]:
    """Median hours from report to assignment and to contact in working hours, and contacts within 24 hours.

    Few claims are over before.
    """
    points = even_points(POINTS, (2, 3, 5, 7))
    day, wait = points[:, 1], -np.log1p(-points[:, 2])
    lag = HANDLING.assignment_days_median * np.exp(HANDLING.assignment_sigma * normal_quantile(points[:, 0]))

    def hours(days: np.ndarray) -> np.ndarray:
        return 24 * (at_work(day + days) - at_work(day))

    own = CLAIMS.contact_days_mean * wait
    called = HANDLING.contact_days_mean * wait
    shares = {"own": CLAIMS.contacted_share, "called": 1 - CLAIMS.contacted_share}
    logged = shares["own"] + shares["called"] * HANDLING.contact_logged_share
    is_own = points[:, 3] < shares["own"] / logged
    contact = np.where(is_own, hours(own), hours(lag + called))
    return (
        round(float(np.median(hours(lag))), 4),
        round(float(np.median(contact)), 4),
        logged * float((contact <= 24).mean()),
    )


def _spells(log: ClaimLog) -> pl.DataFrame:
    """claim, spell, begin and over (infinite while open) of each time that a claim was handled."""
    ends = ["closed", "withdrawn", "cancelled"]
    return (
        pl.DataFrame(
            {"claim": log.claim, "spell": log.spell, "event": pl.Series(EVENTS)[log.event], "at": log.at}
        )
        .group_by("claim", "spell")
        .agg(
            begin=pl.col("at").filter(pl.col("event").is_in(["reported", "reopened"])).min(),
            over=pl.col("at").filter(pl.col("event").is_in(ends)).min().fill_null(np.inf),
        )
        .drop_nulls("begin")
    )


def _static(
    claims: Claims, outside: tuple[Instants, ...], log: ClaimLog, window: Window, org: Organisation
) -> dict:
    """Open claims at the end of each month to which nothing had happened for more than 14 and 30 days, in this draw.

    `outside` are the steps that the log of the claims system does not have.
    """
    logged = log.event != EVENTS.index("note")
    claim, at = [log.claim[logged]], [log.at[logged]]
    for instants in outside:
        happened = np.flatnonzero(instants < window.end)
        claim.append(happened)
        at.append(instants[happened])
    days = pl.DataFrame({"claim": np.concatenate(claim), "day": np.floor(np.concatenate(at))}).unique()
    spells = _spells(log).with_columns(pl.col("begin", "over").floor())
    within = (pl.col("day") > pl.col("begin")) & (pl.col("day") < pl.col("over"))
    steps = pl.concat(
        [spells.with_columns(day="begin"), spells.join(days, on="claim").filter(within)], how="diagonal"
    )
    moved = pl.col("day").shift(-1).over("claim", "spell", order_by="day")
    pauses = steps.with_columns(moved=pl.coalesce(moved, "over")).filter(pl.col("moved") - pl.col("day") > 15)
    branch = claims.branch[pauses["claim"].to_numpy()]
    begun, over = pauses["day"].to_numpy(), pauses["moved"].to_numpy()
    labels = [month_label(month) for month in window.observed]
    lasts = [min(MONTH_STARTS[month + 1], window.end) - 1 for month in window.observed]

    def at_ends(of: np.ndarray, since: np.ndarray, until: np.ndarray) -> np.ndarray:
        """How many cases of each branch have begun by the last day of each month and are not over."""
        known = [of[(since <= last) & (until > last)] for last in lasts]
        return np.stack([np.bincount(branches, minlength=len(org.codes)) for branches in known], axis=1)

    still_open = at_ends(
        claims.branch[spells["claim"].to_numpy()], spells["begin"].to_numpy(), spells["over"].to_numpy()
    )
    told = {}
    for limit in (14, 30):
        counts = at_ends(branch, begun + limit + 1, over)
        whole = counts.sum(axis=0).tolist()
        told[f"claims_static_{limit}_days_count"] = values("month", labels, whole, counts.tolist(), org)
        told[f"claims_static_{limit}_days_share"] = ratio("month", labels, counts, still_open, org)
    return told


def _work(claims: Claims, service: ClaimService, log: ClaimLog, window: Window, org: Organisation) -> dict:
    """Claims open at the end of each month, reopened ones too, and handlers with claims in it, in this draw."""
    spells = _spells(log)
    claim = spells["claim"].to_numpy()
    begin, over = spells["begin"].to_numpy(), spells["over"].to_numpy()
    handled = service.assigned[claim] < window.end
    handler, branch = service.handler[claim], claims.branch[claim]
    shape = (len(org.codes), window.months)
    open_claims, handlers = np.zeros(shape), np.zeros(shape)
    for place, month in enumerate(window.observed):
        starts, ends = MONTH_STARTS[month], MONTH_STARTS[month + 1]
        known = handled & (begin < ends) & (over >= starts)
        open_claims[:, place] = np.bincount(branch[known & (over >= ends)], minlength=len(org.codes))
        people = np.unique(np.stack([branch[known], handler[known]]), axis=1)[0]
        handlers[:, place] = np.bincount(people, minlength=len(org.codes))
    return ratio("month", [month_label(month) for month in window.observed], open_claims, handlers, org)
