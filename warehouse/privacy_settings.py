"""What a project says of how long things are kept, and of what everybody may see; cheap to import.

What follows from it is in landing/retention.py and extracts.py.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Retention(BaseModel):
    """For how long what landed is kept; without an entry for good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rejects_days: int = Field(
        90, ge=0, description="Days for which the values of rejected rows are kept; their reasons stay."
    )
    months_of: dict[str, int] = Field(
        {},
        description="Months, by feed, for which rows are kept after the last delivery that had them.",
        examples=[{"contacts": 36}],
    )


class PublicPart(BaseModel):
    """What everybody may see: one cut, of periods of one length, so that no two tables give a third."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cut: str = Field("org_unit", description="What the company is divided by in it; no other cut is in it.")
    grain: Literal["month", "quarter", "half_year", "year"] = Field(
        "quarter", description="Length of its periods; no other is in it."
    )
    kpis: tuple[str, ...] = Field(
        (), description="KPIs in it; without any, all that are published.", examples=[["claim_paid_share"]]
    )
    fewest_cases: int = Field(
        10,
        ge=2,
        description="Cells of fewer cases are left out, and others with them that would give them away.",
    )
