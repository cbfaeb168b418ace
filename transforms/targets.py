"""A target as the project file states it: which KPI is to have which value, where and in which year.

Cheap to import, like `settings.py`; those of the feed and of packs join it in `transforms/core/targets.py`.
"""

from pydantic import BaseModel, ConfigDict, Field

from transforms.vocabulary import Basis


class Target(BaseModel):
    """One target of the project file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kpi: str = Field(description="Code of the KPI.", examples=["complaint_on_time_share"])
    basis: Basis = Field("cohort", description="Records of the KPI by receipt, by closing, or stock.")
    cut: str = Field("company", description="What the segment is one of; company is the whole.")
    segment: str = Field(
        "company", description="The segment; all: every segment of the cut that has no target of its own."
    )
    year: int | None = Field(
        None, ge=1900, description="Calendar year; left out, of every year.", examples=[2025]
    )
    target: float = Field(
        description="Value aimed at, in the KPI's unit; shares as fractions.", examples=[0.95]
    )
    corridor: float | None = Field(
        None,
        ge=0,
        description="How far from it, on its bad side, is still within the corridor.",
        examples=[0.02],
    )
