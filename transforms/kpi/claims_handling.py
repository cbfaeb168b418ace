"""The KPIs of how claims are handled: fast track, without human touch, contact, registration, documents, notices.

How long the way takes is in `claims_turnaround.py`, what comes of it in `claims_outcomes.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.kpi.claims import (
    BY_DECISION,
    CLAIM,
    DECIDED,
    ENDED,
    FAULTY,
    FAULTY_WORDS,
    FIRST,
    FIRST_HANDLING,
    FIRST_WORDS,
    MEDIAN,
    SHARE,
    of_known,
)
from transforms.kpi.claims_turnaround import GUIDE
from transforms.measures.case_measures import Quantile, Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import ClaimSettings, Settings

NORMALLY_CLOSED = pl.col("outcome").is_in(["paid_full", "paid_part", "rejected"])
SETTLED_ON = pl.coalesce("paid_on", "ended_on")
SMALL_CLAIM_DAYS = 5
FIFTY_SMALL = partial(
    Example,
    "of 50 small claims 40 took the fast track",
    every=FIRST | {"is_small_claim": "yes"},
    rows=rows("""
        cases  reported_on  is_fast_track
           40  2025-03-04   yes
           10  2025-03-04   no
    """),
)


def taken_first(event: str, known: str) -> dict[str, Any]:
    """Leaves out claims in which the event comes before the report."""
    before = (pl.col(f"{event}_at") < pl.col("reported_at")) & pl.col(known).is_null()
    return {
        "excluded": FAULTY | before,
        "leaves_out": f"{FAULTY_WORDS}; claims {event} before they were reported",
    }


def _by_limits(settings: Settings) -> dict[str, str]:
    """Which claims are small under the limits in force; other limits than ours are another version."""
    limits = settings.claims.small_claim_limits
    listed = ", ".join(f"{kind} up to {amount:,.0f}" for kind, amount in limits.items())
    said = {"counts": f"{FIRST_WORDS}, small and simple: {listed}, not investigated, of motor without injury"}
    return said if limits == ClaimSettings().small_claim_limits else {**said, "switch": "claims.small_name"}


_SMALL: dict[str, Any] = {
    **SHARE,
    "population": FIRST_HANDLING & pl.col("is_small_claim"),
    "by_rules": _by_limits,
}

FAST_TRACK = (
    Kpi(
        code="claim_small_settled_within_5_days_share",
        version="2",
        title="Small claims settled within 5 days of complete documents (索赔支付5日结案率)",
        measure=Share(
            of=(SETTLED_ON - pl.col("documents_complete_on")).dt.total_days() <= SMALL_CLAIM_DAYS,
            among=ENDED & NORMALLY_CLOSED & (pl.col("documents_complete_on") <= SETTLED_ON),
        ),
        direction=1,
        dates={"period": "ended_on"},
        source=f"{GUIDE}: natural days, normal closings",
        definition="Small claims paid or refused within 5 calendar days of complete documents among "
        "those paid or refused.",
        formula="settled within 5 days / settled",
        example=Example(
            "medical claims, small up to 3,000, by amount (days from documents to payment): 1,200 (1), 2,999 (5), "
            "800 (6), 500 (open), 3,000 (2), 2,500 (3, but investigated and thus not simple)",
            value=3 / 4,
            numerator=3,
            denominator=4,
            rows=rows("""
                claimed_amount  is_small_claim  documents_complete_on  paid_on     ended_on    outcome
                          1200  yes             2025-03-03             2025-03-04  2025-03-04  paid_full
                          2999  yes             2025-03-03             2025-03-08  2025-03-08  paid_full
                           800  yes             2025-03-03             2025-03-09  2025-03-09  paid_full
                           500  yes             2025-03-03             -           -           -
                          3000  yes             2025-03-03             2025-03-05  2025-03-05  paid_full
                          2500  no              2025-03-03             2025-03-06  2025-03-06  paid_full
            """),
            every=FIRST,
        ),
        **_SMALL
        | {
            "excluded": FAULTY | (pl.col("documents_complete_on") > SETTLED_ON),
            "leaves_out": f"{FAULTY_WORDS}; claims settled before their documents were complete",
        },
    ),
    Kpi(
        code="claim_fast_track_share",
        title="Claims handled on the fast track among those eligible for it",
        measure=of_known("is_fast_track"),
        direction=1,
        dates=BY_DECISION,
        horizon_days=30,
        source=GUIDE,
        definition="Small and simple claims that took the fast track among those of which the track is known.",
        formula="fast track / (fast track + standard way)",
        example=FIFTY_SMALL(value=0.8, numerator=40, denominator=50),
        **_SMALL,
    ),
    Kpi(
        code="claim_fast_track_leak_share",
        title="Claims eligible for the fast track that went the standard way",
        measure=Share(of=~pl.col("is_fast_track"), among=pl.col("is_fast_track").is_not_null()),
        direction=-1,
        dates=BY_DECISION,
        horizon_days=30,
        source=GUIDE,
        definition="Small and simple claims that went the standard way among those of which the track "
        "is known.",
        formula="standard way / (fast track + standard way)",
        example=FIFTY_SMALL(value=0.2, numerator=10, denominator=50),
        **_SMALL,
    ),
    Kpi(
        code="claim_straight_through_share",
        title="Claims decided without human touch among those decided",
        measure=of_known("is_decided_by_system"),
        direction=1,
        dates={"period": "decided_on"},
        source="Straight-through processing; read with the share of such claims that is reopened",
        definition="Claims decided by the system alone among those of which it is known who decided.",
        formula="decided by the system / decided",
        example=Example(
            "of 200 decided claims the system decided 50",
            value=0.25,
            numerator=50,
            denominator=200,
            rows=rows("""
                cases  decided_on  is_decided_by_system
                   50  2025-03-04  yes
                  150  2025-03-04  no
            """),
            every=FIRST,
        ),
        **SHARE,
    ),
)

CONTACT = (
    Kpi(
        code="claim_report_to_contact_hours_median",
        version="2",
        title="Hours from report to first contact, median of the claims contacted",
        measure=Quantile("report_to_contact_hours", 0.5),
        unit="hours",
        direction=-1,
        dates={"cohort": "reported_on"},
        horizon_days=3,
        source="First contact of the handler with the claimant",
        definition="Median of the hours from the report to the first contact with the claimant.",
        formula=MEDIAN,
        example=Example(
            "contacted after 2, 5 and 30 hours; one not yet",
            value=5,
            denominator=3,
            rows=rows("""
                reported_on  report_to_contact_hours
                2025-03-04                         2
                2025-03-04                         5
                2025-03-04                        30
                2025-03-04                         -
            """),
            every=FIRST,
        ),
        **CLAIM | taken_first("contacted", "is_contacted_within_24_hours"),
    ),
    Kpi(
        code="claim_contacted_within_24_hours_share",
        version="2",
        title="Claims contacted within 24 hours of the report",
        measure=of_known("is_contacted_within_24_hours"),
        direction=1,
        dates={"cohort": "reported_on"},
        horizon_days=1,
        source="First contact of the handler with the claimant; claims that ended sooner without it left aside",
        definition="Claims whose claimant was contacted within 24 hours of the report, among those of "
        "which it is known.",
        formula="in time / (in time + late)",
        example=Example(
            "contacted after 2, 5 and 30 hours; not contacted for 40 hours and for 3",
            value=1 / 2,
            numerator=2,
            denominator=4,
            rows=rows("""
                reported_on  report_to_contact_hours  is_contacted_within_24_hours
                2025-03-04                         2  yes
                2025-03-04                         5  yes
                2025-03-05                        30  no
                2025-03-30                         -  no
                2025-03-31                         -  -
            """),
            every=FIRST,
            as_of="2025-03-31",
        ),
        **SHARE | taken_first("contacted", "is_contacted_within_24_hours"),
    ),
    Kpi(
        code="claim_registered_within_72_hours_share",
        version="2",
        title="Claims registered within 72 hours of the report (及时立案)",
        measure=Share(
            of=pl.col("is_registered_within_72_hours"),
            among=pl.col("is_registered_within_72_hours").is_not_null()
            & pl.col("registered_at").is_not_null(),
        ),
        direction=1,
        dates={"cohort": "reported_on"},
        horizon_days=3,
        source="Motor indicator dictionary: registered within 72 hours, after which systems force it",
        definition="Claims registered within 72 hours of the report among those registered.",
        formula="registered within 72 hours / registered",
        example=Example(
            "registered after 10, 70 and 80 hours",
            value=2 / 3,
            numerator=2,
            denominator=3,
            rows=rows("""
                reported_at       registered_at     reported_on  is_registered_within_72_hours
                2025-03-04T08:00  2025-03-04T18:00  2025-03-04   yes
                2025-03-04T08:00  2025-03-07T06:00  2025-03-04   yes
                2025-03-04T08:00  2025-03-07T16:00  2025-03-04   no
            """),
            every=FIRST,
        ),
        **SHARE | taken_first("registered", "is_registered_within_72_hours"),
    ),
    Kpi(
        code="claim_repeated_document_request_share",
        title="Decided claims for which documents were asked for twice or more",
        measure=Share(of=pl.col("document_request_count") >= 2, among=DECIDED),
        direction=-1,
        dates=BY_DECISION,
        horizon_days=30,
        source="Insurance Law of the PRC art. 22(2): ask once, completely and promptly",
        definition="Decided claims for which documents were asked for more than once before the decision.",
        formula="asked for twice or more / decided",
        example=Example(
            "documents of 50 decided claims asked for once 20 times, more often 6 times",
            value=0.12,
            numerator=6,
            denominator=50,
            rows=rows("""
                cases  reported_on  decided_on  document_request_count
                   24  2025-03-04   2025-03-20                       0
                   20  2025-03-04   2025-03-20                       1
                    6  2025-03-04   2025-03-20                       2
            """),
            every=FIRST,
        ),
        **SHARE,
    ),
    Kpi(
        code="claim_progress_notices_per_stage_change",
        title="Notices of progress to the claimant per step taken",
        measure=Ratio("progress_notice_count", "stage_change_count"),
        unit="ratio",
        direction=1,
        dates={"cohort": "reported_on"},
        horizon_days=30,
        source="Notices of progress sent per change of stage",
        definition="Notices of progress sent to the claimant over the steps taken on the claim.",
        formula="Σ notices / Σ steps",
        example=Example(
            "two claims with 5 and 7 steps taken, 5 and 4 notices sent",
            value=0.75,
            numerator=9,
            denominator=12,
            rows=rows("""
                reported_on  stage_change_count  progress_notice_count
                2025-03-04                    5                      5
                2025-03-06                    7                      4
            """),
            every=FIRST,
        ),
        **CLAIM,
    ),
)

KPIS = (*FAST_TRACK, *CONTACT)
