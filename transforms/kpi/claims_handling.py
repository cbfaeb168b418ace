"""The KPIs of how claims are handled: each segment of the way, fast track, reviews, contact, documents."""

from typing import Any

import polars as pl

from transforms.kpi.claims import (
    BACKWARDS_WORDS,
    BY_DECISION,
    BY_PAYMENT,
    CLAIM,
    DECIDED,
    ENDED,
    FAULTY,
    FAULTY_WORDS,
    FIRST_HANDLING,
    FIRST_WORDS,
    MEDIAN,
    NOT_ZERO_WORDS,
    P90,
    PAID,
    PAID_WORDS,
    REOPENED_WORDS,
    TEN_DURATIONS,
    WORKED,
    backwards,
)
from transforms.measures.case_measures import Mean, Quantile, Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example
from transforms.settings import ClaimSettings, Settings

NORMALLY_CLOSED = pl.col("outcome").is_in(["paid_full", "paid_part", "rejected"])
SETTLED_ON = pl.coalesce("paid_on", "ended_on")
SMALL_CLAIM_DAYS = 5
_GUIDE = "Guide to small-claim service (保险小额理赔服务指引), CIRC consumer bureau (2015) no. 201"

# Books of claims of which several KPIs are known by hand.
SEGMENTS = "three claims with days from loss to report, to documents, to payment: 2, 7, 1; 4, 9, 3; 0, 2, 5"
SMALL = (
    "medical claims, small up to 3,000, by amount (days from documents to payment): 1,200 (1), 2,999 (5), "
    "800 (6), 500 (open), 3,000 (2), 2,500 (3, but investigated and thus not simple)"
)
REOPENED = (
    "decided, ended on 01-10 (reopened 02-01), 02-15, 03-20 (reopened 06-25, after 97 days), 05-10 (reopened) "
    "and 06-01; as of 06-30"
)

_DAYS: dict[str, Any] = {**CLAIM, "unit": "days", "direction": -1}
_SHARE: dict[str, Any] = {**CLAIM, "unit": "share"}
_PAID: dict[str, Any] = {
    **_DAYS,
    "population": FIRST_HANDLING & PAID,
    "counts": PAID_WORDS,
}


def _clocked(days: str) -> dict[str, Any]:
    """Leaves out claims of which the clock runs backwards."""
    return {"excluded": backwards(days), "leaves_out": BACKWARDS_WORDS}


def _taken_first(event: str, known: str) -> dict[str, Any]:
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
    **_SHARE,
    "population": FIRST_HANDLING & pl.col("is_small_claim"),
    "by_rules": _by_limits,
}

TURNAROUND = (
    Kpi(
        code="claim_documents_to_decision_days_median",
        version="2",
        title="Days from complete documents to first decision, median",
        measure=Quantile("documents_to_decision_days", 0.5),
        dates={"cohort": "documents_complete_on", "period": "decided_on"},
        horizon_days=30,
        source="Insurance Law of the PRC art. 23",
        definition="Median of the days from the last completion of the documents to the first decision.",
        formula=MEDIAN,
        example=Example(TEN_DURATIONS, 4.5, WORKED),
        **_DAYS,
    ),
    Kpi(
        code="claim_documents_to_decision_days_p90",
        version="2",
        title="Days from complete documents to first decision, 90th percentile",
        measure=Quantile("documents_to_decision_days", 0.9),
        dates={"cohort": "documents_complete_on", "period": "decided_on"},
        horizon_days=30,
        source="Insurance Law of the PRC art. 23",
        definition="Days from complete documents to the first decision that nine in ten decided claims "
        "do not exceed.",
        formula=P90,
        example=Example(TEN_DURATIONS, 16.5, WORKED),
        **_DAYS,
    ),
    Kpi(
        code="claim_agreement_to_payment_days_median",
        version="2",
        title="Days from agreement, else decision, to payment, median",
        measure=Quantile("agreement_to_payment_days", 0.5),
        dates={"cohort": "payable_on", "period": "paid_on"},
        horizon_days=10,
        source="Insurance Law of the PRC art. 23(1): 10 days",
        definition="Median of the days from the agreement to the payment, from the decision where no "
        "agreement is recorded.",
        formula=MEDIAN,
        example=Example("paid 1, 2, 4 and 9 days after the agreement", 3, WORKED),
        **_PAID | _clocked("agreement_to_payment_days"),
    ),
    Kpi(
        code="claim_loss_to_payment_days_median",
        version="2",
        title="Days from loss to payment (出险支付周期), median",
        measure=Quantile("loss_to_payment_days", 0.5),
        dates=BY_PAYMENT,
        horizon_days=60,
        source=f"{_GUIDE}: the sum of loss to report, report to documents and documents to payment",
        definition="Median of the days from the loss to the payment.",
        formula=MEDIAN,
        example=Example(SEGMENTS, 10, WORKED),
        **_PAID | _clocked("loss_to_payment_days"),
    ),
    Kpi(
        code="claim_loss_to_payment_days_mean",
        version="2",
        title="Days from loss to payment (案均出险支付周期), mean",
        measure=Mean("loss_to_payment_days"),
        dates=BY_PAYMENT,
        horizon_days=60,
        source="Insurance service quality index (保险服务质量指数, 2021)",
        definition="Mean of the days from the loss to the payment, the sum of its three segments.",
        formula="Σ days / paid claims",
        example=Example(SEGMENTS, 11, WORKED),
        **_PAID | _clocked("loss_to_payment_days"),
    ),
    Kpi(
        code="claim_loss_to_report_days_mean",
        version="2",
        title="Days from loss to report (出险报案周期), mean",
        measure=Mean("loss_to_report_days"),
        dates=BY_PAYMENT,
        horizon_days=60,
        source=_GUIDE,
        definition="Mean of the days from the loss to the report of paid claims.",
        formula="Σ days / paid claims",
        example=Example(SEGMENTS, 2, WORKED),
        **_PAID | _clocked("loss_to_report_days"),
    ),
    Kpi(
        code="claim_report_to_documents_days_mean",
        version="2",
        title="Days from report to complete documents (报案索赔周期), mean",
        measure=Mean("report_to_documents_days"),
        dates=BY_PAYMENT,
        horizon_days=60,
        source=_GUIDE,
        definition="Mean of the days from the report to complete documents of paid claims.",
        formula="Σ days / paid claims",
        example=Example(SEGMENTS, 6, WORKED),
        **_PAID | _clocked("report_to_documents_days"),
    ),
    Kpi(
        code="claim_documents_to_payment_days_mean",
        version="2",
        title="Days from complete documents to payment (索赔支付周期), mean",
        measure=Mean("documents_to_payment_days"),
        dates=BY_PAYMENT,
        horizon_days=60,
        source=_GUIDE,
        definition="Mean of the days from complete documents to the payment.",
        formula="Σ days / paid claims",
        example=Example(SEGMENTS, 3, WORKED),
        **_PAID | _clocked("documents_to_payment_days"),
    ),
    Kpi(
        code="claim_documents_to_payment_days_median",
        version="2",
        title="Days from complete documents to payment (索赔支付周期), median",
        measure=Quantile("documents_to_payment_days", 0.5),
        dates=BY_PAYMENT,
        horizon_days=60,
        source=_GUIDE,
        definition="Median of the days from complete documents to the payment.",
        formula=MEDIAN,
        example=Example(SEGMENTS, 3, WORKED),
        **_PAID | _clocked("documents_to_payment_days"),
    ),
    Kpi(
        code="claim_report_to_closing_days_mean",
        version="2",
        title="Days from report to closing (案均结案周期), mean, zero closings left out",
        measure=Mean("report_to_closing_days"),
        dates={"period": "ended_on"},
        source="Jiangxi motor service indicators 2018: closed period, zero closings excluded",
        definition="Mean of the days from the report to the closing of claims closed in the month.",
        formula="Σ days / closed claims",
        example=Example(
            "closed 10, 20 and 60 days after the report; a fourth closed at zero after 2", 30, WORKED
        ),
        **_DAYS
        | {
            "population": FIRST_HANDLING & (pl.col("outcome") != "zero").fill_null(True),
            "counts": NOT_ZERO_WORDS,
        },
    ),
)

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
        source=f"{_GUIDE}: natural days, normal closings",
        definition="Small claims paid or refused within 5 calendar days of complete documents among "
        "those paid or refused.",
        formula="settled within 5 days / settled",
        example=Example(SMALL, 3 / 4, WORKED),
        **_SMALL
        | {
            "excluded": FAULTY | (pl.col("documents_complete_on") > SETTLED_ON),
            "leaves_out": f"{FAULTY_WORDS}; claims settled before their documents were complete",
        },
    ),
    Kpi(
        code="claim_fast_track_share",
        title="Claims handled on the fast track among those eligible for it",
        measure=Share(of=pl.col("is_fast_track"), among=pl.col("is_fast_track").is_not_null()),
        direction=1,
        dates=BY_DECISION,
        horizon_days=30,
        source=_GUIDE,
        definition="Small and simple claims that took the fast track among those of which the track is known.",
        formula="fast track / (fast track + standard way)",
        example=Example("of 50 small claims 40 took the fast track", 0.8, WORKED),
        **_SMALL,
    ),
    Kpi(
        code="claim_fast_track_leak_share",
        title="Claims eligible for the fast track that went the standard way",
        measure=Share(of=~pl.col("is_fast_track"), among=pl.col("is_fast_track").is_not_null()),
        direction=-1,
        dates=BY_DECISION,
        horizon_days=30,
        source=_GUIDE,
        definition="Small and simple claims that went the standard way among those of which the track "
        "is known.",
        formula="standard way / (fast track + standard way)",
        example=Example("of 50 small claims 40 took the fast track", 0.2, WORKED),
        **_SMALL,
    ),
    Kpi(
        code="claim_straight_through_share",
        title="Claims decided without human touch among those decided",
        measure=Share(of=pl.col("is_decided_by_system"), among=pl.col("is_decided_by_system").is_not_null()),
        direction=1,
        dates={"period": "decided_on"},
        source="Straight-through processing; read with the share of such claims that is reopened",
        definition="Claims decided by the system alone among those of which it is known who decided.",
        formula="decided by the system / decided",
        example=Example("of 200 decided claims the system decided 50", 0.25, WORKED),
        **_SHARE,
    ),
)

REVIEWS = (
    Kpi(
        code="claim_reopened_within_90_days_share",
        title="Decided claims reopened within 90 days of their end, those with 90 days behind them",
        measure=Share(
            of=pl.col("is_reopened_within_90_days"), among=pl.col("is_reopened_within_90_days").is_not_null()
        ),
        direction=-1,
        dates={"cohort": "ended_on"},
        horizon_days=90,
        source="NAIC Market Conduct Annual Statement asks for the convention: here a reopening, no new claim",
        definition="Decided claims that were reopened within 90 days of their end, once those days are over.",
        formula="reopened within 90 days / ended 90 days ago or longer",
        example=Example(REOPENED, 1 / 3, WORKED),
        **_SHARE,
    ),
    Kpi(
        code="claim_straight_through_reopened_share",
        title="Claims decided without human touch that were reopened within 90 days of their end",
        measure=Share(
            of=pl.col("is_reopened_within_90_days"), among=pl.col("is_reopened_within_90_days").is_not_null()
        ),
        direction=-1,
        dates={"cohort": "ended_on"},
        horizon_days=90,
        source="Guard of straight-through processing",
        definition="As decided claims reopened within 90 days, of those that the system decided alone.",
        formula="reopened within 90 days / ended 90 days ago or longer",
        example=Example(
            "of 50 claims that the system decided, ended long ago, 2 came back after 10 and 80 days, 1 "
            "after 97",
            0.04,
            WORKED,
        ),
        **_SHARE
        | {
            "population": FIRST_HANDLING & pl.col("is_decided_by_system"),
            "counts": f"{FIRST_WORDS}, decided by the system",
        },
    ),
    Kpi(
        code="claim_overturned_share",
        title="Reopened claims that were paid by the second decision",
        measure=Share(of=pl.col("is_overturned"), among=pl.col("is_overturned").is_not_null()),
        direction=-1,
        dates={"period": "decided_on"},
        source="Decisions changed among those reviewed",
        definition="Reopened claims that were paid, in full or in part, among those decided anew.",
        formula="paid / decided anew",
        example=Example("of 25 reopened claims 20 are decided anew, 8 of them paid", 0.4, WORKED),
        **_SHARE | {"population": pl.col("spell_no") > 1, "counts": REOPENED_WORDS},
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
        example=Example("contacted after 2, 5 and 30 hours; one not yet", 5, WORKED),
        **CLAIM | _taken_first("contacted", "is_contacted_within_24_hours"),
    ),
    Kpi(
        code="claim_contacted_within_24_hours_share",
        version="2",
        title="Claims contacted within 24 hours of the report",
        measure=Share(
            of=pl.col("is_contacted_within_24_hours"),
            among=pl.col("is_contacted_within_24_hours").is_not_null(),
        ),
        direction=1,
        dates={"cohort": "reported_on"},
        horizon_days=1,
        source="First contact of the handler with the claimant; claims that ended sooner without it left aside",
        definition="Claims whose claimant was contacted within 24 hours of the report, among those of "
        "which it is known.",
        formula="in time / (in time + late)",
        example=Example(
            "contacted after 2, 5 and 30 hours; not contacted for 40 hours and for 3", 1 / 2, WORKED
        ),
        **_SHARE | _taken_first("contacted", "is_contacted_within_24_hours"),
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
        example=Example("registered after 10, 70 and 80 hours", 2 / 3, WORKED),
        **_SHARE | _taken_first("registered", "is_registered_within_72_hours"),
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
            "documents of 50 decided claims asked for once 20 times, more often 6 times", 0.12, WORKED
        ),
        **_SHARE,
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
        example=Example("two claims with 5 and 7 steps taken, 5 and 4 notices sent", 0.75, WORKED),
        **CLAIM,
    ),
)

KPIS = (*TURNAROUND, *FAST_TRACK, *REVIEWS, *CONTACT)
