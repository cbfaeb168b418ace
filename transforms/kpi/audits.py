"""The KPIs of audits: standards met in samples that the insurer draws itself, each with the number of its findings.

They stand apart from customers' opinions, which are the KPIs of surveys.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows

PASSED = pl.col("is_passed")
DECIDED = PASSED.is_not_null()
MET = Share(of=PASSED, among=DECIDED)

_FOUND: dict[str, Any] = {
    "fact": "core.audits",
    "unit": "share",
    "dates": {"period": "audited_on"},
    "leaves_out": "findings that are not decided",
    "minimum": 20,
}
FINDINGS = partial(
    Example,
    given="of mystery shopping 8 met and 2 not, of claim files 45 and 5, of recorded sales 9 and 3; one not decided",
    every={"audited_on": "2025-03-14"},
    rows=rows("""
        cases  kind              is_passed
            8  mystery_shopping  yes
            2  mystery_shopping  no
           45  claim_file        yes
            5  claim_file        no
            1  claim_file        -
            9  sale_recording    yes
            3  sale_recording    no
    """),
)


def _not_met(kind: str, *, files: str, **own: Any) -> Kpi:
    """Findings of one kind of audit in which the standard was not met."""
    return Kpi(
        measure=Share(of=~PASSED, among=DECIDED),
        direction=-1,
        population=pl.col("kind") == kind,
        definition=f"Findings in audited {files} in which the standard was not met.",
        formula="not met / (met + not met)",
        counts=f"findings in {files}",
        **own,
        **_FOUND,
    )


KPIS = (
    Kpi(
        code="audit_passed_share",
        title="Standards met in audits",
        measure=MET,
        direction=1,
        source="Mystery shopping and audits of samples, as service standards ask for them",
        definition="Findings of audits in which the standard was met; by kind and standard in core.audits.",
        formula="met / (met + not met)",
        counts="findings of all kinds of audits",
        example=FINDINGS(value=62 / 72, numerator=62, denominator=72),
        **_FOUND,
    ),
    _not_met(
        "claim_file",
        code="claim_audit_error_share",
        title="Errors found in audited claim files",
        source="Audit of a sample of claim files",
        files="claim files",
        example=FINDINGS(value=5 / 50, numerator=5, denominator=50),
    ),
    _not_met(
        "sale_recording",
        code="recording_defect_share",
        title="Defects found in audited recordings of sales (双录)",
        source="Audit of a sample of recorded sales",
        files="recordings of sales",
        example=FINDINGS(value=3 / 12, numerator=3, denominator=12),
    ),
)
