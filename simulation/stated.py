"""What truth.json says before its figures: how it is to be read, and from which hazards all is drawn.

The figures themselves are in the `*_truth.py` modules.
"""

from dataclasses import asdict

from simulation import hazards, service_hazards
from simulation.claims_truth import type_truth
from simulation.clock import AS_OF, Window, month_label


def about(window: Window, policies: int, seed: int) -> dict:
    """The insurer drawn, and how each part of the truth is to be read."""
    return {
        "policies": policies,
        "months": window.months,
        "seed": seed,
        "as_of": AS_OF.isoformat(),
        "first_month": month_label(window.first_month),
        "reading": {
            "kpis": "Truth of the process for received cohorts, without mess and followed to the end; a ratio is "
            "expected numerator over expected denominator, both of which add up over months and branches.",
            "realised": "Exact counts of this draw, before mess.",
            "texts": "Alpha of two sorters that err at random, posts that repeat a complaint, matters and cues of "
            "messages.",
            "actions": "Expected change of a KPI, less that of the other branches, by actions that changed something.",
            "personal": "What stands in texts of each feed that no table of the warehouse may show.",
            "feeds": "Amounts of mess. Rejected rows are faulty copies of good rows; corrected rows follow their "
            "wrong first version; nothing true is lost except rows recorded after the as-of date. Distinct keys of "
            "claim events include the notes that the mapping skips.",
        },
    }


def hazards_stated() -> dict:
    """All hazards by subject, and in which order their tuples are."""
    return {
        "quality": asdict(hazards.QUALITY),
        "policies": asdict(hazards.POLICIES),
        "claims": asdict(hazards.CLAIMS) | {"implied_at_quality_0": type_truth()},
        "complaints": asdict(hazards.COMPLAINTS),
        "surveys": asdict(hazards.SURVEYS),
        "service": asdict(service_hazards.SERVICE),
        "handling": asdict(service_hazards.HANDLING),
        "market": asdict(service_hazards.MARKET),
        "contacts": asdict(service_hazards.CONTACTS),
        "texts": asdict(hazards.TEXTS),
        "audits": asdict(service_hazards.AUDITS),
        "applications": asdict(service_hazards.APPLICATIONS),
        "in_order_of": {
            "lines": hazards.LINES,
            "channels": hazards.CHANNELS,
            "outcomes": hazards.OUTCOMES,
            "dimensions": hazards.DIMENSIONS,
            "complexities": hazards.COMPLEXITIES,
            "categories": hazards.CATEGORIES,
            "media": service_hazards.MEDIA,
            "purposes": service_hazards.PURPOSES,
        },
    }
