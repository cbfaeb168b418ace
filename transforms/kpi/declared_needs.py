"""What the KPIs of a project need of its feeds, by what the tables of core declare about their columns.

The landing zone, the records and the dictionary ask; how it follows from a KPI is `transforms/measures/needs.py`.
"""

from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures.needs import Needs, asked_items
from transforms.settings import Settings


def declared_needs(settings: Settings) -> Needs:
    """What KPIs need under the settings."""
    return Needs.declared(settings, transform_models(settings.attributes))


def asked_of_feeds(settings: Settings) -> set[str]:
    """Every column and code of the feeds that a KPI of the project may need."""
    return asked_items(registry(settings), declared_needs(settings))
