"""Which stage of the customer's journey a KPI is about: before, during and after the sale.

The stages are those of the surveys; what KPIs and perceptions say of one is held side by side in `index.stage_gaps`.
"""

from functools import cache

from transforms.kpi.registry import subjects
from transforms.vocabulary import JOURNEY_STAGES

# Of KPIs from the insurer's records, by the first word of the file that defines them.
STAGE_OF_SUBJECT = {
    "applications": "application",
    "policy": "policy",
    "persistency": "policy",
    "lapse": "policy",
    "renewals": "policy",
    "claims": "claims",
    "complaints": "complaint",
    "contacts": "care",
    "customers": "care",
    "added": "care",
}
PERCEIVED = {f"perceived_{stage}_score": stage for stage in JOURNEY_STAGES}


@cache
def _stages() -> dict[str, str]:
    return {
        kpi.code: STAGE_OF_SUBJECT[subject.partition("_")[0]]
        for subject, kpis in subjects().items()
        if subject.partition("_")[0] in STAGE_OF_SUBJECT
        for kpi in kpis
    }


def stage_of(code: str) -> str | None:
    """The stage that a KPI from the insurer's records is about; None of perceptions, own KPIs and indicators."""
    return _stages().get(code)


def perceived_score_of(code: str) -> str | None:
    """The stage whose perception a KPI is; None of all others."""
    return PERCEIVED.get(code)
