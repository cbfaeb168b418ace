"""The cuts of a project, held to the columns that its facts have.

What a cut does is `transforms/measures/segments.py`; reading the project file is not done here.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from orchestration.project import Project
from transforms.kpi.every_period import READS
from transforms.kpi.own import facts_of
from transforms.nearest import did_you_mean
from transforms.settings import CROSSED, UNIT_CUTS


def cut_problems(project: Project, facts: Mapping[str, pl.Schema | None]) -> Iterator[str]:
    """Cuts that no fact of a KPI has all columns of, by the schemas of all facts; None where nobody knows them."""
    counted = {*READS.values(), *facts_of(project.settings.own_kpis)}
    schemas = [facts.get(name) for name in counted]
    if None in schemas:
        return
    texts = [{n for n, dtype in schema.items() if dtype == pl.String} for schema in schemas if schema]
    # A case that has a unit has what the unit says.
    texts = [own | set(UNIT_CUTS) if "org_unit" in own else own for own in texts]
    every = sorted(set().union(*texts))
    for cut in (cut for cut in project.settings.cuts if cut != "company"):
        parts = cut.split(CROSSED)
        for part in (part for part in parts if part not in every):
            hint = " ".join(filter(None, [did_you_mean(part, every), f"there are {', '.join(every)}"]))
            yield project.told("cuts", f"{cut}: no fact of a KPI has a column of texts {part}; {hint}")
        if set(parts) <= set(every) and not any(own.issuperset(parts) for own in texts):
            reason = f"no fact of a KPI has all of {', '.join(parts)}; cross columns of one fact"
            yield project.told("cuts", f"{cut}: {reason}")
