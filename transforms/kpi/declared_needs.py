"""What the KPIs of a project need of its feeds, by what the tables of core declare about their columns.

The landing zone, the records and the dictionary ask; how it follows from a KPI is `transforms/measures/needs.py`.
"""

from functools import lru_cache

from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures.needs import Needs, asked_items
from transforms.settings import Settings


# What is found out of a condition is kept with the needs, and a run asks six times under the same settings.
@lru_cache(maxsize=8)
def declared_needs(settings: Settings) -> Needs:
    """What KPIs need under the settings."""
    return Needs.declared(settings, transform_models(settings.attributes))


def asked_of_feeds(settings: Settings) -> set[str]:
    """Every column and code of the feeds that a KPI of the project may need."""
    return asked_items(registry(settings), declared_needs(settings))
