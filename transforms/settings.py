"""What of the project file a transform may ask: time zone, calendar, cuts, definition switches.

Plain pydantic models, cheap to import; nothing here reads a file or knows how numbers are computed.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from transforms.index.framework import Framework

Cut = Literal["company", "org_unit", "region", "product_line", "channel", "age_band"]
CUTS: tuple[Cut, ...] = ("company", "org_unit", "region", "product_line", "channel", "age_band")

PersistencyVariant = Literal[
    "default", "including_reinstated", "cn_annex_literal", "gross", "irdai_like", "in_force"
]


class PersistencySettings(BaseModel):
    """How k-month persistency is counted; `default` goes by premiums paid within grace."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: PersistencyVariant = "default"
    grace_days: int = Field(60, ge=0, le=365, description="Where the policy itself sets none.")


class SurveySettings(BaseModel):
    """What the surveys of the project are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    audits: tuple[str, ...] = Field((), description="Mystery-shopping surveys, counted apart from customers.")


class RobustnessSettings(BaseModel):
    """How often the index is drawn anew to see what its method and its data leave open."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    draws: int = Field(10_000, ge=100, le=1_000_000, description="Draws of the choices of method.")
    bootstrap_draws: int = Field(2_000, ge=100, le=100_000, description="Draws of the KPIs' sampling noise.")
    sobol_points: int = Field(1_024, ge=64, le=65_536, description="Base points; a power of two.")
    seed: int = Field(42, ge=0)

    @field_validator("sobol_points")
    @classmethod
    def power_of_two(cls, points: int) -> int:
        if points & (points - 1):
            raise ValueError(f"write a power of two, such as 1024, for balanced points; not {points}")
        return points


class Settings(BaseModel):
    """The part of the project file that changes what a number means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    time_zone: str = "UTC"
    calendar: str = "CN"
    months: int = Field(36, ge=1, le=600, description="Months of KPIs up to the as-of month.")
    cuts: tuple[Cut, ...] = CUTS
    persistency: PersistencySettings = PersistencySettings()
    surveys: SurveySettings = SurveySettings()
    robustness: RobustnessSettings | None = Field(None, description="Left out: no draws, empty tables.")
    frameworks: tuple[Framework, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def known_time_zone(cls, name: str) -> str:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(name)
        except Exception:
            raise ValueError(f"unknown time zone {name!r}; write it as in Europe/Berlin") from None
        return name

    @field_validator("cuts")
    @classmethod
    def company_first(cls, cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
        return ("company", *(cut for cut in dict.fromkeys(cuts) if cut != "company"))
