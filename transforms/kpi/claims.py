"""The KPIs of claims: how long, how many in time, with what outcome, how many open."""

from typing import Any

import polars as pl

from transforms.kpi.definition import Flow, Kpi
from transforms.kpi.measures import Deadline, Mean, Quantile, Share, Stock

# The headline looks at the first handling of a claim; cancelled cases were never claims.
FIRST_HANDLING = (pl.col("spell_no") == 1) & (pl.col("outcome") != "cancelled").fill_null(True)
FAULTY = pl.col("sequence_fault").is_not_null()
PAID = pl.col("outcome").is_in(["paid_full", "paid_part"])
OPEN_CLAIMS = Flow("core.claims", "reported_on", "ended_on", FIRST_HANDLING & ~FAULTY)

_DECISION: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "excluded": FAULTY,
    "dates": {"cohort": "reported_on", "period": "decided_on"},
    "horizon_days": 30,
    "minimum": 30,
}
_PAYMENT: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING & PAID,
    "excluded": FAULTY,
    "dates": {"cohort": "reported_on", "period": "paid_on"},
    "horizon_days": 60,
    "minimum": 30,
}

KPIS = (
    Kpi(
        code="claim_report_to_decision_days_median",
        title="Days from report to first decision, median",
        measure=Quantile("report_to_decision_days", 0.5),
        unit="days",
        direction=-1,
        source="Turnaround from first notice of loss; Insurance Law of the PRC art. 23 sets the outer limit",
        **_DECISION,
    ),
    Kpi(
        code="claim_report_to_decision_days_p90",
        title="Days from report to first decision, 90th percentile",
        measure=Quantile("report_to_decision_days", 0.9),
        unit="days",
        direction=-1,
        source="Turnaround from first notice of loss; Insurance Law of the PRC art. 23 sets the outer limit",
        **_DECISION,
    ),
    Kpi(
        code="claim_report_to_payment_days_median",
        title="Days from report to payment, median",
        measure=Quantile("report_to_payment_days", 0.5),
        unit="days",
        direction=-1,
        source="End-to-end turnaround (案均报案支付周期 by its median)",
        **_PAYMENT,
    ),
    Kpi(
        code="claim_report_to_payment_days_mean",
        title="Days from report to payment, mean",
        measure=Mean("report_to_payment_days"),
        unit="days",
        direction=-1,
        source="CIRC service evaluation 2015: 案均报案支付周期 (name published, formula by analogy)",
        **_PAYMENT,
    ),
    Kpi(
        code="claim_decided_within_30_days_share",
        title="Claims decided within 30 days of the report",
        measure=Deadline("reported_on", "decided_on", 30, exits_on="withdrawn_on"),
        unit="share",
        direction=1,
        source="Insurance Law of the PRC art. 23(1): 30 days for complex cases, here from the report",
        **_DECISION,
    ),
    Kpi(
        code="claim_paid_share",
        title="Claims paid among those paid, refused or closed at zero (获赔率)",
        fact="core.claims",
        measure=Share(of=PAID, among=pl.col("outcome").is_in(["paid_full", "paid_part", "rejected", "zero"])),
        unit="share",
        direction=1,
        population=FIRST_HANDLING,
        excluded=FAULTY,
        dates={"cohort": "reported_on", "period": "ended_on"},
        horizon_days=60,
        minimum=50,
        source="CIRC service evaluation 2015: 理赔获赔率 (name published, denominator ours)",
    ),
    Kpi(
        code="claim_open_count",
        title="Claims open at the end of the month",
        fact="core.claims",
        measure=Stock(OPEN_CLAIMS),
        unit="count",
        direction=-1,
        dates={},
        source="Backlog: reported and not yet closed, withdrawn, cancelled, paid or refused",
    ),
)
