"""What a project declares of an indicator whose values others have worked out: title, unit, direction, source.

Cheap to import, like `settings.py`; which records its values become is `transforms/kpi/indicators.py`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from transforms.vocabulary import Basis, UnitCode

IndicatorCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]


class Indicator(BaseModel):
    """One indicator; its code is the key it stands under, and that of its KPI."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str = Field(min_length=1, description="As reports show it.", examples=["Complaints upheld"])
    unit: UnitCode = Field(
        description="Unit of its values; `number` for one that is none of the others.", examples=["share"]
    )
    direction: Literal[1, -1, 0] = Field(
        description="1: higher is better, -1: lower is better, 0: neither.", examples=[1]
    )
    minimum: int = Field(1, ge=0, description="Cases (n) below which a value is shown as low_n.")
    basis: Basis = Field(
        "period",
        description="Which cases a period has: closed in it, received in it (cohort), or there at its end (stock).",
    )
    source: str = Field(min_length=1, description="Who publishes the values, and where.", examples=["NAIC"])
    definition: str = Field("", description="What the values say.")
    withheld_marks: tuple[str, ...] = Field(
        (),
        description="Marks of the source on values that are not to be used: these are suppressed, and a leaf of a "
        "framework may say what one scores (`if_suppressed`).",
        examples=[["u"]],
    )
    version: str = Field("1", description="Of the definition; give it another when the publisher changes it.")


class IndicatorFile(RootModel[dict[IndicatorCode, Indicator]]):
    """A file of indicators: each by its code."""
