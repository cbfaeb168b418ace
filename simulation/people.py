"""Whom and by whom: segments of customers, agents, and what the other feeds say of channel, handler, cause and mode.

Claims, of which more is said, have `claim_service.py`; every column is drawn from a stream of its own.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from simulation.claim_service import staff
from simulation.clock import Window, month_label, month_of
from simulation.columns import numbered, pointed
from simulation.complaints import Complaints
from simulation.hazards import CHANNELS
from simulation.organisation import Organisation
from simulation.policies import Register
from simulation.service_hazards import HANDLING
from simulation.truth import ratio

Streams = Callable[[str], np.random.Generator]
LOSS_ASSESSMENT = "loss_assessment"


def with_people(
    rows: pl.DataFrame, policies: Register, org: Organisation, rng: np.random.Generator
) -> pl.DataFrame:
    """The rows of policies with the segment of the customer and the agent, where one sold the policy."""
    segment = rng.choice(len(HANDLING.segments), int(policies.customer.max()) + 1, p=HANDLING.segment_shares)
    agent = staff(policies.branch, 1, HANDLING.policies_per_agent, len(org.codes), rng)
    by_agent = np.isin(policies.channel, [CHANNELS.index("agent"), CHANNELS.index("broker")])
    return rows.with_columns(
        SEGMENT=pl.Series(HANDLING.segments)[segment[policies.customer]],
        AGENT=pointed(numbered("A", int(agent.max()) + 1), np.where(by_agent, agent, -1)),
    )


def causes(complaints: Complaints, rng: np.random.Generator) -> pl.Series:
    """What each complaint is found to have been caused by, by its matter; a merged contact shares it."""
    drawn = rng.choice(len(HANDLING.cause_shares), len(complaints), p=HANDLING.cause_shares)
    own = np.where(complaints.merged_into >= 0, complaints.merged_into, np.arange(len(complaints)))
    names = [(*matter, *matter[:1])[: len(HANDLING.cause_shares)] for matter in HANDLING.causes]
    flat = pl.Series([name for matter in names for name in matter])
    return flat[complaints.category * len(HANDLING.cause_shares) + drawn[own]]


def with_handling(
    rows: pl.DataFrame,
    complaints: Complaints,
    cause: pl.Series,
    window: Window,
    org: Organisation,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """The rows of complaints with channel, handler and, once they are closed, what had caused them."""
    index = np.flatnonzero(complaints.received <= window.as_of_day)
    months = window.last_month - window.run_in_month + 1
    handler = staff(complaints.branch, months, HANDLING.complaints_a_month_per_handler, len(org.codes), rng)
    channel = rng.choice(len(HANDLING.channels), len(complaints), p=HANDLING.channel_shares)
    return rows.with_columns(
        via=pl.Series(HANDLING.channels)[channel[index]],
        handler=numbered("Q", int(handler.max(initial=0)) + 1)[handler[index]],
        cause=pl.when(pl.col("closedOn").is_not_null()).then(cause[index]),
    )


def cause_truth(complaints: Complaints, cause: pl.Series, window: Window, org: Organisation) -> dict:
    """Closed complaints by month of receipt of this draw, and those caused by the assessment of a loss."""
    month = month_of(complaints.received) - window.first_month
    known = (complaints.merged_into < 0) & (complaints.closed <= window.as_of_day)
    known &= (complaints.received <= window.as_of_day) & (month >= 0)
    cell, size = complaints.branch * window.months + month, len(org.codes) * window.months

    def counted(which: np.ndarray) -> np.ndarray:
        return np.bincount(cell[which], minlength=size).reshape(-1, window.months)

    disputed = counted(known & (cause == LOSS_ASSESSMENT).to_numpy())
    labels = [month_label(month) for month in window.observed]
    return {
        "kpis": {
            "complaint_loss_assessment_share": ratio(
                "month of receipt", labels, disputed, counted(known), org
            )
        }
    }


def with_modes(rows: pl.DataFrame, stream: Streams) -> pl.DataFrame:
    """Rows of answers or invitations with the channel of the service asked about and how the questions were asked.

    All rows of a questionnaire have the same, also where it stands in another feed.
    """
    ids = rows["response_id"].unique().drop_nulls().sort()
    place = ids.str.slice(1).cast(pl.Int64) - 10_000_000
    most = int(place.max() or 0) + 1  # type: ignore[call-overload]
    drawn = {
        "mode": (HANDLING.modes, HANDLING.mode_shares, "survey modes"),
        "service_channel": (HANDLING.channels, HANDLING.channel_shares, "survey channels"),
    }
    columns = {}
    for name, (values, shares, subject) in drawn.items():
        of_response = pl.Series(stream(subject).choice(len(values), most, p=shares))[place]
        own = pl.DataFrame({"response_id": ids, name: pl.Series(values)[of_response]})
        found = rows.select("response_id").join(own, on="response_id", how="left", maintain_order="left")[
            name
        ]
        # Who did not answer has been asked in some way as well.
        silent = pl.Series(values)[
            pl.Series(stream(f"{subject} of the silent").choice(len(values), rows.height, p=shares))
        ]
        columns[name] = found.fill_null(silent)
    return rows.with_columns(**columns)


def outlets(policies: pl.DataFrame, org: Organisation) -> pl.DataFrame:
    """Rows of exposures with the outlets of the unit: a number that stays, after its policies of the first month."""
    first = policies.filter(pl.col("month") == policies["month"].min())
    sizes = dict(first.group_by("org_unit").agg(pl.col("policies").sum()).iter_rows())
    number = {
        code: max(
            1,
            round(
                sizes.get(code, 0)
                / (
                    HANDLING.policies_per_outlet_city
                    if tier == "city"
                    else HANDLING.policies_per_outlet_county
                )
            ),
        )
        for code, tier in zip(org.codes, org.tiers, strict=True)
    }
    return policies.with_columns(outlets=pl.col("org_unit").replace_strict(number, return_dtype=pl.Int64))


def outlet_truth(exposures: pl.DataFrame, window: Window, org: Organisation) -> dict:
    """Outlets and policies of each branch and month, as they are delivered."""
    months = exposures.group_by("org_unit", "month").agg(pl.col("outlets").max(), pl.col("policies").sum())
    wide = {
        name: np.array(
            [months.filter(org_unit=code).sort("month")[name].to_list() for code in org.codes], np.float64
        )
        for name in ("outlets", "policies")
    }
    labels = [month_label(month) for month in window.observed]
    told = ratio("month", labels, wide["outlets"], wide["policies"] / 10_000, org)
    return {"kpis": {"outlets_per_10k_policies": told}}
